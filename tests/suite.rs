//! Behaviours that a user cares about, on the target that `ALERT_DRILL_TARGET` names: `lab` (the default) or `localstack`. One
//! test binary: each one links the whole AWS SDK.
//!
//! It has a harness of its own, so that a test that the target cannot show is *ignored*, with the reason, and not green. All of
//! them are listed at the end. `ALERT_DRILL_ENDPOINT_URL` names a LocalStack that runs already.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

#[path = "suite/command.rs"]
mod command;
#[path = "suite/common.rs"]
mod common;
#[path = "suite/drills.rs"]
mod drills;
#[path = "suite/localstack.rs"]
mod localstack;
#[path = "suite/place.rs"]
mod place;
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

use std::sync::{Arc, Mutex};

use libtest_mimic::{Arguments, Completion, Trial};

/// Why a target cannot show what a test is about.
struct Skipped(String);

/// How a test ends that does not fail, which it does by panicking.
type Outcome = Result<(), Skipped>;

type Skips = Arc<Mutex<Vec<(String, String)>>>;

/// One trial for each of a module's tests. A test that is left out here is dead code, which the compiler tells.
macro_rules! trials {
    ($runtime:expr, $skips:expr; $($module:ident: $($test:ident),+;)+) => {
        vec![$($(trial($runtime, $skips, concat!(stringify!($module), "::", stringify!($test)), || $module::$test())),+),+]
    };
}

fn main() {
    // The lab's Lambda, and the harness in LocalStack's place, start this binary again as the function.
    alert_drill::enter_if_asked();
    let arguments = Arguments::from_args();
    let runtime = Arc::new(tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap());
    let skips = Skips::default();
    let conclusion = libtest_mimic::run(&arguments, all(&runtime, &skips));
    runtime.block_on(place::close());
    let mut skipped = skips.lock().unwrap().clone();
    skipped.sort_unstable();
    if !skipped.is_empty() {
        println!("{} tests were skipped on the target {}:", skipped.len(), place::name());
        for (test, reason) in skipped {
            println!("    {test}: {reason}");
        }
        println!();
    }
    // Not by returning: a test that failed may have left something that blocks.
    conclusion.exit()
}

fn all(runtime: &Arc<tokio::runtime::Runtime>, skips: &Skips) -> Vec<Trial> {
    trials! { runtime, skips;
        command:
            the_default_drill_passes_with_exit_code_0,
            json_names_the_target_and_what_it_can_show,
            a_broken_pipeline_ends_with_exit_code_1,
            an_interrupted_run_cleans_up_and_ends_with_130;
        drills:
            every_shipped_drill_passes_and_leaves_nothing,
            every_shipped_drill_passes_in_four_lanes_and_keeps_its_place,
            drills_side_by_side_do_not_take_each_others_alerts,
            a_pattern_without_the_name_breaks_at_the_rule,
            an_advisory_drill_warns_and_does_not_fail_the_run,
            a_function_that_dies_is_named_with_its_error,
            a_function_that_never_answers_is_named_in_time_and_leaves_no_process,
            a_notifier_that_is_missing_or_broken_is_an_error_and_not_a_failure,
            an_interrupted_run_cleans_up;
        localstack:
            without_docker_the_other_ways_are_named,
            an_image_that_is_not_there_is_named,
            an_image_that_ends_at_once_is_named_with_its_last_words,
            an_image_that_never_gets_healthy_is_given_up_in_time,
            a_localstack_that_dies_in_the_middle_is_no_verdict,
            a_run_that_is_interrupted_while_it_starts_leaves_nothing,
            a_run_that_is_killed_leaves_nothing,
            a_run_that_panics_leaves_nothing,
            only_this_machine_reaches_it;
        right_pipeline: the_right_pipeline_is_not_silent;
        silent_function: that_the_topic_may_not_invoke, that_dies_before_it_is_ready;
        silent_mail: until_its_link_is_opened;
        silent_queue:
            without_a_queue_policy,
            with_a_filter_policy_on_attributes_that_eventbridge_does_not_send,
            with_a_filter_policy_on_the_body_that_names_another_call;
        silent_rule:
            with_a_rule_that_is_disabled,
            with_a_pattern_that_lacks_the_name,
            with_a_pattern_in_another_letter_case,
            with_a_rule_that_has_no_target,
            after_a_call_that_only_reads,
            after_an_event_that_only_looks_like_one_of_ec2;
        silent_topic:
            with_the_policy_that_aws_gives_a_topic,
            with_a_condition_that_names_another_rule,
            with_an_explicit_deny_beside_the_allow;
        silent_trail: without_a_trail, with_a_trail_that_was_stopped, with_a_trail_that_takes_read_only_events;
    }
}

fn trial<T>(runtime: &Arc<tokio::runtime::Runtime>, skips: &Skips, name: &str, test: fn() -> T) -> Trial
where
    T: Future<Output = Outcome> + 'static,
{
    let (runtime, skips, named) = (Arc::clone(runtime), Arc::clone(skips), name.to_owned());
    Trial::ignorable_test(name, move || match runtime.block_on(test()) {
        Ok(()) => Ok(Completion::Completed),
        Err(Skipped(reason)) => {
            skips.lock().unwrap().push((named, reason.clone()));
            Ok(Completion::ignored_with(reason))
        }
    })
}
