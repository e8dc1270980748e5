//! What an endpoint does with an event, tried out: emulators differ in what they take, hand on and check, and say little of it.
//!
//! ```text
//! PutEvents (aws.ec2) ─► rule ─► topic ─► queue
//! ```
//!
//! The things are the probe's own, and are removed again whatever comes out. They have no policies at first: an event that
//! comes out all the same shows that none are enforced. One that does not may have been held back by that, so the second
//! try has them.

use std::time::Duration;

use aws_sdk_eventbridge::types::{PutEventsRequestEntry, Target};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::sdk;
use crate::target::waiting::Waiting;
use crate::target::{Clients, TargetError};

const DETAIL_TYPE: &str = "alert-drill asks what this endpoint does with an event";

/// What the names of the probe's rule, topic and queue begin with. They carry no tags: the probe has no run yet.
pub(crate) const PREFIX: &str = "alert-drill-probe-";

/// How long an event may take to come out behind the topic, in seconds. Emulators take milliseconds.
const ARRIVAL: i32 = 3;

/// What was found out of an endpoint that hands events on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) enforces_policies: bool,
}

/// Where to try it.
pub(super) struct Probe<'a> {
    pub(super) clients: &'a Clients,
    pub(super) waiting: &'a Waiting,
    pub(super) endpoint: &'a str,
    pub(super) region: &'a str,
    pub(super) account: &'a str,
    pub(super) run_id: &'a str,
}

/// What the probe made. Rule and targets are found by their name.
#[derive(Debug, Default)]
struct Made {
    queue_url: Option<String>,
    topic_arn: Option<String>,
    rule: bool,
}

