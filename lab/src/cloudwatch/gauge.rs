//! The quantities that AWS does not count but takes once a minute: how full the queues are.
//!
//! Source: "Available CloudWatch metrics for Amazon SQS" in the Amazon SQS developer guide.

use crate::cloud::Cloud;

const NAMESPACE: &str = "AWS/SQS";

/// Notes how full every queue is at this minute.
pub(super) fn sample(cloud: &Cloud) {
    for depth in cloud.sqs.depths() {
        let note = |name, value, unit| {
            cloud.metrics.gauge(&depth.scope, NAMESPACE, name, &[("QueueName", &depth.queue)], value, unit);
        };
        note("ApproximateNumberOfMessagesVisible", depth.visible as f64, "Count");
        note("ApproximateNumberOfMessagesNotVisible", depth.in_flight as f64, "Count");
        note("ApproximateNumberOfMessagesDelayed", depth.delayed as f64, "Count");
        note("ApproximateAgeOfOldestMessage", depth.age_of_oldest.as_secs() as f64, "Seconds");
    }
}
