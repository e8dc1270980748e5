//! Alerts that come late, twice, or from an earlier run.

use alert_drill::lab::faults::Faults;

use crate::room::{Ended, Room};

/// Deliveries that go wrong, as the lab reads it.
fn faults(deliveries: &str) -> Faults {
    Faults::from_json(&format!(r#"{{ "deliveries": [{deliveries}] }}"#)).unwrap()
}

fn latency(ended: &Ended, hop: &str) -> f64 {
    let report = ended.json();
    let hops = report["drills"][0]["hops"].as_array().unwrap();
    hops.iter().find(|one| one["hop"] == hop).unwrap()["latency_ms"].as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_alert_passes_with_a_warning_that_says_where_the_time_went() {
    let room = Room::standing().await;
    room.lab.set_faults(&faults(r#"{ "fault": "delay", "hop": "topic", "milliseconds": 1500 }"#)).unwrap();
    let ended = room.ran(&["--warn-after", "1s", "--expect-by", "500ms", "--output", "json"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    let expected = &report["drills"][0]["expected"]["alert"];
    assert_eq!((&expected["expected_ms"][1], &expected["warn_ms"]), (&500.into(), &1000.into()));
    assert_eq!(expected["within_ms"], 20_000);
    let finding = &report["findings"][0];
    assert_eq!((&finding["code"], &finding["severity"]), (&"ALERT_LATE".into(), &"warning".into()));
    // EventBridge had it at once, and SNS says itself when it took it.
    assert_eq!(finding["hop"], "topic", "{finding}");
    assert!(latency(&ended, "bus") < 1_000.0 && latency(&ended, "topic") >= 1_400.0, "{report}");
    let evidence = finding["evidence"].to_string();
    assert!(
        evidence.contains("late after 1.0 s") && evidence.contains(" s of it went between bus and topic"),
        "{evidence}"
    );
    assert_eq!(room.ran(&["--warn-after", "10s", "--output", "json"]).await.json()["findings"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_comes_twice_is_counted_and_fails_nothing() {
    let room = Room::standing().await;
    room.lab.set_faults(&faults(r#"{ "fault": "duplicate", "hop": "topic" }"#)).unwrap();
    // The second one may come when the drill has seen enough; that of one drill then comes in the next one's time.
    let ended = room.ran(&["--repeat", "3", "--output", "json"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    for drill in report["drills"].as_array().unwrap() {
        assert_eq!(drill["verdict"], "passed", "{drill}");
        let alerts = drill["alerts"]["queue"].as_array().unwrap();
        assert!((1..=2).contains(&alerts.len()), "{drill}");
        // A duplicate is of the same event: of the drill's, and of no other's.
        for alert in alerts {
            assert_eq!(alert["event_id"], drill["record"]["eventID"], "{drill}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_of_an_earlier_run_is_not_taken_for_this_ones() {
    let room = Room::standing().await;
    room.lab.set_faults(&faults(r#"{ "fault": "delay", "hop": "topic", "milliseconds": 3000 }"#)).unwrap();
    let earlier = room.ran(&["--timeout", "300ms", "--output", "json"]).await;
    assert_eq!(earlier.code, Some(1), "its alert is still on the way: {}{}", earlier.stdout, earlier.stderr);
    // The earlier one's comes while this one waits for its own: both open the same port of the same group.
    let ended = room.ran(&["--timeout", "15s", "--output", "json"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    let drill = &report["drills"][0];
    let alerts = drill["alerts"]["queue"].as_array().unwrap();
    assert_eq!(alerts.len(), 1, "{drill}");
    assert_eq!(drill["record"]["requestID"], drill["action"]["request_id"]);
    assert_eq!(alerts[0]["event_id"], drill["record"]["eventID"]);
    assert!(latency(&ended, "queue") >= 2_900.0, "the one that came sooner is the earlier run's: {drill}");
}
