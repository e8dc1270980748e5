//! Nothing outlives the lab.

use super::*;

#[tokio::test]
async fn dropping_the_engine_kills_what_runs_and_what_waits() {
    let lab = Lab::start();
    let (_directory, file) = scratch_file();
    let function = lab.deploy(&[]);
    let idle = document(&call(&function, json!({})).await)["pid"].as_u64().unwrap();
    let other = lab.deploy(&[("FILE", file.to_str().unwrap())]);
    let running = tokio::spawn(async move { other.invoke(InvokeRequest::new(r#"{"do":"grandchildren"}"#)).await });
    let mut grandchild = 0;
    eventually("the function runs", || {
        grandchild = std::fs::read_to_string(&file).unwrap_or_default().trim().parse().unwrap_or(0);
        grandchild != 0
    })
    .await;
    drop(lab);
    assert_eq!(running.await.unwrap().unwrap_err(), InvokeError::Stopped);
    eventually("both are gone", || is_gone(idle) && is_gone(grandchild)).await;
    assert_eq!(function.invoke(InvokeRequest::new("{}")).await.unwrap_err(), InvokeError::Stopped);
}

#[tokio::test]
async fn shutdown_returns_when_all_is_gone() {
    let lab = Lab::start();
    let function = lab.deploy(&[]);
    let pid = document(&call(&function, json!({})).await)["pid"].as_u64().unwrap();
    let running = {
        let function = Arc::clone(&function);
        tokio::spawn(async move { function.invoke(InvokeRequest::new(r#"{"do":"hang"}"#)).await })
    };
    eventually("the environment is in use", || function.idle_environments() == 0).await;
    lab.engine.shutdown().await;
    assert_eq!(running.await.unwrap().unwrap_err(), InvokeError::Stopped);
    eventually("the process is gone", || is_gone(pid)).await;
}

#[tokio::test]
async fn the_function_is_gone_after_the_lab_was_killed() {
    let (directory, file) = scratch_file();
    let mut lab = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lambda::tests::lab_entry", "--nocapture"])
        .env("TEST_LAB_FILE", &file)
        // What a killed lab leaves on disk goes with the test.
        .env("TMPDIR", directory.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut pids: Vec<u64> = Vec::new();
    eventually("the lab's function runs", || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        pids = text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        pids.len() == 2 && text.ends_with('\n')
    })
    .await;
    assert!(!pids.iter().any(|pid| is_gone(*pid)), "the function does not run: {pids:?}");
    // SIGKILL: the lab has no chance to clean up.
    lab.kill().await.unwrap();
    eventually("the function and its child are gone", || pids.iter().all(|pid| is_gone(*pid))).await;
}

/// The lab that is killed: writes the ids of its function and of the function's child to `file`, and waits.
pub(super) fn run_lab(file: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let lab = Lab::start();
        // The child is an orphan: its parent has gone before it.
        let script = "#!/bin/sh\nsh -c 'sleep 600 & echo $! > \"$FILE.child\"'\n\
                      echo $$ $(cat \"$FILE.child\") > \"$FILE.new\"; mv \"$FILE.new\" \"$FILE\"\nsleep 600\n";
        let files = [("bootstrap", 0o755, script)];
        let function = lab.deploy_with(&[("FILE", file.to_str().unwrap())], |_| {}, &files);
        let _ = function.invoke(InvokeRequest::new("{}")).await;
    });
}
