//! `LookupEvents`.

use super::*;

#[tokio::test]
async fn the_history_needs_no_trail_and_finds_by_every_key() {
    let client = Client::new();
    let look = |key: &str, value: &str| {
        let attribute = json!([{ "AttributeKey": key, "AttributeValue": value }]);
        client.cloudtrail("LookupEvents", json!({ "LookupAttributes": attribute }))
    };
    let observed = record(Service::Ec2, "ap-northeast-2", "AuthorizeSecurityGroupIngress", false);
    client.cloud.cloudtrail.observe(&client.cloud, Arc::clone(&observed));
    let elsewhere = record(Service::Ec2, "us-east-1", "AuthorizeSecurityGroupIngress", false);
    client.cloud.cloudtrail.observe(&client.cloud, elsewhere);
    let keys = [
        ("EventId", observed.event_id.as_str(), "sg-1"),
        ("EventName", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"),
        ("ReadOnly", "false", "true"),
        ("Username", "alice", "bob"),
        ("ResourceType", "AWS::EC2::SecurityGroup", "AWS::EC2::Instance"),
        ("ResourceName", "sg-1", "sg-2"),
        ("EventSource", "ec2.amazonaws.com", "s3.amazonaws.com"),
        ("AccessKeyId", "AKIATEST", "AKIAOTHER"),
    ];
    for (key, right, wrong) in keys {
        let found = look(key, right).await.unwrap();
        let events = found["Events"].as_array().unwrap();
        assert_eq!(events.len(), 1, "{key}: this account and Region only");
        assert_eq!(events[0]["EventId"], observed.event_id);
        let unrelated = look(key, wrong).await.unwrap();
        let ids: Vec<_> = unrelated["Events"].as_array().unwrap().iter().map(|event| &event["EventId"]).collect();
        assert!(!ids.contains(&&json!(observed.event_id)), "{key}");
    }
    let event = look("EventId", &observed.event_id).await.unwrap()["Events"][0].clone();
    let whole: Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(whole, observed.json);
    assert_eq!(event["Resources"], json!([{ "ResourceType": "AWS::EC2::SecurityGroup", "ResourceName": "sg-1" }]));
    assert_eq!((&event["ReadOnly"], &event["Username"]), (&json!("false"), &json!("alice")));
}

#[tokio::test]
async fn the_history_is_read_in_pages_newest_first() {
    let client = Client::new();
    for n in 0..5 {
        reason(&client, &format!("Call{n}")).await;
    }
    let username = json!([{ "AttributeKey": "Username", "AttributeValue": "alice" }]);
    let page = |token: Value| {
        let mut input = json!({ "LookupAttributes": username, "MaxResults": 2 });
        if !token.is_null() {
            input["NextToken"] = token;
        }
        client.cloudtrail("LookupEvents", input)
    };
    let (mut names, mut token) = (Vec::new(), Value::Null);
    loop {
        let found = page(token).await.unwrap();
        names.extend(found["Events"].as_array().unwrap().iter().map(|event| event["EventName"].clone()));
        // A record that comes in between does not shift the pages.
        reason(&client, "Later").await;
        token = found["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(names, ["Call4", "Call3", "Call2", "Call1", "Call0"]);
    let refused = [
        (json!({ "MaxResults": 51 }), "InvalidMaxResultsException"),
        (json!({ "NextToken": "nonsense" }), "InvalidNextTokenException"),
        (json!({ "StartTime": 2, "EndTime": 1 }), "InvalidTimeRangeException"),
        (json!({ "LookupAttributes": [username[0], username[0]] }), "InvalidLookupAttributesException"),
        (json!({ "EventCategory": "insight" }), "NotImplemented"),
    ];
    for (input, code) in refused {
        let error = client.cloudtrail("LookupEvents", input).await.unwrap_err();
        assert!(error.starts_with(code), "{error}");
    }
    let future = json!({ "StartTime": Timestamp::now().as_second() + 60 });
    assert_eq!(client.cloudtrail("LookupEvents", future).await.unwrap()["Events"], json!([]));
}
