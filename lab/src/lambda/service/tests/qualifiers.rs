//! What hangs on a qualifier hangs on nothing else: the silences of a function with versions and aliases.

use super::*;
use crate::cloud::Deliverer;
use crate::deliveries::{Carried, Hop, Outcome, Reason, Refusal};

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:111122223333:alarm";

fn permission(sid: &str) -> Value {
    json!({ "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com", "SourceArn": TOPIC })
}

fn deliver(client: &Client, qualifier: &str) -> Result<(), Refusal> {
    let deliverer =
        Deliverer { service: "sns.amazonaws.com", source_arn: TOPIC.to_owned(), source_account: ACCOUNT.to_owned() };
    let arn = format!("{}{qualifier}", client.arn("alarm"));
    let lambda = &client.cloud.lambda;
    lambda.invoke_as_service(&client.cloud, &deliverer, &arn, Bytes::from("{}"), &Carried::default())
}

/// A function with a version and an alias of it.
async fn aliased() -> Client {
    let client = Client::new().await;
    client.create("alarm").await;
    client.publish("alarm").await;
    client.post("/alarm/aliases", json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    client
}

#[tokio::test]
async fn the_policy_of_the_function_does_not_let_a_topic_invoke_an_alias() {
    let client = aliased().await;
    client.post("/alarm/policy", permission("sns")).await.unwrap();
    let refusal = deliver(&client, ":live").unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    assert_eq!(
        refusal.detail,
        "the function alarm has no policy for its qualifier live, so that sns.amazonaws.com may not invoke it"
    );
    assert_eq!(deliver(&client, ":1").unwrap_err().reason, Reason::PolicyDenied);
    deliver(&client, "").unwrap();
}

#[tokio::test]
async fn a_topic_invokes_the_version_behind_an_alias_under_the_alias_s_policy() {
    let client = aliased().await;
    let added = client.post("/alarm/policy?Qualifier=live", permission("sns")).await.unwrap();
    let statement: Value = serde_json::from_str(added["Statement"].as_str().unwrap()).unwrap();
    let arn = client.arn("alarm") + ":live";
    assert_eq!(statement["Resource"], json!(arn));
    assert_eq!(deliver(&client, "").unwrap_err().reason, Reason::PolicyDenied, "not the function itself");
    assert_eq!(deliver(&client, ":1").unwrap_err().reason, Reason::PolicyDenied, "nor the version");
    deliver(&client, ":live").unwrap();
    client.cloud.deliveries.settled().await;
    let deliveries = client.cloud.deliveries.all();
    let delivery = deliveries.iter().find(|delivery| delivery.hop == Hop::Function).unwrap();
    assert_eq!((delivery.outcome, &delivery.to), (Outcome::Delivered, &arn));
    let refusal = deliver(&client, ":other").unwrap_err();
    assert_eq!(
        (refusal.reason, refusal.detail.as_str()),
        (Reason::NotFound, "the function alarm has no version or alias other")
    );
}

#[tokio::test]
async fn policies_are_read_and_changed_by_qualifier() {
    let client = aliased().await;
    client.post("/alarm:live/policy", permission("sns")).await.unwrap();
    assert!(client.get("/alarm/policy").await.unwrap_err().starts_with("404 "));
    let policy = client.get("/alarm/policy?Qualifier=live").await.unwrap();
    let alias = client.get("/alarm/aliases/live").await.unwrap();
    assert_eq!(policy["RevisionId"], alias["RevisionId"], "a policy is a part of what it hangs on");
    assert_eq!(
        client.post("/alarm/policy?Qualifier=%24LATEST", permission("sns")).await.unwrap_err(),
        "400 InvalidParameterValueException: We currently do not support adding policies for $LATEST."
    );
    assert_eq!(
        client.post("/alarm/policy?Qualifier=other", permission("sns")).await.unwrap_err(),
        format!("404 ResourceNotFoundException: Cannot find alias arn: {}:other", client.arn("alarm"))
    );
    assert!(client.delete("/alarm/policy/sns").await.unwrap_err().starts_with("404 "));
    client.delete("/alarm/policy/sns?Qualifier=live").await.unwrap();
    assert!(client.get("/alarm/policy?Qualifier=live").await.unwrap_err().starts_with("404 "));
}

#[tokio::test]
async fn what_hung_on_a_deleted_alias_does_not_come_back_with_its_name() {
    let client = aliased().await;
    client.post("/alarm:live/policy", permission("sns")).await.unwrap();
    client.delete("/alarm/aliases/live").await.unwrap();
    client.post("/alarm/aliases", json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    assert_eq!(deliver(&client, ":live").unwrap_err().reason, Reason::PolicyDenied);
}

#[tokio::test]
async fn two_qualifiers_of_one_call_must_be_one() {
    let client = aliased().await;
    assert!(client.get("/alarm:live?Qualifier=live").await.is_ok());
    assert_eq!(
        client.get("/alarm:live?Qualifier=1").await.unwrap_err(),
        "400 InvalidParameterValueException: The derived qualifier from the function name does not match the specified \
         qualifier."
    );
    let refused = client.put("/alarm:1/configuration", json!({ "Timeout": 5 })).await.unwrap_err();
    assert!(refused.starts_with("400 InvalidParameterValueException: "), "a version does not change: {refused}");
    let input = json!({ "Tags": { "team": "blue" } });
    let path = format!("/2017-03-31/tags/{}:live", client.arn("alarm"));
    let refused = client.call(Method::POST, &path, input).await.unwrap_err();
    assert!(refused.contains("Tags on function aliases and versions are not supported"), "{refused}");
}

#[tokio::test]
async fn another_account_is_let_in_by_the_alias_that_it_names() {
    let client = aliased().await;
    let other = client.of(OTHER);
    let input = json!({ "StatementId": "other", "Action": "lambda:InvokeFunction", "Principal": OTHER });
    client.post("/alarm:live/policy", input).await.unwrap();
    other.answer(&(client.arn("alarm") + ":live"), json!({})).await;
    assert_eq!(other.invoke(&client.arn("alarm"), &[], json!({})).await.status, 403);
}
