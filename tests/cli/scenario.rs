//! Scenario files: checked, refused with every mistake at its place, and their schema.

use std::fs;
use std::path::Path;

use crate::support::{Folder, command, finish, run};

const WRONG: &str = "name: Bad Name\nregoin: ap-northeast-2\npipeline: 3\n";

#[test]
fn every_mistake_is_shown_at_its_place() {
    let folder = Folder::new();
    folder.write("bad.yaml", WRONG);
    for arguments in [&["bad.yaml"][..], &["run", "bad.yaml"], &["lint", "bad.yaml"]] {
        let mut command = command(arguments);
        command.current_dir(folder.path(""));
        let ended = finish(command);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{arguments:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @r"
            error: bad.yaml:1:1: `title`, `default_drill` and `drills` are missing: a scenario needs them
             1 | name: Bad Name
               | ^^^^

            bad.yaml:1:7: `Bad Name` is not a scenario name: it is made of lower-case words joined by hyphens
             1 | name: Bad Name
               |       ^^^^^^^^
               help: write `bad-name`

            bad.yaml:2:1: a scenario has no key `regoin`
             2 | regoin: ap-northeast-2
               | ^^^^^^
               help: did you mean `region`?

            bad.yaml:3:11: a pipeline is written with keys and values, and the number `3` stands here
             3 | pipeline: 3
               |           ^

            bad.yaml: 4 mistakes
            ");
        }
    }
}

#[test]
fn lint_counts_the_drills_of_a_good_scenario() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change");
    let ended = run(&["lint", shipped.to_str().unwrap()]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.contains("security-group-change: 8 drills, 7 required, 1 advisory"), "{}", ended.stdout);
}

#[test]
fn lint_warns_of_a_drill_that_the_pattern_cannot_pass() {
    let folder = Folder::new();
    let ended = run(&["lint", &folder.scenario_without("AuthorizeSecurityGroupIngress")]);
    assert_eq!(ended.code, Some(0));
    let warning =
        "`open-inbound-port` expects an alert, and the event pattern does not name `AuthorizeSecurityGroupIngress`";
    assert!(ended.stdout.contains(warning), "{}", ended.stdout);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = Folder::new();
    let not_text = folder.write("cp949.yaml", b"name: \xba\xb8\xbe\xc8\n");
    fs::create_dir_all(folder.path("odd/scenario.yaml")).unwrap();
    for (path, why) in [
        (not_text, "cp949.yaml:1:7: this is not UTF-8 text"),
        (folder.text("odd"), "scenario.yaml: it cannot be read: "),
        (folder.text(""), "scenario.yaml: there is no such file in the folder"),
        (folder.text("nowhere.yaml"), "nowhere.yaml: there is no such file or folder"),
    ] {
        let ended = run(&["lint", &path]);
        assert_eq!(ended.code, Some(3), "{path}");
        assert!(ended.stderr.contains(why), "{path}: {}", ended.stderr);
    }
}

#[test]
fn the_schema_is_the_committed_one() {
    let committed = include_str!("../../scenarios/security-group-change/scenario.schema.json");
    let ended = run(&["schema"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout == committed, "`alert-drill schema` and scenario.schema.json differ");
}
