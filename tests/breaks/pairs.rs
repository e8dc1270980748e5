//! Two breaks at once: the alert ends where the first of them ends it, on each branch.

use std::sync::Arc;

use alert_drill::breaks::{self, Effect};
use alert_drill::scenario::Hop;

use crate::bench::{Bench, Workshop};
use crate::check;
use crate::ladder::{expected, reached};

/// Pairs of which each breaks something else.
pub(crate) const PAIRS: &[(&str, &str)] = &[
    ("trail-stopped", "topic-policy-default"),
    ("trail-read-only", "rule-disabled"),
    ("rule-disabled", "function-permission-removed"),
    ("pattern-wrong-source", "mail-unconfirmed"),
    ("pattern-key-misspelt", "rule-without-target"),
    ("rule-without-target", "topic-policy-other-rule"),
    ("topic-policy-denies", "topic-key-of-aws"),
    ("topic-key-of-aws", "webhook-unknown"),
    ("topic-policy-default", "function-syntax-error"),
    ("function-throttled", "mail-filter-attributes"),
    ("function-permission-other-topic", "function-name-error"),
    ("function-module-missing", "webhook-missing"),
    ("webhook-wrong-token", "mail-not-subscribed"),
    ("function-swallows-refusal", "webhook-unknown"),
    ("pattern-without-modify", "message-utc-as-kst"),
];

pub(crate) async fn both(workshop: Arc<Workshop>, one: &str, other: &str) {
    let bench = Bench::start(&workshop).await;
    let breaks = [breaks::named(one).unwrap(), breaks::named(other).unwrap()];
    for one in breaks {
        bench.break_it(one).await;
    }
    check::assert_found(&bench, &breaks).await;
    let mut ends: Vec<Hop> = breaks
        .iter()
        .filter_map(|one| match one.effect {
            Effect::Silent(at) => Some(at),
            Effect::WrongMessage | Effect::Duplicate | Effect::Answered | Effect::Hidden => None,
        })
        .collect();
    // The function that swallows the refusal reports success: the alert ends behind it.
    if one == "function-swallows-refusal" {
        ends = vec![Hop::Discord];
    }
    let seen = bench.open_port().await;
    assert_eq!(reached(&bench, &seen), expected(&ends), "{one} and {other}: {seen:#?}");
    bench.stop().await;
}
