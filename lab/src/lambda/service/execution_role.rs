//! What Lambda does in the name of a function's execution role: it sends dead letters and records of invocations.
//!
//! Such a call is held to the role's policies in every lab, whether or not the lab holds other callers to theirs: a role is
//! there for nothing else. Lambda asks once when a dead-letter queue or a destination is set, and refuses it if the role may
//! not send there; and again with each call, as the policies may be others by then.
//!
//! Source: "Capturing records of Lambda asynchronous invocations" in the Lambda developer guide; the words of the refusals
//! are those that users of `CreateFunction` and `PutFunctionEventInvokeConfig` report.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::create::invalid;
use crate::cloud::Cloud;
use crate::deliveries::{Reason, Refusal};
use crate::gateway;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::iam::authorization;
use crate::ids;
use crate::scope::Scope;

/// The role of a function, and the function's name, which is the name of the role's session.
#[derive(Clone, Copy)]
pub(super) struct ExecutionRole<'a> {
    pub(super) arn: &'a str,
    pub(super) function: &'a str,
}

/// What the role needs to send to a kind of target.
struct Sending {
    service: Service,
    operation: &'static str,
    /// The action as refusals name it.
    action: &'static str,
    /// The service as refusals name it.
    receiver: &'static str,
}

impl Sending {
    fn to(target: &str) -> Self {
        let (service, operation, action, receiver) = match target.split(':').nth(2) {
            Some("sns") => (Service::Sns, "Publish", "Publish", "SNS"),
            Some("lambda") => (Service::Lambda, "Invoke", "InvokeFunction", "Lambda"),
            Some("events") => (Service::Events, "PutEvents", "PutEvents", "EventBridge"),
            _ => (Service::Sqs, "SendMessage", "SendMessage", "SQS"),
        };
        Self { service, operation, action, receiver }
    }
}

/// The URL of a queue, as far as it matters inside of the lab.
pub(super) fn queue_url(scope: &Scope, target: &str) -> String {
    format!("http://sqs/{}/{}", scope.account, target.rsplit(':').next().unwrap_or_default())
}

impl ExecutionRole<'_> {
    /// The call that sends to a target, without what is sent.
    pub(super) fn call(self, cloud: &Cloud, target: &str) -> Result<Call, Refusal> {
        let unknown = || Refusal::new(Reason::NotFound, format!("{target} names no resource"));
        let gone = || Refusal::new(Reason::PolicyDenied, format!("the execution role {} is gone", self.arn));
        let Sending { service, operation, .. } = Sending::to(target);
        Ok(Call {
            service,
            operation: operation.to_owned(),
            scope: Scope::of_arn(target).ok_or_else(unknown)?,
            identity: cloud.iam.in_role(self.arn, self.function).ok_or_else(gone)?,
            request_id: ids::uuid(),
            time: Timestamp::now(),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: "lambda.amazonaws.com".to_owned(),
            host: String::new(),
            method: Method::POST,
            uri: Uri::default(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            labels: Vec::new(),
            params: Node::default(),
        })
    }

    /// The call that asks whether the role may invoke a function.
    pub(super) fn dry_run(self, cloud: &Cloud, target: &str) -> Result<Call, Refusal> {
        let mut call = self.call(cloud, target)?;
        call.labels = vec![("FunctionName", target.to_owned())];
        call.headers.insert("x-amz-invocation-type", HeaderValue::from_static("DryRun"));
        Ok(call)
    }

    /// Whether the role may send to a target.
    fn may_send(self, cloud: &Cloud, target: &str) -> bool {
        let call = match Sending::to(target).service {
            Service::Lambda => self.dry_run(cloud, target),
            _ => self.call(cloud, target),
        };
        let Ok(mut call) = call else { return false };
        match call.service {
            Service::Sqs => call.body = json!({ "QueueUrl": queue_url(&call.scope, target) }).to_string().into(),
            Service::Events => call.body = json!({ "Entries": [{ "EventBusName": target }] }).to_string().into(),
            Service::Sns => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                let form = form.append_pair("TopicArn", target).finish();
                call.params = Node::parse(form.as_bytes()).unwrap_or_default();
            }
            _ => {}
        }
        authorization::check_in_role(cloud, &call).is_ok()
    }

    /// Refuses a dead-letter queue that the role may not send to.
    pub(super) fn check_dead_letters(self, cloud: &Cloud, target: &str) -> Result<(), AwsError> {
        let Sending { action, receiver, .. } = Sending::to(target);
        match self.may_send(cloud, target) {
            true => Ok(()),
            false => Err(invalid(format!(
                "The provided execution role does not have permissions to call {action} on {receiver}"
            ))),
        }
    }

    /// Refuses a destination that the role may not send to.
    pub(super) fn check_destination(self, cloud: &Cloud, target: &str) -> Result<(), AwsError> {
        let Sending { action, .. } = Sending::to(target);
        match self.may_send(cloud, target) {
            true => Ok(()),
            false => Err(invalid(format!(
                "The function's execution role does not have permissions to call {action} on {target}"
            ))),
        }
    }
}

/// Makes a call of a role's, if the role may make it.
pub(super) async fn perform(cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, Refusal> {
    authorization::check_in_role(cloud, call).map_err(|error| refusal(&error))?;
    gateway::perform(cloud, call).await.map_err(|error| refusal(&error))
}

/// Why another service did not take a record.
fn refusal(error: &AwsError) -> Refusal {
    let reason = match error.code.as_ref() {
        code if code.starts_with("AccessDenied") || code.starts_with("AuthorizationError") => Reason::PolicyDenied,
        code if code.contains("NonExistent") || code.contains("DoesNotExist") || code.contains("NotFound") => {
            Reason::NotFound
        }
        _ => Reason::Invalid,
    };
    Refusal::new(reason, error.to_string())
}
