//! The two calls of Discord's API by which a channel is read back.
//!
//! | call | signed in as | gives |
//! |---|---|---|
//! | `GET /webhooks/{id}/{token}` | nobody: the token is in the address | the channel that the webhook posts to |
//! | `GET /channels/{id}/messages` | a bot | the channel's messages, newest first |
//!
//! The bot's token is sent to Discord's API alone, and to nobody whom it names: redirects are not followed.
//!
//! Sources: *Webhook Resource*, "Get Webhook with Token"; *Message Resource*, "Get Channel Messages"; *API Reference*,
//! "Authentication" and "Snowflakes"; *Rate Limits*; *Opcodes and Status Codes*.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::Value;

use crate::drill::way::BotToken;
use crate::sdk;
use crate::target::client_for;

/// How long Discord may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait where Discord says that it is too much and not for how long.
const USUAL_PAUSE: Duration = Duration::from_secs(5);

/// The most messages that an answer has.
pub(super) const MOST: usize = 100;

/// The first second of 2015 in milliseconds of the Unix epoch.
const DISCORD_EPOCH: i64 = 1_420_070_400_000;

/// The names under which Discord serves webhooks.
const HOSTS: [&str; 4] = ["discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"];

/// Discord's API, signed in as a bot.
pub(super) struct ChannelApi {
    client: Client,
    base: Url,
    authorization: HeaderValue,
}

/// What a webhook says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebhookObject {
    pub(super) id: String,
    pub(super) channel_id: String,
}

/// Some messages of a channel.
#[derive(Debug)]
pub(super) struct Page {
    /// Newest first.
    pub(super) messages: Vec<Value>,
    /// How long the next call has to wait.
    pub(super) pause: Duration,
}

/// No answer that is of use.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum ApiError {
    /// Too many calls.
    #[error("Discord asks to wait for {0:?}")]
    RateLimited(Duration),
    /// Discord refused.
    #[error("Discord answers {status} ({code}: {message})")]
    Refused {
        /// HTTP's status.
        status: u16,
        /// Discord's own code.
        code: u64,
        /// Discord's words.
        message: String,
    },
    /// Something answered that Discord does not say.
    #[error("what answers is not Discord's API ({0})")]
    NotDiscord(String),
    /// Nothing answered.
    #[error("Discord does not answer ({0})")]
    NoAnswer(String),
}

impl ChannelApi {
    /// The API at this address.
    ///
    /// # Errors
    /// The address is none, or the token cannot be one.
    pub(super) fn new(api: &str, token: &BotToken) -> Result<Self, String> {
        let base = Url::parse(api).map_err(|error| format!("the address of Discord's API is none ({error})"))?;
        let mut authorization = HeaderValue::from_str(&token.authorization())
            .map_err(|_| "the bot's token has characters that no token has".to_owned())?;
        authorization.set_sensitive(true);
        let client = client_for(api).timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(|error| sdk::cause(&error).to_string())?;
        Ok(Self { client, base, authorization })
    }

    /// Whether an address is one of the API's own Discord.
    pub(super) fn serves(&self, address: &Url) -> bool {
        let is_known = |url: &Url| url.scheme() == "https" && url.host_str().is_some_and(|host| HOSTS.contains(&host));
        address.origin() == self.base.origin() || (is_known(address) && is_known(&self.base))
    }

    /// Whether the API is on this machine, where nobody is kept waiting.
    pub(super) fn is_at_home(&self) -> bool {
        crate::target::is_of_this_machine(self.base.as_str())
    }

    /// Looks a webhook up by its address. Nothing is posted.
    pub(super) async fn webhook(&self, address: Url) -> Result<WebhookObject, ApiError> {
        let (object, _) = answer(self.client.get(address).send().await).await?;
        let text = |name: &str| object[name].as_str().map(str::to_owned);
        match (text("id"), text("channel_id")) {
            (Some(id), Some(channel_id)) => Ok(WebhookObject { id, channel_id }),
            _ => Err(ApiError::NotDiscord("its answer is no webhook".to_owned())),
        }
    }

