//! Runs: the report on standard output, the exit code, and nothing else.

use std::fs::{self, File};

use serde_json::Value;

use crate::support::{Folder, command, end_of, finish, is_uuid, redacted, run, runs};

const LADDER: [&str; 9] = ["api", "trail", "bus", "rule", "topic", "queue", "function", "discord", "mail"];

fn report(arguments: &[&str]) -> Value {
    let ended = run(&[arguments, &["--output", "json"]].concat());
    assert_eq!(ended.stderr, "", "{}", ended.stdout);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn without_arguments_the_default_drill_runs() {
    let ended = run(&[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    insta::assert_snapshot!(redacted(&ended.stdout), @r#"
    ✓ open-inbound-port Opening SSH raises an alert
        ✓ api [N] ms AuthorizeSecurityGroupIngress tcp 22 from 203.0.113.0/24
        ✓ trail [N] ms trail/ct-securitygroup
        ✓ bus [N] ms event-bus/default
        ✓ rule [N] ms rule/eventbridge-securitygroup-changerule
        ✓ topic [N] ms sns-securitygroup-alarm
        ├ ✓ queue [N] ms [UUID]
        ├ ✓ function [N] ms function:lambda-securitygroup-alarm
        │ └ ✓ discord [N] ms 🚨 보안 그룹 변경: 인바운드 규칙 추가
        └ ✓ mail [N] ms security-team@example.com

    ✓ 1 passed · [N] ms · everything removed
    "#);
}

#[test]
fn korean_is_asked_for_or_comes_with_the_locale() {
    let asked = run(&["--lang", "ko"]);
    let mut with_locale = command(&[]);
    with_locale.env("LANG", "ko_KR.UTF-8");
    let with_locale = finish(with_locale);
    for ended in [asked, with_locale] {
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.starts_with("✓ open-inbound-port  SSH 인바운드 규칙 추가\n"), "{}", ended.stdout);
        assert!(ended.stdout.contains("✓ 성공 1 · "), "{}", ended.stdout);
    }
    let mut english = command(&["--lang", "en"]);
    english.env("LANG", "ko_KR.UTF-8");
    assert!(finish(english).stdout.contains("✓ 1 passed · "));
}

#[test]
fn json_has_what_it_promises() {
    let report = report(&[]);
    assert_eq!(report["format_version"], 1);
    assert!(is_uuid(report["run_id"].as_str().unwrap()));
    assert_eq!(report["scenario"], "security-group-change");
    assert_eq!(report["target"]["kind"], "lab");
    assert_eq!(report["verdict"], "passed");
    assert!(report["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["cleanup"]["left_behind"], serde_json::json!([]));
    let drills = report["drills"].as_array().unwrap();
    let [drill] = drills.as_slice() else { panic!("one drill: {drills:?}") };
    assert_eq!(drill["name"], "open-inbound-port");
    assert_eq!((&drill["verdict"], &drill["required"]), (&"passed".into(), &true.into()));
    let hops = drill["hops"].as_array().unwrap();
    assert_eq!(hops.iter().map(|hop| hop["hop"].as_str().unwrap()).collect::<Vec<_>>(), LADDER);
    for hop in hops {
        assert_eq!(hop["status"], "reached", "{hop}");
        assert!(hop["latency_ms"].as_f64().unwrap() >= 0.0, "{hop}");
    }
    for place in ["queue", "discord"] {
        assert_eq!(drill["alerts"][place].as_array().unwrap().len(), 1, "{place}");
    }
    let seen = &drill["alerts"]["queue"][0]["event_id"];
    assert!(drill["alerts"]["discord"][0]["content"].as_str().unwrap().contains(seen.as_str().unwrap()));
}

#[test]
fn drills_run_in_the_order_they_are_named_in() {
    let names = |report: &Value| -> Vec<String> {
        let drills = report["drills"].as_array().unwrap();
        drills.iter().map(|drill| drill["name"].as_str().unwrap().to_owned()).collect()
    };
    let two = report(&["--drill", "open-outbound-port", "--drill", "open-inbound-port"]);
    assert_eq!(names(&two), ["open-outbound-port", "open-inbound-port"]);
    let repeated = report(&["--repeat", "3", "--jobs", "3"]);
    assert_eq!(names(&repeated), ["open-inbound-port"; 3]);
    let all = report(&["--all", "--jobs", "4"]);
    assert_eq!(all["verdict"], "passed");
    assert_eq!((names(&all).len(), names(&all)[0].as_str()), (8, "open-inbound-port"));
}

#[test]
fn a_drill_that_there_is_not_ends_with_4_and_the_nearest_name() {
    let ended = run(&["--drill", "open-inbound-prt"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""));
    let why = "the scenario security-group-change has no drill open-inbound-prt (did you mean open-inbound-port?)";
    assert_eq!(ended.stderr, format!("error: {why}\n"));
    let ended = run(&["--drill", "nowhere-near"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""));
    let all = "open-inbound-port, close-inbound-port, open-outbound-port, close-outbound-port, delete-group, \
               edit-inbound-rule, describe-groups, refused-attempt";
    assert_eq!(
        ended.stderr,
        format!("error: the scenario security-group-change has no drill nowhere-near; it has {all}\n")
    );
}

#[test]
fn kept_is_said() {
    let ended = run(&["--keep"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.trim_end().ends_with("kept as it stands"), "{}", ended.stdout);
}

#[test]
fn a_broken_link_is_named_with_evidence_and_remedy() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let ended = run(&[&scenario, "--timeout", "300ms"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    assert!(ended.stdout.lines().all(|line| line.trim_end() == line), "spaces at a line's end: {}", ended.stdout);
    insta::assert_snapshot!(redacted(&ended.stdout), @r#"
    ✗ open-inbound-port Opening SSH raises an alert
        ✓ api [N] ms AuthorizeSecurityGroupIngress tcp 22 from 203.0.113.0/24
        ✓ trail [N] ms trail/ct-securitygroup
        ✓ bus [N] ms event-bus/default
        ✗ rule the event does not match
        · topic
        ├ · queue
        ├ · function
        │ └ · discord
        └ · mail
        why: the event pattern of the rule eventbridge-securitygroup-changerule does not match the event

    RULE_PATTERN_MISMATCH (rule) the event pattern of the rule eventbridge-securitygroup-changerule does not match the event
        - the event does not match
          - detail.eventName is "AuthorizeSecurityGroupIngress"; wanted: "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "DeleteSecurityGroup" or "ModifySecurityGroupRules" ("AuthorizeSecurityGroupIngress" is not among the 5 names of the pattern)
        - arn:aws:events:ap-northeast-2:000000000000:event-bus/default → arn:aws:events:ap-northeast-2:000000000000:rule/eventbridge-securitygroup-changerule
        to mend it: aws events put-rule --name eventbridge-securitygroup-changerule --event-pattern '{"source":["aws.ec2"],"detail-type":["AWS API Call via CloudTrail"],"detail":{"eventSource":["ec2.amazonaws.com"],"eventName":["AuthorizeSecurityGroupIngress","AuthorizeSecurityGroupEgress","RevokeSecurityGroupIngress","RevokeSecurityGroupEgress","DeleteSecurityGroup","ModifySecurityGroupRules"]}}' --region ap-northeast-2
        Terraform: aws_cloudwatch_event_rule: event_pattern = jsonencode({"source":["aws.ec2"],"detail-type":["AWS API Call via CloudTrail"],"detail":{"eventSource":["ec2.amazonaws.com"],"eventName":["AuthorizeSecurityGroupIngress","AuthorizeSecurityGroupEgress","RevokeSecurityGroupIngress","RevokeSecurityGroupEgress","DeleteSecurityGroup","ModifySecurityGroupRules"]}})
        console: EventBridge › Rules › eventbridge-securitygroup-changerule › Event pattern › Edit

    ✗ 0 passed, 1 failed · [N] ms · everything removed
    "#);
}

#[test]
fn a_broken_link_is_named_in_korean() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let ended = run(&[&scenario, "--timeout", "300ms", "--lang", "ko"]);
    assert_eq!(ended.code, Some(1));
    insta::assert_snapshot!(redacted(&ended.stdout), @r#"
    ✗ open-inbound-port SSH 인바운드 규칙 추가
        ✓ api [N] ms AuthorizeSecurityGroupIngress tcp 22 from 203.0.113.0/24
        ✓ trail [N] ms trail/ct-securitygroup
        ✓ bus [N] ms event-bus/default
        ✗ rule 이벤트가 일치하지 않습니다
        · topic
        ├ · queue
        ├ · function
        │ └ · discord
        └ · mail
        원인: 규칙 eventbridge-securitygroup-changerule의 이벤트 패턴이 이벤트와 일치하지 않습니다

    RULE_PATTERN_MISMATCH (rule) 규칙 eventbridge-securitygroup-changerule의 이벤트 패턴이 이벤트와 일치하지 않습니다
        - 이벤트가 일치하지 않습니다
          - detail.eventName: 이벤트의 값: "AuthorizeSecurityGroupIngress" · 패턴이 원하는 값: "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "DeleteSecurityGroup" 또는 "ModifySecurityGroupRules" (패턴에 적힌 이름 5개에 "AuthorizeSecurityGroupIngress"이(가) 없음)
        - arn:aws:events:ap-northeast-2:000000000000:event-bus/default → arn:aws:events:ap-northeast-2:000000000000:rule/eventbridge-securitygroup-changerule
        해결 방법: aws events put-rule --name eventbridge-securitygroup-changerule --event-pattern '{"source":["aws.ec2"],"detail-type":["AWS API Call via CloudTrail"],"detail":{"eventSource":["ec2.amazonaws.com"],"eventName":["AuthorizeSecurityGroupIngress","AuthorizeSecurityGroupEgress","RevokeSecurityGroupIngress","RevokeSecurityGroupEgress","DeleteSecurityGroup","ModifySecurityGroupRules"]}}' --region ap-northeast-2
        Terraform: aws_cloudwatch_event_rule: event_pattern = jsonencode({"source":["aws.ec2"],"detail-type":["AWS API Call via CloudTrail"],"detail":{"eventSource":["ec2.amazonaws.com"],"eventName":["AuthorizeSecurityGroupIngress","AuthorizeSecurityGroupEgress","RevokeSecurityGroupIngress","RevokeSecurityGroupEgress","DeleteSecurityGroup","ModifySecurityGroupRules"]}})
        콘솔: EventBridge › 규칙 › eventbridge-securitygroup-changerule › 이벤트 패턴 › 편집

    ✗ 성공 0, 실패 1 · [N] ms · 모두 정리됨
    "#);
}

#[test]
fn a_package_that_cannot_be_deployed_is_no_verdict_on_the_pipeline() {
    let folder = Folder::new();
    for (notifier, why) in [
        (folder.text("nowhere"), "cannot read the function's package "),
        (folder.write("broken.zip", "PK, and no more"), "Could not unzip uploaded file."),
    ] {
        let ended = run(&["--notifier", &notifier]);
        assert_eq!(ended.code, Some(5), "{}", ended.stdout);
        assert!(ended.stdout.starts_with("COULD_NOT_PROVISION "), "{}", ended.stdout);
        assert!(ended.stdout.contains(why), "{}", ended.stdout);
        assert!(ended.stdout.trim_end().ends_with("everything removed"), "{}", ended.stdout);
    }
}

#[test]
fn a_function_that_exits_at_once_is_a_broken_function_and_no_output_has_the_webhook() {
    let folder = Folder::new();
    let seen = folder.text("webhook");
    // Renamed into place: the lab starts the function again, and may end it while it writes.
    let script = format!("#!/bin/sh\necho \"$DISCORD_WEBHOOK_URL\" >'{seen}.new'\nmv '{seen}.new' '{seen}'\nexit 1\n");
    let notifier = folder.write("exits", script);
    for form in ["human", "json"] {
        let ended = run(&["--timeout", "2s", "--output", form, "--notifier", &notifier]);
        assert_eq!(ended.code, Some(1), "{}", ended.stdout);
        assert!(ended.stdout.contains("FUNCTION_FAILED"), "{}", ended.stdout);
        assert!(ended.stdout.contains("Runtime.ExitError"), "{}", ended.stdout);
        let webhook = fs::read_to_string(&seen).unwrap();
        let token = webhook.trim().rsplit('/').next().unwrap();
        assert!(token.len() > 20, "a webhook's address: {webhook}");
        assert!(!ended.stdout.contains(token) && !ended.stderr.contains(token), "the token is in the output");
    }
}

#[test]
fn a_function_that_never_answers_is_waited_for_no_longer_than_asked() {
    let folder = Folder::new();
    let ended = run(&["--timeout", "500ms", "--notifier", &folder.silent_notifier()]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("├ ✗ function\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("FUNCTION_UNANSWERED (function) the function "), "{}", ended.stdout);
    assert!(ended.stdout.contains(", no answer since\n"), "{}", ended.stdout);
    // The lab stopped before the process ended, and took the function with it.
    assert!(!runs(folder.notifier_process()));
}

#[test]
fn it_needs_nothing_of_the_machine() {
    let mut bare = command(&[]);
    bare.env_clear();
    let ended = finish(bare);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_mistake() {
    for arguments in [&[][..], &["schema"], &["--help"]] {
        let mut child = command(arguments).spawn().unwrap();
        drop(child.stdout.take());
        let ended = end_of(child);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_insist() {
    let folder = Folder::new();
    let mut to_file = command(&[]);
    to_file.stdout(File::create(folder.path("report")).unwrap());
    assert_eq!(finish(to_file).code, Some(0));
    let written = fs::read_to_string(folder.path("report")).unwrap();
    assert!(written.starts_with('✓') && !written.contains('\u{1b}'), "{written}");
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = command(&[]);
        command.envs(variables.iter().copied());
        finish(command).stdout.contains("\u{1b}[")
    };
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("NO_COLOR", "1")]));
}
