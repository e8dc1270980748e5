//! The pipeline, broken on purpose: each break of `alert-drill break` in a lab of its own, and the proof that the drill
//! falls silent at the right hop, or what is wrong with what people read.
//!
//! ```text
//! build the right pipeline ─► break it ─► open a port ─► where did the alert end? ─► what does `check` say?
//! ```

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

#[path = "breaks/bench.rs"]
mod bench;
#[path = "breaks/check.rs"]
mod check;
#[path = "breaks/hidden.rs"]
mod hidden;
#[path = "breaks/ladder.rs"]
mod ladder;
#[path = "breaks/mended.rs"]
mod mended;
#[path = "breaks/message.rs"]
mod message;
#[path = "breaks/pairs.rs"]
mod pairs;
#[path = "breaks/reasons.rs"]
mod reasons;
#[path = "breaks/single.rs"]
mod single;

use std::process::ExitCode;
use std::sync::Arc;

use alert_drill::breaks;
use alert_drill::lab::lambda::PythonVersion;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::bench::Workshop;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    if let Some(why) = skipped() {
        eprintln!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    // Each test waits for its functions most of the time.
    arguments.test_threads.get_or_insert(8);
    let workshop = Arc::new(Workshop::new());
    let runtime = Arc::new(Runtime::new().unwrap());
    let mut trials = vec![trial("unbroken", &runtime, &workshop, single::unbroken)];
    let shown: Vec<&breaks::Break> = breaks::all().filter(|one| !lacks_boto3(one)).collect();
    for one in shown.iter().copied() {
        trials.push(trial(one.name, &runtime, &workshop, |workshop| single::broken(workshop, one)));
    }
    for (one, other) in pairs::PAIRS {
        let name = format!("{one} and {other}");
        trials.push(trial(&name, &runtime, &workshop, |workshop| pairs::both(workshop, one, other)));
    }
    match mended::skipped() {
        Some(why) => eprintln!("skipped: {why}"),
        None => trials.extend(shown.into_iter().map(|one| {
            trial(&format!("mended: {}", one.name), &runtime, &workshop, |workshop| mended::mended(workshop, one))
        })),
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Why nothing can be shown here.
fn skipped() -> Option<String> {
    match std::env::var("ALERT_DRILL_TARGET") {
        Ok(target) if target != "lab" => return Some(format!("the breaks are shown on the lab, not on {target}")),
        _ => {}
    }
    PythonVersion::V3_13.find().err().map(|error| error.to_string())
}

/// Whether the function of a break calls AWS, for which this machine's Python lacks boto3. It is said once.
fn lacks_boto3(one: &breaks::Break) -> bool {
    if one.effect != breaks::Effect::Answered {
        return false;
    }
    let python = PythonVersion::V3_13.find().unwrap().path;
    let imported = std::process::Command::new(&python).args(["-c", "import boto3"]).output();
    let lacks = !imported.is_ok_and(|imported| imported.status.success());
    if lacks {
        eprintln!("skipped: {}: {} has no boto3", one.name, python.display());
    }
    lacks
}

fn trial<F>(
    name: &str,
    runtime: &Arc<Runtime>,
    workshop: &Arc<Workshop>,
    test: impl FnOnce(Arc<Workshop>) -> F + Send + 'static,
) -> Trial
where
    F: Future<Output = ()> + Send,
{
    let (runtime, workshop) = (Arc::clone(runtime), Arc::clone(workshop));
    Trial::test(name, move || {
        runtime.block_on(test(workshop));
        Ok(())
    })
}
