//! A temporary queue: subscribed to the topic, the target of the tap's rule, or what a function hands on to.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, QueueAttributeName};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use crate::drill::observation::{Observations, Sighting};
use crate::grant;
use crate::pipeline::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};
use crate::sdk;

/// How long one request waits for a message, in seconds: SQS's longest.
const LONG_POLL: i32 = 20;

/// How long to wait before asking again after a refusal.
const AFTER_A_REFUSAL: std::time::Duration = std::time::Duration::from_millis(500);

/// Who sends to the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::drill) enum Source {
    /// The topic under test, by ARN.
    Topic(String),
    /// A rule of the harness's own, by name, that sees what is on the bus.
    Tap(String),
}

/// A temporary queue.
#[derive(Debug)]
pub(super) struct TemporaryQueue {
    /// Its ARN.
    pub(super) arn: String,
    /// What its calls take.
    pub(super) url: String,
}

impl TemporaryQueue {
    /// Makes the queue, with a policy where others than the account's own may send to it.
    pub(super) async fn make(site: Site<'_>, name: &str, policy: Option<String>) -> Result<Self, ProvisionError> {
        let crate::target::Target { clients, region, account, .. } = site.target;
        let entry = Resource::Queue(name.to_owned());
        site.ledger.intend(entry.clone())?;
        let attributes = policy.map(|policy| HashMap::from([(QueueAttributeName::Policy, policy)]));
        let created = clients
            .sqs
            .create_queue()
            .queue_name(name)
            .set_attributes(attributes)
            .tags(RUN_TAG, site.run_id)
            .tags(SCENARIO_TAG, site.scenario.name.as_str())
            .send()
            .await
            .map_err(|error| ProvisionError::refused("sqs:CreateQueue", name, &error))?;
        let url =
            created.queue_url().ok_or_else(|| ProvisionError::without("sqs:CreateQueue", name, "QueueUrl"))?.to_owned();
        site.ledger.made(&entry, &url);
        Ok(Self { arn: queue_arn(region, account, name), url })
    }
}

fn queue_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:sqs:{region}:{account}:{name}")
}

/// A temporary queue and the task that reads it.
#[derive(Debug)]
pub(in crate::drill) struct QueueProbe {
    _reader: QueueReader,
    /// The queue's ARN.
    pub(in crate::drill) arn: String,
}

impl QueueProbe {
    /// Makes the queue with a policy for its source and begins to read it.
    pub(in crate::drill) async fn start(
        site: Site<'_>,
        name: &str,
        source: Source,
        observations: Arc<Observations>,
    ) -> Result<Self, ProvisionError> {
        let crate::target::Target { clients, region, account, .. } = site.target;
        let (service, source_arn) = match &source {
            Source::Topic(topic_arn) => ("sns.amazonaws.com", topic_arn.clone()),
            Source::Tap(rule) => ("events.amazonaws.com", format!("arn:aws:events:{region}:{account}:rule/{rule}")),
        };
        let policy = grant::policy([grant::send(service, &queue_arn(region, account, name), &source_arn)]);
        let TemporaryQueue { arn, url } = TemporaryQueue::make(site, name, Some(policy)).await?;
        if let Source::Topic(topic_arn) = &source {
            site.go_on()?;
            let entry = Resource::Subscription { topic_arn: topic_arn.clone(), endpoint: arn.clone() };
            site.ledger.intend(entry.clone())?;
            let subscribed = clients
                .sns
                .subscribe()
                .topic_arn(topic_arn)
                .protocol("sqs")
                .endpoint(&arn)
                .return_subscription_arn(true)
                .send()
                .await
                .map_err(|error| ProvisionError::refused("sns:Subscribe", name, &error))?;
            if let Some(arn) = subscribed.subscription_arn() {
                site.ledger.made(&entry, arn);
            }
        }
        let reader = QueueReader::start(clients.sqs.clone(), url, move |body| {
            if let Some(sighting) = sighting(body, &source) {
                observations.saw(sighting);
            }
        });
        Ok(Self { _reader: reader, arn })
    }
}

/// Reads a queue until it is dropped.
#[derive(Debug)]
pub(super) struct QueueReader {
    _reading: AbortOnDropHandle<()>,
}

impl QueueReader {
    /// Begins to read, and hands the body of each message to `take`.
    pub(super) fn start(sqs: aws_sdk_sqs::Client, url: String, take: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { _reading: AbortOnDropHandle::new(tokio::spawn(read(sqs, url, take))) }
    }
}

/// Reads until it is aborted. A refusal is met with patience: the drill's own limit decides.
async fn read(sqs: aws_sdk_sqs::Client, url: String, take: impl Fn(&str) + Send + Sync + 'static) {
    loop {
        let received = sqs.receive_message().queue_url(&url).max_number_of_messages(10).wait_time_seconds(LONG_POLL);
        let messages = match received.send().await {
            Ok(received) => received.messages.unwrap_or_default(),
            // The queue goes before its reader does when the clean-up begins.
            Err(error) if sdk::code(&error).is_some_and(|code| code.contains("NonExistentQueue")) => return,
            Err(_) => {
                tokio::time::sleep(AFTER_A_REFUSAL).await;
                continue;
            }
        };
        let mut entries = Vec::with_capacity(messages.len());
        for (position, message) in messages.iter().enumerate() {
            message.body().into_iter().for_each(&take);
            let entry = DeleteMessageBatchRequestEntry::builder().id(position.to_string());
            entries.extend(entry.set_receipt_handle(message.receipt_handle.clone()).build());
        }
        if !entries.is_empty() {
            // A message that is not deleted comes again, and counts as a duplicate at the worst.
            let _ = sqs.delete_message_batch().queue_url(&url).set_entries(Some(entries)).send().await;
        }
    }
}

fn sighting(body: &str, source: &Source) -> Option<Sighting> {
    let body: Value = serde_json::from_str(body).ok()?;
    match source {
        Source::Tap(_) => Some(Sighting::Bus { event: body }),
        Source::Topic(_) => {
            let event = body.get("Message").and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
            let message_id = body.get("MessageId").and_then(Value::as_str).unwrap_or_default().to_owned();
            let published = body.get("Timestamp").and_then(Value::as_str).and_then(|text| text.parse().ok());
            Some(Sighting::Queue { event: event.unwrap_or_default(), message_id, published })
        }
    }
}
