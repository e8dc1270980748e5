//! The control of all silences: where nothing is broken, the bench is not silent.

use crate::common::{Bench, FUNCTION, Heard, RULE, TOPIC};

#[tokio::test]
async fn the_right_pipeline_is_not_silent() {
    let Some(bench) = Bench::start().await else { return };
    bench.subscribe_mail().await;
    bench.open_confirmation_link().await;
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard { queue: 1, discord: 1, mail: 1 });
    assert_eq!(bench.stopped(&request_id).len(), 0, "{:#?}", bench.stopped(&request_id));
    for (namespace, name, of, wanted) in [
        ("AWS/Events", "TriggeredRules", RULE, 1.0),
        ("AWS/Events", "FailedInvocations", RULE, 0.0),
        ("AWS/SNS", "NumberOfNotificationsDelivered", TOPIC, 3.0),
        ("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 0.0),
        ("AWS/Lambda", "Invocations", FUNCTION, 1.0),
        ("AWS/Lambda", "Errors", FUNCTION, 0.0),
    ] {
        assert_eq!(bench.metric(namespace, name, of).await, wanted, "{namespace} {name}");
    }
}
