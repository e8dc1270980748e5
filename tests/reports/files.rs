//! Where reports are written, and when they cannot be.

use std::fs;

use crate::Reports;
use crate::support::{Folder, lab, run};

#[test]
fn one_command_writes_them_all_and_its_result_stays_as_it_is() {
    let reports = Reports::of(&[]);
    assert_eq!((reports.ended.code, reports.ended.stderr.as_str()), (Some(0), ""));
    assert!(reports.ended.stdout.starts_with("✓ open-inbound-port  "), "{}", reports.ended.stdout);
    assert_eq!(fs::read_dir(reports.folder().path("")).unwrap().count(), 4, "nothing else is left in the folder");
    let json = reports.json();
    assert_eq!((&json["format_version"], &json["verdict"]), (&1.into(), &"passed".into()));

    // What people got, whole.
    let drill = &json["drills"][0];
    let (record, alerts) = (&drill["record"], &drill["alerts"]);
    assert_eq!(record["eventName"], "AuthorizeSecurityGroupIngress");
    assert_eq!(record["requestID"], drill["action"]["request_id"]);
    assert_eq!(alerts["queue"][0]["event_id"], record["eventID"]);
    let message = &alerts["discord"][0]["message"];
    assert_eq!(message["content"], alerts["discord"][0]["content"]);
    assert!(message["author"]["username"].is_string());
    let mail = &alerts["mail"][0];
    assert_eq!((&mail["event_id"], &mail["to"]), (&record["eventID"], &"security-team@example.com".into()));
    assert!(mail["body"].as_str().unwrap().contains(record["eventID"].as_str().unwrap()));
    assert!(drill["duration_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_failure_keeps_its_exit_code_and_names_its_cause_in_every_report() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let reports = Reports::of(&[&scenario, "--timeout", "300ms"]);
    assert_eq!((reports.ended.code, reports.ended.stderr.as_str()), (Some(1), ""));
    for text in [reports.html(), reports.markdown(), reports.texts()[1].clone(), reports.texts()[2].clone()] {
        assert!(text.contains("RULE_PATTERN_MISMATCH"), "{text}");
        assert!(text.contains("aws events put-rule --name eventbridge-securitygroup-changerule"), "{text}");
    }
    let drill = &reports.json()["drills"][0];
    assert_eq!(drill["findings"][0]["code"], "RULE_PATTERN_MISMATCH");
    assert_eq!(drill["record"]["requestID"], drill["action"]["request_id"], "the bus had it");
}

#[test]
fn a_record_that_no_trail_took_is_shown_from_the_history() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let (lab, endpoint) = lab();
    let kept = run(&["run", &scenario, "--keep", "--endpoint-url", &endpoint, "--timeout", "200ms"]);
    assert_eq!(kept.code, Some(1), "{}{}", kept.stdout, kept.stderr);
    let broken = run(&["break", "trail-stopped", "--endpoint-url", &endpoint, "--scenario", &scenario]);
    assert_eq!(broken.code, Some(0), "{}", broken.stderr);
    let reports = Reports::of(&["check", &scenario, "--live", "--timeout", "200ms", "--endpoint-url", &endpoint]);
    let drill = &reports.json()["drills"][0];
    assert_eq!(drill["verdict"], "failed", "{drill:#}");
    assert_eq!(drill["record"]["requestID"], drill["action"]["request_id"]);
    crate::support::signal(&lab, "INT");
    crate::support::end_of(lab);
}

#[test]
fn a_place_that_cannot_be_written_is_named_before_anything_runs() {
    let folder = Folder::new();
    let nowhere = folder.text("nowhere/page.html");
    let folder_itself = folder.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let file = folder.text("report");
    for (arguments, why) in [
        (vec!["--report-html", &nowhere], "there is no folder "),
        (vec!["--report-json", &folder_itself], "it is a folder, and a report is one file"),
        (vec!["check", "--report-junit", "-"], "standard output has the result"),
        (vec!["--report-html", &file, "--report-markdown", &file], "two reports cannot be written to one file"),
    ] {
        let ended = run(&arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(why), "{}", ended.stderr);
        let asked = if arguments.contains(&"-") { "-" } else { arguments[1] };
        assert!(ended.stderr.contains(asked), "it names {asked}: {}", ended.stderr);
    }
}

#[test]
fn a_run_that_never_begins_is_an_error_in_every_report() {
    let why = "nothing answers at http://127.0.0.1:1";
    for command in [&[][..], &["check"]] {
        let reports = Reports::of(&[command, &["--endpoint-url", "http://127.0.0.1:1", "--output", "json"]].concat());
        assert_eq!(reports.ended.code, Some(5), "{command:?}: {}", reports.ended.stderr);
        for text in reports.texts() {
            assert!(text.contains(why), "{command:?}: {text}");
        }
        let json = reports.json();
        assert_eq!((&json["format_version"], &json["verdict"]), (&1.into(), &"error".into()));
        assert_eq!(reports.ended.stdout, reports.texts()[2], "--output json has the same document");
        let junit = reports.junit();
        assert_eq!((junit.test_suites.len(), junit.test_suites[0].test_cases.len()), (1, 1));
        let case = &junit.test_suites[0].test_cases[0];
        let status = crate::junit::status(case);
        assert_eq!((case.name.as_str(), status.0), ("run", "error"));
        assert!(reports.markdown().starts_with("## ! alert-drill: no verdict: nothing could be run\n"));
        assert!(reports.html().contains("<!doctype html>") && !reports.html().contains("<script"));
    }
}

#[test]
fn a_report_of_an_earlier_run_is_not_taken_for_this_one() {
    let folder = Folder::new();
    let old = folder.write("junit.xml", "of an earlier run");
    let ended = run(&["--endpoint-url", "http://127.0.0.1:1", "--report-junit", &old]);
    assert_eq!(ended.code, Some(5));
    assert!(!std::fs::read_to_string(&old).unwrap().contains("earlier"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_turns_a_pass_into_an_error_and_hides_no_failure() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    for (arguments, code) in [(vec![], Some(5)), (vec![scenario.as_str(), "--timeout", "200ms"], Some(1))] {
        let ended = run(&[&arguments[..], &["--report-json", "/dev/full"]].concat());
        assert_eq!(ended.code, code, "{}", ended.stderr);
        assert!(ended.stderr.starts_with("error: the report /dev/full cannot be written: "), "{}", ended.stderr);
        assert!(ended.stdout.contains("open-inbound-port"), "the result is printed all the same");
    }
}

#[test]
fn a_stream_is_written_to_and_stays() {
    let ended = run(&["--report-markdown", "/dev/stdout"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.starts_with("## ✓ alert-drill: "), "{}", ended.stdout);
    assert!(ended.stdout.trim_end().ends_with("everything removed"), "{}", ended.stdout);
}

#[test]
fn no_report_has_the_token_of_a_webhook() {
    let folder = Folder::new();
    let seen = folder.text("webhook");
    // As Python's `requests` does, whose errors have the whole address. The file is renamed into place: the lab starts the function
    // again, and may end it while it writes.
    let function = format!(
        r#"import os
def lambda_handler(event, context):
    with open("{seen}.new", "w") as file:
        file.write(os.environ["DISCORD_WEBHOOK_URL"])
    os.replace("{seen}.new", "{seen}")
    raise RuntimeError("404 Client Error: Not Found for url: " + os.environ["DISCORD_WEBHOOK_URL"])
"#
    );
    let Some(scenario) = crate::python_scenario(&folder, &function, "Opening SSH") else { return };
    let reports = Reports::of(&[&scenario, "--timeout", "6s"]);
    assert_eq!(reports.ended.code, Some(1), "{}{}", reports.ended.stdout, reports.ended.stderr);
    let webhook = fs::read_to_string(&seen).unwrap();
    let token = webhook.rsplit('/').next().unwrap();
    assert!(token.len() > 20, "a webhook's address: {webhook}");
    for text in reports.texts().into_iter().filter(|text| !text.is_empty()) {
        assert!(text.contains("404 Client Error: Not Found for url: "), "the error is shown: {text}");
        assert!(!text.contains(token), "the token is shown: {text}");
    }
}
