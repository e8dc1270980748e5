//! The one table: which calls a run makes, and what AWS asks for each.

use super::Use;
use crate::drill::DiscordWatch;

/// What an action is allowed on. Its name is the statement's `Sid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    /// The action knows no resource, or the run looks for what has no name yet.
    Anything,
    /// The scenario's trail.
    Trail,
    /// The trail's bucket of a run.
    Bucket,
    /// What is in it.
    Objects,
    /// The scenario's rule, and the tap's.
    Rules,
    /// The tap's rule.
    TapRule,
    /// The scenario's topic.
    Topic,
    /// The temporary queues.
    ProbeQueues,
    /// The queues that a topic of the account may have among its subscribers.
    AnyQueue,
    /// The scenario's function.
    Function,
    /// Its log group.
    LogGroup,
    /// Its role.
    FunctionRole,
    /// Its role, handed to Lambda.
    PassedRole,
    /// The parameter that names the newest image.
    Image,
    /// A group that is made, and its network.
    NewGroup,
    /// The group that drills open: one that a run has made, or the one that stands.
    DrillGroup,
    /// That group, for the tags of the lease alone.
    Lease,
    /// The rules of groups.
    GroupRules,
    /// An instance that is started, and what it is started with.
    NewInstance,
    /// An instance that a run has started.
    OwnInstance,
    /// The tags of what is made, in the call that makes it.
    TagsOfNew,
    /// The function that catches what the alarm's function posts.
    Catcher,
    /// Its log group.
    CatcherLogGroup,
    /// Its role.
    CatcherRole,
    /// Its role, handed to Lambda.
    PassedCatcherRole,
    /// The queue that it hands on to.
    CatcherQueue,
}

/// In which runs a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum In {
    Adopting,
    Provisioning,
    Both,
}

/// With which way to watch the channel a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Any,
    /// The function's webhook is another meanwhile.
    ChangedWebhook,
    Capture,
}

/// A call of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    /// Service and operation.
    pub(super) call: &'static str,
    r#in: In,
    with: With,
    /// Whether it depends on the target, or on what it finds there, whether the call is made.
    pub(super) sometimes: bool,
    /// The actions, and on what; none where AWS asks for none.
    pub(super) needs: &'static [(&'static str, On)],
}

