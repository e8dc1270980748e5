//! A pipeline as it stands: what somebody built by hand, by CLI or with Terraform, read call by call and never changed.
//!
//! ```text
//! trails ┐
//! rule by its name ─► its targets ─► the topic ─► its key, its subscriptions ─► the function ─► the webhook
//! groups ┘
//! ```
//! The chain is followed from what is found: the topic is the one that the rule sends to, whatever its name; the function
//! is the one that the topic invokes. Only where a link is missing is the next one looked up by its name, so that what is
//! wrong behind a gap is found as well.
//!
//! This module only reads. What the [`Facts`] mean is decided in [`diagnosis`](crate::diagnosis), which makes no call. Each
//! resource is asked about at most once with each kind of call. What the functions have done themselves
//! ([`read_own_calls`]) is asked for once it is known which they are; what AWS has counted ([`read_metrics`]) last, once it is known which
//! counters tell of what was found.

mod function;
mod group;
mod history;
mod metrics;
mod names;
mod queue;
mod rule;
mod topic;
mod trail;
mod webhook;

use std::collections::BTreeMap;
use std::fmt;

use alert_drill_lab::transform::{self, InputTransformer, Surroundings};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::scenario::TargetKind;
use crate::sdk;
use crate::target::Target;

pub(crate) use self::function::name_and_qualifier;
pub(crate) use self::history::{function_arn, look_up as look_up_events, read as read_own_calls};
pub(crate) use self::metrics::{Metric, read as read_metrics};
pub use self::names::Names;

/// What a call answered; or that nobody knows, because the caller may not ask or the target does not answer.
pub(crate) type Fact<T> = Result<T, Unknown>;

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// The call that would have shown it, as IAM names it.
    pub(crate) call: &'static str,
    /// What was answered.
    pub(crate) reason: String,
    /// Whether the target does not have the call at all, so that nobody could know.
    pub(crate) incapable: bool,
}

impl Unknown {
    /// Something that the target answered, and that cannot be read or was no answer.
    pub(crate) fn here(call: &'static str, reason: String) -> Self {
        Self { call, reason, incapable: false }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.reason)
    }
}

/// Everything that was read.
#[derive(Debug)]
pub(crate) struct Facts {
    /// Where.
    pub(crate) kind: TargetKind,
    /// The Region.
    pub(crate) region: String,
    /// The account.
    pub(crate) account: String,
    /// The groups of the scenario's name.
    pub(crate) groups: Fact<Vec<GroupFacts>>,
    /// The trails that cover the Region; none where the target has no CloudTrail.
    pub(crate) trails: Fact<Vec<TrailFacts>>,
    /// The trails of this account that do not cover the Region, by name and home Region.
    pub(crate) trails_elsewhere: Vec<(String, String)>,
    /// Where no trail covers the Region: a bucket that looks like one of a trail.
    pub(crate) trail_bucket: Option<String>,
    /// The rule.
    pub(crate) rule: RuleFound,
    /// The topic that the rule sends to, or the one of that name.
    pub(crate) topic: TopicFacts,
    /// The queues that are subscribed to it.
    pub(crate) queues: Vec<QueueFacts>,
    /// The functions that the topic invokes; the one of that name where it invokes none.
    pub(crate) functions: Vec<FunctionFacts>,
}

/// The rule and that target of it which sends to the topic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way<'a> {
    pub(crate) rule: &'a RuleFacts,
    pub(crate) target: &'a TargetFacts,
}

impl Facts {
    /// The way from the rule to the topic, where there is one.
    pub(crate) fn way(&self) -> Option<Way<'_>> {
        let rule = self.rule.facts()?;
        let target = rule.targets.as_ref().ok()?.iter().find(|target| target.arn == self.topic.arn)?;
        Some(Way { rule, target })
    }
}

/// A security group.
#[derive(Clone, Debug)]
pub(crate) struct GroupFacts {
    pub(crate) id: String,
    pub(crate) vpc_id: String,
}

/// A trail that covers the Region.
#[derive(Clone, Debug)]
pub(crate) struct TrailFacts {
    pub(crate) name: String,
    pub(crate) multi_region: bool,
    pub(crate) home_region: String,
    pub(crate) status: Fact<TrailStatus>,
    /// `EventSelectors` or `AdvancedEventSelectors`, as the API has them.
    pub(crate) selectors: Fact<Value>,
}

