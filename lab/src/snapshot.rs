//! The state of a whole lab as one JSON document, to compare before and after.
//!
//! Each service gives its own part, next to its state. The order is stable: accounts, Regions and names are sorted, so
//! that two snapshots of equal states are equal bytes. Two things are left out unless they are asked for:
//!
//! - **secrets**: the values of functions' environment variables, which then read `(hidden)`;
//! - **history**: records, deliveries, mails, Discord's messages and the counters. They grow with every call, so that no
//!   two snapshots with them are equal.
//!
//! Credentials are in no snapshot, and neither is what the passing of time alone changes. An account in a Region shows only
//! once it has something that AWS does not give it: a call that looks leaves no trace.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::cloud::Cloud;
use crate::deliveries::Delivery;
use crate::scope::Scoped;

/// What a snapshot holds beside the resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// The values of functions' environment variables.
    pub secrets: bool,
    /// Records, deliveries, mails, Discord's messages, counters.
    pub history: bool,
}

impl Include {
    /// From a list such as `secrets,history`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut include = Self::default();
        for word in text.split(',').filter(|word| !word.is_empty()) {
            match word {
                "secrets" => include.secrets = true,
                "history" => include.history = true,
                other => return Err(format!("a snapshot can be taken with secrets and history, not with {other}")),
            }
        }
        Ok(include)
    }
}

/// The snapshot of a cloud.
pub(crate) fn of(cloud: &Cloud, include: Include) -> Value {
    let mut snapshot = json!({
        "format_version": 1,
        "services": {
            "cloudtrail": cloud.cloudtrail.snapshot(),
            "ec2": cloud.ec2.snapshot(),
            "events": cloud.events.snapshot(),
            "iam": cloud.iam.snapshot(),
            "lambda": cloud.lambda.snapshot(include.secrets),
            "logs": cloud.logs.snapshot(),
            "s3": cloud.s3.snapshot(),
            "sns": cloud.sns.snapshot(),
            "sqs": cloud.sqs.snapshot(),
        },
        "discord": cloud.discord.snapshot(),
    });
    if include.history {
        let deliveries: Vec<_> = cloud.deliveries.all().into_iter().map(Delivery::explained).collect();
        let counters: Vec<_> = cloud.metrics.totals();
        let messages: Vec<_> = cloud
            .discord
            .webhooks()
            .iter()
            .flat_map(|webhook| cloud.discord.messages(&webhook.id))
            .map(|received| json!({ "time": received.at, "message": received.message }))
            .collect();
        snapshot["history"] = json!({
            "records": cloud.cloudtrail.records(None, None),
            "deliveries": deliveries,
            "mails": cloud.mail.messages(None),
            "discord_messages": messages,
            "metrics": counters,
        });
    }
    snapshot
}

impl<T> Scoped<T> {
    /// One member for each scope that has something, by account and Region.
    pub(crate) fn snapshot(&self, part: impl Fn(&T) -> Value) -> Value {
        let mut parts = Vec::new();
        self.for_each(|scope, state| parts.push((scope.clone(), part(state))));
        parts.sort_by(|(one, _), (other, _)| one.cmp(other));
        let has_something = |part: &Value| part.as_object().is_none_or(|part| !part.is_empty());
        let parts = parts.into_iter().filter(|(_, part)| has_something(part));
        Value::Object(parts.map(|(scope, part)| (scope.to_string(), part)).collect())
    }
}

/// A list of things with a name, as an object in the order of the names.
pub(crate) fn by_name<K: ToString, V: Serialize>(things: impl IntoIterator<Item = (K, V)>) -> Map<String, Value> {
    let mut named: Vec<(String, Value)> = things
        .into_iter()
        .map(|(name, thing)| (name.to_string(), serde_json::to_value(thing).unwrap_or_default()))
        .collect();
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    named.into_iter().collect()
}
