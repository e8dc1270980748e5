//! What is created is found, listed, described, and gone once deleted.

use super::*;

#[tokio::test]
async fn what_was_created_is_described_with_its_defaults() {
    let client = Client::new().await;
    let created = client.create_with("alarm", json!({ "Timeout": null, "Tags": { "team": "blue" } })).await.unwrap();
    assert_eq!(created["FunctionArn"], "arn:aws:lambda:ap-northeast-2:111122223333:function:alarm");
    assert_eq!((&created["Timeout"], &created["MemorySize"]), (&json!(3), &json!(128)));
    assert_eq!((&created["State"], &created["Version"]), (&json!("Pending"), &json!("$LATEST")));
    assert_eq!(created["Architectures"], json!(["x86_64"]));
    let found = client.get("/alarm").await.unwrap();
    assert_eq!(
        (&found["Configuration"]["State"], &found["Configuration"]["LastUpdateStatus"]),
        (&json!("Active"), &json!("Successful"))
    );
    for name in ["FunctionArn", "CodeSha256", "RevisionId", "LoggingConfig", "LastModified"] {
        assert_eq!(found["Configuration"][name], created[name], "{name}");
    }
    assert_eq!(found["Tags"], json!({ "team": "blue" }));
    assert_eq!(client.get("/alarm/configuration").await.unwrap(), found["Configuration"]);
}

#[tokio::test]
async fn what_is_under_way_in_aws_is_so_in_the_answer_and_done_at_the_next_look() {
    let client = Client::new().await;
    let created = client.create_with("alarm", json!({})).await.unwrap();
    assert_eq!(
        (&created["State"], &created["StateReasonCode"], &created["StateReason"], created.get("LastUpdateStatus")),
        (&json!("Pending"), &json!("Creating"), &json!("The function is being created."), None)
    );
    let changed = client.put("/alarm/configuration", json!({ "Timeout": 9 })).await.unwrap();
    let code = client.put("/alarm/code", json!({ "ZipFile": zip(&[("bootstrap", 0o755, BOOTSTRAP)]) })).await.unwrap();
    for answer in [changed, code] {
        let status = (&answer["State"], &answer["LastUpdateStatus"], &answer["LastUpdateStatusReasonCode"]);
        assert_eq!(status, (&json!("Active"), &json!("InProgress"), &json!("Creating")));
    }
    let now = client.get("/alarm/configuration").await.unwrap();
    assert_eq!((&now["State"], &now["LastUpdateStatus"]), (&json!("Active"), &json!("Successful")));
    assert!(now.get("StateReason").is_none() && now.get("LastUpdateStatusReason").is_none(), "{now}");
}

#[tokio::test]
async fn a_function_answers_to_its_name_its_partial_arn_and_its_arn() {
    let client = Client::new().await;
    client.create("alarm").await;
    for name in ["alarm", "111122223333:function:alarm", &client.arn("alarm"), "alarm:$LATEST"] {
        let found = client.get(&format!("/{}/configuration", name.replace(':', "%3A"))).await;
        assert_eq!(found.unwrap()["FunctionName"], "alarm", "{name}");
    }
    let elsewhere = client.arn("alarm").replace("ap-northeast-2", "us-east-1");
    assert_eq!(
        client.get(&format!("/{elsewhere}")).await.unwrap_err(),
        "404 ResourceNotFoundException: Functions from 'us-east-1' are not reachable in this region ('ap-northeast-2')"
    );
    let refused = client.get("/alarm?Qualifier=live").await.unwrap_err();
    assert_eq!(refused, format!("404 ResourceNotFoundException: Function not found: {}:live", client.arn("alarm")));
}

#[tokio::test]
async fn functions_are_listed_by_name_in_pages_and_by_region() {
    let client = Client::new().await;
    for name in ["c", "a", "b"] {
        client.create(name).await;
    }
    let names = |page: &Value| -> Vec<String> {
        page["Functions"].as_array().unwrap().iter().map(|f| f["FunctionName"].as_str().unwrap().to_owned()).collect()
    };
    let first = client.get("?MaxItems=2").await.unwrap();
    assert_eq!((names(&first), &first["NextMarker"]), (vec!["a".into(), "b".into()], &json!("b")));
    let second = client.get("?MaxItems=2&Marker=b").await.unwrap();
    assert_eq!((names(&second), second.get("NextMarker")), (vec!["c".into()], None));
    let elsewhere = Client { region: "us-east-1", ..client.of(ACCOUNT) };
    assert_eq!(elsewhere.get("").await.unwrap(), json!({ "Functions": [] }));
}

#[tokio::test]
async fn a_deleted_function_is_gone_with_its_process_and_its_name_is_free() {
    let client = Client::new().await;
    client.create("alarm").await;
    let pid = client.answer("alarm", json!({})).await["pid"].as_u64().unwrap();
    client.delete("/alarm").await.unwrap();
    eventually("the process ends", || is_gone(pid)).await;
    let missing = "404 ResourceNotFoundException: Function not found: \
                   arn:aws:lambda:ap-northeast-2:111122223333:function:alarm";
    assert_eq!(client.get("/alarm").await.unwrap_err(), missing);
    assert_eq!(client.delete("/alarm").await.unwrap_err(), missing);
    assert_eq!(refusal(&client.invoke("alarm", &[], json!({})).await), missing);
    client.create("alarm").await;
}

#[tokio::test]
async fn reservations_leave_the_account_a_hundred() {
    let client = Client::new().await;
    client.create("a").await;
    client.create("b").await;
    client.reserve("a", 600).await.unwrap();
    assert_eq!(
        client.reserve("b", 301).await.unwrap_err(),
        "400 InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases account's \
         UnreservedConcurrentExecution below its minimum value of [100]."
    );
    client.reserve("b", 300).await.unwrap();
    client.reserve("a", 500).await.unwrap();
    assert!(client.reserve("missing", 1).await.unwrap_err().starts_with("404 "));
    assert_eq!(client.get("/a").await.unwrap()["Concurrency"], json!({ "ReservedConcurrentExecutions": 500 }));
}
