mod dead_letters;

use serde_json::json;

use super::*;
use crate::cloudtrail::tests::client::Client;
use crate::deliveries::{Delivery, Explanation, Hop, Outcome, Reason};

const PATTERN: &str = r#"{"source": ["shop"], "detail": {"eventName": ["Sold"]}}"#;

async fn put_rule(client: &Client, name: &str, state: &str) -> String {
    let input = json!({ "Name": name, "EventPattern": PATTERN, "State": state });
    client.events("PutRule", input).await.unwrap()["RuleArn"].as_str().unwrap().to_owned()
}

async fn put_target(client: &Client, rule: &str, target: Value) {
    let put = client.events("PutTargets", json!({ "Rule": rule, "Targets": [target] })).await.unwrap();
    assert_eq!(put["FailedEntryCount"], 0);
}

async fn sell(client: &Client, event_name: &str) {
    let detail = json!({ "eventName": event_name, "price": 3 }).to_string();
    let entry = json!({ "Source": "shop", "DetailType": "sale", "Detail": detail, "Resources": ["r"] });
    let put = client.events("PutEvents", json!({ "Entries": [entry] })).await.unwrap();
    assert_eq!(put["FailedEntryCount"], 0, "{put}");
}

async fn at_rule(client: &Client, event_name: &str) -> Vec<Delivery> {
    client.deliveries(Hop::Rule, event_name).await
}

#[tokio::test]
async fn a_rule_from_put_to_delete() {
    let client = Client::new();
    let arn = put_rule(&client, "r1", "DISABLED").await;
    assert_eq!(arn, "arn:aws:events:ap-northeast-2:111122223333:rule/r1");
    put_target(&client, "r1", json!({ "Id": "t", "Arn": "arn:aws:sns:ap-northeast-2:111122223333:topic" })).await;
    // Put again: what is not given is gone, the targets stay.
    let input = json!({ "Name": "r1", "EventPattern": PATTERN, "Description": "d" });
    client.events("PutRule", input).await.unwrap();
    let rule = client.events("DescribeRule", json!({ "Name": "r1" })).await.unwrap();
    assert_eq!(
        rule,
        json!({
            "Name": "r1", "Arn": arn, "EventPattern": PATTERN, "State": "ENABLED", "Description": "d",
            "EventBusName": "default", "CreatedBy": "111122223333",
        })
    );
    client.events("DisableRule", json!({ "Name": "r1" })).await.unwrap();
    assert_eq!(client.events("DescribeRule", json!({ "Name": "r1" })).await.unwrap()["State"], "DISABLED");
    let names = client
        .events("ListRuleNamesByTarget", json!({ "TargetArn": "arn:aws:sns:ap-northeast-2:111122223333:topic" }))
        .await;
    assert_eq!(names.unwrap()["RuleNames"], json!(["r1"]));
    assert_eq!(
        client.events("DeleteRule", json!({ "Name": "r1" })).await.unwrap_err(),
        "ValidationException: Rule can't be deleted since it has targets."
    );
    let removed = client.events("RemoveTargets", json!({ "Rule": "r1", "Ids": ["t", "u"] })).await.unwrap();
    assert_eq!(
        removed["FailedEntries"],
        json!([{
            "TargetId": "u", "ErrorCode": "ResourceNotFoundException",
            "ErrorMessage": "Rule 'r1' does not have a target with the Id 'u'.",
        }])
    );
    client.events("DeleteRule", json!({ "Name": "r1" })).await.unwrap();
    client.events("DeleteRule", json!({ "Name": "r1" })).await.unwrap();
    assert_eq!(
        client.events("DescribeRule", json!({ "Name": "r1" })).await.unwrap_err(),
        "ResourceNotFoundException: Rule r1 does not exist on EventBus default."
    );
}

