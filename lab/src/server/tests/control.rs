//! Faults, reset and snapshots.

use serde_json::json;

use super::*;
use crate::faults::{CallFault, CallFaultKind, Faults};
use crate::gateway::service::Service;
use crate::snapshot::Include;

const GROUP: &str = "Action=CreateSecurityGroup&Version=2016-11-15&GroupName=g&GroupDescription=d";

#[tokio::test]
async fn a_throttled_call_is_recorded_as_aws_records_it() {
    let throttle = CallFault::new(CallFaultKind::Throttle).operation(Service::Ec2, "CreateSecurityGroup").next(1);
    let lab = Lab::builder().faults(Faults::new().call(throttle)).start().await.unwrap();
    let (status, body) = answer(ec2(&lab, GROUP)).await;
    assert_eq!(status, 503);
    assert!(body.contains("<Code>RequestLimitExceeded</Code>"), "{body}");
    assert_eq!(answer(ec2(&lab, GROUP)).await.0, 200);
    let records = page(&lab, "/_lab/trail?event_name=CreateSecurityGroup").await["records"].clone();
    assert_eq!(records[0]["errorCode"], "Client.RequestLimitExceeded");
    assert_eq!(records[0]["responseElements"], Value::Null);
    assert_eq!(records[1].get("errorCode"), None);
    lab.stop().await;
}

