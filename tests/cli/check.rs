//! `check` and `explain`.

use serde_json::Value;

use crate::support::{end_of, lab, run, signal};

#[test]
fn an_account_in_which_nothing_stands_is_told_what_is_missing() {
    let (lab, endpoint) = lab();
    let ended = run(&["check", "--endpoint-url", &endpoint, "--output", "json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""), "{}", ended.stdout);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let codes: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    // What hangs on a topic that is not there is not complained of.
    assert_eq!(codes, ["TRAIL_MISSING", "RULE_MISSING", "TOPIC_MISSING"]);
    let ended = run(&["check", "--endpoint-url", &endpoint, "--lang", "ko"]);
    assert!(ended.stdout.contains("RULE_MISSING (rule) ap-northeast-2의 기본 이벤트 버스에"), "{}", ended.stdout);
    assert!(ended.stdout.contains("✗ 이 알림은 울리지 않습니다"), "{}", ended.stdout);
    // Where nothing stands there is nothing to drill, and that is no verdict of the drill's.
    let ended = run(&["check", "--endpoint-url", &endpoint, "--live", "--timeout", "1s"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(ended.stdout.contains("there is no rule eventbridge-securitygroup-changerule"), "{}", ended.stdout);
    signal(&lab, "INT");
    end_of(lab);
}

#[test]
fn what_was_built_is_followed_by_other_names_and_left_as_it_was() {
    let (lab, endpoint) = lab();
    let kept = run(&["--keep", "--endpoint-url", &endpoint]);
    assert_eq!(kept.code, Some(6), "{}", kept.stdout);
    // The mail is unread, and the run's own webhook went with the run.
    let findings = |arguments: &[&str]| {
        let ended =
            run(&[&["check", "--endpoint-url", &endpoint, "--output", "json", "--no-invoke"], arguments].concat());
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let codes: Vec<String> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect();
        let unknown: Vec<String> = report["inspection"]["hops"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|hop| hop["unknown"].as_array().unwrap())
            .map(|unknown| unknown["code"].as_str().unwrap().to_owned())
            .collect();
        (codes, unknown)
    };
    let (codes, unknown) = findings(&[]);
    assert_eq!((codes, unknown), (vec!["SUBSCRIPTION_UNCONFIRMED".to_owned()], vec!["WEBHOOK_UNREACHABLE".to_owned()]));
    // A rule that has another name than is asked for is found by what it does.
    assert_eq!(findings(&["--rule", "another-name"]).0, ["SUBSCRIPTION_UNCONFIRMED"]);
    // Another Region is another place.
    assert!(findings(&["--region", "us-east-1"]).0.contains(&"RULE_ELSEWHERE".to_owned()));
    signal(&lab, "INT");
    end_of(lab);
}

#[test]
fn an_endpoint_that_is_not_there_is_no_verdict() {
    let ended = run(&["check", "--endpoint-url", "http://127.0.0.1:1"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    assert!(ended.stderr.starts_with("error: nothing answers at http://127.0.0.1:1: "), "{}", ended.stderr);
}

#[test]
fn an_account_has_twelve_digits() {
    let ended = run(&["check", "--account", "1234"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("an account's number has twelve digits"), "{}", ended.stderr);
}

#[test]
fn a_finding_is_explained_in_both_languages() {
    let ended = run(&["explain", "trail-not-logging"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.starts_with("# TRAIL_NOT_LOGGING: The trail does not log\n"), "{}", ended.stdout);
    let ended = run(&["explain", "TRAIL_NOT_LOGGING", "--lang", "ko"]);
    assert!(ended.stdout.contains("## 해결 방법\n"), "{}", ended.stdout);
    let ended = run(&["explain", "TRAIL_NOT_LOGIN"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert_eq!(ended.stderr, "error: there is no finding TRAIL_NOT_LOGIN (did you mean TRAIL_NOT_LOGGING?)\n");
}

#[test]
fn what_aws_counted_of_a_cause_is_evidence() {
    let (lab, endpoint) = lab();
    let at = ["--endpoint-url", &endpoint];
    assert_eq!(run(&[&["--keep"][..], &at].concat()).code, Some(6));
    let counted = |lang: &str| {
        let ended = run(&[&["check", "--output", "json", "--no-invoke", "--lang", lang][..], &at].concat());
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let denied = findings.iter().find(|finding| finding["code"] == "TOPIC_POLICY_DENIES");
        let evidence = denied.map(|finding| finding["evidence"].as_array().unwrap().clone()).unwrap_or_default();
        evidence.iter().map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let broken = run(&[&["break", "topic-policy-default"][..], &at].concat());
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    let before = counted("en");
    assert!(!before.is_empty() && !before.iter().any(|line| line.contains("FailedInvocations")), "{before:?}");
    let drilled = run(&[&["check", "--live", "--timeout", "300ms"][..], &at].concat());
    assert_eq!(drilled.code, Some(1), "{}", drilled.stdout);
    let after = "AWS/Events FailedInvocations of eventbridge-securitygroup-changerule: ";
    assert!(counted("en").iter().any(|line| line.starts_with(after) && line.ends_with(" in the last 3 hours")));
    assert!(counted("ko").iter().any(|line| line.contains("지난 3시간 동안")));
    signal(&lab, "INT");
    end_of(lab);
}
