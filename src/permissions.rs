//! Least privilege: the IAM policy of what a run calls, and nothing else.
//!
//! ```text
//! table (call → the actions that AWS asks for it, each on what) ─► statements for an account, a Region and a scenario's names ─► policy
//! ```
//!
//! There is one table; a test runs the drills, takes the calls that they made and compares both, and runs them once more by a
//! role that has the policy and nothing else. Resources are narrowed to the scenario's names, to the harness's own prefixes, and
//! where a name says nothing (groups, instances) to what carries the run's tag.
//!
//! A group that stands carries no run's tag, and no policy can ask for a group's name: the ARN has the id, and EC2 has no
//! condition key for the name. So the policy names the id, where it is known; else it asks for the tag that says that drills may
//! open the group, which its owner then has to put there.
//!
//! Source: *Actions, resources, and condition keys* of each service in the Service Authorization Reference: what has no resource
//! type there is allowed on `*`, and a call that makes something with tags needs the action that tags as well.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use self::table::{CALLS, On};
use crate::drill::DiscordWatch;
use crate::pipeline::{CAPTURE_PREFIX, LEASE_TAG, RUN_TAG, SCENARIO_TAG, role_name};
use crate::scenario::Scenario;
use crate::target::{QUEUE_PREFIX, TAP_PREFIX};

/// What a run does with the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It takes one that stands, in an account, with the group that stands there.
    Adopt,
    /// It builds one, and removes it.
    Provision,
}

/// What a policy is for.
#[derive(Clone, Copy, Debug)]
pub struct Permissions<'a> {
    /// Whose names it has.
    pub scenario: &'a Scenario,
    /// What the run does with the pipeline.
    pub r#use: Use,
    /// How it watches the Discord channel.
    pub discord: DiscordWatch,
    /// The account; `*` for any.
    pub account: &'a str,
    /// The Region; `*` for any.
    pub region: &'a str,
    /// The id of the group that stands, where it is known: `sg-…`. Without it, one with the scenario's tag is meant.
    pub group: Option<&'a str>,
}

/// A statement of the policy.
struct Statement<'a> {
    /// What gives it its name.
    on: On,
    actions: BTreeSet<&'a str>,
    resources: Vec<String>,
    condition: Option<Value>,
}

impl Statement<'_> {
    fn written(&self) -> Value {
        let Self { on, actions, resources, condition } = self;
        let sid = format!("{on:?}");
        let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
        if let Some(condition) = condition {
            statement["Condition"] = condition.clone();
        }
        statement
    }
}

