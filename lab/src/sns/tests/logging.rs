use super::*;

const ROLE: &str = "arn:aws:iam::000000000000:role/feedback";

async fn create_role(bench: &Bench, service: &str) {
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole",
    }] });
    let params = [("RoleName", "feedback"), ("AssumeRolePolicyDocument", &trust.to_string())];
    let call =
        call(Service::Iam, Some("test"), "us-east-1", "CreateRole", &encoded("CreateRole", &params), String::new());
    bench.cloud.iam.call(&call).unwrap();
}

/// The log entries of a group; none where there is no such group.
async fn logged(bench: &Bench, group: &str) -> Vec<Value> {
    let input = json!({ "logGroupName": group }).to_string();
    let call = call(Service::Logs, Some("test"), "ap-northeast-2", "FilterLogEvents", "", input);
    let Ok(reply) = bench.cloud.logs.call(&call) else { return Vec::new() };
    let answer: Value = serde_json::from_slice(&reply.body).unwrap();
    let events = answer["events"].as_array().unwrap();
    events.iter().map(|event| serde_json::from_str(event["message"].as_str().unwrap()).unwrap()).collect()
}

#[tokio::test]
async fn what_became_of_a_delivery_is_logged_through_a_role_that_sns_can_take_on() {
    const GROUP: &str = "sns/ap-northeast-2/000000000000/alarm";
    let bench = Bench::new().await;
    bench.open_queue().await;
    bench.subscribe("sqs", QUEUE, &[]).await;
    bench.set("SQSSuccessFeedbackRoleArn", ROLE).await.unwrap();
    bench.set("SQSFailureFeedbackRoleArn", ROLE).await.unwrap();
    bench.publish(&[]).await;
    assert!(logged(&bench, GROUP).await.is_empty(), "there is no such role, and nobody says so");

    create_role(&bench, "sns.amazonaws.com").await;
    bench.publish(&[]).await;
    let entries = logged(&bench, GROUP).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["status"], "SUCCESS");
    assert_eq!(entries[0]["delivery"]["statusCode"], 200);
    assert_eq!(entries[0]["delivery"]["destination"], QUEUE);
    assert_eq!(entries[0]["notification"]["topicArn"], TOPIC);

    let set_policy = async |policy: &str| {
        let input = json!({ "QueueUrl": "http://lab:1/000000000000/q", "Attributes": { "Policy": policy } });
        bench.sqs("SetQueueAttributes", input).await;
    };
    set_policy("").await;
    bench.publish(&[]).await;
    let failures = logged(&bench, &format!("{GROUP}/Failure")).await;
    assert_eq!(failures[0]["status"], "FAILURE");
    assert!(failures[0]["delivery"]["providerResponse"].as_str().unwrap().contains("AccessDenied"));

    bench.set("SQSSuccessFeedbackSampleRate", "0").await.unwrap();
    set_policy(&statement("Allow", "sns.amazonaws.com", "sqs:SendMessage", QUEUE, TOPIC).to_string()).await;
    bench.publish(&[]).await;
    assert_eq!(logged(&bench, GROUP).await.len(), 1, "none of a hundred");
    let shown = bench.ask("GetTopicAttributes", &[("TopicArn", TOPIC)]).await.unwrap();
    assert_eq!(entry(&shown, "SQSSuccessFeedbackRoleArn").as_deref(), Some(ROLE));
    for (name, value) in [("HTTPSuccessFeedbackSampleRate", "101"), ("LambdaFailureFeedbackRoleArn", "feedback")] {
        assert!(bench.set(name, value).await.unwrap_err().message.contains("Invalid value"), "{name}");
    }
}