#[tokio::test]
async fn rules_that_aws_refuses() {
    let client = Client::new();
    let table = [
        (
            json!({ "Name": "r" }),
            "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            json!({ "Name": "r", "EventPattern": r#"{"source": "aws.ec2"}"# }),
            "InvalidEventPatternException: Event pattern is not valid. Reason: ",
        ),
        (
            json!({ "Name": "a b", "EventPattern": PATTERN }),
            r"ValidationException: 1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+",
        ),
        (
            json!({ "Name": "r", "EventPattern": PATTERN, "EventBusName": "other" }),
            "ResourceNotFoundException: Event bus other does not exist.",
        ),
        (
            json!({ "Name": "r", "ScheduleExpression": "rate(5 minutes)" }),
            "NotImplemented: the lab does not support the parameter ScheduleExpression of events:PutRule",
        ),
        (json!({ "Name": "r", "EventPattern": PATTERN, "State": "ON" }), "ValidationException: 1 validation error"),
    ];
    for (input, wanted) in table {
        let refused = client.events("PutRule", input.clone()).await.unwrap_err();
        assert!(refused.starts_with(wanted), "{input}: {refused}");
    }
    assert_eq!(
        client.events("CreateArchive", json!({})).await.unwrap_err(),
        "NotImplemented: the lab does not support the operation events:CreateArchive"
    );
}

#[tokio::test]
async fn targets_that_aws_refuses() {
    let client = Client::new();
    put_rule(&client, "r", "ENABLED").await;
    let topic = "arn:aws:sns:ap-northeast-2:111122223333:t";
    let fifo = "arn:aws:sqs:ap-northeast-2:111122223333:q.fifo";
    let table = [
        (
            json!([{ "Id": "t", "Arn": "nonsense" }]),
            "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            json!([{ "Id": "t", "Arn": topic, "Input": "1", "InputPath": "$" }]),
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.",
        ),
        (json!([{ "Id": "t", "Arn": topic, "Input": "word" }]), "JSON syntax error in input for target t."),
        (json!([{ "Id": "t", "Arn": topic, "InputPath": "detail" }]), "InputPath for target t is invalid."),
        (json!([{ "Id": "t", "Arn": fifo }]), "Parameter(s) SqsParameters must be specified for target: t."),
        (
            json!([{ "Id": "t", "Arn": topic }, { "Id": "t", "Arn": topic }]),
            "Parameter targets is not valid. Reason: More than one target with Id 't' is provided.",
        ),
        (
            json!([{ "Id": "t", "Arn": "arn:aws:sns:ap-northeast-2:999999999999:t" }]),
            "RoleArn is required for target arn:aws:sns:ap-northeast-2:999999999999:t.",
        ),
        (
            json!([{ "Id": "t", "Arn": topic, "RetryPolicy": { "MaximumRetryAttempts": 186 } }]),
            "Member must have value less than or equal to 185",
        ),
    ];
    for (targets, wanted) in table {
        let refused = client.events("PutTargets", json!({ "Rule": "r", "Targets": targets })).await.unwrap_err();
        assert!(refused.starts_with("ValidationException: ") && refused.ends_with(wanted), "{targets}: {refused}");
    }
    let bus = json!([{ "Id": "t", "Arn": "arn:aws:events:ap-northeast-2:111122223333:event-bus/b" }]);
    let refused = client.events("PutTargets", json!({ "Rule": "r", "Targets": bus })).await.unwrap_err();
    assert!(refused.starts_with("NotImplemented: the lab does not support targets of the service events"), "{refused}");

    let six: Vec<_> = (0..6).map(|n| json!({ "Id": format!("t{n}"), "Arn": topic })).collect();
    let refused = client.events("PutTargets", json!({ "Rule": "r", "Targets": six })).await.unwrap_err();
    assert_eq!(refused, "LimitExceededException: The requested resource exceeds the maximum number allowed.");
    let listed = client.events("ListTargetsByRule", json!({ "Rule": "r" })).await.unwrap();
    assert_eq!(listed["Targets"], json!([]), "nothing changed");
}

