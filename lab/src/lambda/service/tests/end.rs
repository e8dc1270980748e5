//! The end of a lab: nothing that its functions started or wrote outlives it.

use std::path::PathBuf;

use super::*;

struct Traces {
    pid: u64,
    directories: Vec<PathBuf>,
}

impl Traces {
    fn of(answer: &Value) -> Self {
        let path = |value: &Value| PathBuf::from(value.as_str().unwrap());
        let directories = vec![path(&answer["directory"]), path(&answer["environment"]["LAMBDA_RUNTIME_DIR"])];
        assert!(directories.iter().all(|directory| directory.exists()), "{directories:?}");
        Self { pid: answer["pid"].as_u64().unwrap(), directories }
    }

    async fn are_gone(&self) {
        eventually("the process ends", || is_gone(self.pid)).await;
        for directory in &self.directories {
            eventually(&format!("{} is removed", directory.display()), || !directory.exists()).await;
        }
    }
}

#[tokio::test]
async fn a_dropped_lab_leaves_no_process_and_no_directory() {
    let client = Client::new().await;
    client.create("alarm").await;
    let traces = Traces::of(&client.answer("alarm", json!({})).await);
    drop(client);
    traces.are_gone().await;
}

#[tokio::test]
async fn a_stopped_lab_leaves_no_process() {
    let client = Client::new().await;
    client.create("alarm").await;
    let traces = Traces::of(&client.answer("alarm", json!({})).await);
    client.cloud.lambda.stop().await;
    assert!(is_gone(traces.pid));
    drop(client);
    traces.are_gone().await;
}

/// A replaced deployment finishes what it has begun, but not beyond the lab.
#[tokio::test]
async fn a_dropped_lab_kills_what_still_runs_of_replaced_code() {
    let client = Client::new().await;
    client.create("alarm").await;
    let pid = client.answer("alarm", json!({})).await["pid"].as_u64().unwrap();
    let cloud = Arc::clone(&client.cloud);
    let (_directory, file) = scratch_file();
    let waiting = PathBuf::from(format!("{}.waiting", file.display()));
    let event = [("x-amz-invocation-type", "Event")];
    client.invoke("alarm", &event, json!({ "do": "wait for file", "file": file })).await;
    eventually("the function runs", || waiting.exists()).await;
    client.put("/alarm/configuration", json!({ "Timeout": 20 })).await.unwrap();
    assert!(!is_gone(pid), "the replaced code was killed in the middle of its work");
    drop(client);
    eventually("the process ends", || is_gone(pid)).await;
    cloud.deliveries.settled().await;
}
