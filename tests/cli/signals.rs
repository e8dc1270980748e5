//! A run that is stopped leaves nothing behind.

use std::process::Child;

use crate::support::{Ended, Folder, command, end_of, runs, signal, until};

/// A run that waits for a function that never answers, and the function's process.
fn waiting() -> (Folder, Child, u32) {
    let folder = Folder::new();
    let child = command(&["--timeout", "60s", "--notifier", &folder.silent_notifier()]).spawn().unwrap();
    let function = folder.notifier_process();
    (folder, child, function)
}

fn assert_interrupted(ended: &Ended) {
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""), "{}", ended.stdout);
    assert!(ended.stdout.starts_with("! open-inbound-port"), "{}", ended.stdout);
    assert!(ended.stdout.contains("no verdict: interrupted\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("├ ? function\n") && !ended.stdout.contains('✗'), "{}", ended.stdout);
    assert!(ended.stdout.trim_end().ends_with("everything removed"), "{}", ended.stdout);
}

#[test]
fn an_interrupted_run_cleans_up_and_ends_with_130() {
    for name in ["INT", "TERM"] {
        let (_folder, child, function) = waiting();
        signal(&child, name);
        assert_interrupted(&end_of(child));
        until("the function's process is gone", || !runs(function));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (_folder, child, function) = waiting();
    // Two that are alike could become one before they are received.
    signal(&child, "INT");
    signal(&child, "TERM");
    let ended = end_of(child);
    assert_eq!(ended.code, Some(130));
    // The clean-up may have been faster than the second signal: then this is an ordinary interruption.
    if !ended.stderr.is_empty() {
        assert_eq!(ended.stderr, "left at once: what the run had made may still be there\n");
    }
    until("the function's process is gone", || !runs(function));
}

#[test]
fn a_killed_run_leaves_no_function_process() {
    let (_folder, child, function) = waiting();
    signal(&child, "KILL");
    assert_eq!(end_of(child).code, None);
    until("the function's process is gone", || !runs(function));
}
