//! The silence of a mail address that nobody confirmed. AWS counts it nowhere.

use alert_drill::lab::deliveries::{Hop, Reason};

use crate::Outcome;
use crate::common::{Bench, Heard, MAIL, TOPIC};
use crate::place::{Need, needs};

pub(crate) async fn until_its_link_is_opened() -> Outcome {
    needs(Need::Mail).await?;
    let bench = Bench::start().await;
    bench.subscribe_mail().await;
    let request_id = bench.open_port().await;
    bench.assert_heard(&request_id, Heard { queue: 1, discord: 1, mail: 0 }).await;
    bench.assert_stopped_at(&request_id, Hop::Mail, Reason::Unconfirmed, &[MAIL, "is not confirmed"]);
    bench.assert_metric("AWS/SNS", "NumberOfNotificationsFailed", TOPIC, 0.0).await;

    bench.open_confirmation_link().await;
    let request_id = bench.close_port().await;
    // The second alert is mailed too.
    bench.assert_heard(&request_id, Heard { queue: 1, discord: 2, mail: 1 }).await;
    assert_eq!(bench.stopped(&request_id).len(), 0, "{:#?}", bench.stopped(&request_id));
    Ok(())
}
