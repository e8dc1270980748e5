//! What an asynchronous event meets between its attempts.

use super::*;
use crate::deliveries::{Hop, Outcome};

const EVENT: [(&str, &str); 1] = [("x-amz-invocation-type", "Event")];

async fn outcomes(client: &Client) -> Vec<Outcome> {
    client.cloud.deliveries.settled().await;
    let all = client.cloud.deliveries.all();
    all.iter().filter(|delivery| delivery.hop == Hop::Function).map(|delivery| delivery.outcome).collect()
}

#[tokio::test]
async fn a_retry_runs_on_the_code_that_is_current_by_then() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.invoke("alarm", &EVENT, json!({ "do": "fail with the first code" })).await;
    eventually("the first attempt fails", || client.metric("Errors", "alarm") >= 1.0).await;
    client.update("alarm", "second").await;
    let outcomes = outcomes(&client).await;
    assert_eq!(outcomes.last(), Some(&Outcome::Delivered), "{outcomes:?}");
}

#[tokio::test]
async fn a_retry_on_a_version_runs_on_that_version() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.publish("alarm").await;
    client.invoke("alarm:1", &EVENT, json!({ "do": "fail with the first code" })).await;
    eventually("the first attempt fails", || client.metric("Errors", "alarm") >= 1.0).await;
    client.update("alarm", "second").await;
    assert_eq!(outcomes(&client).await, [Outcome::Retried, Outcome::Retried, Outcome::Stopped]);
}

#[tokio::test]
async fn an_event_ends_with_its_function() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.invoke("alarm", &EVENT, json!({ "do": "fail" })).await;
    eventually("the first attempt fails", || client.metric("Errors", "alarm") >= 1.0).await;
    client.delete("/alarm").await.unwrap();
    assert_eq!(outcomes(&client).await.last(), Some(&Outcome::Stopped));
    assert!(client.metric("Errors", "alarm") < 3.0);
}

#[tokio::test]
async fn the_settings_of_a_qualifier_are_put_updated_listed_and_deleted() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.publish("alarm").await;
    client.post("/alarm/aliases", json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    let path = |rest: &str| format!("/2019-09-25/functions/alarm/event-invoke-config{rest}");
    let put = async |rest: &str, input: Value| client.call(Method::PUT, &path(rest), input).await;
    let none = format!(
        "404 ResourceNotFoundException: The function {}:$LATEST doesn't have an EventInvokeConfig",
        client.arn("alarm")
    );
    assert_eq!(client.call(Method::GET, &path(""), Value::Null).await.unwrap_err(), none);
    assert_eq!(client.call(Method::POST, &path(""), json!({ "MaximumRetryAttempts": 1 })).await.unwrap_err(), none);
    assert_eq!(
        put("", json!({})).await.unwrap_err(),
        "400 InvalidParameterValueException: You must specify at least one of error handling or destination setting."
    );
    assert_eq!(
        put("", json!({ "MaximumEventAgeInSeconds": 59 })).await.unwrap_err(),
        "400 ValidationException: 1 validation error detected: Value '59' at 'maximumEventAgeInSeconds' failed to satisfy \
         constraint: Member must have value greater than or equal to 60"
    );
    put("", json!({ "MaximumRetryAttempts": 1 })).await.unwrap();
    let updated = client.call(Method::POST, &path(""), json!({ "MaximumEventAgeInSeconds": 60 })).await.unwrap();
    assert_eq!((&updated["MaximumRetryAttempts"], &updated["MaximumEventAgeInSeconds"]), (&json!(1), &json!(60)));
    let replaced = put("", json!({ "MaximumRetryAttempts": 0 })).await.unwrap();
    assert!(replaced.get("MaximumEventAgeInSeconds").is_none(), "{replaced}");
    let alias = put("?Qualifier=live", json!({ "MaximumRetryAttempts": 2 })).await.unwrap();
    assert_eq!(alias["FunctionArn"], json!(client.arn("alarm") + ":live"));
    let listed = client.call(Method::GET, &path("/list"), Value::Null).await.unwrap();
    assert_eq!(listed["FunctionEventInvokeConfigs"].as_array().unwrap().len(), 2);
    client.call(Method::DELETE, &path(""), Value::Null).await.unwrap();
    assert_eq!(client.call(Method::GET, &path(""), Value::Null).await.unwrap_err(), none);
    assert_eq!(
        put("?Qualifier=other", json!({ "MaximumRetryAttempts": 2 })).await.unwrap_err(),
        "404 ResourceNotFoundException: The function doesn't exist."
    );
}
