//! Breaks that the drill does not show: what strikes, and when.

use std::time::{Duration, Instant};

use alert_drill::lab::deliveries::{Hop as Lab, Outcome, Reason};
use alert_drill::lab::discord::{Fault, Scope};
use alert_drill::scenario::Hop;

use crate::bench::{Bench, Seen};
use crate::ladder::{expected, reached};
use crate::message::field;

/// Asserts that a break which the drill does not show strikes with another change.
pub(crate) async fn assert_strikes(name: &str, bench: &Bench<'_>) {
    match name {
        "trail-bucket-closed" => assert_files_are_lost(bench).await,
        "pattern-without-modify" => assert_silent_edit(bench, Hop::Rule, Reason::PatternMismatch).await,
        "function-fails-on-other-shapes" => assert_silent_edit(bench, Hop::Function, Reason::FunctionError).await,
        "function-swallows-refusal" => assert_refusal_is_lost(bench).await,
        "message-group-missing-on-modify" => {
            let seen = bench.edit_rule().await;
            let message = seen.discord.last().unwrap();
            assert_eq!(field(message, "보안 그룹 ID"), Some("N/A"), "{message}");
        }
        other => panic!("when does {other} strike?"),
    }
}

/// The trail says that it cannot write; its files come about a second after the record.
async fn assert_files_are_lost(bench: &Bench<'_>) {
    let trail = bench.pipeline.trail_arn.as_deref().unwrap();
    let began = Instant::now();
    loop {
        let status = bench.clients().cloudtrail.get_trail_status().name(trail).send().await.unwrap();
        if status.latest_delivery_error().is_some() {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "the trail can still write: {status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Nobody has heard of the edit; all had heard of the port that was opened before.
async fn assert_silent_edit(bench: &Bench<'_>, at: Hop, reason: Reason) {
    let seen = bench.edit_rule().await;
    let stopped: Vec<_> = seen.deliveries.iter().filter(|one| one.outcome == Outcome::Stopped).collect();
    let [only] = stopped.as_slice() else { panic!("stopped once: {stopped:#?}") };
    assert_eq!(only.reason, Some(reason), "{only:#?}");
    // The channel and the mailbox still show the alert of before.
    assert_eq!(seen.discord.len(), 1);
    let told = Seen { discord: Vec::new(), mail: seen.mail - 1, ..seen };
    assert_eq!(reached(bench, &told), expected(&[at]));
}

/// Discord asks the function to wait, and nobody ever knows.
async fn assert_refusal_is_lost(bench: &Bench<'_>) {
    let before = bench.lab().discord().exchanges().len();
    bench.lab().discord().answer_next(Fault::RateLimited { retry_after: Duration::from_secs(1), scope: Scope::Shared });
    let seen = bench.edit_rule().await;
    let exchanges = bench.lab().discord().exchanges();
    let statuses: Vec<u16> = exchanges[before..].iter().map(|exchange| exchange.status).collect();
    assert_eq!(statuses, [429], "it is not tried again");
    let function = seen.deliveries.iter().filter(|one| one.hop == Lab::Function);
    assert!(function.clone().all(|one| one.outcome == Outcome::Delivered), "the function reports success");
    assert_eq!(function.count(), 1);
    assert_eq!(seen.discord.len(), 1, "only the alert of before is there");
}
