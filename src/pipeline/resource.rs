//! A resource that a run makes, known by what the run chooses itself before the call: a name, a description, a token.
//!
//! What AWS chooses (the id of a group, a queue's URL) is found by that and by the run's tag, so that whatever a run that was
//! killed had begun can be found again: one file a kind, each of which knows three things.
//!
//! - `all`: what any run of alert-drill has left of this kind, by tags, names and descriptions alone.
//! - `of_run`: what one run has made under one name. What does not carry the run's tag is somebody else's, whatever its name.
//! - `remove`: removing it by its id. Removing what is already gone succeeds.

mod bucket;
mod function;
mod function_url;
mod group;
mod instance;
mod lease;
mod log_group;
mod queue;
mod role;
mod rule;
mod security_group_rule;
mod subscription;
mod topic;
mod trail;
mod webhook;

use std::fmt;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::{Deserialize, Serialize};

use super::RUN_TAG;
use crate::sdk;
use crate::target::{Clients, PROBE_PREFIX, QUEUE_PREFIX, TAP_PREFIX};

pub(crate) use self::security_group_rule::description as rule_description;
pub(super) use self::webhook::{point_elsewhere, saved_in};

/// A resource of a run.
///
/// The order of the variants is the order in which they are removed: first what is open, then what reaches people, then what
/// others stand on. The lease is the last thing to go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// The rules of a security group that have this description.
    SecurityGroupRule {
        /// The group's id.
        group_id: String,
        /// It names the run.
        description: String,
    },
    /// The changed webhook of a function, by the function's name: removing the change gives it its own back.
    Webhook(String),
    /// The public URL of a function of the run's own, by the function's name.
    FunctionUrl(String),
    /// The subscription of an endpoint to a topic.
    Subscription {
        /// The topic.
        topic_arn: String,
        /// The queue's ARN.
        endpoint: String,
    },
    /// A rule of the default bus, by name, with its targets.
    Rule(String),
    /// A queue, by name.
    Queue(String),
    /// A trail, by name.
    Trail(String),
    /// An S3 bucket, by name, with whatever the trail wrote to it.
    Bucket(String),
    /// A topic, by ARN; its subscriptions go with it.
    Topic(String),
    /// A function, by name.
    Function(String),
    /// A log group, by name.
    LogGroup(String),
    /// An IAM role, by name.
    Role(String),
    /// An instance, by the token of the call that launches it.
    Instance(String),
    /// A security group, by name.
    Group(String),
    /// The run's lease on a group that is somebody's own.
    Lease {
        /// The group's id.
        group_id: String,
        /// Whose lease.
        run_id: String,
    },
}

/// Something of a run that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) resource: Resource,
    /// What the removing call takes.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) run_id: String,
}

/// Something whose name is like those of a run's own things, and that carries no mark of a run: it may be what a run has left on
/// a target that knows no tags, or somebody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookAlike {
    /// The kind, in words.
    pub(crate) kind: &'static str,
    /// Its name, or its ARN.
    pub(crate) id: String,
}

impl LookAlike {
    /// Whether only runs give such names: a prefix of theirs, and the end of a run's id.
    fn is_named_like_one(name: &str) -> bool {
        let is_id = |id: &str| id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        [QUEUE_PREFIX, TAP_PREFIX, PROBE_PREFIX].iter().any(|prefix| name.strip_prefix(prefix).is_some_and(is_id))
    }
}

/// What there is of a kind.
#[derive(Debug, Default)]
struct Listing {
    of_runs: Vec<Found>,
    look_alikes: Vec<LookAlike>,
}

impl From<Vec<Found>> for Listing {
    /// Of a kind whose names say nothing.
    fn from(of_runs: Vec<Found>) -> Self {
        Self { of_runs, look_alikes: Vec::new() }
    }
}

impl Listing {
    /// Enters a thing of this name, as far as it is a run's or looks like one.
    fn enter(&mut self, resource: Resource, name: &str, id: &str, made_by: Option<String>) {
        match made_by {
            Some(run_id) => self.of_runs.push(Found { resource, id: id.to_owned(), run_id }),
            None if LookAlike::is_named_like_one(name) => {
                self.look_alikes.push(LookAlike { kind: resource.kind(), id: resource.name().to_owned() });
            }
            None => {}
        }
    }
}

