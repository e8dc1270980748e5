//! Which hops an alert reached, by the lab's deliveries and by what people got.

use std::collections::BTreeSet;

use alert_drill::lab::deliveries::{self, Outcome};
use alert_drill::scenario::Hop;

use crate::bench::{Bench, Seen};

/// The hops that an alert can be seen at.
const HOPS: [Hop; 8] =
    [Hop::Trail, Hop::Bus, Hop::Rule, Hop::Topic, Hop::Queue, Hop::Function, Hop::Discord, Hop::Mail];

/// The hops that an alert of the pipeline's own reached.
pub(crate) fn reached(bench: &Bench<'_>, seen: &Seen) -> BTreeSet<Hop> {
    let at = |hop: deliveries::Hop, outcome: Outcome| {
        seen.deliveries.iter().filter(move |one| one.hop == hop && one.outcome == outcome)
    };
    let delivered =
        |hop: deliveries::Hop, to: &str| at(hop, Outcome::Delivered).any(|one| to.is_empty() || one.to == to);
    let pipeline = &bench.pipeline;
    HOPS.into_iter()
        .filter(|hop| match hop {
            Hop::Api => true,
            Hop::Trail => delivered(deliveries::Hop::Trail, ""),
            Hop::Bus => delivered(deliveries::Hop::Bus, ""),
            // A rule without a target matches, and is the end all the same.
            Hop::Rule => {
                let ended = at(deliveries::Hop::Rule, Outcome::Stopped).next().is_some();
                delivered(deliveries::Hop::Rule, &pipeline.rule_arn) && !ended
            }
            Hop::Topic => delivered(deliveries::Hop::Topic, &pipeline.topic_arn),
            Hop::Queue => seen.queue > 0,
            Hop::Function => delivered(deliveries::Hop::Function, pipeline.function_arn.as_deref().unwrap()),
            Hop::Discord => !seen.discord.is_empty(),
            Hop::Mail => seen.mail > 0,
        })
        .collect()
}

/// The hops that an alert reaches which ends before these.
pub(crate) fn expected(ends: &[Hop]) -> BTreeSet<Hop> {
    HOPS.into_iter().filter(|hop| !ends.iter().any(|end| is_behind(*hop, *end))).collect()
}

/// Whether an alert that ends before `end` does not reach `hop`: the chain goes straight to the topic and forks there.
fn is_behind(hop: Hop, end: Hop) -> bool {
    match end {
        Hop::Api | Hop::Trail | Hop::Bus | Hop::Rule | Hop::Topic => hop >= end,
        Hop::Function => matches!(hop, Hop::Function | Hop::Discord),
        Hop::Queue | Hop::Discord | Hop::Mail => hop == end,
    }
}