#[tokio::test]
async fn a_target_comes_back_as_it_was_put() {
    let client = Client::new();
    put_rule(&client, "r", "ENABLED").await;
    let target = json!({
        "Id": "t",
        "Arn": "arn:aws:sqs:ap-northeast-2:111122223333:q",
        "InputTransformer": { "InputPathsMap": { "a": "$.detail" }, "InputTemplate": "\"<a>\"" },
        "DeadLetterConfig": { "Arn": "arn:aws:sqs:ap-northeast-2:111122223333:dlq" },
        "RetryPolicy": { "MaximumRetryAttempts": 0 },
    });
    put_target(&client, "r", target.clone()).await;
    let listed = client.events("ListTargetsByRule", json!({ "Rule": "r" })).await.unwrap();
    assert_eq!(listed["Targets"], json!([target]));
}

#[tokio::test]
async fn events_that_put_events_refuses_one_by_one() {
    let client = Client::new();
    let required = |name: &str| {
        let message = format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
        json!({ "ErrorCode": "InvalidArgument", "ErrorMessage": message })
    };
    let malformed = json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
    let forged =
        json!({ "ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source." });
    let entries = json!([
        { "DetailType": "t", "Detail": "{}" },
        { "Source": "s", "Detail": "{}" },
        { "Source": "s", "DetailType": "t" },
        { "Source": "s", "DetailType": "t", "Detail": "[]" },
        { "Source": "s", "DetailType": "t", "Detail": "{" },
        { "Source": "aws.ec2", "DetailType": "t", "Detail": "{}" },
        { "Source": "s", "DetailType": "t", "Detail": "{}" },
    ]);
    let put = client.events("PutEvents", json!({ "Entries": entries })).await.unwrap();
    assert_eq!(put["FailedEntryCount"], 6);
    let wanted = [required("Source"), required("DetailType"), required("Detail"), malformed.clone(), malformed, forged];
    assert_eq!(put["Entries"].as_array().unwrap()[..6], wanted);
    assert!(put["Entries"][6]["EventId"].is_string());

    let entry = json!({ "Source": "s", "DetailType": "t", "Detail": "{}" });
    let eleven = json!({ "Entries": vec![entry.clone(); 11] });
    let refused = client.events("PutEvents", eleven).await.unwrap_err();
    assert!(refused.ends_with("Member must have length less than or equal to 10"), "{refused}");
    let large = json!({ "Source": "s", "DetailType": "t", "Detail": format!("{{\"a\":\"{}\"}}", "x".repeat(262_144)) });
    assert_eq!(
        client.events("PutEvents", json!({ "Entries": [large] })).await.unwrap_err(),
        "ValidationException: Total size of the entries in the request is over the limit."
    );
}

#[tokio::test]
async fn an_event_for_a_bus_that_is_not_there_is_dropped_without_a_word() {
    let client = Client::new();
    let detail = json!({ "eventName": "Lost" }).to_string();
    let entry = json!({ "Source": "s", "DetailType": "t", "Detail": detail, "EventBusName": "nowhere" });
    let put = client.events("PutEvents", json!({ "Entries": [entry] })).await.unwrap();
    assert_eq!(put["FailedEntryCount"], 0);
    let lost = client.deliveries(Hop::Bus, "Lost").await.pop().unwrap();
    assert_eq!((lost.outcome, lost.reason), (Outcome::Stopped, Some(Reason::NotFound)));
}