    /// The messages next behind this one, or the newest.
    pub(super) async fn messages(&self, channel_id: &str, after: Option<&str>) -> Result<Page, ApiError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["channels", channel_id, "messages"]);
        }
        url.query_pairs_mut().append_pair("limit", &MOST.to_string());
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        let asked = self.client.get(url).header(AUTHORIZATION, self.authorization.clone());
        let (list, pause) = answer(asked.send().await).await?;
        match list {
            Value::Array(messages) => Ok(Page { messages, pause }),
            _ => Err(ApiError::NotDiscord("its answer is no list of messages".to_owned())),
        }
    }
}

/// The body of an answer, and how long the next call of the route has to wait.
async fn answer(answered: Result<Response, reqwest::Error>) -> Result<(Value, Duration), ApiError> {
    let no_answer = |error: reqwest::Error| {
        // Without the address, which has the webhook's token.
        let error = error.without_url();
        ApiError::NoAnswer(sdk::cause(&error).to_string())
    };
    let response = answered.map_err(no_answer)?;
    let (status, pause) = (response.status(), pause_of(response.headers()));
    let after = seconds(response.headers(), "retry-after");
    let body = response.bytes().await.map_err(no_answer)?;
    let body = serde_json::from_slice::<Value>(&body);
    match (status, body) {
        (StatusCode::TOO_MANY_REQUESTS, body) => {
            let said = body.ok().and_then(|body| duration(body["retry_after"].as_f64()?));
            Err(ApiError::RateLimited(said.or(after).unwrap_or(USUAL_PAUSE)))
        }
        (status, Ok(body)) if status.is_success() => Ok((body, pause)),
        (status, Ok(body)) if body["code"].is_u64() => Err(ApiError::Refused {
            status: status.as_u16(),
            code: body["code"].as_u64().unwrap_or_default(),
            message: body["message"].as_str().unwrap_or_default().to_owned(),
        }),
        (status, _) => Err(ApiError::NotDiscord(status.as_u16().to_string())),
    }
}

/// How long to wait, where this was the last call that the route's limit allows.
fn pause_of(headers: &HeaderMap) -> Duration {
    let is_last = headers.get("x-ratelimit-remaining").is_some_and(|remaining| remaining == "0");
    let reset = seconds(headers, "x-ratelimit-reset-after");
    if is_last { reset.unwrap_or(USUAL_PAUSE) } else { Duration::ZERO }
}

fn seconds(headers: &HeaderMap, name: &str) -> Option<Duration> {
    duration(headers.get(name)?.to_str().ok()?.parse().ok()?)
}

fn duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

/// When something was made, by its id.
pub(super) fn time_of(id: &str) -> Option<Timestamp> {
    let milliseconds = i64::try_from(id.parse::<u64>().ok()? >> 22).ok()?;
    Timestamp::from_millisecond(milliseconds + DISCORD_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when() {
        // The example of the reference.
        let time = time_of("175928847299117063").unwrap();
        assert_eq!(time.to_string(), "2016-04-30T11:18:25.796Z");
        assert_eq!(time_of("x"), None);
    }

    #[test]
    fn a_token_goes_to_discord_alone() {
        let token = BotToken::new("MTIz.abc.def");
        let api = ChannelApi::new("https://discord.com/api/v10", &token).unwrap();
        let serves = |address: &str| api.serves(&Url::parse(address).unwrap());
        assert!(serves("https://discord.com/api/webhooks/1/t") && serves("https://ptb.discord.com/api/webhooks/1/t"));
        for other in ["http://discord.com/api/webhooks/1/t", "https://discord.com.evil.example/api/webhooks/1/t"] {
            assert!(!serves(other), "{other}");
        }
        let lab = ChannelApi::new("http://127.0.0.1:4566/api/v10", &token).unwrap();
        assert!(lab.serves(&Url::parse("http://127.0.0.1:4566/api/webhooks/1/t").unwrap()));
        assert!(!lab.serves(&Url::parse("https://discord.com/api/webhooks/1/t").unwrap()), "a lab's bot is none there");
        assert!(ChannelApi::new("https://discord.com/api/v10", &BotToken::new("a\nb")).is_err());
    }

    #[test]
    fn what_discord_asks_for_is_waited_for() {
        let mut headers = HeaderMap::new();
        assert_eq!(pause_of(&headers), Duration::ZERO);
        headers.insert("x-ratelimit-reset-after", HeaderValue::from_static("1.250"));
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("3"));
        assert_eq!(pause_of(&headers), Duration::ZERO);
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static("0"));
        assert_eq!(pause_of(&headers), Duration::from_millis(1250));
    }
}
