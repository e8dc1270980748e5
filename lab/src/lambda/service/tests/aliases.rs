//! Aliases point to versions, to two of them by weight.

use super::*;

/// A function with the versions 1 and 2, which tell by their code which they are.
async fn two_versions() -> Client {
    let client = Client::new().await;
    client.create("alarm").await;
    for code in ["first", "second"] {
        client.update("alarm", code).await;
        client.publish("alarm").await;
    }
    client
}

async fn alias(client: &Client, input: Value) -> Result<Value, String> {
    client.post("/alarm/aliases", input).await
}

#[tokio::test]
async fn an_alias_runs_the_version_that_it_points_to_and_moves() {
    let client = two_versions().await;
    let created = alias(&client, json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    let arn = client.arn("alarm") + ":live";
    assert_eq!((&created["AliasArn"], &created["Description"]), (&json!(arn), &json!("")));
    assert_eq!(client.get("/alarm/aliases/live").await.unwrap(), created);
    assert_eq!(client.code("alarm:live").await, "first");
    let moved =
        client.put("/alarm/aliases/live", json!({ "FunctionVersion": "2", "Description": "new" })).await.unwrap();
    assert_ne!(moved["RevisionId"], created["RevisionId"]);
    let answer = client.answer("alarm:live", json!({})).await;
    assert_eq!(answer["environment"]["CODE"], "second");
    assert_eq!(answer["headers"]["lambda-runtime-invoked-function-arn"], json!(arn));
    assert_eq!(header(&client.invoke("alarm:live", &[], json!({})).await, "x-amz-executed-version"), "2");
    let configuration = client.get("/alarm/configuration?Qualifier=live").await.unwrap();
    assert_eq!((&configuration["Version"], &configuration["FunctionArn"]), (&json!("2"), &json!(arn)));
}

#[tokio::test]
async fn weights_share_the_invocations_out() {
    let client = two_versions().await;
    let routing = |weight: f64| json!({ "AdditionalVersionWeights": { "2": weight } });
    let input = json!({ "Name": "live", "FunctionVersion": "1", "RoutingConfig": routing(0.5) });
    let created = alias(&client, input).await.unwrap();
    assert_eq!(created["RoutingConfig"], routing(0.5));
    let mut seen = std::collections::BTreeSet::new();
    // All on one side has the probability of 2⁻⁵⁹.
    for _ in 0..60 {
        let reply = client.invoke("alarm:live", &[], json!({})).await;
        seen.insert(header(&reply, "x-amz-executed-version").to_owned());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2"]);
    let refused = client.delete("/alarm:2").await.unwrap_err();
    assert!(refused.starts_with("409 ResourceConflictException: "), "the alias points to it too: {refused}");
    client.put("/alarm/aliases/live", json!({ "RoutingConfig": routing(1.0) })).await.unwrap();
    assert_eq!(client.code("alarm:live").await, "second");
    let plain = client.put("/alarm/aliases/live", json!({ "RoutingConfig": {} })).await.unwrap();
    assert!(plain.get("RoutingConfig").is_none(), "{plain}");
    assert_eq!(client.code("alarm:live").await, "first");
}

#[tokio::test]
async fn an_alias_that_makes_no_sense_is_refused() {
    let client = two_versions().await;
    alias(&client, json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    let arn = client.arn("alarm");
    let weights = |first: &str, weights: Value| json!({ "Name": "x", "FunctionVersion": first, "RoutingConfig": { "AdditionalVersionWeights": weights } });
    let invalid = "400 InvalidParameterValueException: ";
    for (input, expected) in [
        (json!({ "Name": "live", "FunctionVersion": "2" }), format!("409 ResourceConflictException: Alias already exists: {arn}:live")),
        (json!({ "Name": "x", "FunctionVersion": "9" }), format!("404 ResourceNotFoundException: Function not found: {arn}:9")),
        (json!({ "Name": "7", "FunctionVersion": "1" }), "400 ValidationException: 1 validation error detected: Value '7' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)".to_owned()),
        (weights("1", json!({ "1": 0.5 })), format!("{invalid}Invalid function version 1. Function version 1 is already included in routing configuration.")),
        (weights("1", json!({ "2": 0.5, "1": 0.1 })), format!("{invalid}Number of items in AdditionalVersionWeights cannot be greater than 1")),
        (weights("$LATEST", json!({ "2": 0.5 })), format!("{invalid}$LATEST is not supported for an alias pointing to more than 1 version")),
        (weights("1", json!({ "9": 0.5 })), format!("404 ResourceNotFoundException: Function not found: {arn}:9")),
    ] {
        assert_eq!(alias(&client, input).await.unwrap_err(), expected);
    }
    let heavy = alias(&client, weights("1", json!({ "2": 1.5 }))).await.unwrap_err();
    assert!(heavy.starts_with("400 ValidationException: ") && heavy.contains("{2=1.5}"), "{heavy}");
    assert_eq!(client.get("/alarm/aliases").await.unwrap()["Aliases"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_change_on_an_older_alias_is_refused_and_one_that_is_not_there_is_not_found() {
    let client = two_versions().await;
    let old = alias(&client, json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap()["RevisionId"].clone();
    client.put("/alarm/aliases/live", json!({ "Description": "new" })).await.unwrap();
    let stale =
        client.put("/alarm/aliases/live", json!({ "FunctionVersion": "2", "RevisionId": old })).await.unwrap_err();
    assert!(stale.starts_with("412 PreconditionFailedException: "), "{stale}");
    let missing = format!("404 ResourceNotFoundException: Cannot find alias arn: {}:x", client.arn("alarm"));
    assert_eq!(client.get("/alarm/aliases/x").await.unwrap_err(), missing);
    assert_eq!(client.put("/alarm/aliases/x", json!({ "Description": "" })).await.unwrap_err(), missing);
    client.delete("/alarm/aliases/x").await.unwrap();
}

#[tokio::test]
async fn aliases_are_listed_in_pages_and_by_version() {
    let client = two_versions().await;
    for (name, version) in [("c", "1"), ("a", "2"), ("b", "1")] {
        alias(&client, json!({ "Name": name, "FunctionVersion": version })).await.unwrap();
    }
    let names = |list: &Value| -> Vec<String> {
        list["Aliases"].as_array().unwrap().iter().map(|alias| alias["Name"].as_str().unwrap().to_owned()).collect()
    };
    let first = client.get("/alarm/aliases?MaxItems=2").await.unwrap();
    assert_eq!((names(&first), &first["NextMarker"]), (vec!["a".into(), "b".into()], &json!("b")));
    assert_eq!(names(&client.get("/alarm/aliases?Marker=b").await.unwrap()), ["c"]);
    assert_eq!(names(&client.get("/alarm/aliases?FunctionVersion=1").await.unwrap()), ["b", "c"]);
}