impl Permissions<'_> {
    /// The policy document.
    pub fn policy(&self) -> Value {
        // What is allowed on the same things stands in one statement.
        let mut statements: BTreeMap<On, BTreeSet<&str>> = BTreeMap::new();
        for call in CALLS.iter().filter(|call| call.is_of(self.r#use, self.discord)) {
            for (action, on) in call.needs {
                statements.entry(*on).or_default().insert(action);
            }
        }
        // And so does what is allowed under the same condition: IAM takes 6144 characters.
        let mut merged: Vec<Statement<'_>> = Vec::new();
        for (on, actions) in statements {
            let (resources, condition) = (self.resources(on), self.condition(on));
            match merged.iter_mut().find(|other| other.actions == actions && other.condition == condition) {
                Some(other) => other.resources.extend(resources),
                None => merged.push(Statement { on, actions, resources, condition }),
            }
        }
        json!({ "Version": "2012-10-17", "Statement": merged.iter().map(Statement::written).collect::<Vec<_>>() })
    }

    /// Every action of the policy.
    pub fn actions(&self) -> BTreeSet<&'static str> {
        let calls = CALLS.iter().filter(|call| call.is_of(self.r#use, self.discord));
        calls.flat_map(|call| call.needs).map(|(action, _)| *action).collect()
    }

    /// The calls that a run makes, by service and operation, in the form of actions: `s3:ListObjectsV2`. Those that depend on how
    /// fast the target is come second.
    pub fn calls(&self) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
        let calls = CALLS.iter().filter(|call| call.is_of(self.r#use, self.discord));
        let (sometimes, always): (Vec<_>, Vec<_>) = calls.partition(|call| call.sometimes);
        let names = |calls: Vec<&table::Call>| calls.into_iter().map(|call| call.call).collect();
        (names(always), names(sometimes))
    }

    /// The ARNs of what an action is allowed on.
    fn resources(&self, on: On) -> Vec<String> {
        let Self { scenario, account, region, .. } = self;
        let pipeline = &scenario.pipeline;
        let arn = |service: &str, resource: String| format!("arn:aws:{service}:{region}:{account}:{resource}");
        let bucket = format!("arn:aws:s3:::{}-{account}-*", pipeline.trail.bucket_prefix);
        let tap_rule = arn("events", format!("rule/{TAP_PREFIX}*"));
        let function = &pipeline.function.name;
        match on {
            On::Anything => vec!["*".to_owned()],
            On::Trail => vec![arn("cloudtrail", format!("trail/{}", pipeline.trail.name))],
            On::Bucket => vec![bucket],
            On::Objects => vec![format!("{bucket}/*")],
            On::Rules => vec![arn("events", format!("rule/{}", pipeline.rule.name)), tap_rule],
            On::TapRule => vec![tap_rule],
            On::Topic => vec![arn("sns", pipeline.topic.name.to_string())],
            On::ProbeQueues => [QUEUE_PREFIX, TAP_PREFIX].map(|prefix| arn("sqs", format!("{prefix}*"))).into(),
            On::AnyQueue => vec![arn("sqs", "*".to_owned())],
            On::Function => vec![arn("lambda", format!("function:{function}"))],
            On::LogGroup => vec![arn("logs", format!("log-group:/aws/lambda/{function}:*"))],
            On::FunctionRole | On::PassedRole => {
                vec![format!("arn:aws:iam::{account}:role/{}", role_name(function.as_str(), region))]
            }
            On::Image => vec![arn("ssm", "parameter/aws/service/*".to_owned()).replace(&format!(":{account}:"), "::")],
            On::NewGroup => vec![arn("ec2", "security-group/*".to_owned()), arn("ec2", "vpc/*".to_owned())],
            On::DrillGroup | On::Lease => {
                vec![arn("ec2", format!("security-group/{}", self.known_group().unwrap_or("*")))]
            }
            On::GroupRules => vec![arn("ec2", "security-group-rule/*".to_owned())],
            On::NewInstance => {
                let own = ["instance", "network-interface", "volume", "security-group", "subnet"];
                let mut arns: Vec<String> = own.iter().map(|kind| arn("ec2", format!("{kind}/*"))).collect();
                arns.push(format!("arn:aws:ec2:{region}::image/*"));
                arns
            }
            On::OwnInstance => vec![arn("ec2", "instance/*".to_owned())],
            On::Catcher => vec![arn("lambda", format!("function:{CAPTURE_PREFIX}*"))],
            On::CatcherLogGroup => vec![arn("logs", format!("log-group:/aws/lambda/{CAPTURE_PREFIX}*"))],
            On::CatcherRole | On::PassedCatcherRole => {
                vec![format!("arn:aws:iam::{account}:role/{CAPTURE_PREFIX}*-role")]
            }
            On::CatcherQueue => vec![arn("sqs", format!("{CAPTURE_PREFIX}*"))],
            On::TagsOfNew => ["security-group", "instance"].map(|kind| arn("ec2", format!("{kind}/*"))).into(),
        }
    }

    /// The id of the group that stands, where the run takes one and its id is known.
    fn known_group(&self) -> Option<&str> {
        self.group.filter(|_| self.r#use == Use::Adopt)
    }

    /// What else has to hold.
    fn condition(&self, on: On) -> Option<Value> {
        match on {
            On::DrillGroup => self.of_drills(),
            // Without keys at all, DeleteTags takes off every tag.
            On::Lease => {
                let mut condition = self.of_drills().unwrap_or_else(|| json!({}));
                condition["ForAllValues:StringLike"] = json!({ "aws:TagKeys": format!("{LEASE_TAG}*") });
                condition["Null"] = json!({ "aws:TagKeys": "false" });
                Some(condition)
            }
            On::OwnInstance => Some(of_a_run()),
            On::TagsOfNew => {
                Some(json!({ "StringEquals": { "ec2:CreateAction": ["CreateSecurityGroup", "RunInstances"] } }))
            }
            On::PassedRole | On::PassedCatcherRole => {
                Some(json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } }))
            }
            _ => None,
        }
    }

    /// What a group must carry so that drills may open it; nothing where its id says which one it is.
    fn of_drills(&self) -> Option<Value> {
        match self.r#use {
            Use::Provision => Some(of_a_run()),
            Use::Adopt if self.group.is_some() => None,
            Use::Adopt => {
                let tag = format!("aws:ResourceTag/{SCENARIO_TAG}");
                Some(json!({ "StringEquals": { tag: self.scenario.name.as_str() } }))
            }
        }
    }
}

/// Of things whose name says nothing, only a run's own.
fn of_a_run() -> Value {
    let tag = format!("aws:ResourceTag/{RUN_TAG}");
    json!({ "StringLike": { tag: "*" } })
}
