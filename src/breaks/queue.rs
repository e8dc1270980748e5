//! Breaks of a queue that is subscribed to the topic: a pipeline that keeps its alarms has one.

use aws_sdk_sqs::types::QueueAttributeName;

use super::site::Filter;
use super::{Break, BreakError, Effect, Site};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// What is done to the queues that are subscribed.
#[derive(Debug)]
pub(super) enum Change {
    RemovePolicy,
    Filter(Filter),
}

const fn silent(name: &'static str, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    let (hop, effect) = (Hop::Queue, Effect::Silent(Hop::Queue));
    Break { name, hop, effect, cause, title, change: super::Change::Queue(change) }
}

pub(super) const BREAKS: &[Break] = &[
    silent(
        "queue-policy-removed",
        Code::QueuePolicyDenies,
        ["the subscribed queue has no policy that lets the topic send", "구독한 대기열의 정책을 지움"],
        Change::RemovePolicy,
    ),
    silent(
        "queue-filter-attributes",
        Code::FilterPolicyDrops,
        [
            "the queue's subscription has a filter policy on message attributes, of which EventBridge sends none",
            "대기열 구독에 메시지 속성 필터 정책을 추가함 (EventBridge는 속성을 보내지 않음)",
        ],
        Change::Filter(Filter::Attributes),
    ),
    silent(
        "queue-filter-body",
        Code::FilterPolicyDrops,
        [
            "the queue's subscription has a filter policy on the body with a misspelt event name",
            "대기열 구독의 본문 필터 정책에 이벤트 이름을 잘못 씀",
        ],
        Change::Filter(Filter::Body),
    ),
];

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    match change {
        Change::Filter(filter) => filter.put(site, "sqs").await,
        Change::RemovePolicy => remove_policies(site).await,
    }
}

async fn remove_policies(site: &Site<'_>) -> Result<(), BreakError> {
    let sqs = &site.clients.sqs;
    let mut new = false;
    for subscription in site.subscriptions("sqs").await? {
        let arn = subscription.endpoint().unwrap_or_default();
        let name = arn.rsplit(':').next().unwrap_or_default();
        let what = site.what("queue", name);
        let url = sqs.get_queue_url().queue_name(name).send().await;
        let url = url.map_err(|error| BreakError::refused("sqs:GetQueueUrl", &what, &error))?;
        let url = url.queue_url().unwrap_or_default();
        let got = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::Policy).send().await;
        let got = got.map_err(|error| BreakError::refused("sqs:GetQueueAttributes", &what, &error))?;
        new |= got.attributes().is_some_and(|attributes| attributes.contains_key(&QueueAttributeName::Policy));
        // An empty policy takes away the one that stands.
        let set = sqs.set_queue_attributes().queue_url(url).attributes(QueueAttributeName::Policy, "").send().await;
        set.map_err(|error| BreakError::refused("sqs:SetQueueAttributes", &what, &error))?;
    }
    if new { Ok(()) } else { site.already("the queues have no policy") }
}
