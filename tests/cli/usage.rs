//! Help, versions, and command lines that are wrong.

use crate::support::{Folder, run};

#[test]
fn every_help_of_a_run_has_the_exit_codes() {
    for arguments in [&["--help"][..], &["run", "--help"]] {
        let help = run(arguments);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(help.stdout.contains("130  interrupted, after clean-up"), "{}", help.stdout);
        assert!(help.stdout.contains("--timeout <T>"), "{}", help.stdout);
    }
    let lab = run(&["lab", "--help"]);
    assert_eq!(lab.code, Some(0));
    assert!(lab.stdout.contains("[default: 127.0.0.1:4566]"), "{}", lab.stdout);
}

#[test]
fn the_version_is_the_packages() {
    let version = run(&["--version"]);
    assert_eq!(version.code, Some(0));
    assert_eq!(version.stdout, concat!("alert-drill ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_why_on_stderr() {
    for (arguments, why) in [
        (&["frobnicate"][..], "`frobnicate` is neither a command nor a scenario"),
        (&["--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["--all", "--drill", "open-inbound-port"], "'--all' cannot be used with '--drill"),
        (&["--jobs", "0"], "0 is not in 1..=64"),
        (&["--jobs", "x"], "invalid value 'x' for '--jobs"),
        (&["--timeout", "5"], "it has no unit"),
        (&["--output", "xml"], "[possible values: human, json]"),
        (&["lab", "--listen", "here"], "invalid value 'here' for '--listen"),
        (&["lint"], "<SCENARIO>"),
    ] {
        let ended = run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_path_that_is_not_there_is_a_wrong_scenario_and_no_wrong_command() {
    let folder = Folder::new();
    for path in [folder.text("nowhere"), "./frobnicate".to_owned(), "frobnicate.yaml".to_owned()] {
        let ended = run(&[&path]);
        assert_eq!(ended.code, Some(3), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains("there is no such file or folder"), "{}", ended.stderr);
    }
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    assert!(run(&["completions", "bash"]).stdout.contains("alert-drill"));
    assert!(run(&["man"]).stdout.contains(".TH alert-drill"));
}
