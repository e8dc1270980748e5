//! The README's ladders are what the terminal prints, and its library example is the compiled one.

use std::process::Command;

use crate::on_the_lab;

/// A ladder without its times and ids.
fn skeleton(text: &str) -> Vec<String> {
    let is_number = |word: &&str| word.parse::<f64>().is_ok() || word.len() == 36;
    text.lines()
        .map(|line| line.split_whitespace().filter(|word| !is_number(word)).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect()
}

fn block<'a>(text: &'a str, fence: &str, nth: usize) -> &'a str {
    text.split(&format!("```{fence}\n")).nth(nth + 1).and_then(|rest| rest.split("```").next()).unwrap()
}

#[test]
fn the_ladder_in_both_readmes_is_the_real_one() {
    if !on_the_lab() {
        return;
    }
    for (readme, lang) in [(include_str!("../../README.md"), "en"), (include_str!("../../README.ko.md"), "ko")] {
        let output = Command::new(env!("CARGO_BIN_EXE_alert-drill")).args(["--lang", lang]).output().unwrap();
        assert_eq!(skeleton(block(readme, "text", 0)), skeleton(&String::from_utf8(output.stdout).unwrap()), "{lang}");
    }
}

#[test]
fn the_example_of_both_readmes_is_the_one_that_is_compiled() {
    let docs: String = include_str!("../../src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned() + "\n")
        .collect();
    let code = |text: &str| text.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n");
    let compiled = code(block(&docs, "no_run", 0));
    assert_eq!(code(block(include_str!("../../README.md"), "rust", 0)), compiled);
    assert_eq!(code(block(include_str!("../../README.ko.md"), "rust", 0)), compiled);
}
