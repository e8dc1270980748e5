//! The dead-letter queue of a target.

use super::*;

#[tokio::test]
async fn a_target_that_refuses_counts_and_its_dead_letters_are_kept() {
    let client = Client::new();
    let rule = put_rule(&client, "r", "ENABLED").await;
    let shut = client.queue("shut", false).await;
    let dead = client.queue("dead", true).await;
    put_target(&client, "r", json!({ "Id": "t", "Arn": shut, "DeadLetterConfig": { "Arn": dead } })).await;
    let gone = "arn:aws:sqs:ap-northeast-2:111122223333:gone";
    put_target(&client, "r", json!({ "Id": "u", "Arn": gone })).await;
    sell(&client, "Sold").await;
    let refused: Vec<_> = client
        .deliveries(Hop::Queue, "Sold")
        .await
        .into_iter()
        .map(|delivery| (delivery.to.rsplit(':').next().unwrap().to_owned(), delivery.reason))
        .collect();
    let wanted = [("shut", Some(Reason::PolicyDenied)), ("dead", None), ("gone", Some(Reason::NotFound))];
    assert_eq!(refused, wanted.map(|(queue, reason)| (queue.to_owned(), reason)));
    let letters = client.messages("dead").await;
    let attributes = &letters[0]["MessageAttributes"];
    assert_eq!(attributes["RULE_ARN"]["StringValue"], rule);
    assert_eq!(attributes["ERROR_CODE"]["StringValue"], "NO_PERMISSIONS");
    let total = |name| client.cloud.metrics.total(&client.scope, "AWS/Events", name, "r");
    let counted = ["MatchedEvents", "TriggeredRules", "Invocations", "FailedInvocations", "InvocationsSentToDlq"];
    assert_eq!(counted.map(total), [1.0, 1.0, 2.0, 2.0, 1.0]);
}

#[tokio::test]
async fn a_dead_letter_queue_is_a_standard_one_in_the_region_of_the_rule() {
    let client = Client::new();
    put_rule(&client, "r", "ENABLED").await;
    let queue = client.scope.arn("sqs", "dead");
    let target =
        |dead: &str| json!({ "Id": "t", "Arn": client.scope.arn("sqs", "q"), "DeadLetterConfig": { "Arn": dead } });
    for wrong in [
        format!("{queue}.fifo"),
        queue.replace("ap-northeast-2", "us-east-1"),
        client.scope.arn("sns", "dead"),
        "dead".to_owned(),
    ] {
        let input = json!({ "Rule": "r", "Targets": [target(&wrong)] });
        let refused = client.events("PutTargets", input).await.unwrap_err().to_string();
        assert!(refused.contains("ValidationException") && refused.contains(&wrong), "{refused}");
    }
    // Of another account, and one that is not there: both show when an event is to be sent there.
    put_target(&client, "r", target(&queue.replace("111122223333", "444455556666"))).await;
    put_target(&client, "r", target(&queue)).await;
    sell(&client, "Sold").await;
    let lost = client.deliveries(Hop::Queue, "Sold").await.pop().unwrap();
    assert_eq!((lost.to, lost.reason), (queue, Some(Reason::NotFound)));
}

#[tokio::test]
async fn a_fault_that_was_ordered_strikes_a_dead_letter_too() {
    let client = Client::new();
    put_rule(&client, "r", "ENABLED").await;
    let (shut, dead) = (client.queue("shut", false).await, client.queue("dead", true).await);
    put_target(&client, "r", json!({ "Id": "t", "Arn": shut, "DeadLetterConfig": { "Arn": dead } })).await;
    let faults = json!({ "deliveries": [{ "fault": "drop", "hop": "queue", "to": dead, "next": 1 }] }).to_string();
    client.cloud.faults.set(&crate::faults::Faults::from_json(&faults).unwrap()).unwrap();
    sell(&client, "Sold").await;
    let lost = client.deliveries(Hop::Queue, "Sold").await.pop().unwrap();
    assert_eq!((lost.to, lost.reason), (dead, Some(Reason::Fault)));
    assert_eq!(
        client.cloud.metrics.total(&client.scope, "AWS/Events", "InvocationsSentToDlq", "r"),
        0.0,
        "no metric of AWS counts it"
    );
    sell(&client, "Sold").await;
    assert_eq!(client.deliveries(Hop::Queue, "Sold").await.last().unwrap().reason, None);
    assert_eq!(client.messages("dead").await.len(), 1);
}
