//! JUnit's XML: a failure is the pipeline's, an error the harness's.

use std::process::Command;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::support::{Folder, end_of, lab, run, signal};
use crate::{ATTACK, PATIENCE, Reports, posting, python_scenario};

/// How a test ended: its kind, its message, and its text.
pub(crate) fn status(case: &TestCase) -> (&'static str, String, String) {
    let text = |text: &Option<quick_junit::XmlString>| text.as_ref().map(|text| text.as_str().to_owned());
    match &case.status {
        TestCaseStatus::Success { .. } => ("success", String::new(), String::new()),
        TestCaseStatus::NonSuccess { kind, message, description, .. } => {
            let kind = match kind {
                NonSuccessKind::Failure => "failure",
                NonSuccessKind::Error => "error",
            };
            (kind, text(message).unwrap_or_default(), text(description).unwrap_or_default())
        }
        TestCaseStatus::Skipped { message, .. } => ("skipped", text(message).unwrap_or_default(), String::new()),
    }
}

fn kinds(suite: &TestSuite) -> Vec<(&str, &'static str)> {
    suite.test_cases.iter().map(|case| (case.name.as_str(), status(case).0)).collect()
}

#[test]
fn drills_are_tests() {
    let report = Reports::of(&["--drill", "open-inbound-port", "--drill", "describe-groups"]).junit();
    let [suite] = report.test_suites.as_slice() else { panic!("one suite: {report:?}") };
    assert_eq!(suite.name.as_str(), "security-group-change on lab");
    assert_eq!(kinds(suite), [("open-inbound-port", "success"), ("describe-groups", "success")]);
    let case = &suite.test_cases[0];
    assert_eq!(case.classname.as_ref().map(|name| name.as_str()), Some("security-group-change.lab.drills"));
    assert!(case.time.is_some_and(|time| !time.is_zero()) && suite.timestamp.is_some());
    assert!(case.system_out.as_ref().is_some_and(|out| out.as_str().contains("✓ discord")));
    let repeated = Reports::of(&["--repeat", "2"]).junit();
    let names = ["open-inbound-port (run 1 of 2)", "open-inbound-port (run 2 of 2)"];
    assert_eq!(kinds(&repeated.test_suites[0]), names.map(|name| (name, "success")));
}

#[test]
fn a_silent_pipeline_is_a_failure_with_cause_and_remedy() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let report = Reports::of(&[&scenario, "--timeout", "300ms"]).junit();
    let suite = &report.test_suites[0];
    let (kind, message, text) = status(&suite.test_cases[0]);
    assert_eq!(kind, "failure");
    assert!(message.ends_with("does not match the event"), "{message}");
    assert!(text.contains("✗ rule") && text.contains("RULE_PATTERN_MISMATCH") && text.contains("aws events put-rule"));
    assert_eq!((report.failures, report.errors), (1, 0));
}

#[test]
fn an_advisory_drill_fails_nothing_and_is_seen() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("ModifySecurityGroupRules");
    let reports = Reports::of(&[&scenario, "--drill", "edit-inbound-rule", "--timeout", "300ms"]);
    let json = reports.json();
    assert_eq!((&json["drills"][0]["verdict"], &json["drills"][0]["required"]), (&"failed".into(), &false.into()));
    assert_eq!(reports.ended.code, Some(0), "{}", reports.ended.stdout);
    let report = reports.junit();
    let case = &report.test_suites[0].test_cases[0];
    assert_eq!((status(case).0, report.failures, report.errors), ("success", 0, 0));
    let out = case.system_out.as_ref().unwrap().as_str();
    assert!(out.starts_with("advisory: failed\n") && out.contains("RULE_PATTERN_MISMATCH"), "{out}");
}

#[test]
fn what_the_harness_could_not_find_out_is_an_error() {
    let folder = Folder::new();
    let broken = folder.write("broken.zip", "PK, and no more");
    let reports = Reports::of(&["--notifier", &broken]);
    assert_eq!(reports.ended.code, Some(5));
    let report = reports.junit();
    let suite = &report.test_suites[0];
    assert_eq!(kinds(suite), [("run", "error")]);
    assert!(status(&suite.test_cases[0]).2.contains("COULD_NOT_PROVISION"));
    assert_eq!((report.failures, report.errors), (0, 1));
}

#[test]
fn what_is_left_behind_is_a_test_of_its_own_and_hops_are_tests_of_a_check() {
    let (lab, endpoint) = lab();
    let kept = Reports::of(&["--endpoint-url", &endpoint, "--keep"]);
    assert_eq!(kept.ended.code, Some(6));
    let report = kept.junit();
    assert_eq!(kinds(&report.test_suites[0]), [("open-inbound-port", "success"), ("cleanup", "error")]);
    assert!(status(&report.test_suites[0].test_cases[1]).2.contains("sns-securitygroup-alarm"));

    let broken = run(&["break", "rule-disabled", "--endpoint-url", &endpoint]);
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    let checked = Reports::of(&["check", "--endpoint-url", &endpoint, "--no-invoke"]);
    assert_eq!(checked.ended.code, Some(1));
    let report = checked.junit();
    let [suite] = report.test_suites.as_slice() else { panic!("one suite: {report:?}") };
    assert_eq!(suite.name.as_str(), "security-group-change on lab: pipeline");
    let kinds = kinds(suite);
    assert_eq!(kinds.len(), 9);
    for (name, kind) in [("trail", "success"), ("rule", "failure"), ("discord", "error"), ("mail", "failure")] {
        assert!(kinds.contains(&(name, kind)), "{name} is no {kind}: {kinds:?}");
    }
    signal(&lab, "INT");
    end_of(lab);
}

#[test]
fn other_readers_read_it() {
    let read = "import sys, junitparser\n\
        for path in sys.argv[1:]:\n\
        \x20   for suite in junitparser.JUnitXml.fromfile(path):\n\
        \x20       for case in suite:\n\
        \x20           print(case.name, [type(one).__name__ for one in case.result], case.classname)\n";
    if !Command::new("python3").args(["-c", "import junitparser"]).output().is_ok_and(|asked| asked.status.success()) {
        eprintln!("skipped: there is no python3 with junitparser on this machine");
        return;
    }
    let folder = Folder::new();
    let message = format!("{{'content': detail['eventID'] + {}}}", serde_json::to_string(ATTACK).unwrap());
    let title = format!("{ATTACK} \u{1b}[31m\u{7}");
    let Some(hostile) = python_scenario(&folder, &posting(&message), &title) else { return };
    let silent = folder.scenario_without("AuthorizeSecurityGroupIngress");
    for (arguments, expected) in [
        (vec![silent.as_str(), "--timeout", "200ms"], "['Failure']"),
        (vec![hostile.as_str(), "--timeout", PATIENCE], "[]"),
    ] {
        let reports = Reports::of(&arguments);
        let python = Command::new("python3").args(["-c", read, &reports.folder().text("junit.xml")]).output().unwrap();
        let said = String::from_utf8_lossy(&python.stdout).into_owned();
        assert!(python.status.success(), "{}", String::from_utf8_lossy(&python.stderr));
        assert_eq!(said, format!("open-inbound-port {expected} security-group-change.lab.drills\n"));
    }
}