impl Probe<'_> {
    /// Tries it.
    ///
    /// # Errors
    /// The bus does not take events of AWS's own services, or an event does not come out behind a topic.
    pub(super) async fn try_out(&self) -> Result<Found, TargetError> {
        self.put(json!({})).await.map_err(|reason| TargetError::NoEvents { endpoint: self.endpoint(), reason })?;
        let mut made = Made::default();
        let found = self.chain(&mut made).await;
        self.remove(made).await;
        found.map_err(|reason| TargetError::NoDelivery { endpoint: self.endpoint(), reason })
    }

    async fn chain(&self, made: &mut Made) -> Result<Found, String> {
        let name = self.name();
        let Self { clients, region, account, .. } = self;
        let rule_arn = format!("arn:aws:events:{region}:{account}:rule/{name}");
        let queue_arn = format!("arn:aws:sqs:{region}:{account}:{name}");
        let refused = |call: &str, why: String| format!("{call}: {why}");

        let created = clients.sqs.create_queue().queue_name(&name).send().await;
        let created = created.map_err(|error| refused("sqs:CreateQueue", sdk::reason(&error)))?;
        let queue_url = created.queue_url().ok_or("sqs:CreateQueue: the answer has no QueueUrl")?.to_owned();
        made.queue_url = Some(queue_url.clone());
        let created = clients.sns.create_topic().name(&name).send().await;
        let created = created.map_err(|error| refused("sns:CreateTopic", sdk::reason(&error)))?;
        let topic_arn = created.topic_arn().ok_or("sns:CreateTopic: the answer has no TopicArn")?.to_owned();
        made.topic_arn = Some(topic_arn.clone());
        let subscribe = clients.sns.subscribe().topic_arn(&topic_arn).protocol("sqs").endpoint(&queue_arn);
        subscribe.send().await.map_err(|error| refused("sns:Subscribe", sdk::reason(&error)))?;
        let pattern = json!({ "source": ["aws.ec2"], "detail": { "probe": [name] } });
        let put = clients.events.put_rule().name(&name).event_pattern(pattern.to_string()).send().await;
        put.map_err(|error| refused("events:PutRule", sdk::reason(&error)))?;
        made.rule = true;
        let target = Target::builder().id("1").arn(&topic_arn).build().map_err(|error| error.to_string())?;
        let put = clients.events.put_targets().rule(&name).targets(target).send().await;
        let put = put.map_err(|error| refused("events:PutTargets", sdk::reason(&error)))?;
        if let Some(entry) = put.failed_entries().first() {
            return Err(refused("events:PutTargets", entry.error_message().unwrap_or("an entry failed").to_owned()));
        }

        let event = || async {
            let put = self.put(json!({ "probe": name })).await;
            put.map_err(|why| format!("events:PutEvents of an event that a rule sends to a topic: {why}"))
        };
        event().await?;
        if self.arrives(&queue_url).await? {
            return Ok(Found { enforces_policies: false });
        }
        let policy = clients
            .sns
            .set_topic_attributes()
            .topic_arn(&topic_arn)
            .attribute_name("Policy")
            .attribute_value(policy("events.amazonaws.com", "sns:Publish", &topic_arn, &rule_arn));
        policy.send().await.map_err(|error| refused("sns:SetTopicAttributes", sdk::reason(&error)))?;
        let policy = self::policy("sns.amazonaws.com", "sqs:SendMessage", &queue_arn, &topic_arn);
        let set = clients.sqs.set_queue_attributes().queue_url(&queue_url);
        let set = set.attributes(QueueAttributeName::Policy, policy).send().await;
        set.map_err(|error| refused("sqs:SetQueueAttributes", sdk::reason(&error)))?;
        event().await?;
        if self.arrives(&queue_url).await? {
            return Ok(Found { enforces_policies: true });
        }
        let waited = Duration::from_secs(u64::from(ARRIVAL.unsigned_abs()));
        Err(format!("the event of a rule with a topic as its target did not come out in {waited:?}"))
    }

    /// Puts an event of one of AWS's own services. AWS itself takes none.
    async fn put(&self, detail: Value) -> Result<(), String> {
        let entry = PutEventsRequestEntry::builder();
        let entry = entry.source("aws.ec2").detail_type(DETAIL_TYPE).detail(detail.to_string()).build();
        let put = self.clients.events.put_events().entries(entry).send().await;
        let put = put.map_err(|error| match error.raw_response() {
            // An emulator that stumbles says no more than its status.
            Some(response) if sdk::code(&error).is_none() => format!("it answered {}", response.status().as_u16()),
            _ => sdk::reason(&error),
        })?;
        sdk::refused_event(&put).map_or(Ok(()), |(_, why)| Err(why))
    }

    async fn arrives(&self, queue_url: &str) -> Result<bool, String> {
        // To the meter a long poll is no wait; this one is.
        let _wait = self.waiting.begin();
        let received = self.clients.sqs.receive_message().queue_url(queue_url).wait_time_seconds(ARRIVAL).send().await;
        let received = received.map_err(|error| format!("sqs:ReceiveMessage: {}", sdk::reason(&error)))?;
        Ok(!received.messages().is_empty())
    }

    /// Removes what was made, as far as the endpoint lets it.
    async fn remove(&self, made: Made) {
        let (clients, name) = (self.clients, self.name());
        if made.rule {
            // A rule whose targets could not be removed is refused next, and its topic is gone all the same.
            let _ = clients.events.remove_targets().rule(&name).ids("1").send().await;
            let _ = clients.events.delete_rule().name(&name).send().await;
        }
        if let Some(arn) = made.topic_arn {
            // Its subscriptions go with it in AWS; emulators may keep them, without a topic.
            let subscriptions = clients.sns.list_subscriptions_by_topic().topic_arn(&arn).send().await;
            for subscription in subscriptions.iter().flat_map(|listed| listed.subscriptions()) {
                if let Some(arn) = subscription.subscription_arn() {
                    let _ = clients.sns.unsubscribe().subscription_arn(arn).send().await;
                }
            }
            let _ = clients.sns.delete_topic().topic_arn(&arn).send().await;
        }
        if let Some(url) = made.queue_url {
            let _ = clients.sqs.delete_queue().queue_url(&url).send().await;
        }
    }

    fn name(&self) -> String {
        let short: String = self.run_id.chars().rev().filter(|c| *c != '-').take(12).collect();
        format!("{PREFIX}{short}")
    }

    fn endpoint(&self) -> String {
        self.endpoint.to_owned()
    }
}

fn policy(service: &str, action: &str, resource: &str, source_arn: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": action,
            "Resource": resource,
            "Condition": { "ArnEquals": { "aws:SourceArn": source_arn } },
        }],
    })
    .to_string()
}
