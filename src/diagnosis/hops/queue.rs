//! Whether the topic may send to the queues that are subscribed to it. A drill subscribes one of its own.

use alert_drill_lab::policy::{Policy, Principal, RequestContext, authorize};

use super::{Judge, function, topic};
use crate::diagnosis::{Code, Severity, words};
use crate::grant;
use crate::inspection::{QueueFacts, Unknown};
use crate::scenario::Hop;

pub(super) fn judge(judge: &mut Judge<'_>, message: Option<&str>) {
    let facts = judge.facts;
    let subscriptions = facts.topic.subscriptions.as_ref().map(Vec::as_slice).unwrap_or_default();
    for queue in &facts.queues {
        one(judge, queue);
        let subscription = subscriptions.iter().find(|one| one.protocol == "sqs" && one.endpoint == queue.arn);
        if let (Some(subscription), Some(message)) = (subscription, message) {
            function::filter(judge, Hop::Queue, subscription, message);
        }
    }
}

fn one(judge: &mut Judge<'_>, queue: &QueueFacts) {
    let QueueFacts { arn, policy } = queue;
    let mut subject = judge.subject.clone();
    subject.place = Some(arn);
    let text = match judge.known(Hop::Queue, Code::QueuePolicyDenies, policy) {
        None => return,
        Some(None) => {
            let seen = vec![format!("sqs:GetQueueUrl: {arn}: NonExistentQueue")];
            return judge.find(Hop::Queue, Code::ReceiverMissing, Severity::Error, seen, &subject);
        }
        Some(Some(text)) => text,
    };
    judge.see(Hop::Queue, arn.clone());
    let policy = match text.as_deref().map(Policy::parse).transpose() {
        Ok(policy) => policy,
        Err(error) => {
            let unknown = Unknown::here("sqs:GetQueueAttributes", format!("a policy that cannot be read ({error})"));
            return judge.unknown(Hop::Queue, Code::QueuePolicyDenies, &unknown);
        }
    };
    let topic_arn = judge.subject.topic_arn.clone();
    let sns = Principal::service("sns.amazonaws.com");
    let request = RequestContext::new(sns, "sqs:SendMessage", arn.clone())
        .key("aws:SourceArn", topic_arn.clone())
        .key("aws:SourceAccount", topic_arn.split(':').nth(4).unwrap_or_default())
        .key("aws:SecureTransport", "true");
    let decision = authorize(policy.as_ref(), &request, arn.split(':').nth(4).unwrap_or_default(), false);
    if !decision.is_allowed() {
        let evidence = vec![
            words::policy(decision.explanation(), judge.lang),
            format!("sqs:GetQueueAttributes: Policy: {}", text.as_deref().unwrap_or("none")),
        ];
        let allow = grant::send("sns.amazonaws.com", arn, &topic_arn);
        subject.document = match text {
            Some(text) => topic::mended(text, decision.explanation(), allow),
            None => Some(grant::policy([allow])),
        };
        judge.find(Hop::Queue, Code::QueuePolicyDenies, Severity::Error, evidence, &subject);
    }
}
