//! Silences at the trail: what it does not take never becomes an event.

use alert_drill::lab::deliveries::{Hop, Reason};
use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};

use crate::common::{Bench, Heard, RULE, TRAIL};

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard::NOTHING);
    bench.assert_stopped_at(&request_id, Hop::Trail, reason, cause);
    assert_eq!(bench.metric("AWS/Events", "TriggeredRules", RULE).await, 0.0);
}

#[tokio::test]
async fn without_a_trail() {
    let Some(bench) = Bench::start().await else { return };
    bench.clients().cloudtrail.delete_trail().name(TRAIL).send().await.unwrap();
    assert_silent(&bench, Reason::NoTrail, &["the account has no trail"]).await;
}

#[tokio::test]
async fn with_a_trail_that_was_stopped() {
    let Some(bench) = Bench::start().await else { return };
    bench.clients().cloudtrail.stop_logging().name(TRAIL).send().await.unwrap();
    assert_silent(&bench, Reason::TrailNotLogging, &[TRAIL, "was stopped"]).await;
}

#[tokio::test]
async fn with_a_trail_that_takes_read_only_events() {
    let Some(bench) = Bench::start().await else { return };
    let selector = EventSelector::builder().read_write_type(ReadWriteType::ReadOnly).include_management_events(true);
    let put = bench.clients().cloudtrail.put_event_selectors().trail_name(TRAIL).event_selectors(selector.build());
    put.send().await.unwrap();
    assert_silent(&bench, Reason::SelectorExcludes, &[TRAIL, "read-only events only"]).await;
}
