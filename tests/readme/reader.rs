//! A person who follows a README in one shell, and in a second terminal for the lab.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;
use snapbox::assert_data_eq;

use super::console::Step;

const BINARY: &str = env!("CARGO_BIN_EXE_alert-drill");

/// Where the READMEs say that the lab listens. The test's own lab listens where it is free.
const SHOWN_ADDRESS: &str = "127.0.0.1:4566";

/// How a README writes the webhook's address, which is another one in each lab.
const SHOWN_WEBHOOK: &str = "http://127.0.0.1:4566/api/webhooks/…";

/// Programs that a machine may lack: what needs one is then left out, and it is said.
const MAY_LACK: [&str; 3] = ["aws", "curl", "python3"];

/// How long a step may take; only a failure takes so long.
const LIMIT: Duration = Duration::from_secs(60);

/// Cargo inside of Cargo waits for itself.
const NOT_RUN: [&str; 3] = ["cargo test", "cargo bench", "cargo run -p "];

pub(crate) struct Reader {
    folder: PathBuf,
    shell: Child,
    to_shell: ChildStdin,
    from_shell: Receiver<String>,
    lab: Option<Lab>,
    lacking: Vec<&'static str>,
}

impl Reader {
    /// A reader in a folder in which the commands find what they find in the repository.
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("alert-drill-readme-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        std::os::unix::fs::symlink(scenarios, folder.join("scenarios")).unwrap();
        let own = Path::new(BINARY).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([own].into_iter().chain(std::env::split_paths(&path))).unwrap();
        let mut shell = Command::new("sh")
            .current_dir(&folder)
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            // The settings of the machine's owner are not the reader's.
            .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"), ("AWS_PAGER", "")])
            .env_remove("ALERT_DRILL_NOTIFIER")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to_shell = shell.stdin.take().unwrap();
        let (lines, from_shell) = mpsc::channel();
        let mut out = BufReader::new(shell.stdout.take().unwrap());
        std::thread::spawn(move || {
            let mut line = String::new();
            while out.read_line(&mut line).is_ok_and(|read| read > 0) && lines.send(std::mem::take(&mut line)).is_ok() {
            }
        });
        let mut reader = Self { folder, shell, to_shell, from_shell, lab: None, lacking: Vec::new() };
        reader.run("exec 2>&1");
        reader.lacking =
            MAY_LACK.into_iter().filter(|program| reader.run(&format!("{program} --version")).0 != 0).collect();
        reader
    }

    /// Takes a step, and compares its exit code, and its output where the README shows one.
    pub(crate) fn follow(&mut self, step: &Step) {
        let line = step.line.as_str();
        if NOT_RUN.iter().any(|start| line.starts_with(start)) {
            return;
        }
        if line == "alert-drill lab" {
            self.lab = Some(Lab::start());
            return;
        }
        if let Some(program) = self.lacking.iter().find(|program| uses(line, program)) {
            eprintln!("skipped, because this machine has no {program}: {line}");
            return;
        }
        let line = match line.strip_prefix("cargo run") {
            Some(rest) => format!("alert-drill{}", rest.strip_prefix(" --").unwrap_or(rest)),
            None => line.to_owned(),
        };
        let (webhook, address) = match &self.lab {
            Some(lab) => (lab.webhook.clone(), lab.address.clone()),
            None => (SHOWN_WEBHOOK.to_owned(), SHOWN_ADDRESS.to_owned()),
        };
        let (code, printed) = self.run(&line.replace(SHOWN_WEBHOOK, &webhook).replace(SHOWN_ADDRESS, &address));
        let printed = printed.replace(&webhook, SHOWN_WEBHOOK).replace(&address, SHOWN_ADDRESS);
        // A refusal of AWS's ends the second version of the AWS CLI with 254, and the first with 255.
        let code = if code == 255 { 254 } else { code };
        assert_eq!(code, step.code, "{line}\n{printed}");
        if !step.printed.is_empty() {
            // Three dots on a line of their own are snapbox's sign for any lines.
            assert_data_eq!(
                redacted(&printed),
                format!("\n{}", redacted(&step.printed)).replace("\n…\n", "\n...\n")[1..].to_owned()
            );
        }
    }

    /// Runs a command in the reader's shell: its exit code and what it printed.
    fn run(&mut self, command: &str) -> (i32, String) {
        const END: &str = "== end of the step: ";
        writeln!(self.to_shell, "{{ {command}\n}} </dev/null\nprintf '{END}%s\\n' \"$?\"").unwrap();
        let mut printed = String::new();
        loop {
            let Ok(line) = self.from_shell.recv_timeout(LIMIT) else { panic!("no end: {command}\n{printed}") };
            match line.split_once(END) {
                // What a command prints need not end with a newline.
                Some((before, code)) => return (code.trim().parse().unwrap(), printed + before),
                None => printed += &line,
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // A test that failed already has said why; here only what is left over is put away.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Whether a command starts this program: at its beginning, after a pipe, or to put in what it prints.
fn uses(line: &str, program: &str) -> bool {
    line.split(['|', '(', '\n', ';', '&'])
        .any(|part| part.split_whitespace().next().is_some_and(|word| word == program))
}

/// The lab in the second terminal.
struct Lab {
    process: Child,
    rest: Option<BufReader<ChildStdout>>,
    address: String,
    webhook: String,
}

impl Lab {
    fn start() -> Self {
        let mut process = Command::new(BINARY)
            .args(["lab", "--listen", "127.0.0.1:0", "--output", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let ready: Value = serde_json::from_str(&first).unwrap();
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        let address = text("endpoint_url").trim_start_matches("http://").to_owned();
        Self { process, rest: Some(out), address, webhook: text("discord_webhook_url") }
    }
}

impl Drop for Lab {
    /// Stops it as a person does.
    fn drop(&mut self) {
        let interrupted = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        // The rest is read, so that the lab can write it.
        let rest = self.rest.take().map(|out| out.lines().count());
        let ended = self.process.wait();
        if !std::thread::panicking() {
            assert!(interrupted.unwrap().success() && ended.unwrap().success());
            assert_eq!(rest, Some(0), "the lab prints one line of JSON");
        }
    }
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
