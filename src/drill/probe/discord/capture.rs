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
use tokio::task::JoinSet;
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

/// How long the chain may take, at the end of a drill, to say whether it has lost something.
const LAST_WORD: Duration = Duration::from_secs(10);

/// How many instances of the function are asked then: each knows of its own. Drills side by side have several.
const INSTANCES: usize = 8;

/// A function URL and what comes by it.
pub(in crate::drill) struct Capture {
    chain: Chain,
    _queue: QueueReader,
}

/// The way from the URL to this machine, which can be tried at any time.
#[derive(Clone, Debug)]
pub(in crate::drill) struct Chain {
    client: reqwest::Client,
    url: String,
    arrived: watch::Receiver<usize>,
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
    /// How many messages it could not hand on before this one.
    lost: u32,
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
        let chain = Chain::new(url, intake.arrived.subscribe()).map_err(|reason| refused(&name, reason))?;
        chain.works(site, &name).await?;
        Ok(Self { chain, _queue: reader })
    }

    /// What the function posts to: the same from everywhere.
    pub(super) fn webhook_urls(&self) -> WebhookUrls {
        let url = &self.chain.url;
        WebhookUrls { from_target: url.clone(), from_here: url.clone() }
    }

    /// The way that it comes by.
    pub(super) fn chain(&self) -> &Chain {
        &self.chain
    }
}

impl Intake {
    fn take(&self, body: &str) {
        let Ok(handed_on) = serde_json::from_str::<HandedOn>(body) else { return };
        let HandedOn { id, method, query, content_type, body, lost } = handed_on;
        let is_new = self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        let Some(body) = BASE64_STANDARD.decode(body).ok().filter(|_| is_new) else { return };
        if lost > 0 {
            self.judge.lose(format!("{lost} of the messages that were posted did not get into the temporary queue"));
        }
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

impl Chain {
    fn new(url: String, arrived: watch::Receiver<usize>) -> Result<Self, String> {
        let client = client_for(&url).timeout(TRY).build().map_err(|error| sdk::cause(&error).to_string())?;
        Ok(Self { client, url, arrived })
    }

    /// Tries until it works. It ends early where somebody stops the run.
    async fn works(&self, site: Site<'_>, name: &str) -> Result<(), ProvisionError> {
        let emulator = site.target.endpoint_url.as_deref();
        let patience = if emulator.is_some_and(is_of_this_machine) { AT_HOME } else { UNTIL_IT_WORKS };
        // The one thing that a lab lacks more often than AWS.
        let hint = if emulator.is_some() { "; a lab needs Python 3 on its machine to run it" } else { "" };
        let deadline = Instant::now() + patience;
        loop {
            site.go_on()?;
            let Err(why) = self.try_once(deadline).await else { return Ok(()) };
            if Instant::now() + BETWEEN_TRIES > deadline {
                return Err(refused(name, why + hint));
            }
            tokio::time::sleep(BETWEEN_TRIES).await;
        }
    }

    /// Lets the function say whether it has lost something; or why it does not. An instance that holds its answer back leaves the
    /// next request to another one.
    pub(in crate::drill) async fn last_word(&self) -> Result<(), String> {
        let before = *self.arrived.borrow();
        let mut asked = JoinSet::new();
        for _ in 0..INSTANCES {
            let chain = self.clone();
            asked.spawn(async move { chain.ask("?hold").await });
        }
        asked.join_all().await.into_iter().collect::<Result<(), String>>()?;
        self.wait_for(before + INSTANCES, Instant::now() + LAST_WORD).await
    }

    async fn try_once(&self, deadline: Instant) -> Result<(), String> {
        let before = *self.arrived.borrow();
        self.ask("").await?;
        self.wait_for(before + 1, deadline).await
    }

    /// Asks for the webhook at the URL, as nobody in particular: the answer is Discord's.
    async fn ask(&self, query: &str) -> Result<(), String> {
        match self.client.get(format!("{}{query}", self.url)).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                let status = answer.status().as_u16();
                let said = answer.text().await.unwrap_or_default();
                Err(format!("its URL answers {status}: {}", said.chars().take(300).collect::<String>()))
            }
            Err(error) => {
                let error = error.without_url();
                Err(format!("its URL does not answer ({})", sdk::cause(&error)))
            }
        }
    }

    /// Waits until so many requests have come. The function answers once the queue has taken one.
    async fn wait_for(&self, count: usize, deadline: Instant) -> Result<(), String> {
        let mut arrived = self.arrived.clone();
        match tokio::time::timeout_at(deadline, arrived.wait_for(|so_far| *so_far >= count)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err("what it sends to the temporary queue does not arrive here".to_owned()),
        }
    }
}

fn refused(name: &str, reason: String) -> ProvisionError {
    ProvisionError::Refused { call: "lambda:InvokeFunctionUrl", what: name.to_owned(), reason }
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
            let handed_on = json!({ "id": id, "method": method, "query": "", "content_type": "application/json", "body": body, "lost": 0 });
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