#[tokio::test]
async fn a_rule_says_why_it_does_not_take_an_event() {
    let client = Client::new();
    let arn = put_rule(&client, "r", "DISABLED").await;
    sell(&client, "Sold").await;
    let disabled = at_rule(&client, "Sold").await.pop().unwrap();
    assert_eq!((disabled.reason, disabled.to), (Some(Reason::RuleDisabled), arn.clone()));
    sell(&client, "Returned").await;
    assert!(at_rule(&client, "Returned").await.is_empty(), "a disabled rule is in the way only of what it would match");

    client.events("EnableRule", json!({ "Name": "r" })).await.unwrap();
    sell(&client, "sold").await;
    let mismatch = at_rule(&client, "sold").await.pop().unwrap();
    assert_eq!(mismatch.reason, Some(Reason::PatternMismatch));
    assert!(mismatch.explanation.is_none(), "explaining is left to who asks");
    let explained = mismatch.explained();
    let explanation = explained.explanation.as_ref().and_then(Explanation::pattern).unwrap();
    assert_eq!(explanation.failures[0].path, "detail.eventName");
    assert!(explained.detail.unwrap().contains("detail.eventName"));

    sell(&client, "Sold").await;
    let (matched, untargeted) = match at_rule(&client, "Sold").await.as_slice() {
        [_, matched, untargeted] => (matched.clone(), untargeted.clone()),
        other => panic!("{other:?}"),
    };
    assert_eq!(matched.outcome, Outcome::Delivered);
    assert_eq!((untargeted.from, untargeted.reason), (arn, Some(Reason::NoTarget)));
}

