//! One drill: an action, and what must follow it.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::{DrillName, Refused};
use super::patience::Patience;
use super::permission::{Cidr, Permission, Ports, Protocol};
use super::wait::{TargetKind, Within};

/// A text in English and, where somebody wrote it, in Korean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Localized {
    /// In English.
    pub en: String,
    /// In Korean. Left out, the English text is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ko: Option<String>,
}

impl Localized {
    /// The Korean text, or the English one where there is none.
    pub fn korean(&self) -> &str {
        self.ko.as_deref().unwrap_or(&self.en)
    }
}

/// One action, and what must follow it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Its name, unique in the file.
    pub name: DrillName,
    /// What it shows, in one line.
    pub title: Localized,
    /// What is done: exactly one action.
    pub action: Action,
    /// What must follow: `alert` or `silence`.
    pub expect: Expect,
    /// Whether the run fails when the drill fails. `false` makes the drill advisory, and asks for a `reason`.
    #[serde(default = "yes")]
    pub required: bool,
    /// Why the drill is advisory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Localized>,
}

const fn yes() -> bool {
    true
}

/// What a drill does to the security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Adds an inbound rule (`AuthorizeSecurityGroupIngress`).
    OpenInboundPort(InboundRule),
    /// Removes an inbound rule (`RevokeSecurityGroupIngress`); the drill adds it first if it is not there.
    CloseInboundPort(InboundRule),
    /// Adds an outbound rule (`AuthorizeSecurityGroupEgress`).
    OpenOutboundPort(OutboundRule),
    /// Removes an outbound rule (`RevokeSecurityGroupEgress`); the drill adds it first if it is not there.
    CloseOutboundPort(OutboundRule),
    /// Changes an inbound rule in place (`ModifySecurityGroupRules`), as the console does.
    EditInboundRule(EditInboundRule),
    /// Deletes the group (`DeleteSecurityGroup`).
    DeleteGroup(DeleteGroup),
    /// Only looks (`DescribeSecurityGroups`).
    DescribeGroups(DescribeGroups),
}

impl Action {
    /// Every action's key in a scenario file.
    pub const NAMES: [&'static str; 7] = [
        "open_inbound_port",
        "close_inbound_port",
        "open_outbound_port",
        "close_outbound_port",
        "edit_inbound_rule",
        "delete_group",
        "describe_groups",
    ];

    /// Its key in a scenario file.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenInboundPort(_) => "open_inbound_port",
            Self::CloseInboundPort(_) => "close_inbound_port",
            Self::OpenOutboundPort(_) => "open_outbound_port",
            Self::CloseOutboundPort(_) => "close_outbound_port",
            Self::EditInboundRule(_) => "edit_inbound_rule",
            Self::DeleteGroup(_) => "delete_group",
            Self::DescribeGroups(_) => "describe_groups",
        }
    }

    /// The EC2 call it makes, which is the `eventName` of its CloudTrail record.
    pub const fn event_name(&self) -> &'static str {
        match self {
            Self::OpenInboundPort(_) => "AuthorizeSecurityGroupIngress",
            Self::CloseInboundPort(_) => "RevokeSecurityGroupIngress",
            Self::OpenOutboundPort(_) => "AuthorizeSecurityGroupEgress",
            Self::CloseOutboundPort(_) => "RevokeSecurityGroupEgress",
            Self::EditInboundRule(_) => "ModifySecurityGroupRules",
            Self::DeleteGroup(_) => "DeleteSecurityGroup",
            Self::DescribeGroups(_) => "DescribeSecurityGroups",
        }
    }

    /// The address ranges that it opens, each for as long as its rule stands.
    pub fn ranges(&self) -> Vec<Cidr> {
        match self {
            Self::OpenInboundPort(rule) | Self::CloseInboundPort(rule) => vec![rule.source],
            Self::OpenOutboundPort(rule) | Self::CloseOutboundPort(rule) => vec![rule.destination],
            Self::EditInboundRule(edit) => vec![edit.from.source, edit.to.source],
            Self::DeleteGroup(_) | Self::DescribeGroups(_) => Vec::new(),
        }
    }

    /// Whether EC2 is asked with `DryRun`, so that it refuses with `DryRunOperation` and changes nothing.
    pub const fn is_dry_run(&self) -> bool {
        match self {
            Self::OpenInboundPort(rule) | Self::CloseInboundPort(rule) => rule.dry_run,
            Self::OpenOutboundPort(rule) | Self::CloseOutboundPort(rule) => rule.dry_run,
            Self::EditInboundRule(edit) => edit.dry_run,
            Self::DeleteGroup(delete) => delete.dry_run,
            Self::DescribeGroups(_) => false,
        }
    }

    /// The address ranges that it opens, if it opens any: what a real account asks about before it lets the drill run.
    pub fn opens(&self) -> Option<Cidr> {
        match self {
            _ if self.is_dry_run() => None,
            // Closing opens first, when the rule is not there yet.
            Self::OpenInboundPort(rule) | Self::CloseInboundPort(rule) => Some(rule.source),
            Self::OpenOutboundPort(rule) | Self::CloseOutboundPort(rule) => Some(rule.destination),
            Self::EditInboundRule(edit) => {
                Some(if edit.from.source.is_anywhere() { edit.from.source } else { edit.to.source })
            }
            Self::DeleteGroup(_) | Self::DescribeGroups(_) => None,
        }
    }
}

