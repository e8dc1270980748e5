//! One break alone.

use std::sync::Arc;

use alert_drill::Names;
use alert_drill::breaks::{Break, BreakError, Effect};

use crate::bench::{Bench, Seen, Workshop};
use crate::ladder::{expected, reached};
use crate::{check, hidden, message, reasons};

/// The right pipeline is heard everywhere, once, and there is nothing to find.
pub(crate) async fn unbroken(workshop: Arc<Workshop>) {
    let bench = Bench::start(&workshop).await;
    let seen = bench.open_port().await;
    assert_heard(&bench, &seen, [1, 1, 1]);
    message::assert_right(&seen);
    // Every way to change a group is told rightly, not the drill's alone.
    let seen = bench.edit_rule().await;
    let edit = Seen { discord: seen.discord[1..].to_vec(), ..seen };
    message::assert_right(&edit);
    check::assert_found(&bench, &[]).await;
    check::assert_live(&bench).await;
    bench.stop().await;
}

/// A break does what its table says of it.
pub(crate) async fn broken(workshop: Arc<Workshop>, one: &Break) {
    let bench = Bench::start(&workshop).await;
    bench.break_it(one).await;
    assert_broken_once(&bench, one).await;
    if one.effect != Effect::Answered {
        check::assert_found(&bench, &[one]).await;
    }
    let seen = bench.open_port().await;
    match one.effect {
        Effect::Silent(at) => {
            assert_eq!(reached(&bench, &seen), expected(&[at]), "{}: {seen:#?}", one.name);
            reasons::assert_stopped(one, at, &seen);
        }
        Effect::WrongMessage => {
            assert_heard(&bench, &seen, [1, 1, 1]);
            message::assert_wrong(one.name, &seen);
        }
        Effect::Duplicate => {
            // A rule doubles for everybody, the function for the channel alone.
            let copies = if one.name == "rule-twice" { 2 } else { 1 };
            assert_heard(&bench, &seen, [copies, 2, copies]);
        }
        Effect::Answered => {
            assert_heard(&bench, &seen, [2, 2, 2]);
            // Nobody can know before it has happened once.
            check::assert_found(&bench, &[one]).await;
        }
        Effect::Hidden => {
            assert_heard(&bench, &seen, [1, 1, 1]);
            if one.name != "function-fails-on-other-shapes" {
                message::assert_right(&seen);
            }
            hidden::assert_strikes(one.name, &bench).await;
        }
    }
    bench.stop().await;
}

/// Whoever breaks the same thing again is told so.
async fn assert_broken_once(bench: &Bench<'_>, one: &Break) {
    let names = Names::of(bench.scenario);
    let error = one.apply(bench.clients(), &names).await.expect_err(one.name);
    match &error {
        BreakError::AlreadyBroken { name, .. } => assert_eq!(*name, one.name),
        // What was taken away is not there to be taken away again.
        BreakError::NotThere { what } => {
            let known = [&names.trail, &names.rule, &names.topic, &names.function, &names.bucket_prefix];
            assert!(known.into_iter().any(|name| what.contains(name)), "{}: {error}", one.name);
        }
        BreakError::NoSuchBreak { .. } | BreakError::Refused { .. } => panic!("{}: {error}", one.name),
    }
}

/// Everybody heard, so often: the queue, the channel, the mailbox.
fn assert_heard(bench: &Bench<'_>, seen: &Seen, times: [usize; 3]) {
    assert_eq!(reached(bench, seen), expected(&[]), "{seen:#?}");
    assert_eq!([seen.queue, seen.discord.len(), seen.mail], times, "{seen:#?}");
}
