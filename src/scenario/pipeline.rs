//! The alert chain under test, as the scenario names it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::{
    BucketPrefix, ChannelName, EmailAddress, FunctionName, GroupDescription, GroupName, Handler, Image, InstanceName,
    InstanceType, Refused, RuleName, ScenarioPath, TopicName, TrailName, VariableName,
};
use super::wait::Wait;

/// The alert chain under test: what is built, or looked for when it exists already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pipeline {
    /// The CloudTrail trail that records the calls.
    pub trail: Trail,
    /// The EventBridge rule that picks the calls out, on the default event bus.
    pub rule: Rule,
    /// The SNS topic that the rule sends them to.
    pub topic: Topic,
    /// The Lambda function that turns the SNS message into a Discord message.
    pub function: Function,
    /// The EC2 instance that the group is attached to.
    pub instance: Instance,
    /// The security group that the drills change.
    pub group: SecurityGroup,
    /// The Discord channel that people read.
    pub channel: Channel,
}

/// A CloudTrail trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// Its name.
    pub name: TrailName,
    /// The beginning of its bucket's name.
    pub bucket_prefix: BucketPrefix,
}

/// An EventBridge rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub name: RuleName,
    /// The file with its event pattern, beside the scenario file.
    pub event_pattern: ScenarioPath,
}

/// An SNS topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: TopicName,
    /// Whom it sends e-mail to. Left out, the topic has no e-mail subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}

/// A Lambda function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name.
    pub name: FunctionName,
    /// Its runtime.
    pub runtime: Runtime,
    /// The processors it runs on. The lab runs every function on this machine's own.
    #[serde(default)]
    pub architecture: Architecture,
    /// The folder with its code, beside the scenario file.
    pub package: ScenarioPath,
    /// Its handler: `file.function` for Python. A `provided` runtime does not read it.
    #[serde(default = "bootstrap")]
    pub handler: Handler,
    /// After how long Lambda ends it: whole seconds, up to 15 minutes.
    pub timeout: Wait,
    /// Its memory in MB.
    #[serde(default)]
    pub memory_mb: MemoryMb,
    /// Its environment, without the webhook.
    #[serde(default)]
    pub environment: BTreeMap<VariableName, String>,
    /// The variable in which it expects the Discord webhook's address. The harness sets it: the address is a secret and
    /// has no place in this file.
    pub webhook_variable: VariableName,
}

pub(super) fn bootstrap() -> Handler {
    Handler::from_str("bootstrap").unwrap_or_else(|_| unreachable!("`bootstrap` is a handler"))
}

/// A Lambda runtime that the lab can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Runtime {
    /// An executable named `bootstrap`, on Amazon Linux 2023.
    #[serde(rename = "provided.al2023")]
    ProvidedAl2023,
    /// An executable named `bootstrap`, on Amazon Linux 2.
    #[serde(rename = "provided.al2")]
    ProvidedAl2,
    /// Python 3.11.
    #[serde(rename = "python3.11")]
    Python311,
    /// Python 3.12.
    #[serde(rename = "python3.12")]
    Python312,
    /// Python 3.13.
    #[serde(rename = "python3.13")]
    Python313,
    /// Python 3.14.
    #[serde(rename = "python3.14")]
    Python314,
}

impl Runtime {
    /// Every runtime.
    pub const ALL: [Self; 6] =
        [Self::ProvidedAl2023, Self::ProvidedAl2, Self::Python311, Self::Python312, Self::Python313, Self::Python314];

    /// As Lambda writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProvidedAl2023 => "provided.al2023",
            Self::ProvidedAl2 => "provided.al2",
            Self::Python311 => "python3.11",
            Self::Python312 => "python3.12",
            Self::Python313 => "python3.13",
            Self::Python314 => "python3.14",
        }
    }

    /// Whether it runs the package's own executable.
    pub const fn is_provided(self) -> bool {
        matches!(self, Self::ProvidedAl2023 | Self::ProvidedAl2)
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The instruction set of the processors that a function runs on, as Lambda names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Architecture {
    /// 64-bit x86, which Lambda takes where nothing is said.
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
    /// 64-bit Arm: AWS Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// As Lambda writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A function's memory in MB, 128 to 10240 (Lambda quotas).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schemars(extend("minimum" = 128, "maximum" = 10240))]
pub struct MemoryMb(u16);

impl MemoryMb {
    /// The number of megabytes.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for MemoryMb {
    /// What Lambda gives a function that does not say.
    fn default() -> Self {
        Self(128)
    }
}

impl TryFrom<u16> for MemoryMb {
    type Error = Refused;

    fn try_from(megabytes: u16) -> Result<Self, Refused> {
        if (128..=10_240).contains(&megabytes) {
            return Ok(Self(megabytes));
        }
        Err(Refused::new(format!("a function cannot have {megabytes} MB of memory"))
            .hint("Lambda gives from 128 to 10240 MB"))
    }
}

impl From<MemoryMb> for u16 {
    fn from(memory: MemoryMb) -> u16 {
        memory.0
    }
}

/// An EC2 instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// Its name.
    pub name: InstanceName,
    /// Its type.
    #[serde(rename = "type")]
    pub instance_type: InstanceType,
    /// Its image.
    pub image: Image,
}

/// A security group, in the default VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// Its name.
    pub name: GroupName,
    /// Its description.
    pub description: GroupDescription,
}

/// A Discord channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Its name, without `#`.
    pub name: ChannelName,
}