/// An inbound rule, and whether the call is only tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InboundRule {
    /// The protocol.
    pub protocol: Protocol,
    /// The ports; left out with the protocol `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Ports>,
    /// Where the traffic comes from.
    pub source: Cidr,
    /// Ask EC2 only whether it would: the call is refused with `DryRunOperation` and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl InboundRule {
    /// As EC2 takes it.
    ///
    /// # Errors
    /// The ports do not fit the protocol. A scenario that was loaded has no such rule.
    pub fn permission(&self) -> Result<Permission, Refused> {
        permission(self.protocol, self.port, self.source)
    }
}

/// An outbound rule, and whether the call is only tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboundRule {
    /// The protocol.
    pub protocol: Protocol,
    /// The ports; left out with the protocol `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Ports>,
    /// Where the traffic goes to.
    pub destination: Cidr,
    /// Ask EC2 only whether it would: the call is refused with `DryRunOperation` and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl OutboundRule {
    /// As EC2 takes it.
    ///
    /// # Errors
    /// The ports do not fit the protocol. A scenario that was loaded has no such rule.
    pub fn permission(&self) -> Result<Permission, Refused> {
        permission(self.protocol, self.port, self.destination)
    }
}

fn permission(protocol: Protocol, port: Option<Ports>, cidr: Cidr) -> Result<Permission, Refused> {
    Ok(Permission { protocol, ports: Ports::from_to(port, protocol)?, cidr })
}

/// What a rule lets in: one side of an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleState {
    /// The protocol.
    pub protocol: Protocol,
    /// The ports; left out with the protocol `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Ports>,
    /// Where the traffic comes from.
    pub source: Cidr,
}

impl RuleState {
    /// As EC2 takes it.
    ///
    /// # Errors
    /// The ports do not fit the protocol. A scenario that was loaded has no such rule.
    pub fn permission(&self) -> Result<Permission, Refused> {
        permission(self.protocol, self.port, self.source)
    }
}

/// A change of an inbound rule in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditInboundRule {
    /// The rule before; the drill adds it first if it is not there.
    pub from: RuleState,
    /// The rule after.
    pub to: RuleState,
    /// Ask EC2 only whether it would.
    #[serde(default)]
    pub dry_run: bool,
}

/// The end of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteGroup {
    /// Terminate the instance first: EC2 refuses to delete a group that is in use (`DependencyViolation`).
    #[serde(default = "yes")]
    pub terminate_instance: bool,
    /// Ask EC2 only whether it would.
    #[serde(default)]
    pub dry_run: bool,
}

/// A look at the groups. It has no settings: `describe_groups: {}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DescribeGroups {}

/// What must follow the action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// The alert arrives.
    Alert(Alert),
    /// No alert arrives.
    Silence(Silence),
}

impl Expect {
    /// How long to watch on `target`: until when the alert must be there, or how long the silence must last.
    pub fn limit(&self, target: TargetKind, patience: &Patience) -> Duration {
        let written = match self {
            Self::Alert(alert) => alert.within.and_then(|within| within.on(target)),
            Self::Silence(silence) => silence.length.on(target),
        };
        written.unwrap_or_else(|| patience.on(target).give_up).duration()
    }
}

/// The alert arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// The hops that the alert must reach, at least one.
    #[schemars(length(min = 1))]
    pub at: Vec<Hop>,
    /// Within how long after the action. Left out, the scenario's `patience` decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
}

/// No alert arrives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// How long nothing may come after the action.
    #[serde(rename = "for")]
    pub length: Within,
}

/// One link of the alert chain. Their order is the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Hop {
    /// The EC2 call was answered.
    Api,
    /// CloudTrail recorded it.
    Trail,
    /// The event reached the default event bus.
    Bus,
    /// The rule matched it.
    Rule,
    /// The topic published it.
    Topic,
    /// The temporary SQS subscription received it.
    Queue,
    /// The function ran without an error.
    Function,
    /// The Discord webhook got the message.
    Discord,
    /// The e-mail arrived.
    Mail,
}

impl Hop {
    /// The ladder, from the action to the people.
    pub const LADDER: [Self; 9] = [
        Self::Api,
        Self::Trail,
        Self::Bus,
        Self::Rule,
        Self::Topic,
        Self::Queue,
        Self::Function,
        Self::Discord,
        Self::Mail,
    ];

    /// The hop that an event passes before it can reach this one.
    pub const fn before(self) -> Option<Self> {
        match self {
            Self::Api => None,
            Self::Trail => Some(Self::Api),
            Self::Bus => Some(Self::Trail),
            Self::Rule => Some(Self::Bus),
            Self::Topic => Some(Self::Rule),
            Self::Queue | Self::Function | Self::Mail => Some(Self::Topic),
            Self::Discord => Some(Self::Function),
        }
    }

    /// All hops that an event passes before it can reach this one, the last one first.
    pub fn ancestors(self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.before(), |hop| hop.before())
    }

    /// As it is written in a scenario and shown in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Trail => "trail",
            Self::Bus => "bus",
            Self::Rule => "rule",
            Self::Topic => "topic",
            Self::Queue => "queue",
            Self::Function => "function",
            Self::Discord => "discord",
            Self::Mail => "mail",
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
