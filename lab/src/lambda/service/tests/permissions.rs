//! A function's policy, statement by statement.

use super::*;

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:111122223333:alarm";

fn permission(sid: &str) -> Value {
    json!({
        "StatementId": sid,
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
        "SourceArn": TOPIC,
    })
}

async fn policy(client: &Client) -> (Value, String) {
    let answer = client.get("/alarm/policy").await.unwrap();
    let policy = serde_json::from_str(answer["Policy"].as_str().unwrap()).unwrap();
    (policy, answer["RevisionId"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_statement_is_as_lambda_writes_it() {
    let client = Client::new().await;
    client.create("alarm").await;
    let mut input = permission("sns");
    input["SourceAccount"] = ACCOUNT.into();
    let added = client.post("/alarm/policy", input).await.unwrap();
    let statement = json!({
        "Sid": "sns",
        "Effect": "Allow",
        "Principal": { "Service": "sns.amazonaws.com" },
        "Action": "lambda:InvokeFunction",
        "Resource": client.arn("alarm"),
        "Condition": {
            "StringEquals": { "AWS:SourceAccount": ACCOUNT },
            "ArnLike": { "AWS:SourceArn": TOPIC },
        },
    });
    assert_eq!(serde_json::from_str::<Value>(added["Statement"].as_str().unwrap()).unwrap(), statement);
    let expected = json!({ "Version": "2012-10-17", "Id": "default", "Statement": [statement] });
    assert_eq!(policy(&client).await.0, expected);
}

#[tokio::test]
async fn principals_are_everyone_accounts_and_arns_too() {
    let client = Client::new().await;
    client.create("alarm").await;
    for (sid, principal) in [("everyone", "*"), ("account", OTHER), ("role", "arn:aws:iam::444455556666:role/r")] {
        let input = json!({ "StatementId": sid, "Action": "lambda:InvokeFunction", "Principal": principal });
        client.post("/alarm/policy", input).await.unwrap();
    }
    let principals: Vec<Value> =
        policy(&client).await.0["Statement"].as_array().unwrap().iter().map(|s| s["Principal"].clone()).collect();
    assert_eq!(
        principals,
        [
            json!("*"),
            json!({ "AWS": "arn:aws:iam::444455556666:root" }),
            json!({ "AWS": "arn:aws:iam::444455556666:role/r" })
        ]
    );
}

#[tokio::test]
async fn a_statement_id_is_taken_once_and_free_again_after_removal() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.post("/alarm/policy", permission("sns")).await.unwrap();
    assert_eq!(
        client.post("/alarm/policy", permission("sns")).await.unwrap_err(),
        "409 ResourceConflictException: The statement id (sns) provided already exists. Please provide a new statement id, \
         or remove the existing statement."
    );
    client.delete("/alarm/policy/sns").await.unwrap();
    let none = "404 ResourceNotFoundException: The resource you requested does not exist.";
    assert_eq!(client.get("/alarm/policy").await.unwrap_err(), none, "the last statement takes the policy with it");
    client.post("/alarm/policy", permission("sns")).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_cannot_be_read_or_removed() {
    let client = Client::new().await;
    let none = "404 ResourceNotFoundException: The resource you requested does not exist.";
    assert!(client.post("/alarm/policy", permission("sns")).await.unwrap_err().starts_with("404 "));
    client.create("alarm").await;
    assert_eq!(client.get("/alarm/policy").await.unwrap_err(), none);
    let without = "404 ResourceNotFoundException: No policy is associated with the given resource.";
    assert_eq!(client.delete("/alarm/policy/sns").await.unwrap_err(), without);
    client.post("/alarm/policy", permission("sns")).await.unwrap();
    assert_eq!(
        client.delete("/alarm/policy/other").await.unwrap_err(),
        "404 ResourceNotFoundException: Statement other is not found in resource policy."
    );
}

#[tokio::test]
async fn a_change_on_an_older_policy_is_refused() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.post("/alarm/policy", permission("one")).await.unwrap();
    let (_, old) = policy(&client).await;
    client.post("/alarm/policy", permission("two")).await.unwrap();
    let mut input = permission("three");
    input["RevisionId"] = old.clone().into();
    let refused = client.post("/alarm/policy", input.clone()).await.unwrap_err();
    assert!(refused.starts_with("412 PreconditionFailedException: "), "{refused}");
    let refused = client.delete(&format!("/alarm/policy/one?RevisionId={old}")).await.unwrap_err();
    assert!(refused.starts_with("412 PreconditionFailedException: "), "{refused}");
    input["RevisionId"] = policy(&client).await.1.into();
    client.post("/alarm/policy", input).await.unwrap();
}

#[tokio::test]
async fn a_malformed_permission_changes_nothing() {
    let client = Client::new().await;
    client.create("alarm").await;
    for (parameter, value, code) in [
        ("StatementId", "a b", "400 ValidationException"),
        ("Action", "sns:Publish", "400 ValidationException"),
        ("Principal", "sns", "400 InvalidParameterValueException"),
        ("SourceArn", "alarm", "400 ValidationException"),
        ("SourceAccount", "1234", "400 ValidationException"),
        ("EventSourceToken", "token", "501 NotImplemented"),
    ] {
        let mut input = permission("sns");
        input[parameter] = value.into();
        let refused = client.post("/alarm/policy", input).await.unwrap_err();
        assert!(refused.starts_with(code), "{parameter}: {refused}");
    }
    assert!(client.get("/alarm/policy").await.is_err());
}
