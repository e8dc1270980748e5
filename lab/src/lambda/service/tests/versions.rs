//! Versions stay as they were published.

use super::*;

fn numbers(list: &Value) -> Vec<&str> {
    list["Versions"].as_array().unwrap().iter().map(|version| version["Version"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_version_keeps_the_code_and_the_settings_that_it_was_published_with() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.update("alarm", "first").await;
    let published = client.publish("alarm").await;
    assert_eq!((&published["Version"], &published["State"]), (&json!("1"), &json!("Active")));
    assert_eq!(published["FunctionArn"], json!(format!("{}:1", client.arn("alarm"))));
    client.update("alarm", "second").await;
    client.put("/alarm/configuration", json!({ "Timeout": 7 })).await.unwrap();
    assert_eq!((client.code("alarm:1").await, client.code("alarm").await), (json!("first"), json!("second")));
    assert_eq!(client.get("/alarm:1").await.unwrap()["Configuration"], published);
    let answer = client.answer("alarm:1", json!({})).await;
    assert_eq!(answer["environment"]["AWS_LAMBDA_FUNCTION_VERSION"], "1");
    assert_eq!(answer["headers"]["lambda-runtime-invoked-function-arn"], published["FunctionArn"]);
    let reply = client.invoke("alarm", &[], json!({})).await;
    assert_eq!(header(&reply, "x-amz-executed-version"), "$LATEST");
    let latest = client.get("/alarm/configuration?Qualifier=%24LATEST").await.unwrap();
    assert_eq!((&latest["Timeout"], latest["FunctionArn"].as_str().unwrap().ends_with(":$LATEST")), (&json!(7), true));
}

#[tokio::test]
async fn what_has_not_changed_is_not_published_again() {
    let client = Client::new().await;
    client.create("alarm").await;
    let first = client.post("/alarm/versions", json!({ "Description": "one" })).await.unwrap();
    assert_eq!(first["Description"], "one");
    assert_eq!(client.post("/alarm/versions", json!({ "Description": "two" })).await.unwrap(), first);
    client.put("/alarm/configuration", json!({ "Timeout": 7 })).await.unwrap();
    assert_eq!(client.publish("alarm").await["Version"], "2");
    client.delete("/alarm?Qualifier=2").await.unwrap();
    assert_eq!(client.publish("alarm").await["Version"], "3", "a number does not come back");
    assert_eq!(numbers(&client.get("/alarm/versions").await.unwrap()), ["$LATEST", "1", "3"]);
}

#[tokio::test]
async fn a_version_is_published_of_the_state_that_the_caller_knows() {
    let client = Client::new().await;
    let created = client.create("alarm").await;
    client.put("/alarm/configuration", json!({ "Timeout": 7 })).await.unwrap();
    let stale = client.post("/alarm/versions", json!({ "RevisionId": created["RevisionId"] })).await.unwrap_err();
    assert!(stale.starts_with("412 PreconditionFailedException: "), "{stale}");
    let present = created["CodeSha256"].as_str().unwrap();
    assert_eq!(
        client.post("/alarm/versions", json!({ "CodeSha256": "x" })).await.unwrap_err(),
        format!(
            "400 InvalidParameterValueException: CodeSHA256 (x) is different from current CodeSHA256 in $LATEST ({present}). \
             Please try again with the CodeSHA256 in $LATEST."
        )
    );
    let latest = client.get("/alarm/configuration").await.unwrap();
    let input = json!({ "RevisionId": latest["RevisionId"], "CodeSha256": present });
    assert_eq!(client.post("/alarm/versions", input).await.unwrap()["Version"], "1");
}

#[tokio::test]
async fn creation_and_new_code_publish_when_asked_to() {
    let client = Client::new().await;
    assert_eq!(client.create_with("alarm", json!({ "Publish": true })).await.unwrap()["Version"], "1");
    let script = BOOTSTRAP.replace("exec", "export CODE=second\nexec");
    let input = json!({ "ZipFile": zip(&[("bootstrap", 0o755, &script)]), "Publish": true });
    let updated = client.put("/alarm/code", input).await.unwrap();
    assert_eq!((&updated["Version"], &updated["FunctionArn"]), (&json!("2"), &json!(client.arn("alarm") + ":2")));
    assert_eq!(client.code("alarm:2").await, "second");
}

#[tokio::test]
async fn versions_are_listed_in_pages_and_functions_with_all_of_them() {
    let client = Client::new().await;
    client.create("alarm").await;
    for timeout in 1..=11 {
        client.put("/alarm/configuration", json!({ "Timeout": timeout })).await.unwrap();
        client.publish("alarm").await;
    }
    let first = client.get("/alarm/versions?MaxItems=10").await.unwrap();
    assert_eq!(numbers(&first)[8..], ["8", "9"]);
    let marker = first["NextMarker"].as_str().unwrap();
    let second = client.get(&format!("/alarm/versions?MaxItems=10&Marker={marker}")).await.unwrap();
    assert_eq!((numbers(&second), second.get("NextMarker")), (vec!["10", "11"], None));
    let every = client.get("?FunctionVersion=ALL").await.unwrap();
    assert_eq!(every["Functions"].as_array().unwrap().len(), 12);
    assert_eq!(client.get("").await.unwrap()["Functions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_version_is_deleted_alone_unless_an_alias_points_to_it() {
    let client = Client::new().await;
    client.create("alarm").await;
    client.publish("alarm").await;
    let pid = client.answer("alarm:1", json!({})).await["pid"].as_u64().unwrap();
    client.post("/alarm/aliases", json!({ "Name": "live", "FunctionVersion": "1" })).await.unwrap();
    assert_eq!(
        client.delete("/alarm:1").await.unwrap_err(),
        "409 ResourceConflictException: Unable to delete version because the following aliases reference it: [live]"
    );
    assert_eq!(
        client.delete("/alarm:live").await.unwrap_err(),
        "400 InvalidParameterValueException: Deletion of aliases is not currently supported."
    );
    assert_eq!(
        client.delete("/alarm?Qualifier=%24LATEST").await.unwrap_err(),
        "400 InvalidParameterValueException: $LATEST version cannot be deleted without deleting the function."
    );
    client.delete("/alarm/aliases/live").await.unwrap();
    client.delete("/alarm:1").await.unwrap();
    eventually("the version's process ends", || is_gone(pid)).await;
    assert_eq!(
        client.get("/alarm:1").await.unwrap_err(),
        format!("404 ResourceNotFoundException: Function not found: {}:1", client.arn("alarm"))
    );
    client.answer("alarm", json!({})).await;
}
