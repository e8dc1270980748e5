//! Faults that were ordered, on what SNS sends beside its messages.

use super::*;
use crate::faults::Faults;

impl Bench {
    fn order(&self, fault: &str, hop: &str) {
        let faults = format!(r#"{{"deliveries": [{{"fault": "{fault}", "hop": "{hop}"}}]}}"#);
        self.cloud.faults.set(&Faults::from_json(&faults).unwrap()).unwrap();
    }
}

#[tokio::test]
async fn a_confirmation_gets_lost_and_comes_twice_as_any_delivery() {
    let bench = Bench::new().await;
    bench.order("drop", "mail");
    bench.subscribe("email", "team@example.com", &[]).await;
    bench.subscribe("email-json", "team@example.com", &[]).await;
    let lost = bench.settled().await;
    assert!(bench.cloud.mail.messages(None).is_empty());
    assert_eq!(lost.iter().map(|one| (one.hop, one.reason)).collect::<Vec<_>>(), [(Hop::Mail, Some(Reason::Fault)); 2]);
    bench.order("duplicate", "mail");
    bench.subscribe("email", "other@example.com", &[]).await;
    bench.settled().await;
    assert_eq!(bench.cloud.mail.messages(Some("other@example.com")).len(), 2);

    bench.order("drop", "http");
    bench.subscribe("http", "http://127.0.0.1:1/alarm", &[]).await;
    let lost = bench.settled().await.pop().unwrap();
    assert_eq!((lost.hop, lost.reason), (Hop::Http, Some(Reason::Fault)), "nobody was called: {lost:?}");
}

#[tokio::test]
async fn a_dead_letter_gets_lost_and_comes_twice() {
    let bench = Bench::new().await;
    bench.open_queue().await;
    let redrive = json!({ "deadLetterTargetArn": QUEUE }).to_string();
    bench.subscribe("lambda", FUNCTION, &[("RedrivePolicy", &redrive)]).await;
    bench.order("drop", "queue");
    let log = bench.publish(&[]).await;
    let dead: Vec<_> = log.iter().filter(|one| one.hop == Hop::Queue).map(|one| one.reason).collect();
    assert_eq!((dead, bench.received().await.len()), (vec![Some(Reason::Fault)], 0));
    assert_eq!(bench.metric("NumberOfNotificationsRedrivenToDlq"), 0.0, "no metric of AWS counts it");
    bench.order("duplicate", "queue");
    bench.publish(&[]).await;
    assert_eq!(bench.received().await.len(), 2);
}

#[tokio::test]
async fn a_delivery_of_a_fifo_topic_gets_lost() {
    let bench = Bench::new().await;
    let fifo = [("Name", "alarm.fifo"), ("Attributes.entry.1.key", "FifoTopic"), ("Attributes.entry.1.value", "true")];
    bench.ask("CreateTopic", &fifo).await.unwrap();
    let (topic, queue) = (format!("{TOPIC}.fifo"), format!("{QUEUE}.fifo"));
    bench.ask("Subscribe", &[("TopicArn", &topic), ("Protocol", "sqs"), ("Endpoint", &queue)]).await.unwrap();
    bench.order("drop", "queue");
    let message =
        [("TopicArn", topic.as_str()), ("Message", "m"), ("MessageGroupId", "g"), ("MessageDeduplicationId", "d")];
    bench.ask("Publish", &message).await.unwrap();
    let lost = bench.settled().await.pop().unwrap();
    assert_eq!((lost.to, lost.reason), (queue, Some(Reason::Fault)));
}