impl Call {
    const fn new(call: &'static str, r#in: In, needs: &'static [(&'static str, On)]) -> Self {
        Self { call, r#in, with: With::Any, sometimes: false, needs }
    }

    const fn sometimes(mut self) -> Self {
        self.sometimes = true;
        self
    }

    const fn with(mut self, with: With) -> Self {
        self.with = with;
        self
    }

    pub(super) fn is_of(&self, r#use: Use, discord: DiscordWatch) -> bool {
        let is_with = match self.with {
            With::Any => true,
            With::ChangedWebhook => discord.changes_webhook(),
            With::Capture => discord == DiscordWatch::Capture,
        };
        is_with
            && match self.r#in {
                In::Both => true,
                In::Adopting => r#use == Use::Adopt,
                In::Provisioning => r#use == Use::Provision,
            }
    }
}

use In::{Adopting, Both, Provisioning};

/// Every call, in the order of the chain.
#[rustfmt::skip]
pub(super) const CALLS: &[Call] = &[
    Call::new("sts:GetCallerIdentity", Both, &[]),
    Call::new("cloudtrail:DescribeTrails", Adopting, &[("cloudtrail:DescribeTrails", On::Anything)]),

    // The trail and its bucket.
    Call::new("s3:CreateBucket", Provisioning, &[("s3:CreateBucket", On::Bucket)]),
    Call::new("s3:PutBucketPolicy", Provisioning, &[("s3:PutBucketPolicy", On::Bucket)]),
    Call::new("s3:ListObjectsV2", Provisioning, &[("s3:ListBucket", On::Bucket)]),
    // Only what the trail has delivered by then.
    Call::new("s3:DeleteObject", Provisioning, &[("s3:DeleteObject", On::Objects)]).sometimes(),
    Call::new("s3:DeleteBucket", Provisioning, &[("s3:DeleteBucket", On::Bucket)]),
    Call::new("cloudtrail:CreateTrail", Provisioning, &[("cloudtrail:CreateTrail", On::Trail), ("cloudtrail:AddTags", On::Trail)]),
    Call::new("cloudtrail:StartLogging", Provisioning, &[("cloudtrail:StartLogging", On::Trail)]),
    Call::new("cloudtrail:DeleteTrail", Provisioning, &[("cloudtrail:DeleteTrail", On::Trail)]),
    Call::new("cloudtrail:GetTrailStatus", Adopting, &[("cloudtrail:GetTrailStatus", On::Anything)]),
    Call::new("cloudtrail:GetEventSelectors", Adopting, &[("cloudtrail:GetEventSelectors", On::Anything)]),
    // The record of a call whose event came nowhere: one that only reads, or one that was lost.
    Call::new("cloudtrail:LookupEvents", Both, &[("cloudtrail:LookupEvents", On::Anything)]).sometimes(),
    // Where no trail takes the event: is there one elsewhere?
    Call::new("cloudtrail:ListTrails", Adopting, &[("cloudtrail:ListTrails", On::Anything)]).sometimes(),
    Call::new("s3:ListBuckets", Adopting, &[("s3:ListAllMyBuckets", On::Anything)]).sometimes(),

    // The rules: the pipeline's, and the tap's.
    Call::new("events:DescribeRule", Provisioning, &[("events:DescribeRule", On::Rules)]),
    Call::new("events:PutRule", Provisioning, &[("events:PutRule", On::Rules), ("events:TagResource", On::Rules)]),
    Call::new("events:PutTargets", Provisioning, &[("events:PutTargets", On::Rules)]),
    Call::new("events:RemoveTargets", Provisioning, &[("events:RemoveTargets", On::Rules)]),
    Call::new("events:DeleteRule", Provisioning, &[("events:DeleteRule", On::Rules)]),
    Call::new("events:ListTargetsByRule", Provisioning, &[("events:ListTargetsByRule", On::Rules)]),
    Call::new("events:PutRule", Adopting, &[("events:PutRule", On::TapRule), ("events:TagResource", On::TapRule)]),
    Call::new("events:PutTargets", Adopting, &[("events:PutTargets", On::TapRule)]),
    Call::new("events:RemoveTargets", Adopting, &[("events:RemoveTargets", On::TapRule)]),
    Call::new("events:DeleteRule", Adopting, &[("events:DeleteRule", On::TapRule)]),
    // The rule that stands may have another name than the scenario's.
    Call::new("events:ListTargetsByRule", Adopting, &[("events:ListTargetsByRule", On::Anything)]),
    Call::new("events:ListRules", Adopting, &[("events:ListRules", On::Anything)]),
    Call::new("events:ListRuleNamesByTarget", Adopting, &[("events:ListRuleNamesByTarget", On::Anything)]),
    // Where there is no such rule: is there one elsewhere?
    Call::new("events:ListEventBuses", Adopting, &[("events:ListEventBuses", On::Anything)]).sometimes(),
    Call::new("ec2:DescribeRegions", Adopting, &[("ec2:DescribeRegions", On::Anything)]).sometimes(),

    // The topic and its subscriptions.
    Call::new("sns:CreateTopic", Provisioning, &[("sns:CreateTopic", On::Topic), ("sns:TagResource", On::Topic)]),
    Call::new("sns:SetTopicAttributes", Provisioning, &[("sns:SetTopicAttributes", On::Topic)]),
    Call::new("sns:DeleteTopic", Provisioning, &[("sns:DeleteTopic", On::Topic)]),
    Call::new("sns:Subscribe", Both, &[("sns:Subscribe", On::Topic)]),
    Call::new("sns:Unsubscribe", Both, &[("sns:Unsubscribe", On::Anything)]),
    Call::new("sns:GetTopicAttributes", Adopting, &[("sns:GetTopicAttributes", On::Topic)]),
    Call::new("sns:ListSubscriptionsByTopic", Adopting, &[("sns:ListSubscriptionsByTopic", On::Topic)]),
    Call::new("sns:GetSubscriptionAttributes", Adopting, &[("sns:GetSubscriptionAttributes", On::Anything)]),
    // Of an encrypted topic.
    Call::new("kms:DescribeKey", Adopting, &[("kms:DescribeKey", On::Anything)]).sometimes(),
    Call::new("kms:GetKeyPolicy", Adopting, &[("kms:GetKeyPolicy", On::Anything)]).sometimes(),
    // What AWS has counted of a cause that a check has found.
    Call::new("cloudwatch:GetMetricData", Adopting, &[("cloudwatch:GetMetricData", On::Anything)]).sometimes(),

    // The temporary queues, and those that subscribe to the topic themselves.
    Call::new("sqs:CreateQueue", Both, &[("sqs:CreateQueue", On::ProbeQueues), ("sqs:TagQueue", On::ProbeQueues)]),
    Call::new("sqs:ReceiveMessage", Both, &[("sqs:ReceiveMessage", On::ProbeQueues)]),
    Call::new("sqs:DeleteMessageBatch", Both, &[("sqs:DeleteMessage", On::ProbeQueues)]),
    Call::new("sqs:DeleteQueue", Both, &[("sqs:DeleteQueue", On::ProbeQueues)]),
    Call::new("sqs:GetQueueUrl", Adopting, &[("sqs:GetQueueUrl", On::AnyQueue)]).sometimes(),
    Call::new("sqs:GetQueueAttributes", Adopting, &[("sqs:GetQueueAttributes", On::AnyQueue)]).sometimes(),

    // The function and its role.
    Call::new("iam:CreateRole", Provisioning, &[("iam:CreateRole", On::FunctionRole), ("iam:TagRole", On::FunctionRole)]),
    Call::new("iam:AttachRolePolicy", Provisioning, &[("iam:AttachRolePolicy", On::FunctionRole)]),
    Call::new("iam:ListAttachedRolePolicies", Provisioning, &[("iam:ListAttachedRolePolicies", On::FunctionRole)]),
    Call::new("iam:DetachRolePolicy", Provisioning, &[("iam:DetachRolePolicy", On::FunctionRole)]),
    Call::new("iam:DeleteRole", Provisioning, &[("iam:DeleteRole", On::FunctionRole)]),
    Call::new("lambda:CreateFunction", Provisioning, &[
        ("lambda:CreateFunction", On::Function), ("lambda:TagResource", On::Function), ("iam:PassRole", On::PassedRole),
    ]),
    // While a new function is still pending.
    Call::new("lambda:GetFunction", Provisioning, &[("lambda:GetFunction", On::Function)]).sometimes(),
    Call::new("lambda:AddPermission", Provisioning, &[("lambda:AddPermission", On::Function)]),
    Call::new("lambda:DeleteFunction", Provisioning, &[("lambda:DeleteFunction", On::Function)]),
    Call::new("logs:CreateLogGroup", Provisioning, &[("logs:CreateLogGroup", On::LogGroup), ("logs:TagResource", On::LogGroup)]),
    Call::new("logs:DeleteLogGroup", Provisioning, &[("logs:DeleteLogGroup", On::LogGroup)]),
    Call::new("lambda:GetFunctionConfiguration", Adopting, &[("lambda:GetFunctionConfiguration", On::Function)]),
    Call::new("lambda:GetFunctionConcurrency", Adopting, &[("lambda:GetFunctionConcurrency", On::Function)]),
    Call::new("lambda:GetPolicy", Adopting, &[("lambda:GetPolicy", On::Function)]),
    Call::new("lambda:UpdateFunctionConfiguration", Adopting, &[("lambda:UpdateFunctionConfiguration", On::Function)])
        .with(With::ChangedWebhook),
    Call::new("lambda:GetFunction", Adopting, &[("lambda:GetFunction", On::Function)]).with(With::ChangedWebhook),

    // The function that catches what the alarm's function posts, with its role, its log group, its URL and its queue. Some of these
    // calls are those of a pipeline of the run's own, made once more on something else.
    Call::new("iam:CreateRole", Both, &[("iam:CreateRole", On::CatcherRole), ("iam:TagRole", On::CatcherRole)])
        .with(With::Capture),
    Call::new("iam:PutRolePolicy", Both, &[("iam:PutRolePolicy", On::CatcherRole)]).with(With::Capture),
    Call::new("iam:DeleteRolePolicy", Both, &[("iam:DeleteRolePolicy", On::CatcherRole)]).with(With::Capture),
    Call::new("iam:DeleteRole", Both, &[("iam:DeleteRole", On::CatcherRole)]).with(With::Capture),
    Call::new("logs:CreateLogGroup", Both, &[
        ("logs:CreateLogGroup", On::CatcherLogGroup), ("logs:TagResource", On::CatcherLogGroup),
    ]).with(With::Capture),
    Call::new("logs:DeleteLogGroup", Both, &[("logs:DeleteLogGroup", On::CatcherLogGroup)]).with(With::Capture),
    Call::new("lambda:CreateFunction", Both, &[
        ("lambda:CreateFunction", On::Catcher), ("lambda:TagResource", On::Catcher), ("iam:PassRole", On::PassedCatcherRole),
    ]).with(With::Capture),
    Call::new("lambda:GetFunction", Both, &[("lambda:GetFunction", On::Catcher)]).with(With::Capture).sometimes(),
    Call::new("lambda:AddPermission", Both, &[("lambda:AddPermission", On::Catcher)]).with(With::Capture),
    Call::new("lambda:CreateFunctionUrlConfig", Both, &[("lambda:CreateFunctionUrlConfig", On::Catcher)])
        .with(With::Capture),
    Call::new("lambda:DeleteFunctionUrlConfig", Both, &[("lambda:DeleteFunctionUrlConfig", On::Catcher)])
        .with(With::Capture),
    Call::new("lambda:DeleteFunction", Both, &[("lambda:DeleteFunction", On::Catcher)]).with(With::Capture),
    Call::new("sqs:CreateQueue", Both, &[("sqs:CreateQueue", On::CatcherQueue), ("sqs:TagQueue", On::CatcherQueue)])
        .with(With::Capture),
    Call::new("sqs:ReceiveMessage", Both, &[("sqs:ReceiveMessage", On::CatcherQueue)]).with(With::Capture),
    Call::new("sqs:DeleteMessageBatch", Both, &[("sqs:DeleteMessage", On::CatcherQueue)]).with(With::Capture),
    Call::new("sqs:DeleteQueue", Both, &[("sqs:DeleteQueue", On::CatcherQueue)]).with(With::Capture),

    // The group that drills open and close, what it is attached to, and the lease on it.
    Call::new("ec2:DescribeSecurityGroups", Both, &[("ec2:DescribeSecurityGroups", On::Anything)]),
    Call::new("ec2:DescribeNetworkInterfaces", Adopting, &[("ec2:DescribeNetworkInterfaces", On::Anything)]),
    Call::new("ec2:CreateTags", Adopting, &[("ec2:CreateTags", On::Lease)]),
    Call::new("ec2:DeleteTags", Adopting, &[("ec2:DeleteTags", On::Lease)]),
    // A group of the run's own is made with its lease, which is renewed every few minutes.
    Call::new("ec2:CreateTags", Provisioning, &[("ec2:CreateTags", On::Lease)]).sometimes(),
    Call::new("ec2:CreateSecurityGroup", Provisioning, &[("ec2:CreateSecurityGroup", On::NewGroup), ("ec2:CreateTags", On::TagsOfNew)]),
    Call::new("ec2:DeleteSecurityGroup", Provisioning, &[("ec2:DeleteSecurityGroup", On::DrillGroup)]),
    Call::new("ec2:AuthorizeSecurityGroupIngress", Both, &[("ec2:AuthorizeSecurityGroupIngress", On::DrillGroup)]),
    Call::new("ec2:AuthorizeSecurityGroupEgress", Both, &[("ec2:AuthorizeSecurityGroupEgress", On::DrillGroup)]),
    Call::new("ec2:RevokeSecurityGroupIngress", Both, &[
        ("ec2:RevokeSecurityGroupIngress", On::DrillGroup), ("ec2:RevokeSecurityGroupIngress", On::GroupRules),
    ]),
    Call::new("ec2:RevokeSecurityGroupEgress", Both, &[
        ("ec2:RevokeSecurityGroupEgress", On::DrillGroup), ("ec2:RevokeSecurityGroupEgress", On::GroupRules),
    ]),
    Call::new("ec2:ModifySecurityGroupRules", Both, &[
        ("ec2:ModifySecurityGroupRules", On::DrillGroup), ("ec2:ModifySecurityGroupRules", On::GroupRules),
    ]),
    Call::new("ec2:RunInstances", Provisioning, &[
        ("ec2:RunInstances", On::NewInstance), ("ec2:CreateTags", On::TagsOfNew), ("ssm:GetParameters", On::Image),
    ]),
    Call::new("ec2:DescribeInstances", Both, &[("ec2:DescribeInstances", On::Anything)]),
    Call::new("ec2:TerminateInstances", Provisioning, &[("ec2:TerminateInstances", On::OwnInstance)]),

    // Where an answer was lost, the run has to find out whether it has made something: a port that is open before all.
    Call::new("ec2:DescribeSecurityGroupRules", Both, &[("ec2:DescribeSecurityGroupRules", On::Anything)]).sometimes(),
    Call::new("ec2:DescribeTags", Adopting, &[("ec2:DescribeTags", On::Anything)]).sometimes(),
    Call::new("events:DescribeRule", Adopting, &[("events:DescribeRule", On::TapRule)]).sometimes(),
    Call::new("events:ListTagsForResource", Adopting, &[("events:ListTagsForResource", On::TapRule)]).sometimes(),
    Call::new("events:ListTagsForResource", Provisioning, &[("events:ListTagsForResource", On::Rules)]).sometimes(),
    Call::new("sqs:GetQueueUrl", Provisioning, &[("sqs:GetQueueUrl", On::ProbeQueues)]).sometimes(),
    Call::new("sqs:ListQueueTags", Both, &[("sqs:ListQueueTags", On::ProbeQueues)]).sometimes(),
    Call::new("sns:ListSubscriptionsByTopic", Provisioning, &[("sns:ListSubscriptionsByTopic", On::Topic)]).sometimes(),
    Call::new("sns:ListTagsForResource", Provisioning, &[("sns:ListTagsForResource", On::Topic)]).sometimes(),
    Call::new("cloudtrail:GetTrail", Provisioning, &[("cloudtrail:GetTrail", On::Trail)]).sometimes(),
    Call::new("cloudtrail:ListTags", Provisioning, &[("cloudtrail:ListTags", On::Trail)]).sometimes(),
    Call::new("s3:GetBucketTagging", Provisioning, &[("s3:GetBucketTagging", On::Bucket)]).sometimes(),
    Call::new("lambda:GetFunctionConfiguration", Provisioning, &[("lambda:GetFunctionConfiguration", On::Function)]).sometimes(),
    Call::new("lambda:ListTags", Provisioning, &[("lambda:ListTags", On::Function)]).sometimes(),
    Call::new("logs:DescribeLogGroups", Provisioning, &[("logs:DescribeLogGroups", On::Anything)]).sometimes(),
    Call::new("logs:ListTagsForResource", Provisioning, &[("logs:ListTagsForResource", On::LogGroup)]).sometimes(),
    Call::new("iam:ListRoleTags", Provisioning, &[("iam:ListRoleTags", On::FunctionRole)]).sometimes(),
];