/// `GetTrailStatus`.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrailStatus {
    pub(crate) logging: bool,
    pub(crate) started: Option<Timestamp>,
    pub(crate) stopped: Option<Timestamp>,
    pub(crate) delivery_error: Option<String>,
}

/// What was found of the rule.
#[derive(Clone, Debug)]
pub(crate) enum RuleFound {
    /// The rule of the name that was asked for.
    Named(RuleFacts),
    /// No rule has the name, and this one does its work.
    Another(RuleFacts),
    /// It is where it sees nothing of this Region's EC2 calls.
    Elsewhere {
        /// The custom buses and the other Regions that have a rule of that name.
        places: Vec<ElsewhereRule>,
    },
    /// There is none.
    Missing {
        /// What could not be searched, so that it may be there after all.
        unsearched: Vec<Unknown>,
    },
    /// Nobody knows.
    Unknown(Unknown),
}

/// A rule of the right name in a place of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ElsewhereRule {
    /// On a custom event bus of this Region.
    Bus(String),
    /// On the default bus of another Region.
    Region(String),
}

/// A rule on the default event bus.
#[derive(Clone, Debug)]
pub(crate) struct RuleFacts {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) role_arn: Option<String>,
    pub(crate) pattern: Option<String>,
    /// The other rules of the bus that are enabled and have a pattern, by name.
    pub(crate) siblings: Vec<(String, String)>,
    pub(crate) targets: Fact<Vec<TargetFacts>>,
}

/// A target of a rule.
#[derive(Clone, Debug)]
pub(crate) struct TargetFacts {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) input: Option<String>,
    pub(crate) input_path: Option<String>,
    pub(crate) transformer: Option<InputTransformer>,
    /// What else it has that a topic's target can have, as `PutTargets` takes it: its role, its dead-letter queue, its retries.
    pub(crate) kept: Map<String, Value>,
}

impl TargetFacts {
    /// Whether it is an SNS topic.
    pub(crate) fn is_topic(&self) -> bool {
        self.arn.contains(":sns:")
    }

    /// What the target gets of an event; or why it cannot be made.
    pub(crate) fn rendered(&self, event: &Value, rule: &RuleFacts) -> Result<String, String> {
        match (&self.input, &self.input_path, &self.transformer) {
            (Some(input), _, _) => Ok(input.clone()),
            (_, Some(path), _) => Ok(transform::at(event, path).unwrap_or_default().to_string()),
            (_, _, Some(transformer)) => {
                let around = Surroundings { rule_arn: &rule.arn, rule_name: &rule.name, ingested: Timestamp::now() };
                transformer.render(event, around)
            }
            (None, None, None) => Ok(event.to_string()),
        }
    }
}

/// The topic.
#[derive(Clone, Debug)]
pub(crate) struct TopicFacts {
    pub(crate) arn: String,
    /// Whether the rule sends to it; otherwise it was looked up by its name.
    pub(crate) targeted: bool,
    /// None: there is no such topic.
    pub(crate) attributes: Fact<Option<TopicAttributes>>,
    pub(crate) key: Option<KeyFacts>,
    pub(crate) subscriptions: Fact<Vec<SubscriptionFacts>>,
    /// The topic of the name that was asked for, where the rule sends to another one, and nobody is subscribed to that.
    pub(crate) meant: Option<Meant>,
    /// The names of all rules of the default bus that send to it.
    pub(crate) rules: Fact<Vec<String>>,
}

/// Where a rule should send to.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    pub(crate) topic_arn: String,
    /// The target of the rule that names the other topic.
    pub(crate) target_id: String,
}

/// `GetTopicAttributes`.
#[derive(Clone, Debug)]
pub(crate) struct TopicAttributes {
    pub(crate) policy: Option<String>,
    pub(crate) key_id: Option<String>,
}

/// The KMS key of an encrypted topic.
#[derive(Clone, Debug)]
pub(crate) struct KeyFacts {
    /// As the topic names it: an alias, an id or an ARN.
    pub(crate) id: String,
    /// None: there is no such key.
    pub(crate) key: Fact<Option<Key>>,
    pub(crate) policy: Fact<String>,
}

/// `DescribeKey`.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) arn: String,
    pub(crate) state: String,
    /// Whether AWS manages it, so that its policy cannot be changed.
    pub(crate) by_aws: bool,
}

/// A subscription of the topic.
#[derive(Clone, Debug)]
pub(crate) struct SubscriptionFacts {
    /// None while it is not confirmed.
    pub(crate) arn: Option<String>,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    pub(crate) filter: Fact<Option<Filter>>,
}

