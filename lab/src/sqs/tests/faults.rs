//! Faults that were ordered, on the way to a dead-letter queue.

use super::*;
use crate::deliveries::{Deliveries, Reason};
use crate::faults::{Faults, Injector};

const DEAD: &str = "http://lab:1/000000000000/dead";
const DEAD_ARN: &str = "arn:aws:sqs:ap-northeast-2:000000000000:dead";

/// What is left of a message that was received too often, where this fault strikes; and what the log says.
async fn dead_letters(fault: &str) -> (usize, Vec<Option<Reason>>, Sqs) {
    let faults = Faults::from_json(&format!(r#"{{"deliveries": [{fault}]}}"#)).unwrap();
    let (deliveries, faults) = (Arc::<Deliveries>::default(), Arc::new(Injector::new(&faults)));
    let sqs = Sqs::new(Arc::default(), Arc::default(), Arc::clone(&deliveries), faults);
    ask(&sqs, "CreateQueue", json!({ "QueueName": "dead" })).await.unwrap();
    let policy = json!({ "deadLetterTargetArn": DEAD_ARN, "maxReceiveCount": 1 }).to_string();
    ask(&sqs, "CreateQueue", json!({ "QueueName": "q", "Attributes": { "RedrivePolicy": policy } })).await.unwrap();
    send(&sqs, "poison").await;
    assert_eq!(receive(&sqs, json!({ "VisibilityTimeout": 0 })).await.len(), 1);
    assert!(receive(&sqs, json!({})).await.is_empty());
    let letters = received(&sqs).await;
    (letters, deliveries.all().iter().map(|delivery| delivery.reason).collect(), sqs)
}

async fn received(sqs: &Sqs) -> usize {
    let answer = ask(sqs, "ReceiveMessage", json!({ "QueueUrl": DEAD, "MaxNumberOfMessages": 10 })).await.unwrap();
    answer["Messages"].as_array().map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn a_message_on_its_way_to_the_dead_letter_queue_gets_lost_comes_twice_or_late() {
    let (letters, log, _sqs) = dead_letters(r#"{"fault": "drop", "hop": "queue"}"#).await;
    assert_eq!((letters, log), (0, vec![Some(Reason::Fault)]));
    let (letters, log, _sqs) = dead_letters(r#"{"fault": "duplicate", "hop": "queue"}"#).await;
    assert_eq!((letters, log), (2, vec![]));
    let (letters, _log, sqs) = dead_letters(r#"{"fault": "delay", "hop": "queue", "milliseconds": 60000}"#).await;
    assert_eq!(letters, 0);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(received(&sqs).await, 1);
    let elsewhere = format!(r#"{{"fault": "drop", "hop": "queue", "to": "{DEAD_ARN}-not"}}"#);
    assert_eq!(dead_letters(&elsewhere).await.0, 1, "what concerns others leaves it alone");
}
