//! Sends messages to the webhook.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::config::WebhookUrl;

/// What an invocation keeps for itself at its end: to log, and to answer Lambda.
const RESERVE: Duration = Duration::from_millis(300);
/// Longest wait for one answer.
const ATTEMPT: Duration = Duration::from_secs(10);
/// Shortest wait before a message is sent again.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
/// How much of an answer an error shows, in characters.
const SHOWN: usize = 300;

/// A webhook and the client that sends to it.
#[derive(Debug)]
pub struct Channel {
    webhook: WebhookUrl,
    client: OnceCell<Client>,
}

/// A message that Discord took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The HTTP status.
    pub status: u16,
    /// Discord's id of the message.
    pub message_id: Option<String>,
    /// How often it was told to wait.
    pub waits: u32,
}

/// A message that Discord did not take. No error shows the webhook's URL.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Discord wants a wait that the invocation has no time for.
    #[error("Discord limits the rate (429) and wants a wait of {} s, more than this invocation has left", retry_after.as_secs_f64())]
    RateLimited {
        /// The wait.
        retry_after: Duration,
    },
    /// Discord refused the message.
    #[error("Discord refused the message: HTTP {status}: {answer}{}", advice(*status))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Discord's own words.
        answer: String,
    },
    /// No answer: no connection, no name, no time.
    #[error("no answer from Discord: {0}")]
    Unreachable(String),
    /// The invocation has no time left to send.
    #[error("no time left in this invocation to send the message; give the function a longer timeout")]
    OutOfTime,
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made: {0}")]
    Client(String),
}

/// What to do about a refusal.
fn advice(status: u16) -> &'static str {
    match status {
        401 | 404 => " (the webhook was deleted or DISCORD_WEBHOOK_URL is not its URL: copy it anew from the channel)",
        _ => "",
    }
}

impl Channel {
    /// A channel. Nothing is opened before the first message.
    #[must_use]
    pub fn new(webhook: WebhookUrl) -> Self {
        Self { webhook, client: OnceCell::new() }
    }

    /// Sends a message. On 429 it waits as Discord says and repeats, if that ends before the deadline.
    ///
    /// # Errors
    /// Why Discord did not take it. After [`SendError::Unreachable`] it may have taken it all the same.
    pub async fn send(&self, content: &str, deadline: Instant) -> Result<Sent, SendError> {
        let body = json!({ "content": content, "allowed_mentions": { "parse": [] } });
        let client = self
            .client
            .get_or_try_init(async || client(&self.webhook))
            .await
            .map_err(|error| self.client_error(&error))?;
        let mut waits = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).saturating_sub(RESERVE);
            if left.is_zero() {
                return Err(SendError::OutOfTime);
            }
            let request = client.post(self.webhook.secret().clone()).json(&body).timeout(left.min(ATTEMPT));
            let response = request.send().await.map_err(|error| self.unreachable(error))?;
            match response.status() {
                status if status.is_success() => return Ok(sent(response, waits).await),
                StatusCode::TOO_MANY_REQUESTS => {
                    let retry_after = told_to_wait(response).await;
                    let until = Instant::now() + retry_after;
                    if until + RESERVE >= deadline {
                        return Err(SendError::RateLimited { retry_after });
                    }
                    waits += 1;
                    tokio::time::sleep_until(until).await;
                }
                status => {
                    let answer = self.shown(&response.text().await.unwrap_or_default());
                    return Err(SendError::Refused { status: status.as_u16(), answer });
                }
            }
        }
    }

    fn client_error(&self, error: &reqwest::Error) -> SendError {
        SendError::Client(self.shown(&with_causes(error)))
    }

    fn unreachable(&self, error: reqwest::Error) -> SendError {
        SendError::Unreachable(self.shown(&with_causes(&error.without_url())))
    }

    /// Text of others for an error: without the token, in one line, not too long.
    fn shown(&self, text: &str) -> String {
        let clean = text.replace(self.webhook.token(), "<token>");
        let clean: String =
            clean.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
        let clean = clean.trim();
        match clean.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &clean[..end]),
            None if clean.is_empty() => "(empty answer)".to_owned(),
            None => clean.to_owned(),
        }
    }
}

/// An error and what caused it, down to the first: reqwest's own words are "builder error".
fn with_causes(error: &reqwest::Error) -> String {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    reason
}

async fn sent(response: Response, waits: u32) -> Sent {
    let status = response.status().as_u16();
    let message: Option<Value> = response.json().await.ok();
    let message_id = message.and_then(|message| message["id"].as_str().map(str::to_owned));
    Sent { status, message_id, waits }
}

/// How long a 429 says to wait: its body's `retry_after`, or else a header, or else a second.
///
/// Discord's API before version 8, which a URL without a version has reached, counts `retry_after` in milliseconds.
/// The header `X-RateLimit-Reset-After` is in seconds in every version, and tells which of the two it is.
async fn told_to_wait(response: Response) -> Duration {
    let headers = response.headers().clone();
    let body: Value = response.json().await.unwrap_or_default();
    wait_of(&headers, &body)
}

fn wait_of(headers: &HeaderMap, body: &Value) -> Duration {
    let header = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let reset_after = header("x-ratelimit-reset-after");
    let seconds = match (body["retry_after"].as_f64(), reset_after) {
        (Some(told), Some(reset)) if reset > 0.0 && told >= 500.0 * reset => told / 1000.0,
        (Some(told), _) => told,
        (None, reset) => header("retry-after").or(reset).unwrap_or(1.0),
    };
    // A wait of nothing would ask again and again without a pause.
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(1)).max(SHORTEST_WAIT)
}

/// A client for the webhook.
fn client(webhook: &WebhookUrl) -> reqwest::Result<Client> {
    if webhook.is_https() { builder().build() } else { plain_client() }
}

/// What both clients have: they follow no redirection, which would turn the message into a `GET` that succeeds, and
/// keep no connection, because one that Discord closed while Lambda had the function frozen fails the next alert.
fn builder() -> ClientBuilder {
    Client::builder().redirect(Policy::none()).pool_max_idle_per_host(0)
}

/// A client without TLS roots. Loading them takes 6 to 9 ms (measured on two cores), a client without them 13 µs, and
/// the rest of a start 1.6 ms.
pub(crate) fn plain_client() -> reqwest::Result<Client> {
    builder().tls_certs_only([]).no_proxy().build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_read_from_wherever_discord_puts_it() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        for (pairs, body, milliseconds) in [
            (headers(&[("retry-after", "2"), ("x-ratelimit-reset-after", "1.5")]), json!({ "retry_after": 1.5 }), 1500),
            (
                headers(&[("retry-after", "1500"), ("x-ratelimit-reset-after", "1.5")]),
                json!({ "retry_after": 1500 }),
                1500,
            ),
            (headers(&[]), json!({ "retry_after": 0.25 }), 250),
            (headers(&[("retry-after", "30")]), Value::Null, 30_000),
            (headers(&[]), json!("error code: 1015"), 1000),
            (headers(&[]), json!({ "retry_after": -1 }), 1000),
        ] {
            assert_eq!(wait_of(&pairs, &body), Duration::from_millis(milliseconds), "{body}");
        }
    }
}
