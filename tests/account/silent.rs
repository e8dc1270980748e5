//! An alarm that is silent in an account, where nobody tells what became of an event: the probes say between which two of them it was
//! lost, and the pipeline as it stands says at which link.

use alert_drill::Names;
use alert_drill::breaks;
use alert_drill::lab::faults::Faults;
use alert_drill::scenario::Scenario;
use serde_json::Value;

use crate::room::Room;

/// The status of each of these hops.
fn statuses<'a>(report: &'a Value, hops: &[&str]) -> Vec<&'a str> {
    let all = report["drills"][0]["hops"].as_array().unwrap();
    hops.iter().map(|hop| all.iter().find(|one| one["hop"] == *hop).unwrap()["status"].as_str().unwrap()).collect()
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

const HOPS: [&str; 6] = ["bus", "rule", "topic", "queue", "function", "discord"];

/// Breaks the pipeline that stands, and drills it.
async fn broken(names: &[&str]) -> Value {
    let mut room = Room::standing().await;
    let clients = room.clients().await;
    for name in names {
        breaks::named(name).unwrap().apply(&clients, &Names::of(&Scenario::shipped())).await.unwrap();
    }
    room.before = crate::state::of(&room.lab);
    let ended = room.ran(&["--timeout", "2s", "--output", "json"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    room.assert_as_it_was("after the drill");
    ended.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_that_broke_is_named_with_a_remedy() {
    for (name, code, expected) in [
        (
            "rule-disabled",
            "RULE_DISABLED",
            ["reached", "broken", "not_reached", "not_reached", "not_reached", "not_reached"],
        ),
        (
            "pattern-without-authorize-ingress",
            "RULE_PATTERN_MISMATCH",
            ["reached", "broken", "not_reached", "not_reached", "not_reached", "not_reached"],
        ),
        (
            "topic-policy-default",
            "TOPIC_POLICY_DENIES",
            ["reached", "unknown", "broken", "not_reached", "not_reached", "not_reached"],
        ),
        (
            "function-permission-removed",
            "FUNCTION_POLICY_DENIES",
            ["reached", "reached", "reached", "reached", "broken", "not_reached"],
        ),
    ] {
        let report = broken(&[name]).await;
        assert_eq!(codes(&report), [code], "{name}: {report:#}");
        assert_eq!(statuses(&report, &HOPS), expected, "{name}: {report:#}");
        let finding = &report["findings"][0];
        assert!(finding["remedy"].as_str().unwrap().starts_with("aws "), "{name}: {finding}");
        assert_eq!(report["drills"][0]["reason"], finding["message"], "{name}");
    }
    let report = broken(&["topic-policy-default", "function-not-subscribed"]).await;
    assert_eq!(codes(&report), ["TOPIC_POLICY_DENIES", "FUNCTION_NOT_SUBSCRIBED"], "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_looks_right_it_is_said_between_which_probes_the_event_was_lost() {
    let room = Room::standing().await;
    let faults = Faults::from_json(r#"{ "deliveries": [{ "fault": "drop", "hop": "topic" }] }"#).unwrap();
    room.lab.set_faults(&faults).unwrap();
    let ended = room.ran(&["--timeout", "2s", "--output", "json"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    assert_eq!(codes(&report), ["ALERT_MISSING"], "{report:#}");
    assert_eq!(report["findings"][0]["hop"], "queue", "{report:#}");
    let expected = ["reached", "unknown", "unknown", "broken", "not_reached", "not_reached"];
    assert_eq!(statuses(&report, &HOPS), expected, "{report:#}");
}
