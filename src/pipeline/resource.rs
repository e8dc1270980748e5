//! A resource that a run has made, and how to remove it. Removing what is already gone succeeds.

use std::time::Duration;

use aws_sdk_ec2::client::Waiters as _;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::adopt::{self, Variables};
use crate::sdk;
use crate::target::Clients;

/// How long an instance may take to terminate. AWS takes up to a minute or two.
const TERMINATION: Duration = Duration::from_secs(300);

/// A resource of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// An S3 bucket with whatever the trail wrote to it.
    Bucket(String),
    /// A trail, by ARN.
    Trail(String),
    /// A topic, by ARN; its subscriptions go with it.
    Topic(String),
    /// A subscription, by ARN.
    Subscription(String),
    /// A rule of the default bus, by name, with its targets.
    Rule(String),
    /// An IAM role, by name.
    Role(String),
    /// A function, by name.
    Function(String),
    /// A log group, by name; Lambda makes it when the function first runs.
    LogGroup(String),
    /// A queue, by URL.
    Queue(String),
    /// A security group, by id.
    Group(String),
    /// An instance, by id.
    Instance(String),
    /// The variables that a function had, by its name: removing the change gives them back.
    Variables(String, Variables),
}

impl Resource {
    /// The kind, in words.
    pub fn kind(&self) -> &'static str {
        self.parts().0
    }

    /// Name, id, ARN or URL: what the removing call takes.
    pub fn id(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Bucket(id) => ("bucket", id),
            Self::Trail(id) => ("trail", id),
            Self::Topic(id) => ("topic", id),
            Self::Subscription(id) => ("subscription", id),
            Self::Rule(id) => ("rule", id),
            Self::Role(id) => ("role", id),
            Self::Function(id) => ("function", id),
            Self::LogGroup(id) => ("log group", id),
            Self::Queue(id) => ("queue", id),
            Self::Group(id) => ("security group", id),
            Self::Instance(id) => ("instance", id),
            Self::Variables(function, _) => ("changed variable of the function", function),
        }
    }

    /// Whether this refusal to remove it says that there never was more than a name.
    pub(super) fn is_dead(&self, reason: &str) -> bool {
        matches!(self, Self::Function(_)) && reason.contains(CANNOT_DELETE_WHAT_FAILED)
    }

    /// Removes the resource; the error says what AWS said.
    pub async fn remove(&self, clients: &Clients) -> Result<(), String> {
        match self {
            Self::Bucket(name) => remove_bucket(clients, name).await,
            Self::Trail(arn) => {
                gone(clients.cloudtrail.delete_trail().name(arn).send().await, &["TrailNotFoundException"])
            }
            Self::Topic(arn) => gone(clients.sns.delete_topic().topic_arn(arn).send().await, &["NotFound"]),
            Self::Subscription(arn) => {
                gone(clients.sns.unsubscribe().subscription_arn(arn).send().await, &["NotFound"])
            }
            Self::Rule(name) => remove_rule(clients, name).await,
            Self::Role(name) => remove_role(clients, name).await,
            Self::Function(name) => {
                let deleted = clients.lambda.delete_function().function_name(name).send().await;
                gone(deleted, &["ResourceNotFoundException"])
            }
            Self::LogGroup(name) => {
                gone(clients.logs.delete_log_group().log_group_name(name).send().await, &["ResourceNotFoundException"])
            }
            Self::Queue(url) => gone(
                clients.sqs.delete_queue().queue_url(url).send().await,
                &["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"],
            ),
            Self::Group(id) => {
                gone(clients.ec2.delete_security_group().group_id(id).send().await, &["InvalidGroup.NotFound"])
            }
            Self::Instance(id) => remove_instance(clients, id).await,
            Self::Variables(function, variables) => adopt::restore(clients, function, variables).await,
        }
    }
}

/// What LocalStack (4.14) answers to the deletion of a function that it could not start: it stays until LocalStack is
/// restarted, failed, and cannot run.
const CANNOT_DELETE_WHAT_FAILED: &str = "Unable to find version manager";

/// Success, or a refusal because the resource is not there: both mean that it is gone.
fn gone<T, E>(result: Result<T, SdkError<E, HttpResponse>>, not_found: &[&str]) -> Result<(), String>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match result {
        Ok(_) => Ok(()),
        Err(error) if sdk::code(&error).is_some_and(|code| not_found.contains(&code)) => Ok(()),
        Err(error) => Err(sdk::reason(&error)),
    }
}

async fn remove_bucket(clients: &Clients, name: &str) -> Result<(), String> {
    loop {
        let page = match clients.s3.list_objects_v2().bucket(name).send().await {
            Ok(page) => page,
            Err(error) if sdk::code(&error) == Some("NoSuchBucket") => return Ok(()),
            Err(error) => return Err(sdk::reason(&error)),
        };
        for key in page.contents().iter().filter_map(|object| object.key()) {
            gone(clients.s3.delete_object().bucket(name).key(key).send().await, &["NoSuchKey", "NoSuchBucket"])?;
        }
        if page.is_truncated() != Some(true) {
            break;
        }
    }
    gone(clients.s3.delete_bucket().bucket(name).send().await, &["NoSuchBucket"])
}

async fn remove_rule(clients: &Clients, name: &str) -> Result<(), String> {
    const NOT_FOUND: &str = "ResourceNotFoundException";
    let ids: Vec<String> = match clients.events.list_targets_by_rule().rule(name).send().await {
        Ok(listed) => listed.targets().iter().map(|target| target.id().to_owned()).collect(),
        Err(error) if sdk::code(&error) == Some(NOT_FOUND) => return Ok(()),
        Err(error) => return Err(sdk::reason(&error)),
    };
    if !ids.is_empty() {
        gone(clients.events.remove_targets().rule(name).set_ids(Some(ids)).send().await, &[NOT_FOUND])?;
    }
    gone(clients.events.delete_rule().name(name).send().await, &[NOT_FOUND])
}

/// IAM deletes a role only once nothing is attached to it.
async fn remove_role(clients: &Clients, name: &str) -> Result<(), String> {
    const NOT_FOUND: &str = "NoSuchEntity";
    let attached = match clients.iam.list_attached_role_policies().role_name(name).send().await {
        Ok(listed) => listed.attached_policies.unwrap_or_default(),
        Err(error) if sdk::code(&error) == Some(NOT_FOUND) => return Ok(()),
        Err(error) => return Err(sdk::reason(&error)),
    };
    for arn in attached.iter().filter_map(|policy| policy.policy_arn()) {
        gone(clients.iam.detach_role_policy().role_name(name).policy_arn(arn).send().await, &[NOT_FOUND])?;
    }
    gone(clients.iam.delete_role().role_name(name).send().await, &[NOT_FOUND])
}

async fn remove_instance(clients: &Clients, id: &str) -> Result<(), String> {
    gone(clients.ec2.terminate_instances().instance_ids(id).send().await, &["InvalidInstanceID.NotFound"])?;
    // The instance's group cannot be deleted before this. A target that terminates at once answers at once.
    match clients.ec2.wait_until_instance_terminated().instance_ids(id).wait(TERMINATION).await {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("it is not terminated: {error}")),
    }
}
