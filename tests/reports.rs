//! Reports in files: HTML, JUnit, JSON, Markdown. A program of its own, so that a browser takes no time from tests that measure some.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

#[path = "../lab/tests/page/chromium.rs"]
mod chromium;
#[path = "reports/files.rs"]
mod files;
#[path = "reports/junit.rs"]
mod junit;
#[path = "reports/markdown.rs"]
mod markdown;
#[path = "reports/page.rs"]
mod page;
#[path = "reports/remediation.rs"]
mod remediation;
#[path = "cli/support.rs"]
#[allow(dead_code, reason = "the tests of the command line use all of it")]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Ended, Folder, run};

/// The four reports of one command.
pub(crate) struct Reports {
    folder: Folder,
    pub(crate) ended: Ended,
}

impl Reports {
    /// Runs the binary with these arguments and all reports.
    pub(crate) fn of(arguments: &[&str]) -> Self {
        let folder = Folder::new();
        let paths = ["page.html", "junit.xml", "report.json", "summary.md"].map(|name| folder.text(name));
        let [html, junit, json, markdown] = &paths;
        let reports =
            ["--report-html", html, "--report-junit", junit, "--report-json", json, "--report-markdown", markdown];
        let ended = run(&[arguments, &reports].concat());
        Self { folder, ended }
    }

    pub(crate) fn html(&self) -> String {
        self.read("page.html")
    }

    pub(crate) fn junit(&self) -> quick_junit::Report {
        quick_junit::Report::deserialize_from_str(&self.read("junit.xml")).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.read("report.json")).unwrap()
    }

    pub(crate) fn markdown(&self) -> String {
        self.read("summary.md")
    }

    /// Every report as text, and what the command printed.
    pub(crate) fn texts(&self) -> Vec<String> {
        let files = ["page.html", "junit.xml", "report.json", "summary.md"].map(|name| self.read(name));
        files.into_iter().chain([self.ended.stdout.clone(), self.ended.stderr.clone()]).collect()
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path(name)).unwrap_or_else(|error| {
            panic!("{name}: {error}\n{}{}", self.ended.stdout, self.ended.stderr);
        })
    }
}

/// What every text of others is made to carry: whatever gets out of its place shows.
pub(crate) const ATTACK: &str =
    r#"</code></details><script>window.hacked=1</script><img src=x onerror="window.hacked=1">```]]>"#;

/// How long an alert of a Python function may take. Only a failure takes so long: a busy machine starts a Python in seconds.
pub(crate) const PATIENCE: &str = "60s";

/// A scenario whose function is this Python, and whose first drill has this title; none without a Python, and then it says so.
pub(crate) fn python_scenario(folder: &Folder, function: &str, title: &str) -> Option<String> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|asked| asked.status.success()) {
        eprintln!("skipped: there is no python3 on this machine");
        return None;
    }
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change");
    let scenario = fs::read_to_string(shipped.join("scenario.yaml")).unwrap();
    let replaced = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "the shipped scenario has: {from}");
        text.replacen(from, to, 1)
    };
    let scenario = replaced(
        scenario,
        "runtime: provided.al2023",
        "runtime: python3.13\n    handler: lambda_function.lambda_handler",
    );
    let scenario = replaced(scenario, "package: notifier", "package: function");
    let title = serde_json::to_string(title).unwrap();
    let scenario = replaced(scenario, "en: Opening SSH raises an alert", &format!("en: {title}"));
    let scenario = replaced(scenario, "ko: SSH 인바운드 규칙 추가", &format!("ko: {title}"));
    folder.write("python/scenario.yaml", scenario);
    folder.write("python/event-pattern.json", fs::read(shipped.join("event-pattern.json")).unwrap());
    folder.write("python/function/lambda_function.py", function);
    Some(folder.text("python"))
}

/// A function that posts this Python expression, in which `detail` is the CloudTrail record, as a message's body.
pub(crate) fn posting(body: &str) -> String {
    format!(
        r#"import json, os, urllib.request

def lambda_handler(event, context):
    for record in event["Records"]:
        detail = json.loads(record["Sns"]["Message"])["detail"]
        body = json.dumps({body}).encode()
        headers = {{"Content-Type": "application/json", "User-Agent": "test/1.0"}}
        urllib.request.urlopen(urllib.request.Request(os.environ["DISCORD_WEBHOOK_URL"], data=body, headers=headers))
"#
    )
}
