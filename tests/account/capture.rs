//! The channel in an account whose functions do not reach this machine: caught by a function URL that nothing is left of.

use std::io::{Cursor, Write as _};
use std::process::Command;

use alert_drill::lab::deliveries::{Delivery, Outcome, Reason};
use alert_drill::lab::discord::{Discord, RateLimit, Request};
use alert_drill::lab::faults::{CallFault, CallFaultKind, Faults};
use alert_drill::lab::gateway::service::Service;
use alert_drill::lab::lambda::PythonVersion;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::Runtime;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::proxy::Cut;
use crate::room::{Ended, Room};
use crate::state;

const CAPTURE: [&str; 4] = ["--discord", "capture", "--output", "json"];

/// Whether the lab can run Python here; where it cannot, that is said.
pub(crate) fn has_python() -> bool {
    let python = PythonVersion::V3_13.find();
    if let Err(error) = &python {
        eprintln!("skipped: {error}");
    }
    python.is_ok()
}

fn hop<'a>(report: &'a Value, name: &str) -> &'a Value {
    let hops = report["drills"][0]["hops"].as_array().unwrap();
    hops.iter().find(|hop| hop["hop"] == name).unwrap()
}

fn assert_caught(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    assert_eq!((&report["discord"], &hop(&report, "discord")["status"]), (&"capture".into(), &"reached".into()));
    let alert = &report["drills"][0]["alerts"]["discord"][0];
    assert!(alert["content"].as_str().unwrap().contains("AuthorizeSecurityGroupIngress"), "{alert}");
    assert_eq!(alert["matched_by"], "event_id", "{alert}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_that_stands_posts_is_caught_and_nothing_public_stays() {
    if !has_python() {
        return;
    }
    let room = Room::standing().await;
    room.proxy.arm(None);
    assert_caught(&room.ran(&CAPTURE).await);
    let calls = room.proxy.calls();
    let at =
        |call: &str| calls.iter().position(|made| made.contains(call)).unwrap_or_else(|| panic!("{call}: {calls:?}"));
    // The webhook is put back before its address goes, and the address before everything else.
    let (put_back, closed, deleted) = (
        calls.iter().rposition(|call| call.starts_with("PUT ") && call.ends_with("/configuration")).unwrap(),
        calls.iter().position(|call| call.starts_with("DELETE ") && call.ends_with("/url")).unwrap(),
        at("DeleteRole"),
    );
    assert!(put_back < closed && closed < deleted, "{calls:?}");
    room.assert_as_it_was("after the run");
    assert_eq!(room.journals().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_of_the_runs_own_posts_is_caught() {
    if !has_python() {
        return;
    }
    let room = Room::empty().await;
    assert_caught(&room.ran(&CAPTURE).await);
    room.assert_as_it_was("after the run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_keeps_no_secret_and_cleanup_names_the_public_url() {
    if !has_python() {
        return;
    }
    let room = Room::standing().await;
    room.proxy.arm(None);
    assert_caught(&room.ran(&CAPTURE).await);
    let open = room.proxy.calls().iter().position(|call| call == "AuthorizeSecurityGroupIngress").unwrap() + 1;
    room.proxy.arm(Some(Cut::After(open)));
    let mut running = room.run(&CAPTURE).spawn().unwrap();
    room.proxy.struck().await;
    running.kill().await.unwrap();
    let journals = room.journals();
    assert!(journals[0].contains("\"function_url\""), "{journals:?}");
    for secret in ["/api/webhooks/", "lambda-url", "http://127.0.0.1"] {
        let told = journals[0].lines().filter(|line| !line.contains("\"begun\"") && !line.contains("\"queue\""));
        assert!(!told.collect::<String>().contains(secret), "{secret}: {journals:?}");
    }
    let cleaned = room.cleanup(&room.journal(), &[]).await;
    assert_eq!(cleaned.code, Some(0), "{}{}", cleaned.stdout, cleaned.stderr);
    let removed = cleaned.json()["removed"].clone();
    let kinds: Vec<&str> = removed.as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    let public = kinds.iter().position(|kind| *kind == "public URL of the function").unwrap();
    assert!(kinds[..public].contains(&"changed webhook of the function"), "{kinds:?}");
    assert!(kinds[public..].contains(&"function") && kinds[public..].contains(&"role"), "{kinds:?}");
    assert!(!cleaned.stdout.contains("/api/webhooks/"), "{}", cleaned.stdout);
    room.assert_as_it_was("after the clean-up");
}

/// A function that posts this, and ends as if all were well.
fn posting(body: &str) -> Vec<u8> {
    let code = format!(
        "import os, urllib.request\n\
         def lambda_handler(event, context):\n\
         \x20   request = urllib.request.Request(os.environ['DISCORD_WEBHOOK_URL'], {body:?}.encode())\n\
         \x20   request.add_header('content-type', 'application/json')\n\
         \x20   urllib.request.urlopen(request)\n"
    );
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("lambda_function.py", SimpleFileOptions::default()).unwrap();
    writer.write_all(code.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_would_not_take_is_said() {
    if !has_python() {
        return;
    }
    let room = Room::standing().await;
    let lambda = room.clients().await.lambda;
    let name = "lambda-securitygroup-alarm";
    let title = "x".repeat(257);
    let package = posting(&format!("{{\"embeds\":[{{\"title\":\"{title}\"}}]}}"));
    let update = lambda.update_function_configuration().function_name(name).handler("lambda_function.lambda_handler");
    update.runtime(Runtime::Python313).send().await.unwrap();
    lambda.update_function_code().function_name(name).zip_file(Blob::new(package)).send().await.unwrap();
    let before = crate::state::of(&room.lab);
    let ended = room.ran(&[&CAPTURE[..], &["--timeout", "3s"]].concat()).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    let report = ended.json();
    assert_eq!(hop(&report, "function")["status"], "reached");
    let discord = hop(&report, "discord");
    assert_eq!(discord["status"], "broken", "{discord}");
    assert!(discord["evidence"].as_str().unwrap().contains("400 Invalid Form Body"), "{discord}");
    crate::state::assert_same(&before, &crate::state::of(&room.lab), "after the run");
}

/// What the function sends is signed as AWS's own SDK signs it.
#[test]
fn the_functions_signature_is_that_of_the_sdk() {
    let script = r#"
import datetime, importlib.util, os, sys
try:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    sys.exit(77)
os.environ.update(AWS_REGION="ap-northeast-2", AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="secret/+key",
                  AWS_SESSION_TOKEN="token==")
spec = importlib.util.spec_from_file_location("capture", sys.argv[1])
capture = importlib.util.module_from_spec(spec)
spec.loader.exec_module(capture)
now = datetime.datetime.now(datetime.timezone.utc)
headers = {"content-type": "application/x-amz-json-1.0", "host": "sqs.ap-northeast-2.amazonaws.com",
           "x-amz-target": "AmazonSQS.SendMessage"}
body = '{"MessageBody": "보안 그룹"}'.encode()
ours = capture.signed(headers, body, "sqs", now)
request = AWSRequest("POST", "https://sqs.ap-northeast-2.amazonaws.com/", headers, body)
request.context["timestamp"] = ours["x-amz-date"]
class Frozen(SigV4Auth):
    def add_auth(self, request):
        request.headers["X-Amz-Date"] = ours["x-amz-date"]
        request.headers["X-Amz-Security-Token"] = "token=="
        canonical = self.canonical_request(request)
        return self.signature(self.string_to_sign(request, canonical), request)
theirs = Frozen(Credentials("AKIDEXAMPLE", "secret/+key", "token=="), "sqs", "ap-northeast-2").add_auth(request)
assert ours["authorization"].endswith(f"Signature={theirs}"), (ours["authorization"], theirs)
"#;
    let code = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pipeline/capture.py");
    let Ok(ended) = Command::new("python3").args(["-c", script, code]).output() else {
        return eprintln!("skipped: this machine has no python3");
    };
    if ended.status.code() == Some(77) {
        return eprintln!("skipped: this machine's Python has no botocore");
    }
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// What the harness's own function loses is no alarm that was silent.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_lost_on_the_way_here_is_no_verdict() {
    if !has_python() {
        return;
    }
    let mut room = Room::standing().await;
    // A second attempt would bring it after all.
    let once = room.clients().await.lambda.put_function_event_invoke_config().maximum_retry_attempts(0);
    once.function_name("lambda-securitygroup-alarm").send().await.unwrap();
    room.before = state::of(&room.lab);
    for (recovers, why) in
        [(true, "1 of the messages that were posted did not get into"), (false, "its URL answers 502")]
    {
        // Late enough for the queue to refuse what it then posts.
        let late = r#"{ "deliveries": [{ "fault": "delay", "hop": "function", "milliseconds": 1000 }] }"#;
        room.lab.set_faults(&Faults::from_json(late).unwrap()).unwrap();
        room.proxy.arm(None);
        let refusing = async {
            until("the port is open", || room.proxy.calls().iter().any(|call| call == "AuthorizeSecurityGroupIngress"))
                .await;
            let refused = CallFault::new(CallFaultKind::Throttle).operation(Service::Sqs, "SendMessage");
            room.lab.set_faults(&Faults::new().call(refused)).unwrap();
            let failed = |one: &Delivery| one.reason == Some(Reason::FunctionError) && one.outcome == Outcome::Stopped;
            let before = room.lab.deliveries().iter().filter(|one| failed(one)).count();
            until("the function has given up", || {
                room.lab.deliveries().iter().filter(|one| failed(one)).count() > before
            })
            .await;
            if recovers {
                room.lab.set_faults(&Faults::new()).unwrap();
            }
        };
        let arguments = [&CAPTURE[..], &["--timeout", "9s"]].concat();
        let (ended, ()) = tokio::join!(room.ran(&arguments), refusing);
        room.lab.set_faults(&Faults::new()).unwrap();
        assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
        let drill = &ended.json()["drills"][0];
        let reason = drill["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("the function that catches what is posted to Discord: ") && reason.contains(why),
            "{reason}"
        );
        assert_eq!(
            (&drill["verdict"], &drill["hops"].as_array().unwrap().iter().any(|hop| hop["status"] == "broken")),
            (&"error".into(), &false),
            "{drill}"
        );
        room.assert_as_it_was(why);
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !is_so() {
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "waited in vain until {what}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Only who knows the path is answered, and what is answered is what the lab's Discord says.
#[test]
fn the_function_answers_as_discord_does() {
    let script = r#"
import importlib.util, json, os, sys
os.environ.update(QUEUE_URL="http://127.0.0.1:9/1/q", WEBHOOK_PATH="/api/webhooks/42/t0ken", CHANNEL_ID="7")
spec = importlib.util.spec_from_file_location("capture", sys.argv[1])
capture = importlib.util.module_from_spec(spec)
spec.loader.exec_module(capture)
sent = []
capture.send = sent.append
def ask(path, body, wait):
    event = {"rawPath": path, "rawQueryString": "wait=true" if wait else "", "headers": {"content-type": "application/json"},
             "requestContext": {"requestId": "1", "http": {"method": "POST"}}, "body": body, "isBase64Encoded": False}
    if wait:
        event["queryStringParameters"] = {"wait": "true"}
    got = capture.lambda_handler(event, None)
    return [got["statusCode"], json.loads(got["body"]) if "body" in got else None]
asked = json.load(sys.stdin)
answers = [ask("/api/webhooks/42/t0ken", body, wait) for body, wait in asked]
assert len(sent) == len(asked), "what is refused is handed on as well"
for other in ("/api/webhooks/42/other", "/api/webhooks/42", "/"):
    assert ask(other, "{}", False)[0] == 404, other
assert len(sent) == len(asked), "nobody else's is handed on"
def fail(text):
    raise OSError("no queue")
capture.send, capture.PATIENCE = fail, 0.1
assert ask("/api/webhooks/42/t0ken", '{"content":"x"}', False)[0] == 502
assert ask("/api/webhooks/42/t0ken", '{"content":"x"}', False)[0] == 502
tries = []
def recover(text):
    tries.append(text)
    if len(tries) < 3:
        raise OSError("throttled")
    sent.append(text)
capture.send, capture.PATIENCE = recover, 10
assert ask("/api/webhooks/42/t0ken", '{"content":"x"}', False)[0] == 204, "it is tried again"
assert ask("/api/webhooks/42/t0ken", '{"content":"x"}', False)[0] == 204
assert [json.loads(text)["lost"] for text in sent[-2:]] == [2, 0], "what was lost is said once"
print(json.dumps(answers))
"#;
    if !has_python() {
        return;
    }
    let long = "가".repeat(2001);
    let asked: Vec<(String, bool)> = vec![
        ("{\"content\":\"  x \"}".to_owned(), true),
        ("{\"content\":\"x\"}".to_owned(), false),
        ("{\"content\":\" \"}".to_owned(), false),
        ("no JSON".to_owned(), false),
        (format!("{{\"content\":\"{long}\"}}"), false),
        (format!("{{\"content\":\"{}\"}}", &long[3..]), false),
        ("{\"embeds\":[{\"title\":\"x\"}]}".to_owned(), false),
    ];
    let mut python = Command::new("python3")
        .args(["-c", script, concat!(env!("CARGO_MANIFEST_DIR"), "/src/pipeline/capture.py")])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(serde_json::to_string(&asked).unwrap().as_bytes()).unwrap();
    let ended = python.wait_with_output().unwrap();
    assert!(ended.status.success());
    // What stands before it is the function's log.
    let printed = String::from_utf8(ended.stdout).unwrap();
    let answers: Vec<(u16, Value)> = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    let discord = Discord::new();
    let webhook = discord.add_webhook("alarm");
    discord.set_rate_limit(RateLimit { requests: 99, window: std::time::Duration::from_secs(1) });
    for ((body, wait), (status, said)) in asked.iter().zip(&answers) {
        let path = if *wait { format!("{}?wait=true", webhook.path()) } else { webhook.path() };
        let real = discord.handle(&Request::post_json(&path, body.clone()));
        assert_eq!(*status, real.status, "{body}: {said}");
        match *status {
            200 => assert_eq!(said["content"], real.json_body()["content"], "{body}"),
            _ => assert_eq!(*said, real.json_body(), "{body}"),
        }
    }
}