#[tokio::test]
async fn read_only_events_need_a_rule_that_asks_for_them() {
    let client = Client::new();
    put_rule(&client, "plain", "ENABLED").await;
    put_rule(&client, "all", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS").await;
    let event = |name: &str| Arc::new(json!({ "source": "shop", "detail": { "eventName": name } }));
    let carried = Carried { event_name: Some("Sold".to_owned()), ..Carried::default() };
    client.cloud.events.put_service_event(&client.cloud, &client.scope, event("Sold"), true, &carried);
    let outcomes: Vec<_> = at_rule(&client, "Sold")
        .await
        .into_iter()
        .map(|delivery| (delivery.to.rsplit('/').next().unwrap().to_owned(), delivery.reason))
        .filter(|(rule, _)| !rule.is_empty())
        .collect();
    assert_eq!(outcomes, [("all".to_owned(), None), ("plain".to_owned(), Some(Reason::ReadOnlyEvent))]);
    let other = Carried { event_name: Some("Other".to_owned()), ..Carried::default() };
    client.cloud.events.put_service_event(&client.cloud, &client.scope, event("Other"), true, &other);
    let only: Vec<_> = at_rule(&client, "Other").await.into_iter().map(|delivery| delivery.reason).collect();
    assert_eq!(only, [Some(Reason::PatternMismatch)], "held back is only what would match");
}

#[tokio::test]
async fn queues_get_the_event_or_what_the_target_makes_of_it() {
    let client = Client::new();
    put_rule(&client, "r", "ENABLED").await;
    let queue = client.queue("q", true).await;
    let inputs = [
        json!({}),
        json!({ "Input": "{\"fixed\": 1}" }),
        json!({ "InputPath": "$.detail" }),
        json!({ "InputPath": "$.detail.eventName" }),
        json!({ "InputTransformer": {
            "InputPathsMap": { "what": "$.detail.eventName" },
            "InputTemplate": "\"<what> by <aws.events.rule-name>\"",
        } }),
    ];
    for (n, mut target) in inputs.into_iter().enumerate() {
        target["Id"] = format!("t{n}").into();
        target["Arn"] = queue.clone().into();
        put_target(&client, "r", target).await;
    }
    sell(&client, "Sold").await;
    assert_eq!(client.deliveries(Hop::Queue, "Sold").await.len(), 5);
    let mut bodies: Vec<String> =
        client.messages("q").await.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect();
    let whole = bodies.iter().position(|body| body.contains("detail-type")).map(|place| bodies.remove(place)).unwrap();
    let event: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(
        event.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    );
    assert_eq!((&event["source"], &event["resources"]), (&json!("shop"), &json!(["r"])));
    bodies.sort();
    let wanted =
        ["\"Sold by r\"", "\"Sold\"", r#"{"eventName":"Sold","price":3}"#, r#"{"fixed": 1}"#].map(str::to_owned);
    assert_eq!(bodies, wanted);
}

#[tokio::test]
async fn a_management_call_reaches_its_target_by_way_of_trail_and_rule() {
    let client = Client::new();
    client.trail("log").await;
    client.queue("alerts", true).await;
    let pattern = json!({ "source": ["aws.sqs"], "detail": { "eventName": ["DeleteQueue"] } }).to_string();
    client.events("PutRule", json!({ "Name": "r", "EventPattern": pattern })).await.unwrap();
    put_target(&client, "r", json!({ "Id": "t", "Arn": client.scope.arn("sqs", "alerts") })).await;
    client.queue("victim", false).await;
    let url = "http://127.0.0.1:4566/111122223333/victim";
    client.sqs("DeleteQueue", json!({ "QueueUrl": url })).await.unwrap();
    assert_eq!(client.deliveries(Hop::Queue, "DeleteQueue").await.len(), 1);
    let alert: Value = serde_json::from_str(client.messages("alerts").await[0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!(alert["detail-type"], "AWS API Call via CloudTrail");
    assert_eq!(alert["detail"]["requestParameters"]["queueUrl"], url);
}

#[tokio::test]
async fn buses_of_ones_own() {
    let client = Client::new();
    let created = client.events("CreateEventBus", json!({ "Name": "orders" })).await.unwrap();
    let arn = "arn:aws:events:ap-northeast-2:111122223333:event-bus/orders";
    assert_eq!(created["EventBusArn"], arn);
    let again = client.events("CreateEventBus", json!({ "Name": "orders" })).await.unwrap_err();
    assert_eq!(again, "ResourceAlreadyExistsException: Event bus orders already exists.");
    let listed = client.events("ListEventBuses", json!({})).await.unwrap();
    let names: Vec<_> = listed["EventBuses"].as_array().unwrap().iter().map(|bus| &bus["Name"]).collect();
    assert_eq!(names, ["default", "orders"]);
    let rule = json!({ "Name": "r", "EventPattern": PATTERN, "EventBusName": arn });
    let rule_arn = client.events("PutRule", rule).await.unwrap()["RuleArn"].clone();
    assert_eq!(rule_arn, "arn:aws:events:ap-northeast-2:111122223333:rule/orders/r");
    sell(&client, "Sold").await;
    assert!(at_rule(&client, "Sold").await.is_empty(), "the default bus has no rule");
    let detail = json!({ "eventName": "Sold" }).to_string();
    let entry = json!({ "Source": "shop", "DetailType": "t", "Detail": detail, "EventBusName": "orders" });
    client.events("PutEvents", json!({ "Entries": [entry] })).await.unwrap();
    assert_eq!(at_rule(&client, "Sold").await[0].to, rule_arn);
    client
        .events("TagResource", json!({ "ResourceARN": rule_arn, "Tags": [{ "Key": "k", "Value": "v" }] }))
        .await
        .unwrap();
    let tags = client.events("ListTagsForResource", json!({ "ResourceARN": rule_arn })).await.unwrap();
    assert_eq!(tags["Tags"], json!([{ "Key": "k", "Value": "v" }]));
    let refused = client.events("DeleteEventBus", json!({ "Name": "orders" })).await.unwrap_err();
    assert!(refused.contains("since it has rules"), "{refused}");
}

#[tokio::test]
async fn rules_are_listed_in_pages() {
    let client = Client::new();
    for name in ["a-3", "a-1", "b-1", "a-2"] {
        put_rule(&client, name, "ENABLED").await;
    }
    let list = |input: Value| client.events("ListRules", input);
    let first = list(json!({ "NamePrefix": "a-", "Limit": 2 })).await.unwrap();
    let rest = list(json!({ "NamePrefix": "a-", "Limit": 2, "NextToken": first["NextToken"] })).await.unwrap();
    let names = |page: &Value| -> Vec<String> {
        page["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((names(&first), names(&rest)), (vec!["a-1".into(), "a-2".into()], vec!["a-3".into()]));
    assert_eq!(rest.get("NextToken"), None);
    assert!(list(json!({ "Limit": 0 })).await.unwrap_err().contains("greater than or equal to 1"));
}

#[tokio::test]
async fn a_pattern_is_tested_on_a_whole_event_only() {
    let client = Client::new();
    let test = |event: Value| {
        let input = json!({ "EventPattern": r#"{"source": ["aws.ec2"]}"#, "Event": event.to_string() });
        client.events("TestEventPattern", input)
    };
    let whole = json!({
        "id": "1", "account": "1", "source": "aws.ec2", "time": "2026-11-24T03:00:00Z", "region": "r", "detail-type": "t",
    });
    assert_eq!(test(whole.clone()).await.unwrap()["Result"], true);
    let mut other = whole.clone();
    other["source"] = "aws.s3".into();
    assert_eq!(test(other).await.unwrap()["Result"], false);
    for field in ["id", "account", "source", "time", "region", "detail-type"] {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(field);
        assert_eq!(test(part).await.unwrap_err(), "ValidationException: Parameter Event is not valid.", "{field}");
    }
}

#[tokio::test]
async fn another_account_needs_the_policy_of_the_bus() {
    let owner = Client::new();
    let other = Client {
        cloud: Arc::clone(&owner.cloud),
        scope: crate::scope::Scope::new("444455556666", owner.scope.region.clone()),
    };
    owner.events("CreateEventBus", json!({ "Name": "shared" })).await.unwrap();
    let bus = owner.scope.arn("events", "event-bus/shared");
    let put = async |client: &Client| {
        let entry = json!({ "EventBusName": bus, "Source": "mine", "DetailType": "t", "Detail": "{}" });
        let answer = client.events("PutEvents", json!({ "Entries": [entry] })).await.unwrap();
        answer["Entries"][0]["ErrorCode"].as_str().map(str::to_owned)
    };
    assert_eq!(put(&owner).await, None, "the owner needs none");
    assert_eq!(put(&other).await.as_deref(), Some("AccessDeniedException"));
    let permission = json!({
        "EventBusName": "shared", "Action": "events:PutEvents", "Principal": "444455556666", "StatementId": "them",
    });
    owner.events("PutPermission", permission.clone()).await.unwrap();
    owner.events("PutPermission", permission).await.unwrap();
    assert_eq!(put(&other).await, None);
    let described = owner.events("DescribeEventBus", json!({ "Name": "shared" })).await.unwrap();
    let policy: Value = serde_json::from_str(described["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 1, "a second time replaces: {policy}");
    assert_eq!(policy["Statement"][0]["Resource"], bus);
    for (wrong, code) in [
        (json!({ "StatementId": "x", "Action": "events:PutRule", "Principal": "*" }), "ValidationException"),
        (json!({ "StatementId": "x", "Action": "events:PutEvents", "Principal": "them" }), "ValidationException"),
        (json!({ "Action": "events:PutEvents", "Principal": "*" }), "ValidationException"),
        (json!({ "Policy": "{" }), "ValidationException"),
        (json!({ "EventBusName": "absent", "Policy": "{}" }), "ResourceNotFoundException"),
    ] {
        let refused = owner.events("PutPermission", wrong.clone()).await.unwrap_err();
        assert!(refused.starts_with(code), "{wrong}: {refused}");
    }
    let remove = |sid: &str| owner.events("RemovePermission", json!({ "EventBusName": "shared", "StatementId": sid }));
    let missing = "ResourceNotFoundException: Statement with the provided id does not exist.";
    assert_eq!(remove("nobody").await.unwrap_err(), missing);
    remove("them").await.unwrap();
    assert_eq!(remove("them").await.unwrap_err(), missing, "without a policy too");
    assert_eq!(put(&other).await.as_deref(), Some("AccessDeniedException"));
}

#[tokio::test]
async fn what_eventbridge_has_and_the_lab_does_not_is_refused_by_name() {
    let client = Client::new();
    for operation in ["CreateArchive", "StartReplay", "CreateConnection", "CreateApiDestination", "CreateEndpoint"] {
        let refused = client.events(operation, json!({})).await.unwrap_err();
        assert_eq!(refused, format!("NotImplemented: the lab does not support the operation events:{operation}"));
    }
}
