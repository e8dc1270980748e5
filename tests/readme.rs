//! The READMEs do what they say: their commands are run, their ladders are the program's, their example is the compiled one.
//!
//! In a `console` block, a line that begins with `$ ` is a command, the lines below it are what it prints, and `$ echo $?`
//! says with which code the command before it ended; any other command must succeed.

#![expect(clippy::unwrap_used, reason = "the helpers are tests too: what fails in them fails the test")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use snapbox::{IntoData as _, assert_data_eq};

const BINARY: &str = env!("CARGO_BIN_EXE_alert-drill");
const ENGLISH: &str = include_str!("../README.md");
const KOREAN: &str = include_str!("../README.ko.md");
const LAB: &str = include_str!("../lab/README.md");

/// What is not run: Cargo inside of Cargo, and what needs the AWS CLI and a lab at its usual port.
const NOT_RUN: &[&str] = &["cargo test", "cargo run -p ", "export ", "aws ", "curl "];

/// A folder in which the commands find what they find in the repository, gone when it drops.
struct Workplace(PathBuf);

impl Workplace {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("alert-drill-readme-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        std::os::unix::fs::symlink(scenarios, folder.join("scenarios")).unwrap();
        Self(folder)
    }

    /// Runs a step and compares its exit code, and its output where the README shows one.
    fn follow(&self, step: &Step) {
        let line = &step.line;
        let Some(arguments) = arguments(line) else {
            let is_shell = ["cp ", "grep "].iter().any(|start| line.starts_with(start));
            assert!(
                is_shell || NOT_RUN.iter().any(|start| line.starts_with(start)),
                "what is to be done with `{line}`?"
            );
            if is_shell {
                assert!(
                    Command::new("sh").args(["-c", line]).current_dir(&self.0).status().unwrap().success(),
                    "{line}"
                );
            }
            return;
        };
        if arguments == ["lab"] {
            return serve();
        }
        let output = alert_drill(&arguments).current_dir(&self.0).output().unwrap();
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(step.code), "{line}\n{stdout}{stderr}");
        if !step.printed.is_empty() {
            assert_data_eq!(redacted(&stdout), redacted(&step.printed).raw());
        }
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // A folder that stays behind in the system's temporary one harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A command of a README, what it prints (empty where the README does not say), and the code that it ends with.
struct Step {
    line: String,
    printed: String,
    code: i32,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in blocks(readme, "console") {
        let mut lines = block.lines();
        while let Some(line) = lines.next() {
            match line.strip_prefix("$ ") {
                Some("echo $?") => steps.last_mut().unwrap().code = lines.next().unwrap().parse().unwrap(),
                Some(command) => steps.push(Step { line: command.to_owned(), printed: String::new(), code: 0 }),
                None => steps.last_mut().unwrap().printed += &format!("{line}\n"),
            }
        }
    }
    steps
}

/// The contents of the blocks with this fence.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    text.split(&format!("\n```{fence}\n")).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// The arguments of a line that runs the program, in any of the ways in which the READMEs do.
fn arguments(line: &str) -> Option<Vec<&str>> {
    let rest = match line {
        "cargo run" => "",
        _ => line.strip_prefix("cargo run -- ").or_else(|| line.strip_prefix("alert-drill "))?,
    };
    Some(rest.split_whitespace().collect())
}

fn alert_drill(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments).env("LC_ALL", "C").env_remove("ALERT_DRILL_NOTIFIER");
    command
}

/// Starts a lab, but at a free port, and stops it as a person does.
fn serve() {
    let mut lab = alert_drill(&["lab", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(lab.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let interrupted = Command::new("kill").args(["-INT", &lab.id().to_string()]).status().unwrap();
    // The rest is read, so that the lab can write it.
    assert!(out.lines().all(|line| line.is_ok()));
    assert!(interrupted.success() && lab.wait().unwrap().success());
    assert!(first.starts_with("The lab is ready"), "{first}");
}

/// A text without what differs from run to run: times, ids, and the blanks that align them.
fn redacted(text: &str) -> String {
    let is_id = |word: &str| word.len() == 36 && word.split('-').count() == 5;
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_time = |at: usize| words[at].parse::<f64>().is_ok() && words.get(at + 1) == Some(&"ms");
        let redact = |at: usize| if is_time(at) || is_id(words[at]) { "#" } else { words[at] };
        let indent = line.len() - line.trim_start().len();
        " ".repeat(indent) + &(0..words.len()).map(redact).collect::<Vec<_>>().join(" ")
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

/// Drills run on the lab alone so far; a suite that is run for another target leaves these out.
fn is_on_the_lab() -> bool {
    std::env::var("ALERT_DRILL_TARGET").map_or(true, |target| target == "lab")
}

#[test]
fn the_english_readme_can_be_followed() {
    let workplace = Workplace::new("en");
    let steps = steps(ENGLISH);
    assert!(steps.iter().any(|step| step.code == 1), "it shows what a silent alarm looks like");
    if is_on_the_lab() {
        steps.iter().for_each(|step| workplace.follow(step));
    }
}

#[test]
fn the_korean_readme_can_be_followed() {
    let workplace = Workplace::new("ko");
    let steps = steps(KOREAN);
    assert_eq!(steps.len(), self::steps(ENGLISH).len(), "both show the same commands");
    if is_on_the_lab() {
        steps.iter().for_each(|step| workplace.follow(step));
    }
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

#[test]
fn every_option_and_exit_code_is_the_programs_own() {
    let help: String = ["run", "lab"]
        .map(|command| String::from_utf8(alert_drill(&[command, "--help"]).output().unwrap().stdout).unwrap())
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

#[test]
fn the_labs_table_of_operations_is_complete_and_true() {
    let mut operations: Vec<&str> = [
        include_str!("../lab/src/cloudtrail.rs"),
        include_str!("../lab/src/ec2.rs"),
        include_str!("../lab/src/events.rs"),
        include_str!("../lab/src/iam.rs"),
        include_str!("../lab/src/lambda/service.rs"),
        include_str!("../lab/src/logs.rs"),
        include_str!("../lab/src/sns.rs"),
        include_str!("../lab/src/sqs.rs"),
    ]
    .into_iter()
    .flat_map(|source| source.split("match call.operation.as_str() {").skip(1))
    .flat_map(|arms| arms.split("unsupported()").next().unwrap().lines())
    .filter_map(|arm| arm.trim().strip_prefix('"')?.split_once(" =>"))
    .flat_map(|(names, _)| names.split(['"', '|', ' ']).filter(|name| !name.is_empty()))
    .collect();
    let s3 = include_str!("../lab/src/s3/operations.rs");
    operations.extend(s3.lines().filter_map(|line| Some(line.split_once("Input) -> ")?.0.split_once('(')?.1)));
    let (_, table) = LAB.split_once("| service | operations |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let mut listed: Vec<&str> = rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect();
    operations.retain(|name| !name.is_empty());
    operations.sort_unstable();
    listed.sort_unstable();
    assert_data_eq!(listed.join("\n"), operations.join("\n").raw());
}
