//! Records that wait are put together, in their order, and each of them once.

use std::time::Duration;

use alert_drill::relay::{Outcome, Relay, Totals};
use serde_json::Value;

use crate::{AUTHORIZE, Bus, Said, Upstream, relay, send};

const CALLS: u64 = 41;

/// A relay whose bus answers nothing while so many calls are made, and what it says of them.
async fn called(bus: Bus) -> (Upstream, Relay, Said) {
    let upstream = Upstream::start(bus).await;
    let (relay, said) = relay(&upstream).await;
    for _ in 0..CALLS {
        // The answer comes whatever the bus does.
        let answer = send(relay.address(), AUTHORIZE).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    // The record is built behind the answer.
    let counted = async {
        while relay.totals().records < CALLS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), counted).await.unwrap();
    (upstream, relay, said)
}

fn numbers(upstream: &Upstream) -> Vec<u64> {
    let number = |event: &Value| {
        let detail: Value = serde_json::from_str(event["Detail"].as_str().unwrap()).unwrap();
        detail["requestID"].as_str().unwrap().trim_start_matches("request-").parse().unwrap()
    };
    upstream.events().iter().map(number).collect()
}

#[tokio::test]
async fn what_waits_is_put_ten_at_a_time_in_the_order_of_the_calls() {
    let (upstream, relay, said) = called(Bus::Waits).await;
    assert_eq!(relay.totals(), Totals { records: CALLS, ..Totals::default() }, "the bus has answered nothing");
    upstream.open();
    assert_eq!(relay.stop().await, Totals { records: CALLS, put: CALLS, lost: 0, unrecorded: 0 });
    assert_eq!(numbers(&upstream), (1..=CALLS).collect::<Vec<_>>());
    // The first put has what was there when it began, between one and ten; the others are full but for the last.
    assert_eq!(upstream.puts(), 5, "one record a put would be {CALLS}");
    assert_eq!(said.lock().unwrap().len() as u64, CALLS);
}

#[tokio::test]
async fn entries_that_a_busy_bus_refuses_are_put_again_without_the_others() {
    let (upstream, relay, _) = called(Bus::WaitsAndThrottles).await;
    upstream.open();
    assert_eq!(relay.stop().await, Totals { records: CALLS, put: CALLS, lost: 0, unrecorded: 0 });
    let mut numbers = numbers(&upstream);
    assert_ne!(numbers, (1..=CALLS).collect::<Vec<_>>(), "some were refused at first");
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=CALLS).collect::<Vec<_>>(), "each of them once");
}

#[tokio::test]
async fn a_record_that_the_bus_refuses_for_good_takes_no_other_with_it() {
    let upstream = Upstream::start(Bus::Chokes("request-7\\\"")).await;
    let (relay, said) = relay(&upstream).await;
    for _ in 0..CALLS {
        send(relay.address(), AUTHORIZE).await;
    }
    assert_eq!(relay.stop().await, Totals { records: CALLS, put: CALLS - 1, lost: 1, unrecorded: 0 });
    assert!(!numbers(&upstream).contains(&7));
    let said = said.lock().unwrap();
    let lost: Vec<_> = said.iter().filter(|relayed| matches!(relayed.outcome, Outcome::Lost(_))).collect();
    assert!(matches!(lost.as_slice(), [lost] if lost.request_id == "request-7"), "{lost:?}");
}
