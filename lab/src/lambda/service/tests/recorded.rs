//! Answers as AWS gave them when others recorded them.

use super::*;

const CONCURRENCY: &str = "/2017-10-31/functions";
const EVENT_INVOKE: &str = "/2019-09-25/functions";
const URL: &str = "/2021-10-31/functions/alarm/url";

#[tokio::test]
async fn what_is_not_there_is_named_as_each_operation_names_it() {
    let client = Client::new().await;
    let arn = client.arn("gone");
    let without =
        format!("404 ResourceNotFoundException: The function {arn}:$LATEST doesn't have an EventInvokeConfig");
    let config = format!("{EVENT_INVOKE}/gone/event-invoke-config");
    assert_eq!(client.call(Method::GET, &config, Value::Null).await.unwrap_err(), without);
    assert_eq!(client.call(Method::DELETE, &config, Value::Null).await.unwrap_err(), without);
    let missing = format!("404 ResourceNotFoundException: Function not found: {arn}");
    assert_eq!(client.reserve("gone", 1).await.unwrap_err(), format!("{missing}:$LATEST"));
    let alias = json!({ "Name": "live", "FunctionVersion": "1" });
    assert_eq!(client.post("/gone/aliases", alias).await.unwrap_err(), format!("{missing}:1"));
}

#[tokio::test]
async fn values_that_are_not_of_their_kind() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.publish("alarm").await;
    let validation = |value: &str, at: &str, constraint: &str| {
        format!(
            "400 ValidationException: 1 validation error detected: Value '{value}' at '{at}' failed to satisfy \
             constraint: {constraint}"
        )
    };
    for (weight, text) in [(2.0, "{1=2.0}"), (-1.0, "{1=-1.0}")] {
        let routing = json!({ "AdditionalVersionWeights": { "1": weight } });
        let input = json!({ "Name": "live", "FunctionVersion": "1", "RoutingConfig": routing });
        let constraint = "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member \
                          must have value greater than or equal to 0.0, Member must not be null]";
        let refused = client.post("/alarm/aliases", input).await.unwrap_err();
        assert_eq!(refused, validation(text, "routingConfig.additionalVersionWeights", constraint));
    }
    for (given, text, constraint) in [
        (
            json!(["sparc"]),
            "[sparc]",
            "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        ),
        (json!(["x86_64", "arm64"]), "[x86_64, arm64]", "Member must have length less than or equal to 1"),
    ] {
        let refused = client.create_with("other", json!({ "Architectures": given })).await.unwrap_err();
        assert_eq!(refused, validation(text, "architectures", constraint));
    }
    let refused = client.create_with("other", json!({ "Code": { "ZipFile": "" } })).await.unwrap_err();
    assert_eq!(refused, "400 InvalidParameterValueException: Uploaded file must be a non-empty zip");

    let arn = client.arn("alarm").replace(":lambda:", ":_!lambda:");
    let input = json!({ "DestinationConfig": { "OnFailure": { "Destination": arn } } });
    let path = format!("{EVENT_INVOKE}/alarm/event-invoke-config");
    let refused = client.call(Method::PUT, &path, input).await.unwrap_err();
    let pattern = "Member must satisfy regular expression pattern: $|kafka://";
    assert!(refused.starts_with(&validation(&arn, "destinationConfig.onFailure.destination", pattern)), "{refused}");
    let refused = client.call(Method::GET, "/2017-03-31/tags/arn%3Aaws%3Asomething", Value::Null).await.unwrap_err();
    let pattern = "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:";
    assert!(refused.starts_with(&validation("arn:aws:something", "resource", pattern)), "{refused}");
}

#[tokio::test]
async fn concurrency_is_the_whole_function_s() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.publish("alarm").await;
    let input = json!({ "ReservedConcurrentExecutions": 1 });
    let path = format!("{CONCURRENCY}/alarm:1/concurrency");
    let refused = client.call(Method::PUT, &path, input).await.unwrap_err();
    assert_eq!(
        refused,
        "400 InvalidParameterValueException: This operation is permitted on Lambda functions only. Aliases and versions do \
         not support this operation. Please specify either a function name or an unqualified function ARN."
    );
}

#[tokio::test]
async fn an_answer_has_no_more_than_that_of_aws() {
    let client = Client::new().await;
    client.create("alarm").await;
    assert_eq!(client.get("/alarm").await.unwrap().get("Tags"), None, "there are none");
    let names = |answer: &Value| -> Vec<String> { answer.as_object().unwrap().keys().cloned().collect() };
    let url = ["FunctionUrl", "FunctionArn", "AuthType", "CreationTime"];
    let created = client.call(Method::POST, URL, json!({ "AuthType": "NONE" })).await.unwrap();
    assert_eq!(names(&created), url);
    let changed = client.call(Method::PUT, URL, json!({ "InvokeMode": "BUFFERED" })).await.unwrap();
    assert_eq!(names(&changed), [&url[..], &["LastModifiedTime", "InvokeMode"]].concat(), "what was given is repeated");
    let changed = client.call(Method::PUT, URL, json!({ "AuthType": "AWS_IAM" })).await.unwrap();
    assert_eq!(names(&changed), [&url[..], &["LastModifiedTime"]].concat());
    let shown = client.call(Method::GET, URL, Value::Null).await.unwrap();
    assert_eq!(shown["InvokeMode"], "BUFFERED");
}
