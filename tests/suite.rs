//! Behaviours that a user cares about, on the target that `ALERT_DRILL_TARGET` names. One test binary: each one links the
//! whole AWS SDK.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

// The test binary plays the Lambda function too.
alert_drill::notifier!();

#[path = "suite/common.rs"]
mod common;
#[path = "suite/drills.rs"]
mod drills;
#[path = "suite/right_pipeline.rs"]
mod right_pipeline;
#[path = "suite/silent_function.rs"]
mod silent_function;
#[path = "suite/silent_mail.rs"]
mod silent_mail;
#[path = "suite/silent_queue.rs"]
mod silent_queue;
#[path = "suite/silent_rule.rs"]
mod silent_rule;
#[path = "suite/silent_topic.rs"]
mod silent_topic;
#[path = "suite/silent_trail.rs"]
mod silent_trail;

/// Whether the suite runs on the lab. Any other target is said and left out: drills run on the lab alone so far.
fn on_the_lab() -> bool {
    match std::env::var("ALERT_DRILL_TARGET") {
        Ok(target) if target != "lab" => {
            eprintln!("skipped: the target {target} is not there yet; only `lab` is");
            false
        }
        _ => true,
    }
}
