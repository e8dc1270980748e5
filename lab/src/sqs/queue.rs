//! A queue, and the operations on queues as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::attributes::Attributes;
use super::error::{invalid_value, no_queue};
use super::fifo::Memory;
use super::message::{self, Message};
use super::{Queues, Sqs, redrive, url};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::metrics::Metrics;
use crate::scope::Scope;

/// How long AWS takes to forget a queue, and between two purges of one.
pub(super) const PAUSE: Duration = Duration::from_secs(60);

/// A queue with its messages.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) arn: String,
    pub(super) account: String,
    pub(super) created: Timestamp,
    pub(super) modified: Timestamp,
    pub(super) attributes: Attributes,
    pub(super) tags: BTreeMap<String, String>,
    /// In the order of arrival.
    pub(super) messages: Vec<Message>,
    /// What a FIFO queue knows of earlier messages.
    pub(super) memory: Memory,
    purged: Option<Instant>,
    /// Wakes the long polls when anything has changed that they wait for.
    pub(super) changed: Arc<Notify>,
    counter: Counter,
}

/// How many messages are in each state: `ApproximateNumberOf…`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

/// Counts for CloudWatch what happens to a queue's messages.
#[derive(Debug)]
struct Counter {
    metrics: Arc<Metrics>,
    scope: Scope,
    queue: String,
}

impl Counter {
    fn note(&self, metric: &'static str, value: f64, unit: &'static str) {
        self.metrics.record(&self.scope, "AWS/SQS", metric, &[("QueueName", &self.queue)], value, unit);
    }
}

impl Queue {
    fn new(
        metrics: &Arc<Metrics>,
        scope: &Scope,
        name: &str,
        attributes: Attributes,
        tags: BTreeMap<String, String>,
        now: Timestamp,
    ) -> Self {
        let counter = Counter { metrics: Arc::clone(metrics), scope: scope.clone(), queue: name.to_owned() };
        Self {
            arn: scope.arn("sqs", name),
            account: scope.account.clone(),
            created: now,
            modified: now,
            attributes,
            tags,
            messages: Vec::new(),
            memory: Memory::default(),
            purged: None,
            changed: Arc::default(),
            counter,
        }
    }

    /// The account and the Region that the queue is in.
    pub(super) fn scope(&self) -> Scope {
        let region = self.arn.split(':').nth(3).unwrap_or_default();
        Scope::new(self.account.clone(), region)
    }

    /// Takes a message in that was sent, and wakes whoever waits for one.
    pub(super) fn put(&mut self, message: Message) {
        self.counter.note("NumberOfMessagesSent", 1.0, "Count");
        self.counter.note("SentMessageSize", message::size(&message.body, &message.attributes) as f64, "Bytes");
        self.take_over(message);
    }

    /// Counts what one receive found: an empty one has a metric of its own.
    pub(super) fn count_received(&self, count: usize) {
        match count {
            0 => self.counter.note("NumberOfEmptyReceives", 1.0, "Count"),
            count => (0..count).for_each(|_| self.counter.note("NumberOfMessagesReceived", 1.0, "Count")),
        }
    }

    pub(super) fn count_deleted(&self) {
        self.counter.note("NumberOfMessagesDeleted", 1.0, "Count");
    }

    /// How long the oldest message has been here.
    pub(super) fn age_of_oldest(&self, now: Instant) -> Duration {
        let ages = self.messages.iter().map(|message| now.saturating_duration_since(message.arrived));
        ages.max().unwrap_or_default()
    }

    /// Takes a message in that another queue could not get rid of; AWS does not count it as sent.
    pub(super) fn take_over(&mut self, message: Message) {
        self.messages.push(message);
        self.changed.notify_waiters();
    }

    /// Drops the messages that have been here for longer than the retention period.
    pub(super) fn expire(&mut self, now: Instant) {
        let kept = Duration::from_secs(self.attributes.retention_seconds.into());
        self.messages.retain(|message| now.saturating_duration_since(message.arrived) < kept);
    }

