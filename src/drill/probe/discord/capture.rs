//! A function URL in the account, for the time of a run: what is posted there comes by a temporary queue.
//!
//! The chain is tried out before anything is pointed at it, which also starts the function: its URL is open to everyone, its
//! role may send, and what it sends arrives here. What arrives is judged here, as Discord would; the function itself answers for
//! Discord, as far as the sender can tell the difference (see `pipeline/capture.py`).

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use alert_drill_lab::discord::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::judge::Judge;
use crate::drill::lane::short;
use crate::drill::observation::Observations;
use crate::drill::probe::queue::{QueueReader, TemporaryQueue};
use crate::pipeline::{CAPTURE_PREFIX, CaptureFunction, ProvisionError, Site, WebhookUrls};
use crate::sdk;
use crate::target::{client_for, is_of_this_machine};

/// How long AWS may take until the chain works: a new role and a new policy take a while to be known everywhere.
const UNTIL_IT_WORKS: Duration = Duration::from_secs(90);

/// The same on this machine, where nothing has to become known.
const AT_HOME: Duration = Duration::from_secs(10);

/// How long one try may take: the first starts the function.
const TRY: Duration = Duration::from_secs(15);

/// The pause between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// A function URL and what comes by it.
pub(in crate::drill) struct Capture {
    url: String,
    _queue: QueueReader,
}

/// What the function hands on of a request.
#[derive(Debug, Deserialize)]
struct HandedOn {
    /// Lambda's id of the request: a queue may deliver twice.
    id: String,
    method: String,
    query: String,
    content_type: Option<String>,
    /// The body, as base64.
    body: String,
}

/// Takes what comes by the queue.
struct Intake {
    judge: Judge,
    seen: Mutex<HashSet<String>>,
    /// How many requests have come.
    arrived: watch::Sender<usize>,
}

impl Capture {
    /// Makes queue and function, and waits until what is sent to the URL arrives here.
    pub(super) async fn start(
        site: Site<'_>,
        channel: &str,
        observations: Arc<Observations>,
    ) -> Result<Self, ProvisionError> {
        let name = format!("{CAPTURE_PREFIX}{}", short(site.run_id));
        let intake = Arc::new(Intake {
            judge: Judge::new(channel, observations),
            seen: Mutex::default(),
            arrived: watch::Sender::new(0),
        });
        let queue = TemporaryQueue::make(site, &name, None).await?;
        let (taking, clients) = (Arc::clone(&intake), &site.target.clients);
        let reader = QueueReader::start(clients.sqs.clone(), queue.url.clone(), move |body| taking.take(body));
        let webhook = intake.judge.webhook();
        let function = CaptureFunction { name: &name, queue_arn: &queue.arn, queue_url: &queue.url, webhook };
        let url = webhook.url(&function.make(site).await?);
        works(site, &name, &url, intake.arrived.subscribe()).await?;
        Ok(Self { url, _queue: reader })
    }

    /// What the function posts to: the same from everywhere.
    pub(super) fn webhook_urls(&self) -> WebhookUrls {
        WebhookUrls { from_target: self.url.clone(), from_here: self.url.clone() }
    }
}

impl Intake {
    fn take(&self, body: &str) {
        let Ok(handed_on) = serde_json::from_str::<HandedOn>(body) else { return };
        let HandedOn { id, method, query, content_type, body } = handed_on;
        let is_new = self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        let Some(body) = BASE64_STANDARD.decode(body).ok().filter(|_| is_new) else { return };
        // The path is not handed on: its secret is known here.
        let path = self.judge.webhook().path();
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request = Request::new(&method, &target).with_body(body);
        if let Some(content_type) = content_type {
            request = request.with_header("content-type", &content_type);
        }
        let _ = self.judge.judge(&request);
        self.arrived.send_modify(|count| *count += 1);
    }
}

/// Asks for the webhook at the URL, as nobody in particular, until the answer is Discord's and the request has come by the
/// queue.
async fn works(
    site: Site<'_>,
    name: &str,
    url: &str,
    mut arrived: watch::Receiver<usize>,
) -> Result<(), ProvisionError> {
    let refused =
        |reason: String| ProvisionError::Refused { call: "lambda:InvokeFunctionUrl", what: name.to_owned(), reason };
    let client = client_for(url).timeout(TRY).build();
    let client = client.map_err(|error| refused(sdk::cause(&error).to_string()))?;
    let emulator = site.target.endpoint_url.as_deref();
    let patience = if emulator.is_some_and(is_of_this_machine) { AT_HOME } else { UNTIL_IT_WORKS };
    // The one thing that a lab lacks more often than AWS.
    let hint = if emulator.is_some() { "; a lab needs Python 3 on its machine to run it" } else { "" };
    let deadline = Instant::now() + patience;
    loop {
        site.go_on()?;
        let why = match client.get(url).send().await {
            Ok(answer) if answer.status().is_success() => break,
            Ok(answer) => {
                let status = answer.status().as_u16();
                let said = answer.text().await.unwrap_or_default();
                format!("its URL answers {status}: {}", said.chars().take(300).collect::<String>())
            }
            Err(error) => {
                let error = error.without_url();
                format!("its URL does not answer ({})", sdk::cause(&error))
            }
        };
        if Instant::now() + BETWEEN_TRIES > deadline {
            return Err(refused(why + hint));
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    // The function answers once the queue has taken the request.
    let came = tokio::time::timeout_at(deadline, arrived.wait_for(|count| *count > 0)).await;
    match came {
        Ok(Ok(_)) => Ok(()),
        _ => Err(refused("what it sends to the temporary queue does not arrive here".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drill::observation::Sighting;

    #[test]
    fn what_was_handed_on_is_judged_once() {
        let observations = Arc::new(Observations::new());
        let intake = Intake {
            judge: Judge::new("alarm", Arc::clone(&observations)),
            seen: Mutex::default(),
            arrived: watch::Sender::new(0),
        };
        let request = |id: &str, method: &str, body: &str| {
            let body = BASE64_STANDARD.encode(body);
            let handed_on =
                json!({ "id": id, "method": method, "query": "", "content_type": "application/json", "body": body });
            intake.take(&handed_on.to_string());
        };
        request("1", "GET", "");
        request("2", "POST", r#"{"content":"🚨 port 22"}"#);
        request("2", "POST", r#"{"content":"🚨 port 22"}"#);
        request("3", "POST", r#"{"content":""}"#);
        intake.take("no JSON");
        let seen = observations.since(0);
        assert!(matches!(&seen[0].sighting, Sighting::Discord { content, .. } if content == "🚨 port 22"), "{seen:?}");
        let refused = matches!(&seen[1].sighting, Sighting::Refused { refusal, .. } if refusal == "400 Cannot send an empty message");
        assert!(refused && seen.len() == 2, "{seen:?}");
        assert_eq!(*intake.arrived.borrow(), 3);
    }
}