/// A subscription's filter policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) policy: String,
    pub(crate) scope: String,
}

/// A queue that is subscribed to the topic.
#[derive(Clone, Debug)]
pub(crate) struct QueueFacts {
    pub(crate) arn: String,
    /// None: there is no such queue; some of none: it has no policy.
    pub(crate) policy: Fact<Option<Option<String>>>,
}

/// A function.
#[derive(Clone, Debug)]
pub(crate) struct FunctionFacts {
    /// As the subscription names it, with version or alias.
    pub(crate) arn: String,
    /// Whether the topic invokes it; otherwise it was looked up by its name.
    pub(crate) subscribed: bool,
    /// None: there is no such function.
    pub(crate) configuration: Fact<Option<FunctionConfiguration>>,
    pub(crate) policy: Fact<Option<String>>,
    pub(crate) reserved_concurrency: Fact<Option<i32>>,
    /// What the webhook answered; none where the function has no address of one.
    pub(crate) webhook: Option<WebhookFacts>,
}

/// `GetFunctionConfiguration`.
#[derive(Clone, Debug)]
pub(crate) struct FunctionConfiguration {
    pub(crate) name: String,
    pub(crate) runtime: String,
    pub(crate) handler: String,
    pub(crate) state: String,
    pub(crate) state_reason: Option<String>,
    pub(crate) timeout_seconds: i32,
    pub(crate) memory_mb: i32,
    pub(crate) variables: BTreeMap<String, String>,
}

/// A webhook, asked without sending anything.
#[derive(Clone, Debug)]
pub(crate) struct WebhookFacts {
    /// The variable that has its address.
    pub(crate) variable: String,
    /// The address without its token, which is a secret.
    pub(crate) shown: String,
    pub(crate) answer: WebhookAnswer,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WebhookAnswer {
    /// The value is no address of a webhook, because of this.
    Malformed(String),
    /// A status, and the channel where it answered with one.
    Status(u16),
    /// Nothing answered.
    Unreachable(String),
}

/// Reads everything.
pub(crate) async fn read(target: &Target, names: &Names) -> Facts {
    let chain = async {
        let rule = rule::read(target, names).await;
        let topic = topic::read(target, names, rule.facts()).await;
        let (queues, functions) = tokio::join!(queue::read(target, &topic), function::read(target, names, &topic));
        (rule, topic, queues, functions)
    };
    let (groups, trails, (rule, topic, queues, functions)) =
        tokio::join!(group::read(target, names), trail::read(target, names), chain);
    let (trails, trails_elsewhere, trail_bucket) = match trails {
        Ok(trail::Trails { covering, elsewhere, bucket }) => (Ok(covering), elsewhere, bucket),
        Err(unknown) => (Err(unknown), Vec::new(), None),
    };
    Facts {
        kind: target.kind,
        region: target.region.clone(),
        account: target.account.clone(),
        groups,
        trails,
        trails_elsewhere,
        trail_bucket,
        rule,
        topic,
        queues,
        functions,
    }
}

impl RuleFound {
    /// The rule, if there is one that EC2's events can reach.
    pub(crate) fn facts(&self) -> Option<&RuleFacts> {
        match self {
            Self::Named(rule) | Self::Another(rule) => Some(rule),
            Self::Elsewhere { .. } | Self::Missing { .. } | Self::Unknown(_) => None,
        }
    }
}

/// What a call answered; nothing where AWS says that there is no such thing.
fn found<T, E>(call: &'static str, answer: Result<T, SdkError<E, HttpResponse>>, not_found: &[&str]) -> Fact<Option<T>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if sdk::code(&error).is_some_and(|code| not_found.contains(&code)) => Ok(None),
        Err(error) => Err(refused(call, &error)),
    }
}

/// What a call answered that has no "not found".
fn answered<T, E>(call: &'static str, answer: Result<T, SdkError<E, HttpResponse>>) -> Fact<T>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    answer.map_err(|error| refused(call, &error))
}

/// A refusal. An emulator that lacks a call says so in one of a few ways.
fn refused<E>(call: &'static str, error: &SdkError<E, HttpResponse>) -> Unknown
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let reason = sdk::reason(error);
    let plain = reason.to_ascii_lowercase().replace([' ', '_', '-'], "");
    let incapable =
        ["notimplemented", "notyetimplemented", "unknownoperation", "501"].iter().any(|word| plain.contains(word));
    Unknown { call, reason, incapable }
}
