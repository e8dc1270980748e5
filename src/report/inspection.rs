//! What `check` saw of a pipeline as it stands: each hop, each way to change a security group, each try of the function.

use serde::Serialize;
use serde_json::Value;

use crate::diagnosis::Code;
use crate::scenario::Hop;

/// The pipeline as it stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    /// The hops, in the order of the ladder.
    pub hops: Vec<HopInspection>,
    /// Each way to change a security group, and whether the rule would raise an alert for it.
    pub changes: Vec<ChangeInspection>,
    /// What the function did with each shape of a record; empty where it was not tried.
    pub trials: Vec<Trial>,
}

/// How a hop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything that was looked at is right.
    Right,
    /// Something could not be looked at, and what could is right.
    Unknown,
    /// It works, and there is something to know.
    Warned,
    /// The alarm is silent because of it.
    Wrong,
}

/// One hop as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HopInspection {
    /// Which.
    pub hop: Hop,
    /// How it stands.
    pub standing: Standing,
    /// What is there, in words: the resource and what of it matters.
    pub seen: Vec<String>,
    /// What could not be looked at.
    pub unknown: Vec<UnknownCheck>,
}

/// A check that nobody could make: never a pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownCheck {
    /// What would have been found.
    pub code: Code,
    /// Why it is not known: the call and what was answered.
    pub reason: String,
    /// Whether the target has no such call at all: that says nothing against the pipeline, and does not count against the
    /// verdict. What was refused or went wrong does.
    pub incapable: bool,
}

/// A way to change a security group, tried against the rule's event pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeInspection {
    /// The record's `eventName`.
    pub event_name: String,
    /// What somebody does, in words.
    pub what: String,
    /// Whether an alarm for changed security groups has to ring for it; the rest opens nothing by itself.
    pub must_alert: bool,
    /// Whether the rule matches its event.
    pub alerted: bool,
    /// Why it does not.
    pub why: Option<String>,
}

/// The function, invoked with one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The shape of the record, in words.
    pub shape: String,
    /// What Discord answered its last request with; `null` where it made none.
    pub discord_status: Option<u16>,
    /// Whether the function failed.
    pub failed: bool,
    /// What the function answered: its payload, or its error with type, message and trace.
    pub answer: String,
    /// The text of the messages that it sent.
    pub messages: Vec<String>,
    /// The same messages as Discord keeps them: Discord's message objects.
    pub posted: Vec<Value>,
    /// What is wrong with it; empty where all is right.
    pub problems: Vec<String>,
}
