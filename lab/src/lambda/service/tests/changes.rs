//! Updates: they replace what runs, hold against each other, and refuse what creation refuses.

use super::*;

const SECOND: &str =
    "#!/bin/sh\nexport SECOND=yes\nexec \"$TEST_EXE\" --exact lambda::tests::bootstrap_entry --nocapture --quiet\n";

#[tokio::test]
async fn new_code_replaces_the_code_that_runs() {
    let client = Client::new().await;
    let created = client.create("alarm").await;
    let before = client.answer("alarm", json!({})).await;
    assert!(before["environment"].get("SECOND").is_none());
    let input = json!({ "ZipFile": zip(&[("bootstrap", 0o755, SECOND)]) });
    let updated = client.put("/alarm/code", input).await.unwrap();
    assert_ne!(updated["CodeSha256"], created["CodeSha256"]);
    assert_ne!(updated["RevisionId"], created["RevisionId"]);
    assert_eq!(client.answer("alarm", json!({})).await["environment"]["SECOND"], "yes");
    let pid = before["pid"].as_u64().unwrap();
    eventually("the old code's process ends", || is_gone(pid)).await;
}

#[tokio::test]
async fn new_variables_reach_the_next_invocation_and_the_rest_stays() {
    let client = Client::new().await;
    let created = client.create("alarm").await;
    client.answer("alarm", json!({})).await;
    let updated = client.put("/alarm/configuration", json!({ "Environment": environment(&[("CHANNEL", "b")]) })).await;
    let updated = updated.unwrap();
    assert_eq!((&updated["Timeout"], &updated["CodeSha256"]), (&created["Timeout"], &created["CodeSha256"]));
    let answer = client.answer("alarm", json!({})).await;
    assert_eq!((&answer["environment"]["CHANNEL"], &answer["count"]), (&json!("b"), &json!(1)));
}

#[tokio::test]
async fn an_invocation_that_runs_ends_on_the_old_code() {
    let client = Client::new().await;
    client.create("alarm").await;
    let (_directory, file) = scratch_file();
    let waiting = std::path::PathBuf::from(format!("{}.waiting", file.display()));
    let running = client.answer("alarm", json!({ "do": "wait for file", "file": file }));
    let meanwhile = async {
        eventually("the function runs", || waiting.exists()).await;
        client.put("/alarm/code", json!({ "ZipFile": zip(&[("bootstrap", 0o755, SECOND)]) })).await.unwrap();
        std::fs::write(&file, "").unwrap();
    };
    assert_eq!(tokio::join!(running, meanwhile).0, "waited");
}

#[tokio::test]
async fn a_change_on_an_older_state_is_refused() {
    let client = Client::new().await;
    let old = client.create("alarm").await["RevisionId"].clone();
    let new = client.put("/alarm/configuration", json!({ "Timeout": 5, "RevisionId": old })).await.unwrap();
    let stale = "412 PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the \
                 GetFunction/GetAlias API to retrieve the latest Revision Id";
    let refused = client.put("/alarm/configuration", json!({ "Timeout": 6, "RevisionId": old })).await.unwrap_err();
    assert_eq!(refused, stale);
    let input = json!({ "ZipFile": zip(&[("bootstrap", 0o755, SECOND)]), "RevisionId": old });
    assert_eq!(client.put("/alarm/code", input).await.unwrap_err(), stale);
    assert_eq!(client.get("/alarm/configuration").await.unwrap()["RevisionId"], new["RevisionId"]);
}

/// Unpacking new code takes time, in which the rest may change.
#[tokio::test]
async fn what_changes_while_new_code_is_unpacked_is_kept() {
    let client = Client::new().await;
    client.create("alarm").await;
    let code = client.put("/alarm/code", json!({ "ZipFile": zip(&[("bootstrap", 0o755, SECOND)]) }));
    let configuration = client.put("/alarm/configuration", json!({ "Description": "new" }));
    let (code, configuration) = tokio::join!(code, configuration);
    code.unwrap();
    configuration.unwrap();
    assert_eq!(client.get("/alarm/configuration").await.unwrap()["Description"], "new");
    assert_eq!(client.answer("alarm", json!({})).await["environment"]["SECOND"], "yes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_of_two_changes_at_a_time_is_lost() {
    let client = Arc::new(Client::new().await);
    client.create("alarm").await;
    for round in 1..=100 {
        let change = |input: Value| {
            let client = Arc::clone(&client);
            tokio::spawn(async move { client.put("/alarm/configuration", input).await.unwrap() })
        };
        let changes = [change(json!({ "Timeout": round })), change(json!({ "MemorySize": 127 + round }))];
        for change in changes {
            change.await.unwrap();
        }
        let now = client.get("/alarm/configuration").await.unwrap();
        assert_eq!((&now["Timeout"], &now["MemorySize"]), (&json!(round), &json!(127 + round)));
    }
}

#[tokio::test]
async fn a_dry_run_of_new_code_changes_nothing() {
    let client = Client::new().await;
    client.create("alarm").await;
    let created = client.get("/alarm/configuration").await.unwrap();
    let input = json!({ "ZipFile": zip(&[("bootstrap", 0o755, SECOND)]), "DryRun": true });
    assert_ne!(client.put("/alarm/code", input).await.unwrap()["CodeSha256"], created["CodeSha256"]);
    assert_eq!(client.get("/alarm/configuration").await.unwrap(), created);
}

#[tokio::test]
async fn updates_refuse_what_creation_refuses() {
    let client = Client::new().await;
    client.create("alarm").await;
    let mut before = client.get("/alarm/configuration").await.unwrap();
    for (name, value, default) in refusals::unsupported() {
        let refused = client.put("/alarm/configuration", json!({ name: value })).await.unwrap_err();
        let expected = format!("501 NotImplemented: the lab does not support the parameter {name}");
        assert!(refused.starts_with(&expected), "{refused}");
        assert_eq!(client.get("/alarm/configuration").await.unwrap(), before, "{name}");
        client.put("/alarm/configuration", json!({ name: default })).await.unwrap();
        before = client.get("/alarm/configuration").await.unwrap();
    }
    for name in ["S3ObjectVersion", "ImageUri", "SourceKMSKeyArn"] {
        let refused = client.put("/alarm/code", json!({ name: "x" })).await.unwrap_err();
        assert!(refused.starts_with(&format!("501 NotImplemented: the lab does not support the parameter {name} of")));
    }
    for input in [
        json!({ "Timeout": 901 }),
        json!({ "Runtime": "cobol" }),
        json!({ "Handler": "a b" }),
        json!({ "Role": "arn:aws:iam::111122223333:role/missing" }),
        json!({ "Timeout": 9, "Environment": { "Variables": { "AWS_REGION": "x" } } }),
    ] {
        let refused = client.put("/alarm/configuration", input).await.unwrap_err();
        assert!(refused.starts_with("400 "), "{refused}");
    }
    assert_eq!(client.get("/alarm/configuration").await.unwrap(), before, "a refused change leaves all as it was");
}
