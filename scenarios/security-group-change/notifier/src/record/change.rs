//! The facts of a CloudTrail record.

use jiff::Timestamp;
use serde_json::Value;

use super::group;
use super::json::text;
use super::rule::{self, Rule};

/// A call that CloudTrail recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The operation.
    pub event_name: String,
    /// The security groups, by id or else by name.
    pub groups: Vec<String>,
    /// When.
    pub when: Option<When>,
    /// Who.
    pub actor: Actor,
    /// From where: an address, or the name of an AWS service.
    pub source_ip: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The account whose resources are meant.
    pub account: Option<String>,
    /// The record's id.
    pub event_id: Option<String>,
    /// Why EC2 refused the call; `None` if it did not.
    pub refused: Option<Refused>,
    /// The rules that were added, removed or changed.
    pub rules: Vec<Rule>,
    /// The instance or network interface that the groups were attached to.
    pub attached_to: Option<String>,
}

/// The time of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// A time.
    At(Timestamp),
    /// What the record has in place of one.
    Unreadable(String),
}

/// Who made the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The ARN, or what names the caller best if the record has none (an AWS service, a principal id).
    pub name: Option<String>,
    /// What kind of identity it is.
    pub identity: Identity,
}

/// Kinds of identities that a reader must tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The account's root user.
    Root,
    /// A role; the name is that of the role.
    AssumedRole(Option<String>),
    /// Any other: an IAM user, an AWS service.
    Other,
}

/// A call that EC2 refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `Client.UnauthorizedOperation`, `Client.InvalidPermission.Duplicate`, …
    pub code: String,
    /// EC2's reason.
    pub message: Option<String>,
}

impl Change {
    /// Reads a record; the envelope, where there is one, fills what the record lacks.
    pub(super) fn read(record: &Value, envelope: &Value) -> Self {
        let event_name = text(record, "eventName").unwrap_or_default();
        let request = &record["requestParameters"];
        let identity = &record["userIdentity"];
        let time = text(record, "eventTime").or_else(|| text(envelope, "time"));
        Self {
            groups: group::groups(record),
            rules: rule::rules(record, &event_name),
            when: time.map(|time| time.parse().map_or(When::Unreadable(time), When::At)),
            actor: Actor::read(identity),
            source_ip: text(record, "sourceIPAddress"),
            region: text(record, "awsRegion").or_else(|| text(envelope, "region")),
            account: text(record, "recipientAccountId")
                .or_else(|| text(envelope, "account"))
                .or_else(|| text(identity, "accountId")),
            event_id: text(record, "eventID"),
            refused: text(record, "errorCode").map(|code| Refused { code, message: text(record, "errorMessage") }),
            attached_to: text(request, "instanceId").or_else(|| text(request, "networkInterfaceId")),
            event_name,
        }
    }
}

impl Actor {
    fn read(identity: &Value) -> Self {
        let names = ["arn", "invokedBy", "principalId", "accountId"];
        let issuer = identity.pointer("/sessionContext/sessionIssuer");
        Self {
            name: names.into_iter().find_map(|name| text(identity, name)),
            identity: match identity["type"].as_str() {
                Some("Root") => Identity::Root,
                Some("AssumedRole") => Identity::AssumedRole(issuer.and_then(|issuer| text(issuer, "userName"))),
                _ => Identity::Other,
            },
        }
    }
}
