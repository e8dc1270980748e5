//! An invocation: every message of the event is sent, and only then is said whether all were.

use std::collections::{BTreeSet, VecDeque};
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::channel::{Channel, SendError, Sent};
use crate::config::{Config, Language};
use crate::event::notices;
use crate::record::Alert;
use crate::text::compose;

/// How many failed invocations are remembered. Lambda retries within minutes, and one environment runs one at a time.
const REMEMBERED: usize = 32;

/// The function: it keeps the connection to Discord, and what was delivered in invocations that failed.
#[derive(Debug)]
pub struct Notifier {
    channel: Channel,
    language: Language,
    delivered: Mutex<VecDeque<(String, BTreeSet<usize>)>>,
}

/// An invocation in which not every message was delivered; Lambda invokes again.
#[derive(Debug)]
pub struct Undelivered {
    /// The messages that were not delivered, by their position in the event, and why.
    pub failures: Vec<(usize, SendError)>,
    /// How many messages the event had.
    pub total: usize,
}

impl Notifier {
    /// A function with these settings.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { channel: Channel::new(config.webhook), language: config.language, delivered: Mutex::default() }
    }

    /// Sends a message for each SNS message of the event.
    ///
    /// # Errors
    /// Not all were delivered. The others were; a retry in this environment skips them.
    pub async fn invoke(&self, event: LambdaEvent<Value>) -> Result<Value, Undelivered> {
        let LambdaEvent { payload, context } = event;
        let deadline = deadline(&context);
        let mut delivered = self.recall(&context.request_id);
        let notices = notices(&payload);
        let mut failures = Vec::new();
        for (index, notice) in notices.iter().enumerate() {
            if delivered.contains(&index) {
                continue;
            }
            let alert = Alert::read(notice);
            let result = self.channel.send(&compose(&alert, self.language), deadline).await;
            log(&alert, notice.message_id.as_deref(), &context.request_id, &result);
            match result {
                Ok(_) => {
                    delivered.insert(index);
                }
                Err(error) => failures.push((index, error)),
            }
        }
        if failures.is_empty() {
            return Ok(json!({ "delivered": notices.len() }));
        }
        self.remember(context.request_id, delivered);
        Err(Undelivered { failures, total: notices.len() })
    }

    /// What an earlier attempt at this invocation delivered.
    fn recall(&self, request_id: &str) -> BTreeSet<usize> {
        let mut known = self.delivered.lock().unwrap_or_else(PoisonError::into_inner);
        let position = known.iter().position(|(id, _)| id == request_id);
        position.and_then(|position| known.remove(position)).map(|(_, delivered)| delivered).unwrap_or_default()
    }

    fn remember(&self, request_id: String, delivered: BTreeSet<usize>) {
        let mut known = self.delivered.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == REMEMBERED {
            known.pop_front();
        }
        known.push_back((request_id, delivered));
    }
}

impl From<Undelivered> for Diagnostic {
    fn from(undelivered: Undelivered) -> Self {
        let Undelivered { failures, total } = undelivered;
        let reasons: Vec<_> = failures.iter().map(|(index, error)| format!("message {}: {error}", index + 1)).collect();
        Self {
            error_type: "Notifier.Undelivered".to_owned(),
            error_message: format!("{} of {total} alerts were not delivered: {}", failures.len(), reasons.join("; ")),
        }
    }
}

/// When Lambda ends the invocation, on the clock that does not jump.
fn deadline(context: &Context) -> Instant {
    let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now() + left
}

/// One line of JSON a message, on standard output, where Lambda takes its log from.
fn log(alert: &Alert, message_id: Option<&str>, request_id: &str, result: &Result<Sent, SendError>) {
    let (event_name, event_id) = match alert {
        Alert::Change(change) => (Some(change.event_name.as_str()), change.event_id.as_deref()),
        Alert::Plain(_) => (None, None),
    };
    let mut line = json!({
        "level": if result.is_ok() { "INFO" } else { "ERROR" },
        "requestId": request_id,
        "snsMessageId": message_id,
        "eventName": event_name,
        "eventID": event_id,
    });
    match result {
        Ok(sent) => {
            line["message"] = json!("delivered to Discord");
            line["status"] = json!(sent.status);
            line["discordMessageId"] = json!(sent.message_id);
            line["waits"] = json!(sent.waits);
        }
        Err(error) => {
            line["message"] = json!(error.to_string());
            line["status"] = match error {
                SendError::Refused { status, .. } => json!(status),
                SendError::RateLimited { .. } => json!(429),
                SendError::Unreachable(_) | SendError::OutOfTime | SendError::Client(_) => Value::Null,
            };
        }
    }
    // A log that cannot be written is no reason to lose the alert.
    let _ = writeln!(std::io::stdout(), "{line}");
}
