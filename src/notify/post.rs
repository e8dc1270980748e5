//! The post itself: few tries, in little time.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use super::Webhook;
use crate::sdk;

/// How often a message is posted at the most.
const TRIES: u32 = 4;

/// How long one try may take.
const TRY: Duration = Duration::from_secs(10);

/// How long all of them may take, with the waits between them. A run ends when it is over.
const ALL: Duration = Duration::from_secs(30);

/// The first wait, where the other side says nothing about it; each further one is twice as long.
const WAIT: Duration = Duration::from_millis(500);

/// The message did not arrive, or nobody knows whether it did. It says the host, and nothing else of the address.
#[derive(Debug, thiserror::Error)]
#[error("the notification was not delivered to {host}: {reason}")]
pub(crate) struct NotifyError {
    host: String,
    reason: String,
}

/// Why a try did not succeed, and when to try again, where that makes sense.
struct Refused {
    reason: String,
    again: Option<Again>,
}

/// When to try again.
enum Again {
    /// After the usual wait.
    Soon,
    /// After what the other side asks for.
    After(Duration),
}

/// Posts a message, and again where that may help.
pub(super) async fn post(webhook: &Webhook, body: &Value) -> Result<(), NotifyError> {
    let failed = |reason: String| NotifyError { host: webhook.host().to_owned(), reason };
    // An answer that leads elsewhere would take the message, and what is in it, elsewhere.
    let client = reqwest::Client::builder().redirect(Policy::none()).timeout(TRY);
    let client = if webhook.url.scheme() == "http" { client.tls_certs_only([]) } else { client };
    let client = client.build().map_err(|error| failed(said(error)))?;
    let end = Instant::now() + ALL;
    let mut usual = WAIT;
    for left in (0..TRIES).rev() {
        let Err(Refused { reason, again }) = once(&client, webhook, body).await else { return Ok(()) };
        let Some(again) = again else { return Err(failed(reason)) };
        let wait = match again {
            Again::Soon => usual,
            Again::After(asked) => asked,
        };
        if left == 0 || Instant::now() + wait > end {
            return Err(failed(format!("{reason} ({} tries)", TRIES - left)));
        }
        tokio::time::sleep(wait).await;
        usual *= 2;
    }
    Ok(())
}

async fn once(client: &reqwest::Client, webhook: &Webhook, body: &Value) -> Result<(), Refused> {
    let sent = client.post(webhook.url.clone()).json(body).send().await;
    // A post whose answer was lost may have arrived; people who read it twice are better off than those who never do.
    let answer = sent.map_err(|error| Refused { reason: said(error), again: Some(Again::Soon) })?;
    let status = answer.status();
    match status {
        status if status.is_success() => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = retry_after(answer).await;
            Err(Refused { reason: format!("it answered {status}"), again: Some(wait) })
        }
        status => {
            let again = status.is_server_error().then_some(Again::Soon);
            Err(Refused { reason: format!("it answered {status}"), again })
        }
    }
}

/// How long to wait: Discord says it in the body, to the millisecond; both say it in a header, in seconds.
async fn retry_after(answer: Response) -> Again {
    let header = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok());
    let body = answer.json::<Value>().await.ok().and_then(|body| body["retry_after"].as_f64());
    let asked = body.or(header).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    asked.map_or(Again::Soon, Again::After)
}

/// What went wrong, without the address that `reqwest` puts into its errors.
fn said(error: reqwest::Error) -> String {
    let timed_out = error.is_timeout();
    let error = error.without_url();
    if timed_out { format!("no answer within {TRY:?}") } else { sdk::cause(&error).to_string() }
}
