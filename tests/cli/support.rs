//! Starting the binary, and reading what it leaves.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary in an environment that no machine's settings reach.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert-drill"));
    command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

pub(crate) fn run(arguments: &[&str]) -> Ended {
    finish(command(arguments))
}

pub(crate) fn finish(mut command: Command) -> Ended {
    end_of(command.spawn().unwrap())
}

/// A lab as a server of its own.
pub(crate) fn lab() -> (Child, String) {
    let mut child = command(&["lab", "--listen", "127.0.0.1:0", "--output", "json"]).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    (child, ready["endpoint_url"].as_str().unwrap().to_owned())
}

/// The end of a process whose streams are still unread.
pub(crate) fn end_of(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A text without what differs from run to run: lengths of time, UUIDs, and the columns that numbers stand in.
pub(crate) fn redacted(text: &str) -> String {
    let line = |line: &str| {
        let indent = &line[..line.len() - line.trim_start().len()];
        let words: Vec<&str> = line.split_whitespace().collect();
        let shown: Vec<&str> = words
            .iter()
            .enumerate()
            .map(|(position, word)| match words.get(position + 1) {
                Some(&"ms") if word.parse::<f64>().is_ok() => "[N]",
                _ if is_uuid(word) => "[UUID]",
                _ => word,
            })
            .collect();
        format!("{indent}{}", shown.join(" "))
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) fn is_uuid(word: &str) -> bool {
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// A folder of a test's own, gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("alert-drill-cli-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
        self.text(name)
    }

    /// The shipped scenario with one of its files changed.
    pub(crate) fn scenario(&self, changed: &str, change: impl Fn(&str) -> String) -> String {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change");
        for file in ["scenario.yaml", "event-pattern.json", "notifier/Cargo.toml"] {
            let text = fs::read_to_string(shipped.join(file)).unwrap();
            let written = if file == changed { change(&text) } else { text.clone() };
            assert_eq!(written != text, file == changed, "{changed} is changed, and nothing else");
            self.write(&format!("scenario/{file}"), written);
        }
        self.text("scenario")
    }

    /// The shipped scenario, with an event pattern that leaves one event out.
    pub(crate) fn scenario_without(&self, event: &str) -> String {
        self.scenario("event-pattern.json", |pattern| {
            let kept: Vec<&str> = pattern.lines().filter(|line| !line.contains(event)).collect();
            assert_ne!(kept.len(), pattern.lines().count(), "the shipped pattern names {event}");
            // The last one of a list has no comma behind it.
            kept.join("\n").replace(",\n    ]", "\n    ]")
        })
    }

    /// A notifier that writes its process id to `marker` and never answers.
    pub(crate) fn silent_notifier(&self) -> String {
        let marker = self.text("marker");
        // Renamed into place: whoever sees the file sees all of it.
        self.write(
            "silent",
            format!("#!/bin/sh\necho $$ >'{marker}.new'\nmv '{marker}.new' '{marker}'\nexec sleep 1000\n"),
        )
    }

    /// The process id that the silent notifier wrote, once it is there.
    pub(crate) fn notifier_process(&self) -> u32 {
        until("the function's process has started", || self.path("marker").exists());
        fs::read_to_string(self.path("marker")).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits for a condition, with a limit that only a failure reaches.
#[track_caller]
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process runs. One that ended and that nobody has asked about yet runs no more.
pub(crate) fn runs(process: u32) -> bool {
    let state = if cfg!(target_os = "linux") {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        stat.rsplit(')').next().unwrap_or_default().trim().chars().next()
    } else {
        let listed = Command::new("ps").args(["-o", "stat=", "-p", &process.to_string()]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).trim().chars().next()
    };
    !matches!(state, None | Some('Z' | 'X'))
}

/// Sends a signal (`INT`, `TERM`, `KILL`).
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap();
    assert!(sent.success(), "SIG{name} was not sent");
}
