//! Silences at the trail: what it does not take never becomes an event.

use alert_drill::lab::deliveries::{Hop, Reason};
use aws_sdk_cloudtrail::types::{EventSelector, ReadWriteType};

use crate::Outcome;
use crate::common::{Bench, Heard, RULE, TRAIL};
use crate::place::{Need, needs};

async fn assert_silent(bench: &Bench, reason: Reason, cause: &[&str]) {
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard::NOTHING).await;
    bench.assert_stopped_at(&request_id, Hop::Trail, reason, cause);
    bench.assert_metric("AWS/Events", "TriggeredRules", RULE, 0.0).await;
}

pub(crate) async fn without_a_trail() -> Outcome {
    needs(Need::Trail).await?;
    let bench = Bench::start().await;
    bench.clients().cloudtrail.delete_trail().name(TRAIL).send().await.unwrap();
    assert_silent(&bench, Reason::NoTrail, &["the account has no trail"]).await;
    Ok(())
}

pub(crate) async fn with_a_trail_that_was_stopped() -> Outcome {
    needs(Need::Trail).await?;
    let bench = Bench::start().await;
    bench.clients().cloudtrail.stop_logging().name(TRAIL).send().await.unwrap();
    assert_silent(&bench, Reason::TrailNotLogging, &[TRAIL, "was stopped"]).await;
    Ok(())
}

pub(crate) async fn with_a_trail_that_takes_read_only_events() -> Outcome {
    needs(Need::Trail).await?;
    let bench = Bench::start().await;
    let selector = EventSelector::builder().read_write_type(ReadWriteType::ReadOnly).include_management_events(true);
    let put = bench.clients().cloudtrail.put_event_selectors().trail_name(TRAIL).event_selectors(selector.build());
    put.send().await.unwrap();
    assert_silent(&bench, Reason::SelectorExcludes, &[TRAIL, "read-only events only"]).await;
    Ok(())
}
