//! The READMEs do what they say, on the lab, on which they work whatever target the suite has: their commands are run, their ladders are the program's, their example is the compiled one.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too: what fails in them fails the test")]

// As the example has it: this test binary plays the function too.
alert_drill::notifier!();

mod readme {
    pub(crate) mod console;
    pub(crate) mod reader;
}

use std::process::Command;

use snapbox::{IntoData as _, assert_data_eq};

use self::readme::console::{blocks, steps};
use self::readme::reader::Reader;

const ENGLISH: &str = include_str!("../README.md");
const KOREAN: &str = include_str!("../README.ko.md");
const LAB: &str = include_str!("../lab/README.md");
const LAB_KOREAN: &str = include_str!("../lab/README.ko.md");

#[test]
fn the_english_readme_can_be_followed() {
    let steps = steps(ENGLISH);
    assert!(steps.iter().any(|step| step.code == 1), "it shows what a silent alarm looks like");
    let mut reader = Reader::new("en");
    steps.iter().for_each(|step| reader.follow(step));
}

#[test]
fn the_korean_readme_can_be_followed() {
    // The Korean one asks for Korean, which is why its `cargo run` needs the two dashes.
    let lines = |readme: &str| {
        let readme = readme.replace("cargo run -- --lang ko\n", "cargo run\n").replace(" --lang ko", "");
        steps(&readme).into_iter().map(|step| step.line).collect::<Vec<_>>().join("\n")
    };
    assert_data_eq!(lines(KOREAN), lines(ENGLISH).raw());
    let mut reader = Reader::new("ko");
    steps(KOREAN).iter().for_each(|step| reader.follow(step));
}

#[test]
fn the_workbook_can_be_done_by_hand_in_english() {
    follow_the_workbook(LAB, "workbook-en");
}

#[test]
fn the_workbook_can_be_done_by_hand_in_korean() {
    let lines = |readme| steps(readme).into_iter().map(|step| step.line).collect::<Vec<_>>().join("\n");
    let (_, english) = LAB.split_once("\n## The workbook by hand\n").unwrap();
    assert_data_eq!(lines(LAB_KOREAN), lines(english).raw());
    follow_the_workbook(LAB_KOREAN, "workbook-ko");
}

fn follow_the_workbook(readme: &str, name: &str) {
    let mut reader = Reader::new(name);
    steps(readme).iter().filter(|step| !step.line.starts_with("cargo ")).for_each(|step| reader.follow(step));
}

#[test]
fn the_example_is_the_one_that_the_crate_documentation_compiles() {
    let docs: String = include_str!("../src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    let compiled = blocks(&docs, "no_run")[0];
    assert_data_eq!(blocks(ENGLISH, "rust")[0], compiled.raw());
    // The comment is in Korean there.
    let code = |text: &str| text.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
    assert_data_eq!(code(blocks(KOREAN, "rust")[0]), code(compiled).raw());
}

#[tokio::test]
async fn the_example_passes_in_a_test_binary_as_cargo_makes_it() {
    let scenario = alert_drill::scenario::Scenario::shipped();
    let report = alert_drill::Run::new(&scenario).drill("open-inbound-port").execute().await.unwrap();
    report.assert_passed();
}

#[test]
fn every_option_and_exit_code_is_the_programs_own() {
    let help: String = ["run", "check", "break", "lab", "relay", "history", "permissions", "cleanup"]
        .map(|command| {
            String::from_utf8(
                Command::new(env!("CARGO_BIN_EXE_alert-drill")).args([command, "--help"]).output().unwrap().stdout,
            )
            .unwrap()
        })
        .concat();
    let code = |line: &str| line.split_whitespace().next()?.parse::<u8>().ok();
    let (_, exit_codes) = help.split_once("Exit codes:\n").unwrap();
    let exit_codes: Vec<u8> = exit_codes.lines().map_while(code).collect();
    assert!(!exit_codes.is_empty());
    for readme in [ENGLISH, KOREAN] {
        let listed: Vec<u8> = readme.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(code).collect();
        assert_eq!(listed, exit_codes);
        let options = readme.lines().filter(|line| line.starts_with("| `--")).flat_map(|row| row.split('`'));
        for option in options.filter(|quoted| quoted.starts_with("--")) {
            let name = option.split(' ').next().unwrap();
            assert!(
                help.contains(&format!("      {name} ")) || help.contains(&format!("      {name}\n")),
                "no option {name}"
            );
        }
    }
}
