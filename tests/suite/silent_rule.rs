//! Silences at the rule: the event is on the bus, and nothing comes of it.

use alert_drill::lab::deliveries::{Hop, Reason};
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, RuleState};

use crate::common::{Bench, Heard, PATTERN, RULE};

/// The shipped pattern with something in the place of a name that the drill's call has.
fn pattern_with(replacement: &str) -> String {
    let name = "\"AuthorizeSecurityGroupIngress\"";
    assert!(PATTERN.contains(name));
    PATTERN.replace(name, replacement)
}

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard::NOTHING);
    bench.assert_stopped_at(&request_id, Hop::Rule, reason, cause);
    assert_eq!(bench.metric("AWS/Events", "Invocations", RULE).await, 0.0);
}

#[tokio::test]
async fn with_a_rule_that_is_disabled() {
    let Some(bench) = Bench::start().await else { return };
    bench.clients().events.disable_rule().name(RULE).send().await.unwrap();
    assert_silent(&bench, Reason::RuleDisabled, &["the rule is disabled"]).await;
}

#[tokio::test]
async fn with_a_pattern_that_lacks_the_name() {
    let Some(bench) = Bench::start().await else { return };
    bench.set_pattern(&pattern_with("\"RunInstances\"")).await;
    let cause = ["detail.eventName", "\"AuthorizeSecurityGroupIngress\"", "\"RunInstances\""];
    assert_silent(&bench, Reason::PatternMismatch, &cause).await;
}

#[tokio::test]
async fn with_a_pattern_in_another_letter_case() {
    let Some(bench) = Bench::start().await else { return };
    bench.set_pattern(&pattern_with("\"authorizeSecurityGroupIngress\"")).await;
    let cause = ["detail.eventName", "\"authorizeSecurityGroupIngress\"", "case"];
    assert_silent(&bench, Reason::PatternMismatch, &cause).await;
}

#[tokio::test]
async fn with_a_rule_that_has_no_target() {
    let Some(bench) = Bench::start().await else { return };
    bench.clients().events.remove_targets().rule(RULE).ids("1").send().await.unwrap();
    assert_silent(&bench, Reason::NoTarget, &["the rule has no target"]).await;
    assert_eq!(bench.metric("AWS/Events", "TriggeredRules", RULE).await, 1.0, "it matched all the same");
}

#[tokio::test]
async fn after_a_call_that_only_reads() {
    let Some(bench) = Bench::start().await else { return };
    let pattern = pattern_with("\"DescribeSecurityGroups\"");
    bench.set_pattern(&pattern).await;
    let request_id = bench.look_at_groups().await;
    assert_eq!(bench.heard(&request_id).await, Heard::NOTHING);
    let cause = ["read-only", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];
    bench.assert_stopped_at(&request_id, Hop::Rule, Reason::ReadOnlyEvent, &cause);

    // The state that the lab's words name ends the silence.
    let put = bench.clients().events.put_rule().name(RULE).event_pattern(pattern);
    put.state(RuleState::EnabledWithAllCloudtrailManagementEvents).send().await.unwrap();
    let request_id = bench.look_at_groups().await;
    assert_eq!(bench.heard(&request_id).await.queue, 1);
    assert_eq!(bench.stopped(&request_id).len(), 0, "{:#?}", bench.stopped(&request_id));
}

#[tokio::test]
async fn after_an_event_that_only_looks_like_one_of_ec2() {
    let Some(bench) = Bench::start().await else { return };
    let forged = r#"{"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress"}"#;
    let entry = PutEventsRequestEntry::builder().source("aws.ec2").detail_type("AWS API Call via CloudTrail");
    let put = bench.clients().events.put_events().entries(entry.detail(forged).build()).send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 1);
    assert_eq!(put.entries()[0].error_code(), Some("NotAuthorizedForSourceException"));
    assert_eq!(put.entries()[0].event_id(), None);
    // A real event after it is the only one that is heard of.
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard { queue: 1, discord: 1, mail: 0 });
    assert_eq!(bench.metric("AWS/Events", "TriggeredRules", RULE).await, 1.0);
}
