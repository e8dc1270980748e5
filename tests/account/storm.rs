//! An account in which three calls of ten are throttled or fail. The SDK tries again; what it cannot mend is no verdict on the
//! pipeline, and whatever happens, nothing is left behind.
//!
//! `ALERT_DRILL_STORM_RUNS=200` makes more runs of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alert_drill::lab::faults::{CallFault, CallFaultKind, Faults};

use crate::capture::has_python;
use crate::room::Room;

const SIDE_BY_SIDE: usize = 4;

fn storm(seed: u64) -> Faults {
    let fault = |kind, rate| CallFault::new(kind).rate(rate);
    // The first that strikes decides: 1 - 0.84 × 0.91 × 0.91 = 30 %.
    Faults::new()
        .seed(seed)
        .call(fault(CallFaultKind::Throttle, 0.16))
        .call(fault(CallFaultKind::InternalError, 0.09))
        .call(fault(CallFaultKind::ServiceUnavailable, 0.09))
}

#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    undecided: usize,
    made: u64,
    retried: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_no_pipeline_is_called_silent_and_nothing_is_left() {
    let runs = std::env::var("ALERT_DRILL_STORM_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(12);
    let next = Arc::new(AtomicUsize::new(0));
    let catches = has_python();
    let mut working = tokio::task::JoinSet::new();
    for lane in 0..SIDE_BY_SIDE {
        let next = Arc::clone(&next);
        working.spawn(async move {
            let room = if lane % 2 == 0 { Room::empty().await } else { Room::standing().await };
            // Half of the runs see the channel by a function of their own, which calls AWS as well.
            let discord = if catches && lane < 2 { "capture" } else { "mock" };
            let mut tally = Tally::default();
            loop {
                let run = next.fetch_add(1, Ordering::Relaxed);
                if run >= runs {
                    return tally;
                }
                room.lab.set_faults(&storm(run as u64)).unwrap();
                let ended = room.ran(&["--timeout", "60s", "--output", "json", "--discord", discord]).await;
                room.lab.set_faults(&Faults::new()).unwrap();
                let report = ended.json();
                let is_decided = report["verdict"] != "error";
                assert!(!is_decided || report["discord"] == discord, "run {run}: {}", ended.stdout);
                match report["verdict"].as_str().unwrap() {
                    "passed" => tally.passed += 1,
                    "error" => tally.undecided += 1,
                    other => panic!("run {run} is {other}: {}", ended.stdout),
                }
                assert_eq!(report["cleanup"]["left_behind"], serde_json::json!([]), "run {run}");
                room.assert_as_it_was(&format!("after run {run}"));
                tally.made += report["calls"]["made"].as_u64().unwrap();
                tally.retried += report["calls"]["retried"].as_u64().unwrap();
            }
        });
    }
    let tallies = working.join_all().await;
    let sum = |part: fn(&Tally) -> u64| tallies.iter().map(part).sum::<u64>();
    let (passed, undecided) = (sum(|tally| tally.passed as u64), sum(|tally| tally.undecided as u64));
    let (made, retried) = (sum(|tally| tally.made), sum(|tally| tally.retried));
    eprintln!("{runs} runs: {passed} passed, {undecided} without a verdict; {made} calls, {retried} attempts repeated");
    assert!(passed * 10 >= runs as u64 * 9, "most of them pass");
    assert!(retried * 5 > made, "the storm is one: {retried} of {made}");
}
