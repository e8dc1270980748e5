//! The command on the suite's target: what its exit code and its report say of it. What it prints, word by word, is asserted
//! on the lab (`tests/cli`).

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use alert_drill::target::Place;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::Outcome;
use crate::place::{self, turn};

/// The command, pointed at a place.
fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert-drill"));
    command.arg("run").args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    for variable in ["ALERT_DRILL_ENDPOINT_URL", "ALERT_DRILL_NOTIFIER", "LANG", "LC_ALL", "LC_MESSAGES"] {
        command.env_remove(variable);
    }
    command.env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"));
    match place {
        Place::Lab => {}
        Place::Endpoint(url) => drop(command.args(["--endpoint-url", url])),
        Place::LocalStack(_) => drop(command.args(["--target", "localstack"])),
        Place::Account(_) => panic!("the suite runs in no account"),
    }
    command
}

async fn run(place: &Place, arguments: &[&str]) -> Output {
    command(place, arguments).output().await.unwrap()
}

fn report(ended: &Output) -> Value {
    serde_json::from_slice(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

pub(crate) async fn the_default_drill_passes_with_exit_code_0() -> Outcome {
    let (place, _turn) = turn().await;
    let ended = run(&place, &[]).await;
    let stdout = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
    assert!(stdout.contains("✓ open-inbound-port") && stdout.contains("everything removed"), "{stdout}");
    Ok(())
}

pub(crate) async fn json_names_the_target_and_what_it_can_show() -> Outcome {
    let (place, _turn) = turn().await;
    let ended = run(&place, &["--all", "--jobs", "4", "--output", "json"]).await;
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let report = report(&ended);
    assert_eq!((&report["verdict"], report["drills"].as_array().map(Vec::len)), (&"passed".into(), Some(8)));
    let target = &report["target"];
    assert_eq!(target["kind"], place::name());
    if let Some(shared) = place::localstack().await {
        assert_eq!(target["product"], shared.product);
        assert_eq!(target["capabilities"]["emits_cloudtrail_events"], false);
        let drill = &report["drills"][0];
        let trail = drill["hops"].as_array().unwrap().iter().find(|hop| hop["hop"] == "trail").unwrap();
        assert_eq!(trail["status"], "synthesised", "what the relay makes is said to be made by it: {drill}");
    }
    Ok(())
}

pub(crate) async fn a_broken_pipeline_ends_with_exit_code_1() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = tempfile("command");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change");
    std::fs::create_dir_all(folder.join("notifier")).unwrap();
    for file in ["scenario.yaml", "notifier/Cargo.toml"] {
        std::fs::copy(shipped.join(file), folder.join(file)).unwrap();
    }
    let pattern = std::fs::read_to_string(shipped.join("event-pattern.json")).unwrap();
    let pattern = pattern.replace("\"AuthorizeSecurityGroupIngress\",", "");
    std::fs::write(folder.join("event-pattern.json"), pattern).unwrap();
    let ended = run(&place, &[folder.to_str().unwrap(), "--timeout", "3s", "--output", "json"]).await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let report = report(&ended);
    let broken = report["drills"][0]["hops"].as_array().unwrap().iter().find(|hop| hop["status"] == "broken");
    assert_eq!(broken.map(|hop| &hop["hop"]), Some(&"rule".into()), "{report}");
    assert_eq!(report["cleanup"]["left_behind"], serde_json::json!([]));
    Ok(())
}

pub(crate) async fn an_interrupted_run_cleans_up_and_ends_with_130() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = tempfile("interrupted-command");
    std::fs::create_dir_all(&folder).unwrap();
    let (pipe, script) = (folder.join("started"), folder.join("silent"));
    let made = Command::new("mkfifo").arg(&pipe).status().await.unwrap();
    assert!(made.success());
    std::fs::write(&script, format!("#!/bin/sh\necho started >'{}'\nexec sleep 600\n", pipe.display())).unwrap();
    let arguments = ["--timeout", "60s", "--output", "json", "--notifier", script.to_str().unwrap()];
    let child = command(&place, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The function has the alert: the port is open, and the run waits.
    let started = async {
        let mut line = String::new();
        BufReader::new(tokio::fs::File::open(&pipe).await.unwrap()).read_line(&mut line).await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(60), started).await.unwrap();
    let sent =
        Command::new("/bin/sh").args(["-c", &format!("kill -INT {}", child.id().unwrap())]).status().await.unwrap();
    assert!(sent.success());
    let ended = child.wait_with_output().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    let report = report(&ended);
    assert_eq!((&report["interrupted"], &report["verdict"]), (&true.into(), &"error".into()));
    assert_eq!(report["cleanup"]["left_behind"], serde_json::json!([]));
    Ok(())
}

fn tempfile(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("alert-drill-{name}-{}", std::process::id()))
}
