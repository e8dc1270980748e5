//! Silences at the rule: the event is on the bus, and nothing comes of it.

use alert_drill::lab::deliveries::{Hop, Reason};
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, RuleState};

use crate::Outcome;
use crate::common::{Bench, Heard, PATTERN, RULE};
use crate::place::{Need, needs};

/// The shipped pattern with something in the place of a name that the drill's call has.
fn pattern_with(replacement: &str) -> String {
    let name = "\"AuthorizeSecurityGroupIngress\"";
    assert!(PATTERN.contains(name));
    PATTERN.replace(name, replacement)
}

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard::NOTHING).await;
    bench.assert_stopped_at(&request_id, Hop::Rule, reason, cause);
    bench.assert_metric("AWS/Events", "Invocations", RULE, 0.0).await;
}

pub(crate) async fn with_a_rule_that_is_disabled() -> Outcome {
    needs(Need::Policies).await?;
    let bench = Bench::start().await;
    bench.clients().events.disable_rule().name(RULE).send().await.unwrap();
    assert_silent(&bench, Reason::RuleDisabled, &["the rule is disabled"]).await;
    Ok(())
}

pub(crate) async fn with_a_pattern_that_lacks_the_name() -> Outcome {
    let bench = Bench::start().await;
    bench.set_pattern(&pattern_with("\"RunInstances\"")).await;
    let cause = ["detail.eventName", "\"AuthorizeSecurityGroupIngress\"", "\"RunInstances\""];
    assert_silent(&bench, Reason::PatternMismatch, &cause).await;
    Ok(())
}

pub(crate) async fn with_a_pattern_in_another_letter_case() -> Outcome {
    let bench = Bench::start().await;
    bench.set_pattern(&pattern_with("\"authorizeSecurityGroupIngress\"")).await;
    let cause = ["detail.eventName", "\"authorizeSecurityGroupIngress\"", "case"];
    assert_silent(&bench, Reason::PatternMismatch, &cause).await;
    Ok(())
}

pub(crate) async fn with_a_rule_that_has_no_target() -> Outcome {
    let bench = Bench::start().await;
    bench.clients().events.remove_targets().rule(RULE).ids("1").send().await.unwrap();
    assert_silent(&bench, Reason::NoTarget, &["the rule has no target"]).await;
    bench.assert_metric("AWS/Events", "TriggeredRules", RULE, 1.0).await;
    Ok(())
}

pub(crate) async fn after_a_call_that_only_reads() -> Outcome {
    needs(Need::OwnEvents).await?;
    let bench = Bench::start().await;
    let pattern = pattern_with("\"DescribeSecurityGroups\"");
    bench.set_pattern(&pattern).await;
    let request_id = bench.look_at_groups().await;
    bench.assert_heard(&request_id, Heard::NOTHING).await;
    let cause = ["read-only", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"];
    bench.assert_stopped_at(&request_id, Hop::Rule, Reason::ReadOnlyEvent, &cause);

    // The state that the lab's words name ends the silence.
    let put = bench.clients().events.put_rule().name(RULE).event_pattern(pattern);
    put.state(RuleState::EnabledWithAllCloudtrailManagementEvents).send().await.unwrap();
    let request_id = bench.look_at_groups().await;
    bench.assert_heard(&request_id, Heard { queue: 1, discord: 1, mail: 0 }).await;
    assert_eq!(bench.stopped(&request_id).len(), 0, "{:#?}", bench.stopped(&request_id));
    Ok(())
}

pub(crate) async fn after_an_event_that_only_looks_like_one_of_ec2() -> Outcome {
    needs(Need::OwnEvents).await?;
    let bench = Bench::start().await;
    let forged = r#"{"eventSource":"ec2.amazonaws.com","eventName":"AuthorizeSecurityGroupIngress"}"#;
    let entry = PutEventsRequestEntry::builder().source("aws.ec2").detail_type("AWS API Call via CloudTrail");
    let put = bench.clients().events.put_events().entries(entry.detail(forged).build()).send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 1);
    assert_eq!(put.entries()[0].error_code(), Some("NotAuthorizedForSourceException"));
    assert_eq!(put.entries()[0].event_id(), None);
    // A real event after it is the only one that is heard of.
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard { queue: 1, discord: 1, mail: 0 }).await;
    bench.assert_metric("AWS/Events", "TriggeredRules", RULE, 1.0).await;
    Ok(())
}
