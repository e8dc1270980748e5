//! Where an asynchronous event goes at its end: a dead-letter queue gets the event, a destination a record of the
//! invocation.
//!
//! Lambda sends both in the name of the function's execution role, so that the policy of a queue or a topic is asked about
//! that role, not about `lambda.amazonaws.com`. What cannot be sent is lost; AWS counts it in `DeadLetterErrors` or
//! `DestinationDeliveryFailures` and says no more. See [`super::execution_role`].
//!
//! Source: "Capturing records of Lambda asynchronous invocations" in the Lambda developer guide.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::asynchronous::{Chain, enqueue};
use super::execution_role::{ExecutionRole, perform, queue_url};
use super::invoke::count;
use super::name::{LATEST, Named, qualified};
use super::{InvokeRequest, function_arn};
use crate::cloud::Cloud;
use crate::deliveries::{Carried, Hop, Leg, Reason, Refusal};
use crate::gateway::call::Reply;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::lambda::{AsyncCondition, AsyncOutcome};
use crate::scope::Scope;
use crate::time;

/// The longest message of an error in a dead letter, in bytes.
const LONGEST_ERROR: usize = 1024;

/// An event that was tried for the last time.
pub(super) struct Ended<'a> {
    pub(super) named: &'a Named,
    pub(super) request_id: &'a str,
    pub(super) payload: &'a Bytes,
    pub(super) outcome: &'a AsyncOutcome,
    pub(super) carried: &'a Carried,
    pub(super) chain: &'a Chain,
}

/// What the function is set to at that time.
struct Settings {
    role: String,
    dead_letters: Option<String>,
    destination: Option<String>,
}

/// What goes to a queue or a topic.
struct Letter {
    body: String,
    /// Name, data type and value.
    attributes: Vec<(&'static str, &'static str, String)>,
}

/// Whether an ARN can be a dead-letter queue's.
pub(super) fn takes_dead_letters(arn: &str) -> bool {
    let is_kind = |service: &str| arn.starts_with(&format!("arn:aws:{service}:")) && Scope::of_arn(arn).is_some();
    (is_kind("sqs") || is_kind("sns")) && !arn.ends_with(".fifo")
}

/// Sends what the function's settings ask for.
pub(super) async fn send(cloud: &Arc<Cloud>, ended: Ended<'_>) {
    let succeeded = match ended.outcome.condition {
        AsyncCondition::Success => true,
        AsyncCondition::RetriesExhausted
        | AsyncCondition::EventAgeExceeded
        | AsyncCondition::ZeroReservedConcurrency => false,
        AsyncCondition::Stopped => return,
    };
    if !succeeded {
        count(cloud, ended.named, "AsyncEventsDropped");
    }
    let Some(settings) = settings(cloud, ended.named, succeeded) else { return };
    let role = ExecutionRole { arn: &settings.role, function: &ended.named.name };
    if let Some(target) = settings.dead_letters.as_ref().filter(|_| !succeeded) {
        for _ in 0..ended.copies(cloud, target).await {
            let sent = to_queue_or_topic(cloud, role, target, ended.dead_letter()).await;
            ended.log(cloud, target, "DeadLetterErrors", &sent);
        }
    }
    if let Some(target) = &settings.destination {
        for _ in 0..ended.copies(cloud, target).await {
            let sent = ended.to_destination(cloud, role, target, succeeded).await;
            ended.log(cloud, target, "DestinationDeliveryFailures", &sent);
        }
    }
}

fn settings(cloud: &Cloud, named: &Named, succeeded: bool) -> Option<Settings> {
    cloud.lambda.regions.with(&named.scope, |region| {
        let function = region.functions.get(&named.name)?;
        let version = function.named_version(named).ok()?;
        let config = function.event_invokes.get(named.qualifier.as_deref().unwrap_or(LATEST));
        let destination = config.and_then(|config| match succeeded {
            true => config.on_success.clone(),
            false => config.on_failure.clone(),
        });
        let (role, dead_letters) = (version.settings.role.clone(), version.settings.dead_letters.clone());
        Some(Settings { role, dead_letters, destination })
    })
}

