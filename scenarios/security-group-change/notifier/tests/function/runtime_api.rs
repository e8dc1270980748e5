//! The binary against a Runtime API of our own.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use alert_drill_lab::discord::Discord;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::discord::serve;

/// What the function told the Runtime API: the last segment of the path, and the body.
type Told = (String, Value);

#[derive(Clone)]
struct Api {
    event: Arc<Mutex<Option<Value>>>,
    told: mpsc::UnboundedSender<Told>,
}

async fn answer(State(api): State<Api>, method: Method, uri: Uri, body: Bytes) -> Response {
    if method == Method::GET {
        let event = api.event.lock().unwrap().take();
        let Some(event) = event else { return std::future::pending().await };
        let deadline = SystemTime::now() + Duration::from_secs(10);
        let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis().to_string();
        let headers = [
            ("lambda-runtime-aws-request-id", "r-1".to_owned()),
            ("lambda-runtime-deadline-ms", deadline),
            ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:ap-northeast-2:111122223333:function:f".to_owned()),
        ];
        return (headers, event.to_string()).into_response();
    }
    let path = uri.path().trim_start_matches("/2018-06-01/runtime/").to_owned();
    api.told.send((path, serde_json::from_slice(&body).unwrap_or_default())).unwrap();
    StatusCode::ACCEPTED.into_response()
}

/// Starts the binary with this webhook and event; gives what it told first, and its standard output and error.
async fn run(webhook: Option<&str>, event: Value) -> (Told, String) {
    let (told, mut hears) = mpsc::unbounded_channel();
    let api = Api { event: Arc::new(Mutex::new(Some(event))), told };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, Router::new().fallback(answer).with_state(api)).into_future());
    let mut command = Command::new(env!("CARGO_BIN_EXE_notifier"));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", address)
        .env("AWS_LAMBDA_FUNCTION_NAME", "f")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .envs(webhook.map(|url| ("DISCORD_WEBHOOK_URL", url)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let first = tokio::time::timeout(Duration::from_secs(30), hears.recv()).await.unwrap().unwrap();
    // It ends by itself after an INIT error, and waits for the next event otherwise.
    if first.0 != "init/error" {
        child.start_kill().unwrap();
    }
    let output = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await.unwrap().unwrap();
    if first.0 == "init/error" {
        assert_eq!(output.status.code(), Some(1));
    }
    (first, String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[tokio::test]
async fn an_event_becomes_a_message_and_one_log_line() {
    let discord = Discord::new();
    let webhook = discord.add_webhook("securitygroup-alarm");
    let url = webhook.url(&serve(discord.clone()).await);
    let message = json!({ "detail": { "eventName": "DeleteSecurityGroup", "eventID": "e-1" } }).to_string();
    let event = json!({ "Records": [{ "Sns": { "MessageId": "m-1", "Message": message } }] });
    let ((path, answer), log) = run(Some(&url), event).await;
    assert_eq!((path.as_str(), answer), ("invocation/r-1/response", json!({ "delivered": 1 })));
    assert!(discord.messages(&webhook.id)[0].content().contains("`DeleteSecurityGroup`"));
    let line: Value = serde_json::from_str(log.trim()).unwrap();
    for (key, value) in [
        ("level", json!("INFO")),
        ("requestId", json!("r-1")),
        ("snsMessageId", json!("m-1")),
        ("eventName", json!("DeleteSecurityGroup")),
        ("eventID", json!("e-1")),
        ("status", json!(200)),
        ("discordMessageId", json!(discord.messages(&webhook.id)[0].id())),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    assert!(!log.contains(&webhook.token));
}

#[tokio::test]
async fn a_refused_message_is_a_failed_invocation() {
    let discord = Discord::new();
    let webhook = discord.add_webhook("securitygroup-alarm");
    let url = webhook.url(&serve(discord.clone()).await);
    discord.remove_webhook(&webhook.id);
    let ((path, answer), log) = run(Some(&url), json!({ "Records": [{ "Sns": { "Message": "one" } }] })).await;
    assert_eq!(path, "invocation/r-1/error");
    assert_eq!(answer["errorType"], "Notifier.Undelivered");
    assert!(answer["errorMessage"].as_str().unwrap().contains("10015"), "{answer}");
    assert!(!log.contains(&webhook.token) && !answer.to_string().contains(&webhook.token));
}

#[tokio::test]
async fn a_webhook_that_is_missing_or_malformed_is_an_init_error() {
    for (webhook, reason) in
        [(None, "is not set"), (Some("https://example.com/secret"), "is not a Discord webhook URL")]
    {
        let ((path, error), log) = run(webhook, json!({})).await;
        assert_eq!(path, "init/error");
        assert_eq!(error["errorType"], "Runtime.ConfigInvalid");
        let message = error["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("DISCORD_WEBHOOK_URL") && message.contains(reason), "{message}");
        assert!(log.contains(message) && !log.contains("secret"), "{log}");
    }
}