    pub(super) fn counts(&self, now: Instant) -> Counts {
        let mut counts = Counts::default();
        for message in &self.messages {
            match message.visible_at <= now {
                true => counts.visible += 1,
                false if message.receive_count > 0 => counts.in_flight += 1,
                false => counts.delayed += 1,
            }
        }
        counts
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateQueue {
    queue_name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrl {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OneQueue {
    queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueUrl {
    queue_name: String,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListQueues {
    queue_name_prefix: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListSources {
    queue_url: String,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct QueueUrls {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The same answer as the model spells it for dead-letter sources: with a small letter, and there even when empty.
#[derive(Serialize)]
struct SourceUrls {
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Sqs {
    /// Runs `f` on the queue that a URL names, once the queue's policy lets the caller do the operation.
    pub(super) fn on_queue<R>(
        &self,
        call: &Call,
        queue_url: &str,
        f: impl FnOnce(&mut Queue) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.on_queues(call, queue_url, |queues, name| f(queues.get_mut(name).ok_or_else(no_queue)?))
    }

    /// The same with the other queues of the scope: a receive may move messages to a dead-letter queue.
    pub(super) fn on_queues<R>(
        &self,
        call: &Call,
        queue_url: &str,
        f: impl FnOnce(&mut Queues, &str) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        let (scope, name) = url::parse(call, queue_url)?;
        self.queues.with(&scope, |queues| {
            super::permission::allows_call(queues.get(&name).ok_or_else(no_queue)?, call)?;
            f(queues, &name)
        })
    }

    pub(super) fn create_queue(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: CreateQueue = call.input()?;
        let name = input.queue_name;
        let attributes = Attributes::of_new_queue(&input.attributes)?;
        check_name(&name, attributes.fifo.is_some())?;
        super::tag::check(&input.tags)?;
        self.queues.with(&call.scope, |queues| match queues.get(&name) {
            Some(queue) => queue.attributes.check_same(&input.attributes, &attributes),
            None => {
                self.check_forgotten(&call.scope, &name)?;
                redrive::check_target(queues, &call.scope, &name, &attributes)?;
                let queue = Queue::new(&self.metrics, &call.scope, &name, attributes, input.tags, call.time);
                queues.insert(name.clone(), queue);
                Ok(())
            }
        })?;
        call.reply(&QueueUrl { queue_url: url::of_queue(call, &call.scope.account, &name) })
    }

    pub(super) fn delete_queue(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneQueue = call.input()?;
        self.on_queues(call, &input.queue_url, |queues, name| {
            if let Some(queue) = queues.remove(name) {
                queue.changed.notify_waiters();
                let scope = Scope::new(queue.account, call.scope.region.clone());
                self.deleted.with(&scope, |deleted| deleted.insert(name.to_owned(), Instant::now()));
            }
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn purge_queue(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneQueue = call.input()?;
        self.on_queues(call, &input.queue_url, |queues, name| {
            let queue = queues.get_mut(name).ok_or_else(no_queue)?;
            let now = Instant::now();
            if queue.purged.is_some_and(|at| now.saturating_duration_since(at) < PAUSE) {
                let message = format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
                return Err(AwsError::new(403, "PurgeQueueInProgress", message));
            }
            queue.purged = Some(now);
            queue.messages.clear();
            queue.changed.notify_waiters();
            Ok(())
        })?;
        call.done()
    }

    /// Whether AWS has forgotten a queue of this name, if there was one.
    fn check_forgotten(&self, scope: &Scope, name: &str) -> Result<(), AwsError> {
        self.deleted.with(scope, |deleted| {
            let now = Instant::now();
            deleted.retain(|_, at| now.saturating_duration_since(*at) < PAUSE);
            if deleted.contains_key(name) {
                let message = "You must wait 60 seconds after deleting a queue before you can create another with the \
                               same name.";
                return Err(AwsError::bad_request("QueueDeletedRecently", message));
            }
            Ok(())
        })
    }

    pub(super) fn get_queue_url(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: GetQueueUrl = call.input()?;
        let account = input.owner.unwrap_or_else(|| call.scope.account.clone());
        let queue_url = url::of_queue(call, &account, &input.queue_name);
        self.on_queue(call, &queue_url, |_| Ok(()))?;
        call.reply(&QueueUrl { queue_url })
    }

    pub(super) fn list_queues(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListQueues = call.input()?;
        let prefix = input.queue_name_prefix.unwrap_or_default();
        let names: Vec<String> = self
            .queues
            .with(&call.scope, |queues| queues.keys().filter(|name| name.starts_with(&prefix)).cloned().collect());
        let (names, next_token) = page(names, input.next_token.as_deref(), input.max_results)?;
        let account = &call.scope.account;
        let queue_urls = names.iter().map(|name| url::of_queue(call, account, name)).collect();
        call.reply(&QueueUrls { queue_urls, next_token })
    }

    pub(super) fn list_dead_letter_source_queues(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: ListSources = call.input()?;
        let names = self.on_queues(call, &input.queue_url, |queues, name| {
            let arn = &queues.get(name).ok_or_else(no_queue)?.arn;
            let feeds = |queue: &Queue| queue.attributes.redrive.as_ref().is_some_and(|redrive| redrive.target == *arn);
            Ok(queues.iter().filter(|(_, queue)| feeds(queue)).map(|(name, _)| name.clone()).collect())
        })?;
        let (names, next_token) = page(names, input.next_token.as_deref(), input.max_results)?;
        let account = &call.scope.account;
        let queue_urls = names.iter().map(|name| url::of_queue(call, account, name)).collect();
        call.reply(&SourceUrls { queue_urls, next_token })
    }
}

/// The name tells a FIFO queue from a standard one.
fn check_name(name: &str, is_fifo: bool) -> Result<(), AwsError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let refuse = |message: &str| Err(AwsError::bad_request("InvalidParameterValue", message));
    let stem = if is_fifo { name.strip_suffix(".fifo") } else { Some(name) };
    match stem {
        Some(stem) if !stem.is_empty() && name.len() <= 80 && stem.chars().all(is_plain) => Ok(()),
        _ if is_fifo => refuse(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
             .fifo suffix and be 1 to 80 in length",
        ),
        _ => refuse("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"),
    }
}

/// One page of sorted names, and the token of the next. Without `MaxResults`, AWS gives up to 1000 and no token.
fn page(
    names: Vec<String>,
    token: Option<&str>,
    max_results: Option<i64>,
) -> Result<(Vec<String>, Option<String>), AwsError> {
    let size = match max_results {
        None => 1000,
        Some(size @ 1..=1000) => usize::try_from(size).unwrap_or(1000),
        Some(size) => {
            return Err(invalid_value(size, "MaxResults", "MaxResults must be an integer between 1 and 1000."));
        }
    };
    let after = match token {
        None => String::new(),
        Some(token) => URL_SAFE
            .decode(token)
            .ok()
            .and_then(|name| String::from_utf8(name).ok())
            .ok_or_else(|| AwsError::bad_request("InvalidParameterValue", "Invalid or expired next token."))?,
    };
    let mut rest = names.into_iter().filter(|name| *name > after);
    let page: Vec<String> = rest.by_ref().take(size).collect();
    let more = max_results.is_some() && rest.next().is_some();
    let next = page.last().filter(|_| more).map(|name| URL_SAFE.encode(name));
    Ok((page, next))
}
