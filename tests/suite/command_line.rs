//! The command line as a user meets it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::drills::Folder;
use crate::on_the_lab;

fn alert_drill(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert-drill"));
    command.env_clear().args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_arguments_it_drills_the_default() {
    if !on_the_lab() {
        return;
    }
    // With an empty environment: no PATH, no HOME, no credentials.
    let output = alert_drill(&[]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}{}", stderr(&output));
    assert!(text.starts_with("✓ open-inbound-port"), "{text}");
    assert!(text.contains("1 passed") && text.contains("everything removed"), "{text}");
    assert_eq!(stderr(&output), "", "progress is for terminals");
    assert!(!text.contains('\u{1b}'), "no colour into a pipe");
}

#[test]
fn json_is_one_document_with_every_promised_field_and_no_secret() {
    if !on_the_lab() {
        return;
    }
    let output = alert_drill(&["run", "--output", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["format_version"], 1);
    assert_eq!(report["target"]["kind"], "lab");
    assert_eq!(report["verdict"], "passed");
    for name in ["run_id", "scenario", "duration_ms", "findings"] {
        assert!(!report[name].is_null(), "{name}");
    }
    let drill = &report["drills"][0];
    let hops: Vec<&str> = drill["hops"].as_array().unwrap().iter().map(|hop| hop["hop"].as_str().unwrap()).collect();
    assert_eq!(hops, ["api", "trail", "bus", "rule", "topic", "queue", "function", "discord", "mail"]);
    assert!(drill["hops"][7]["latency_ms"].is_f64());
    assert_eq!(drill["alerts"]["queue"].as_array().unwrap().len(), 1);
    assert_eq!(drill["required"], true);
    assert_eq!(report["cleanup"]["left_behind"], serde_json::json!([]));
    assert!(!stdout(&output).contains("/api/webhooks/"), "the webhook's URL is a secret");
}

#[test]
fn a_failing_drill_ends_with_1_and_says_why_in_korean_too() {
    if !on_the_lab() {
        return;
    }
    let folder = Folder::new("cli-pattern");
    let path = folder.scenario(|pattern| pattern.replace("\"AuthorizeSecurityGroupIngress\",", ""));
    let path = path.to_str().unwrap();
    let english = alert_drill(&["run", path, "--timeout", "300ms", "--lang", "en"]);
    assert_eq!(english.status.code(), Some(1), "{}", stderr(&english));
    assert!(stdout(&english).contains("RULE_PATTERN_MISMATCH (rule)"), "{}", stdout(&english));
    assert!(stdout(&english).contains("to mend it: aws events put-rule"), "{}", stdout(&english));
    let korean = alert_drill(&["run", path, "--timeout", "300ms", "--lang", "ko"]);
    assert!(stdout(&korean).contains("이벤트 패턴이 이벤트와 일치하지 않습니다"), "{}", stdout(&korean));
}

#[test]
fn what_cannot_run_has_its_own_exit_code_and_a_clear_word() {
    let wrong_name = alert_drill(&["run", "--drill", "open-inbound-prot"]);
    assert_eq!(wrong_name.status.code(), Some(4));
    assert!(stderr(&wrong_name).contains("did you mean open-inbound-port?"), "{}", stderr(&wrong_name));
    for usage in [
        &["run", "--jobs", "0"][..],
        &["run", "--timeout", "5"],
        &["nope.yaml.d", "--frob"],
        &["run", "--all", "--drill", "x"],
    ] {
        assert_eq!(alert_drill(usage).status.code(), Some(2), "{usage:?}");
    }
    let folder = Folder::new("cli-invalid");
    let file = folder.0.join("scenario.yaml");
    std::fs::write(&file, "name: Not A Name\nregion: nowhere\ndrils: []\n").unwrap();
    let invalid = alert_drill(&["lint", file.to_str().unwrap()]);
    assert_eq!(invalid.status.code(), Some(3));
    let text = stderr(&invalid);
    assert!(text.contains("scenario.yaml:1:7") && text.contains("scenario.yaml:3:1"), "all mistakes at once: {text}");
    assert!(text.contains('^') && text.contains("drills"), "a caret and a hint: {text}");
}

#[test]
fn the_lab_says_when_it_is_ready_and_stops_when_told() {
    let mut lab = Command::new(env!("CARGO_BIN_EXE_alert-drill"))
        .args(["lab", "--listen", "127.0.0.1:0", "--output", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(lab.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let endpoint = ready["endpoint_url"].as_str().unwrap();
    assert!(ready["discord_webhook_url"].as_str().unwrap().starts_with(endpoint));
    let address = endpoint.strip_prefix("http://").unwrap();
    let taken = alert_drill(&["lab", "--listen", address]);
    assert_eq!(taken.status.code(), Some(5));
    assert!(stderr(&taken).contains("is in use by another process"), "{}", stderr(&taken));
    signal(lab.id(), "TERM");
    assert_eq!(lab.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "one line and no more");
}

#[test]
fn ctrl_c_in_the_middle_cleans_up_and_leaves_no_process() {
    if !on_the_lab() {
        return;
    }
    for name in ["INT", "TERM"] {
        let folder = Folder::new(&format!("cli-signal-{name}"));
        let marker = folder.0.join("started");
        let text = format!("#!/bin/sh\necho $$ > '{0}.new'\nmv '{0}.new' '{0}'\nexec sleep 600\n", marker.display());
        let script = folder.script("bootstrap", &text);
        let run = Command::new(env!("CARGO_BIN_EXE_alert-drill"))
            .args(["run", "--timeout", "60s", "--output", "json", "--notifier", script.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The function has been started: the port is open, and the drill waits.
        until(|| marker.exists());
        let function: u32 = std::fs::read_to_string(&marker).unwrap().trim().parse().unwrap();
        signal(run.id(), name);
        let output = run.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{name}: {}", stderr(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["interrupted"], true);
        assert_eq!(report["cleanup"]["left_behind"], serde_json::json!([]));
        until(|| !std::path::Path::new(&format!("/proc/{function}")).exists());
    }
}

#[test]
fn the_schema_is_the_committed_file() {
    let committed = include_str!("../../scenarios/security-group-change/scenario.schema.json");
    assert_eq!(stdout(&alert_drill(&["schema"])), committed);
}

fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status().unwrap().success());
}

/// Waits until the condition holds, ten seconds at the most.
fn until(holds: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < limit, "the condition did not come to hold in ten seconds");
        std::thread::sleep(Duration::from_millis(5));
    }
}