#[tokio::test]
async fn a_dropped_connection_leaves_the_call_unmade_and_a_dropped_answer_made() {
    let lab = Lab::start().await.unwrap();
    for (fault, made) in [("drop_connection", 0), ("drop_answer", 1)] {
        let set = Client::new()
            .put(format!("{}/_lab/faults", lab.endpoint_url()))
            .body(json!({"calls": [{"fault": fault, "service": "ec2", "next": 1}]}).to_string());
        assert_eq!(answer(set).await.0, 200);
        let error = ec2(&lab, GROUP).send().await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        let (_, groups) = answer(ec2(&lab, "Action=DescribeSecurityGroups&Version=2016-11-15")).await;
        assert_eq!(groups.matches("<groupName>g</groupName>").count(), made, "{fault}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn faults_are_set_shown_refused_and_cleared() {
    let lab = Lab::start().await.unwrap();
    let faults = format!("{}/_lab/faults", lab.endpoint_url());
    let wrong = Client::new().put(&faults).body(r#"{"calls": [{"fault": "throttle", "chance": 1}]}"#);
    let (status, body) = answer(wrong).await;
    assert!(status == 400 && body.contains("unknown field `chance`"), "{body}");
    let right = r#"{"seed": 3, "deliveries": [{"fault": "drop", "hop": "mail", "rate": 0.5}]}"#;
    assert_eq!(answer(Client::new().post(&faults).body(right)).await.0, 200);
    let shown = page(&lab, "/_lab/faults").await;
    assert_eq!((&shown["seed"], &shown["deliveries"][0]["struck"]), (&json!(3), &json!(0)));
    assert_eq!(answer(Client::new().delete(&faults)).await.0, 200);
    assert_eq!(page(&lab, "/_lab/faults").await["deliveries"], json!([]));
    lab.stop().await;
}

#[tokio::test]
async fn one_fault_is_taken_away_and_the_others_stay_as_they_are() {
    let lab = Lab::start().await.unwrap();
    let faults = format!("{}/_lab/faults", lab.endpoint_url());
    let three = r#"{"calls": [{"fault": "throttle", "service": "ec2", "next": 2}, {"fault": "delay", "milliseconds": 1}],
        "discord": [{"fault": "bad_gateway"}]}"#;
    assert_eq!(answer(Client::new().put(&faults).body(three)).await.0, 200);
    assert_eq!(answer(Client::new().post(lab.discord_webhook_url()).body("{}")).await.0, 502);
    let shown = page(&lab, "/_lab/faults").await;
    let id = |shown: &Value, kind: &str, place: usize| shown[kind][place]["id"].as_u64().unwrap();
    let (first, second) = (id(&shown, "calls", 0), id(&shown, "calls", 1));
    assert_eq!(answer(Client::new().delete(format!("{faults}?id={first}"))).await.0, 200);
    let left = page(&lab, "/_lab/faults").await;
    assert_eq!((left["calls"].as_array().unwrap().len(), id(&left, "calls", 0)), (1, second));
    assert_eq!(left["discord"], shown["discord"], "how often it struck is kept");
    let (status, body) = answer(Client::new().delete(format!("{faults}?id={first}"))).await;
    assert!(status == 404 && body.contains(&format!("no fault has the id {first}")), "{body}");
    // An id never means another fault than it did.
    assert_eq!(answer(Client::new().put(&faults).body(three)).await.0, 200);
    assert!(id(&page(&lab, "/_lab/faults").await, "calls", 0) > second + 1);
    lab.stop().await;
}

#[tokio::test]
async fn discord_has_its_bad_days_too() {
    let lab = Lab::start().await.unwrap();
    let faults =
        json!({"discord": [{"fault": "rate_limited", "milliseconds": 1500, "next": 1}, {"fault": "bad_gateway"}]});
    lab.set_faults(&Faults::from_json(&faults.to_string()).unwrap()).unwrap();
    let post = || Client::new().post(lab.discord_webhook_url()).json(&json!({"content": "x"}));
    let (status, body) = answer(post()).await;
    assert!(status == 429 && body.contains("\"retry_after\":1.5"), "{status} {body}");
    assert_eq!(answer(post()).await.0, 502);
    lab.set_faults(&Faults::new()).unwrap();
    assert_eq!(answer(post()).await.0, 204);
    lab.stop().await;
}

#[tokio::test]
async fn equal_states_have_equal_snapshots_and_a_reset_is_the_start() {
    let lab = Lab::builder().faults(Faults::new().call(CallFault::delay(1))).start().await.unwrap();
    let start = lab.snapshot().to_string();
    let webhook = lab.discord_webhook_url();

    assert_eq!(answer(ec2(&lab, "Action=DescribeVpcs&Version=2016-11-15")).await.0, 200);
    assert_eq!(lab.snapshot().to_string(), start, "who only looks leaves no trace");

    let topic = signed(Client::new().post(lab.endpoint_url()), "sns").body("Action=CreateTopic&Name=t");
    let topic = topic.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(answer(topic).await.0, 200);
    let rule = json!({"Name": "r", "EventPattern": "{\"source\": [\"aws.ec2\"]}"});
    assert_eq!(answer(json(&lab, "events", "AWSEvents.PutRule", &rule)).await.0, 200);
    assert_eq!(answer(ec2(&lab, GROUP)).await.0, 200);
    let posted = Client::new().post(&webhook).json(&json!({"content": "hello"}));
    assert_eq!(answer(posted).await.0, 204);
    Client::new().delete(format!("{}/_lab/faults", lab.endpoint_url())).send().await.unwrap();

    let changed = lab.snapshot();
    assert_eq!(changed["services"]["events"]["000000000000/eu-west-1"]["default"]["rules"]["r"]["state"], "ENABLED");
    assert_eq!(changed.to_string(), page(&lab, "/_lab/snapshot").await.to_string(), "the page and the library agree");
    assert_eq!(changed.to_string(), lab.snapshot().to_string());
    let history = lab.snapshot_with(Include { history: true, secrets: false })["history"].clone();
    assert!(history["records"].as_array().is_some_and(|records| records.len() >= 3), "{history}");

    let reset = Client::new().post(format!("{}/_lab/reset", lab.endpoint_url()));
    assert_eq!(answer(reset).await.0, 204);
    assert_eq!(lab.snapshot().to_string(), start);
    assert!(lab.deliveries().is_empty());
    assert_eq!(page(&lab, "/_lab/trail").await["records"], json!([]));
    assert_eq!(lab.discord_webhook_url(), webhook);
    assert_eq!(page(&lab, "/_lab/faults").await["calls"][0]["fault"], "delay", "the faults of the start are back");
    let posted = Client::new().post(&webhook).json(&json!({"content": "again"}));
    assert_eq!(answer(posted).await.0, 204);
    lab.stop().await;
}

#[tokio::test]
async fn a_snapshot_is_of_what_was_asked_for() {
    let lab = Lab::start().await.unwrap();
    assert_eq!(page(&lab, "/_lab/snapshot").await.get("history"), None);
    assert!(page(&lab, "/_lab/snapshot?with=history,secrets").await["history"]["mails"].is_array());
    let wrong = page(&lab, "/_lab/snapshot?with=everything").await;
    assert!(wrong["message"].as_str().is_some_and(|message| message.contains("everything")), "{wrong}");
    lab.stop().await;
}

#[tokio::test]
async fn what_is_kept_is_limited() {
    let limits = crate::Limits { records: 3, deliveries: 2, ..crate::Limits::default() };
    let lab = Lab::builder().limits(limits).start().await.unwrap();
    for _ in 0..5 {
        answer(ec2(&lab, "Action=DescribeVpcs&Version=2016-11-15")).await;
    }
    assert_eq!(page(&lab, "/_lab/trail").await["records"].as_array().map(Vec::len), Some(3));
    assert_eq!(lab.deliveries().len(), 2);
    lab.stop().await;
}
