//! The lab as a server.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout};

use serde_json::{Value, json};

use crate::support::{Folder, command, run, signal};

/// A lab that is ready: its first line was read.
struct Ready {
    child: Child,
    stdout: BufReader<ChildStdout>,
    line: String,
}

impl Ready {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(&[&["lab", "--listen", "127.0.0.1:0"], arguments].concat()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { child, stdout, line }
    }

    /// Stops it: its exit code, and all that it printed.
    fn stop(mut self, name: &str) -> (Option<i32>, String) {
        signal(&self.child, name);
        let mut printed = self.line.clone();
        self.stdout.read_to_string(&mut printed).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
        (self.child.wait().unwrap().code(), printed)
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn one_line_of_json_says_where_the_lab_is() {
    let lab = Ready::start(&["--output", "json"]);
    let ready: Value = serde_json::from_str(&lab.line).unwrap();
    let endpoint = ready["endpoint_url"].as_str().unwrap();
    let health = reqwest::get(format!("{endpoint}/_lab/health")).await.unwrap();
    assert_eq!(health.status(), 200);
    let webhook = ready["discord_webhook_url"].as_str().unwrap();
    let message = json!({ "content": "a port was opened" });
    let posted = reqwest::Client::new().post(webhook).json(&message).send().await.unwrap();
    assert_eq!(posted.status(), 204);
    let (code, printed) = lab.stop("TERM");
    assert_eq!((code, printed.lines().count()), (Some(0), 1), "{printed}");
}

#[test]
fn the_welcome_says_how_to_use_it() {
    let (code, printed) = Ready::start(&[]).stop("INT");
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(anonymous(&printed), @r"
    The lab is ready: an AWS of your own at [ENDPOINT]

    Point the AWS CLI at it:
      export AWS_ENDPOINT_URL=[ENDPOINT] AWS_DEFAULT_REGION=ap-northeast-2
      export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
      aws sts get-caller-identity

    Your function posts to this webhook:
      [ENDPOINT]/api/webhooks/[WEBHOOK]

    Look at it in a browser: the channel, the mailbox, each event and what stopped it
      [ENDPOINT]/_lab/

    The same as JSON:
      [ENDPOINT]/_lab/deliveries   [ENDPOINT]/_lab/trail
      [ENDPOINT]/_lab/discord      [ENDPOINT]/_lab/mail

    Ctrl-C stops it.
    ");
    let (code, printed) = Ready::start(&["--lang", "ko"]).stop("INT");
    assert_eq!(code, Some(0));
    assert!(printed.starts_with("실습 환경이 준비되었습니다: http://127.0.0.1:"), "{printed}");
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&["lab", "--listen", &address]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    let why = format!("error: {address} is in use by another process: stop it, or give another port");
    assert!(ended.stderr.starts_with(&why), "{}", ended.stderr);
}

#[tokio::test]
async fn faults_and_names_are_given_at_the_start() {
    let folder = Folder::new();
    let faults = folder.write("faults.json", r#"{ "calls": [{ "fault": "throttle", "service": "ec2", "next": 1 }] }"#);
    let lab = Ready::start(&["--output", "json", "--faults", &faults, "--allow-host", "aws-of-the-workshop"]);
    let ready: Value = serde_json::from_str(&lab.line).unwrap();
    let health = format!("{}/_lab/health", ready["endpoint_url"].as_str().unwrap());
    let set: Value = reqwest::get(health.replace("health", "faults")).await.unwrap().json().await.unwrap();
    assert!(set.to_string().contains(r#""fault":"throttle""#), "{set}");
    let asked_as = async |host: &str| {
        let request = reqwest::Client::new().get(&health).header("host", host);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((asked_as("aws-of-the-workshop").await, asked_as("elsewhere.example").await), (200, 403));
    lab.stop("TERM");

    let wrong = folder.write("wrong.json", r#"{ "calls": [{ "fault": "throttle", "service": "dynamodb" }] }"#);
    let ended = run(&["lab", "--listen", "127.0.0.1:0", "--faults", &wrong]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended.stderr.starts_with(&format!("error: {wrong}: the lab has no service dynamodb: it has ")),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_ca_bundle_that_is_none_is_named() {
    let folder = Folder::new();
    let text = folder.write("bundle.pem", "no certificate");
    let ended = run(&["lab", "--listen", "127.0.0.1:0", "--ca-bundle", &text]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.starts_with(&format!("error: the CA bundle {text} holds no certificate")), "{}", ended.stderr);
}

/// The welcome without its port and its webhook's id and token.
fn anonymous(printed: &str) -> String {
    let endpoint = printed.lines().next().unwrap().rsplit(' ').next().unwrap();
    let printed = printed.replace(endpoint, "[ENDPOINT]");
    let (before, after) = printed.split_once("/api/webhooks/").unwrap();
    let (_secret, after) = after.split_once('\n').unwrap();
    format!("{before}/api/webhooks/[WEBHOOK]\n{after}")
}