impl Ended<'_> {
    /// The ARN with the qualifier, `$LATEST` where there is none: how records name a function.
    fn arn(&self) -> String {
        let qualifier = self.named.qualifier.as_deref().unwrap_or(LATEST);
        qualified(&function_arn(&self.named.scope, &self.named.name), Some(qualifier))
    }

    fn leg(&self, target: &str) -> Leg {
        let hop = match target.split(':').nth(2) {
            Some("sns") => Hop::Topic,
            Some("lambda") => Hop::Function,
            Some("events") => Hop::Bus,
            _ => Hop::Queue,
        };
        let (from, to) = (self.arn(), target.to_owned());
        Leg { scope: self.named.scope.clone(), hop, from, to, carried: self.carried.clone() }
    }

    /// How often a target is sent to: once, unless the lab was told to make it go wrong.
    async fn copies(&self, cloud: &Cloud, target: &str) -> usize {
        let leg = self.leg(target);
        cloud.faults.copies(&cloud.deliveries, || leg.clone(), (leg.hop, target)).await
    }

    /// Logs what became of a record. What a function or a bus makes of one that it was given is logged there.
    fn log(&self, cloud: &Cloud, target: &str, metric: &'static str, sent: &Result<(), Refusal>) {
        let leg = self.leg(target);
        if sent.is_err() {
            count(cloud, self.named, metric);
        }
        if sent.is_err() || !matches!(leg.hop, Hop::Function | Hop::Bus) {
            cloud.deliveries.log(leg, sent);
        }
    }

    /// The event itself, with the reason in attributes.
    fn dead_letter(&self) -> Letter {
        let answer: Value = self.outcome.last.as_ref().map(|last| json_of(&last.payload)).unwrap_or_default();
        let mut error = answer["errorMessage"].as_str().unwrap_or(self.outcome.condition.as_str()).to_owned();
        error.truncate(error.floor_char_boundary(LONGEST_ERROR));
        let code = if self.outcome.last.is_some() { "200" } else { "429" };
        let attributes = vec![
            ("RequestID", "String", self.request_id.to_owned()),
            ("ErrorCode", "Number", code.to_owned()),
            ("ErrorMessage", "String", error),
        ];
        let attributes = attributes.into_iter().filter(|(_, _, value)| !value.is_empty()).collect();
        Letter { body: String::from_utf8_lossy(self.payload).into_owned(), attributes }
    }

    /// The record of the invocation that a destination gets.
    fn record(&self) -> Value {
        let mut record = json!({
            "version": "1.0",
            "timestamp": time::millis(Timestamp::now()),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": self.arn(),
                "condition": self.outcome.condition.as_str(),
                "approximateInvokeCount": self.outcome.invoke_count,
            },
            "requestPayload": json_of(self.payload),
        });
        if let Some(last) = &self.outcome.last {
            record["responseContext"] = json!({ "statusCode": 200, "executedVersion": last.executed_version });
            if let Some(error) = last.function_error {
                record["responseContext"]["functionError"] = error.as_str().into();
            }
            record["responsePayload"] = json_of(&last.payload);
        }
        record
    }

    async fn to_destination(
        &self,
        cloud: &Arc<Cloud>,
        role: ExecutionRole<'_>,
        target: &str,
        succeeded: bool,
    ) -> Result<(), Refusal> {
        let record = self.record();
        match target.split(':').nth(2) {
            Some("lambda") => self.to_function(cloud, role, target, &record).await,
            Some("events") => {
                let result = if succeeded { "Success" } else { "Failure" };
                let entry = json!({
                    "Source": "lambda",
                    "DetailType": format!("Lambda Function Invocation Result - {result}"),
                    "Resources": [target, self.arn()],
                    "EventBusName": target,
                    "Detail": record.to_string(),
                });
                let mut call = role.call(cloud, target)?;
                call.body = json!({ "Entries": [entry] }).to_string().into();
                first_entry(&perform(cloud, &call).await?)
            }
            _ => {
                let letter = Letter { body: record.to_string(), attributes: Vec::new() };
                to_queue_or_topic(cloud, role, target, letter).await
            }
        }
    }

    async fn to_function(
        &self,
        cloud: &Arc<Cloud>,
        role: ExecutionRole<'_>,
        target: &str,
        record: &Value,
    ) -> Result<(), Refusal> {
        let missing = || Refusal::new(Reason::NotFound, format!("there is no function {target}"));
        let named = Named::of_arn(target).ok_or_else(missing)?;
        // Asks whether the role may, without the call that would forget which event the record carries on.
        perform(cloud, &role.dry_run(cloud, target)?).await?;
        let found = cloud.lambda.target(&named).map_err(|_| missing())?;
        let request = InvokeRequest::new(record.to_string());
        enqueue(cloud, &found, request, self.leg(target), self.chain.clone())
            .map_err(|error| Refusal::new(Reason::Invalid, error.to_string()))
    }
}

fn json_of(payload: &Bytes) -> Value {
    serde_json::from_slice(payload).unwrap_or_default()
}

async fn to_queue_or_topic(
    cloud: &Arc<Cloud>,
    role: ExecutionRole<'_>,
    target: &str,
    letter: Letter,
) -> Result<(), Refusal> {
    let mut call = role.call(cloud, target)?;
    if call.service == Service::Sns {
        call.params = letter.to_form(target)?;
    } else {
        call.body = letter.to_json(&queue_url(&call.scope, target)).to_string().into();
    }
    perform(cloud, &call).await.map(drop)
}

impl Letter {
    fn to_json(&self, queue_url: &str) -> Value {
        let attributes: serde_json::Map<String, Value> = self
            .attributes
            .iter()
            .map(|(name, kind, value)| ((*name).to_owned(), json!({ "DataType": kind, "StringValue": value })))
            .collect();
        json!({ "QueueUrl": queue_url, "MessageBody": self.body, "MessageAttributes": attributes })
    }

    fn to_form(&self, topic_arn: &str) -> Result<Node, Refusal> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("TopicArn", topic_arn).append_pair("Message", &self.body);
        for (number, (name, kind, value)) in (1..).zip(&self.attributes) {
            let entry = format!("MessageAttributes.entry.{number}");
            form.append_pair(&format!("{entry}.Name"), name)
                .append_pair(&format!("{entry}.Value.DataType"), kind)
                .append_pair(&format!("{entry}.Value.StringValue"), value);
        }
        Node::parse(form.finish().as_bytes()).map_err(|error| Refusal::new(Reason::Invalid, error.to_string()))
    }
}

/// Whether `PutEvents` took its one entry.
fn first_entry(reply: &Reply) -> Result<(), Refusal> {
    let answer = json_of(&reply.body);
    match answer.pointer("/Entries/0/ErrorMessage").and_then(Value::as_str) {
        Some(message) => Err(Refusal::new(Reason::Invalid, message)),
        None => Ok(()),
    }
}