/// What a search for the things of all runs came to.
#[derive(Debug, Default)]
pub(crate) struct Search {
    /// What carries a run's mark.
    pub(crate) found: Vec<Found>,
    /// What looks like it.
    pub(crate) look_alikes: Vec<LookAlike>,
    /// What could not be looked for.
    pub(crate) unlisted: Vec<Unlisted>,
}

/// A kind of resource that could not be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unlisted {
    /// The call, as IAM names it.
    pub(crate) call: &'static str,
    /// What was answered.
    pub(crate) reason: String,
}

impl Resource {
    /// The kind, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SecurityGroupRule { .. } => "security group rule",
            Self::Webhook(_) => "changed webhook of the function",
            Self::FunctionUrl(_) => "public URL of the function",
            Self::Subscription { .. } => "subscription",
            Self::Rule(_) => "rule",
            Self::Queue(_) => "queue",
            Self::Trail(_) => "trail",
            Self::Bucket(_) => "bucket",
            Self::Topic(_) => "topic",
            Self::Function(_) => "function",
            Self::LogGroup(_) => "log group",
            Self::Role(_) => "role",
            Self::Instance(_) => "instance",
            Self::Group(_) => "security group",
            Self::Lease { .. } => "lease on the security group",
        }
    }

    /// By what it is known before AWS has made it.
    pub fn name(&self) -> &str {
        match self {
            Self::SecurityGroupRule { description, .. } => description,
            Self::Subscription { endpoint, .. } => endpoint,
            Self::Lease { group_id, .. } => group_id,
            Self::Webhook(name)
            | Self::FunctionUrl(name)
            | Self::Rule(name)
            | Self::Queue(name)
            | Self::Trail(name)
            | Self::Bucket(name)
            | Self::Topic(name)
            | Self::Function(name)
            | Self::LogGroup(name)
            | Self::Role(name)
            | Self::Instance(name)
            | Self::Group(name) => name,
        }
    }

    /// Whether this refusal to remove it says that there never was more than a name.
    pub(super) fn is_dead(&self, reason: &str) -> bool {
        matches!(self, Self::Function(_)) && reason.contains(CANNOT_DELETE_WHAT_FAILED)
    }

    /// The ids of what this run has made under this name; nothing where it is gone or somebody else's.
    ///
    /// # Errors
    /// What AWS said in place of an answer.
    pub(crate) async fn of_run(&self, clients: &Clients, run_id: &str) -> Result<Vec<String>, String> {
        match self {
            Self::SecurityGroupRule { group_id, description } => {
                security_group_rule::of_run(clients, group_id, description).await
            }
            Self::Webhook(function) => webhook::of_run(clients, function, run_id).await,
            Self::FunctionUrl(function) => function_url::of_run(clients, function, run_id).await,
            Self::Subscription { topic_arn, endpoint } => subscription::of_run(clients, topic_arn, endpoint).await,
            Self::Rule(name) => rule::of_run(clients, name, run_id).await,
            Self::Queue(name) => queue::of_run(clients, name, run_id).await,
            Self::Trail(name) => trail::of_run(clients, name, run_id).await,
            Self::Bucket(name) => bucket::of_run(clients, name, run_id).await,
            Self::Topic(arn) => topic::of_run(clients, arn, run_id).await,
            Self::Function(name) => function::of_run(clients, name, run_id).await,
            Self::LogGroup(name) => log_group::of_run(clients, name, run_id).await,
            Self::Role(name) => role::of_run(clients, name, run_id).await,
            Self::Instance(token) => instance::of_run(clients, token, run_id).await,
            Self::Group(name) => group::of_run(clients, name, run_id).await,
            Self::Lease { group_id, run_id } => lease::of_run(clients, group_id, run_id).await,
        }
    }

    /// Removes it. It is known to be the run's own.
    ///
    /// # Errors
    /// What AWS said.
    pub(crate) async fn remove(&self, clients: &Clients, id: &str) -> Result<(), String> {
        match self {
            Self::SecurityGroupRule { group_id, description } => {
                security_group_rule::remove(clients, group_id, description).await
            }
            Self::Webhook(function) => webhook::remove(clients, function).await,
            Self::FunctionUrl(function) => function_url::remove(clients, function).await,
            Self::Subscription { .. } => subscription::remove(clients, id).await,
            Self::Rule(name) => rule::remove(clients, name).await,
            Self::Queue(_) => queue::remove(clients, id).await,
            Self::Trail(name) => trail::remove(clients, name).await,
            Self::Bucket(name) => bucket::remove(clients, name).await,
            Self::Topic(arn) => topic::remove(clients, arn).await,
            Self::Function(name) => function::remove(clients, name).await,
            Self::LogGroup(name) => log_group::remove(clients, name).await,
            Self::Role(name) => role::remove(clients, name).await,
            Self::Instance(_) => instance::remove(clients, id).await,
            Self::Group(_) => group::remove(clients, id).await,
            Self::Lease { group_id, run_id } => lease::remove(clients, group_id, run_id).await,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}

/// Looks for everything that any run has left, kind by kind. What cannot be listed does not hide the rest. A target without
/// CloudTrail's API has no trails.
pub(crate) async fn all(clients: &Clients, serves_cloudtrail: bool) -> Search {
    let plain = |listed: Result<Vec<Found>, String>| listed.map(Listing::from);
    let (rules_and_groups, webhooks_and_functions, rest) = tokio::join!(
        async {
            [
                ("ec2:DescribeSecurityGroupRules", plain(security_group_rule::all(clients).await)),
                ("ec2:DescribeInstances", plain(instance::all(clients).await)),
                ("ec2:DescribeSecurityGroups", plain(group::all(clients).await)),
            ]
        },
        async {
            [
                ("lambda:ListFunctions", plain(function::all(clients).await)),
                ("iam:ListRoles", plain(role::all(clients).await)),
            ]
        },
        async {
            [
                ("sns:ListSubscriptions", plain(subscription::all(clients).await)),
                ("events:ListRules", rule::all(clients).await),
                ("sqs:ListQueues", queue::all(clients).await),
                (
                    "cloudtrail:ListTrails",
                    plain(if serves_cloudtrail { trail::all(clients).await } else { Ok(Vec::new()) }),
                ),
                ("s3:ListBuckets", plain(bucket::all(clients).await)),
                ("sns:ListTopics", topic::all(clients).await),
                ("logs:DescribeLogGroups", plain(log_group::all(clients).await)),
            ]
        },
    );
    let mut search = Search::default();
    for (call, listed) in rules_and_groups.into_iter().chain(webhooks_and_functions).chain(rest) {
        match listed {
            Ok(Listing { of_runs, look_alikes }) => {
                search.found.extend(of_runs);
                search.look_alikes.extend(look_alikes);
            }
            Err(reason) => search.unlisted.push(Unlisted { call, reason }),
        }
    }
    search
}

/// What LocalStack (4.14) answers to the deletion of a function that it could not start: it stays until LocalStack is
/// restarted, failed, and cannot run.
const CANNOT_DELETE_WHAT_FAILED: &str = "Unable to find version manager";

/// Success, or a refusal because the resource is not there: both mean that it is gone.
fn gone<T, E>(result: Result<T, SdkError<E, HttpResponse>>, not_found: &[&str]) -> Result<(), String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    found(result, not_found).map(|_| ())
}

/// What was answered; nothing where the resource is not there.
fn found<T, E>(result: Result<T, SdkError<E, HttpResponse>>, not_found: &[&str]) -> Result<Option<T>, String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if sdk::code(&error).is_some_and(|code| not_found.contains(&code)) => Ok(None),
        Err(error) => Err(sdk::reason(&error)),
    }
}

/// The run that these tags name.
fn run_of<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    tags.into_iter().find(|(key, _)| *key == RUN_TAG).map(|(_, run_id)| run_id.to_owned())
}

/// The id of something, where the run that made it is the one that is asked for.
fn if_of(run_id: &str, made_by: Option<String>, id: &str) -> Vec<String> {
    if made_by.as_deref() == Some(run_id) { vec![id.to_owned()] } else { Vec::new() }
}
