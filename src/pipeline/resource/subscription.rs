//! The subscription of a probe's queue to a topic. It has no tags: the queue that it names has.

use super::{Found, Resource, found, gone};
use crate::sdk;
use crate::target::{Clients, QUEUE_PREFIX};

const NOT_FOUND: &[&str] = &["NotFound", "NotFoundException"];

/// What SNS shows in place of the ARN of a subscription that nobody confirmed.
const PENDING: &str = "PendingConfirmation";

/// A queue's tags say whose a subscription is, and the queue goes after it.
pub(super) async fn all(clients: &Clients) -> Result<Vec<Found>, String> {
    let mut listing = clients.sns.list_subscriptions().into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(subscription) = listing.next().await {
        let subscription = subscription.map_err(|error| sdk::reason(&error))?;
        let (Some(arn), Some(topic_arn), Some(endpoint)) =
            (subscription.subscription_arn(), subscription.topic_arn(), subscription.endpoint())
        else {
            continue;
        };
        let Some(queue) = endpoint.rsplit(':').next().filter(|name| name.starts_with(QUEUE_PREFIX)) else { continue };
        if subscription.protocol() != Some("sqs") || arn == PENDING {
            continue;
        }
        if let Some(run_id) = super::queue::run_of_queue(clients, queue).await? {
            let resource = Resource::Subscription { topic_arn: topic_arn.to_owned(), endpoint: endpoint.to_owned() };
            all.push(Found { resource, id: arn.to_owned(), run_id });
        }
    }
    Ok(all)
}

/// The queue's name has the end of the run's id.
pub(super) async fn of_run(clients: &Clients, topic_arn: &str, endpoint: &str) -> Result<Vec<String>, String> {
    let mut next = None;
    let mut arns = Vec::new();
    loop {
        let page = clients.sns.list_subscriptions_by_topic().topic_arn(topic_arn).set_next_token(next).send().await;
        let Some(page) = found(page, NOT_FOUND)? else { return Ok(Vec::new()) };
        let of_queue = page.subscriptions().iter().filter(|subscription| subscription.endpoint() == Some(endpoint));
        arns.extend(of_queue.filter_map(|subscription| subscription.subscription_arn.clone()));
        next = page.next_token;
        if next.is_none() {
            return Ok(arns);
        }
    }
}

pub(super) async fn remove(clients: &Clients, arn: &str) -> Result<(), String> {
    gone(clients.sns.unsubscribe().subscription_arn(arn).send().await, NOT_FOUND)
}
