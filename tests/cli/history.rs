//! The history: what runs append to a file, and what is read from it.

use std::fs;

use serde_json::Value;

use crate::support::{Folder, command, finish, is_uuid, redacted, run};

#[test]
fn each_run_appends_a_line_and_the_summary_counts_them() {
    let folder = Folder::new();
    let file = folder.text("history.jsonl");
    let broken = folder.scenario_without("AuthorizeSecurityGroupIngress");
    assert_eq!(run(&["--history", &file]).code, Some(0));
    assert_eq!(run(&["run", &broken, "--timeout", "300ms", "--history", &file]).code, Some(1));
    let written = fs::read_to_string(&file).unwrap();
    let entries: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [passed, failed] = entries.as_slice() else { panic!("two lines: {written}") };
    assert!(is_uuid(passed["run_id"].as_str().unwrap()));
    assert_eq!(passed["format_version"], 1);
    assert_eq!((&passed["verdict"], &failed["verdict"]), (&"passed".into(), &"failed".into()));
    assert_eq!(passed["target"], "lab");
    assert_eq!((&passed["account"], &passed["region"]), (&"000000000000".into(), &"ap-northeast-2".into()));
    assert_eq!(passed["drills"][0]["name"], "open-inbound-port");
    assert!(passed["drills"][0]["latency_ms"]["discord"].as_f64().unwrap() > 0.0);
    assert!(failed["drills"][0]["latency_ms"].get("discord").is_none(), "{failed}");
    assert_eq!(failed["findings"], serde_json::json!(["RULE_PATTERN_MISMATCH"]));

    let json = run(&["history", &file, "--output", "json"]);
    assert_eq!((json.code, json.stderr.as_str()), (Some(0), ""));
    let summary: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&summary["runs"], &summary["pass_rate"]), (&2.into(), &0.5.into()));
    assert_eq!(summary["hops"][0]["hop"], "api");
    let human = run(&["history", &file]);
    assert_eq!((human.code, human.stderr.as_str()), (Some(0), ""));
    let shown = redacted(&human.stdout);
    assert!(shown.starts_with("2 runs, pass rate 50.0 % · 1 passed, 1 failed, 0 without a verdict\n"), "{shown}");
    assert!(shown.contains("discord 1 [N] ms [N] ms [N] ms"), "{shown}");
    assert!(shown.contains("drift: too few runs to tell"), "{shown}");
    let korean = run(&["history", &file, "--lang", "ko"]);
    assert!(korean.stdout.starts_with("실행 2회, 성공률 50.0 % · 성공 1, 실패 1, 판정 불가 0\n"), "{}", korean.stdout);
}

#[test]
fn a_target_that_does_not_answer_is_in_the_history_too() {
    let folder = Folder::new();
    let file = folder.text("history.jsonl");
    let ended = run(&["--endpoint-url", "http://127.0.0.1:1", "--history", &file]);
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    let entry: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(
        (&entry["verdict"], &entry["run_id"], &entry["drills"]),
        (&"error".into(), &Value::Null, &serde_json::json!([]))
    );
}

#[test]
fn a_history_that_cannot_be_written_is_known_before_anything_is_touched() {
    let folder = Folder::new();
    let ended = run(&["--history", &folder.text("nowhere/history.jsonl")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    assert!(ended.stderr.contains("nowhere/history.jsonl could not be opened: "), "{}", ended.stderr);
    let missing = run(&["history", &folder.text("nowhere.jsonl")]);
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(5), ""));
}

#[test]
fn a_line_that_was_cut_off_is_named_and_left_out() {
    let folder = Folder::new();
    let file = folder.write("history.jsonl", "{\"format_version\":1,\"time\":\"2026-11-0");
    let mut appending = command(&["--history", &file]);
    appending.env("LANG", "C");
    assert_eq!(finish(appending).code, Some(0));
    let shown = run(&["history", &file]);
    assert_eq!(shown.code, Some(0));
    assert_eq!(shown.stderr, format!("{file}:1: this line is no whole entry, and is left out\n"));
    assert!(shown.stdout.starts_with("1 run, pass rate 100.0 %"), "{}", shown.stdout);
}

#[test]
fn since_lets_only_later_runs_through() {
    let folder = Folder::new();
    let file = folder.text("history.jsonl");
    assert_eq!(run(&["--history", &file]).code, Some(0));
    assert!(run(&["history", &file, "--since", "7d", "--by", "week"]).stdout.starts_with("1 run,"));
    assert_eq!(run(&["history", &file, "--since", "9999-01-01"]).stdout, "no run is in it\n");
    let wrong = run(&["history", &file, "--since", "yesterday"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("a length of time such as 12h, 7d or 4w"), "{}", wrong.stderr);
}
