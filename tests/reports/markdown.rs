//! Markdown for GitHub's summaries and comments.

use crate::support::Folder;
use crate::{ATTACK, PATIENCE, Reports, posting, python_scenario};

#[test]
fn a_pass_is_a_table_and_what_people_got_is_folded() {
    let text = Reports::of(&[]).markdown();
    assert!(text.starts_with("## ✓ alert-drill: the alarm works as it must\n"), "{text}");
    assert!(text.contains("| ✓ | `open-inbound-port`<br>Opening SSH raises an alert | passed | "), "{text}");
    assert!(text.contains("<details><summary>✓ open-inbound-port: passed</summary>\n\n"), "{text}");
    assert!(text.contains("\n```json\n{\n  \"eventVersion\""), "{text}");
    assert!(text.contains("AWS Notification Message"), "{text}");
}

#[test]
fn a_failure_comes_with_its_cause_and_remedy_in_korean() {
    let folder = Folder::new();
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let text = Reports::of(&[&scenario, "--timeout", "300ms", "--lang", "ko"]).markdown();
    assert!(text.starts_with("## ✗ alert-drill: 알림이 제대로 동작하지 않습니다\n"), "{text}");
    assert!(text.contains("### `RULE_PATTERN_MISMATCH` · rule (잘못됨)\n"), "{text}");
    assert!(text.contains("**해결 방법**\n\n```sh\naws events put-rule "), "{text}");
    assert!(text.contains("<details><summary>근거</summary>\n\n```text\n"), "{text}");
    assert!(text.contains("<details open><summary>✗ open-inbound-port: 실패</summary>\n"), "{text}");
}

#[test]
fn nothing_gets_out_of_its_block() {
    let folder = Folder::new();
    let body =
        format!("{{'content': detail['eventID'] + '\\n````\\n# out\\n' + {}}}", serde_json::to_string(ATTACK).unwrap());
    let Some(scenario) = python_scenario(&folder, &posting(&body), &format!("@everyone | {ATTACK}")) else { return };
    let reports = Reports::of(&[&scenario, "--timeout", PATIENCE]);
    assert_eq!(reports.ended.code, Some(0), "{}{}", reports.ended.stdout, reports.ended.stderr);
    let text = reports.markdown();
    // A reader of Markdown's blocks: what stands outside of fences has no tag but the report's own.
    let mut fence: Option<usize> = None;
    let mut outside = String::new();
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if ticks >= open && line.trim_end().len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(ticks),
            None => outside.push_str(&format!("{line}\n")),
        }
    }
    assert_eq!(fence, None, "every block is closed: {text}");
    for (left, right) in [("<script", "<img"), ("# out", "@everyone")] {
        assert!(!outside.contains(left) && !outside.contains(right), "{outside}");
    }
    assert_eq!(outside.matches("<details").count(), outside.matches("</details>").count(), "{outside}");
    assert!(text.contains("\n# out\n"), "the message is shown");
}

#[test]
fn many_runs_fit_into_a_comment() {
    let reports = Reports::of(&[
        "--drill",
        "open-inbound-port",
        "--drill",
        "close-inbound-port",
        "--repeat",
        "40",
        "--jobs",
        "8",
    ]);
    let text = reports.markdown();
    assert!(text.chars().count() < 65_536, "{}", text.chars().count());
    assert!(text.contains("| `open-inbound-port`<br>Opening SSH raises an alert | 40 passed | "), "{text}");
    assert!(text.contains("3 of 40 runs are shown in full"), "{text}");
}
