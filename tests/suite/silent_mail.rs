//! The silence of a mail address that nobody confirmed. AWS counts it nowhere.

use alert_drill::lab::deliveries::{Hop, Reason};

use crate::common::{Bench, Heard, MAIL, TOPIC};

#[tokio::test]
async fn until_its_link_is_opened() {
    let Some(bench) = Bench::start().await else { return };
    bench.subscribe_mail().await;
    let request_id = bench.open_port().await;
    assert_eq!(bench.heard(&request_id).await, Heard { queue: 1, discord: 1, mail: 0 });
    bench.assert_stopped_at(&request_id, Hop::Mail, Reason::Unconfirmed, &[MAIL, "is not confirmed"]);
    assert_eq!(bench.metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC).await, 0.0);

    bench.open_confirmation_link().await;
    let request_id = bench.close_port().await;
    assert_eq!(
        bench.heard(&request_id).await,
        Heard { queue: 1, discord: 2, mail: 1 },
        "the second alert is mailed too"
    );
    assert_eq!(bench.stopped(&request_id).len(), 0, "{:#?}", bench.stopped(&request_id));
}
