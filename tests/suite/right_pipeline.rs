//! The control of all silences: where nothing is broken, the bench is not silent.

use crate::Outcome;
use crate::common::{Bench, FUNCTION, Heard, RULE, TOPIC};
use crate::place::is_lab;

pub(crate) async fn the_right_pipeline_is_not_silent() -> Outcome {
    let bench = Bench::start().await;
    if is_lab() {
        bench.subscribe_mail().await;
        bench.open_confirmation_link().await;
    }
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard { queue: 1, discord: 1, mail: 1 }).await;
    assert_eq!(bench.stopped(&request_id).len(), 0, "{:#?}", bench.stopped(&request_id));
    for (namespace, name, of, wanted) in [
        ("AWS/Events", "TriggeredRules", RULE, 1.0),
        ("AWS/Events", "FailedInvocations", RULE, 0.0),
        ("AWS/SNS", "NumberOfNotificationsDelivered", TOPIC, 3.0),
        ("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 0.0),
        ("AWS/Lambda", "Invocations", FUNCTION, 1.0),
        ("AWS/Lambda", "Errors", FUNCTION, 0.0),
    ] {
        bench.assert_metric(namespace, name, of, wanted).await;
    }
    Ok(())
}
