//! The notification: what people read when an alarm is silent, and what they do not.

use std::time::Duration;

use alert_drill::lab::Lab;
use alert_drill::lab::discord::{Fault, Scope};
use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Ended, Folder, command, finish};

/// A run whose alarm is silent, and that tells this address.
async fn silent(folder: &Folder, url: &str, arguments: &[&str]) -> Ended {
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    let mut run = command(&[&["run", scenario.as_str(), "--timeout", "200ms"], arguments].concat());
    run.env("ALERT_DRILL_NOTIFY_URL", url);
    tokio::task::spawn_blocking(|| finish(run)).await.unwrap()
}

async fn lab() -> Lab {
    Lab::start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_alarm_is_told_to_discord_once() {
    let (lab, folder) = (lab().await, Folder::new());
    let url = lab.discord_webhook_url();
    let ended = silent(&folder, &url, &["--notify-shape", "discord"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let webhooks = lab.discord().webhooks();
    let messages = lab.discord().messages(&webhooks[0].id);
    let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    let body: Value = serde_json::from_slice(&message.body).unwrap();
    assert_eq!(body["allowed_mentions"], serde_json::json!({ "parse": [] }));
    let text = message.content();
    assert!(text.starts_with("🔕 alert-drill: the alarm is silent\n```\n"), "{text}");
    assert!(text.contains("security-group-change · lab 000000000000 ap-northeast-2 · failed"), "{text}");
    assert!(text.contains("RULE_PATTERN_MISMATCH (rule)"), "{text}");
    let korean = silent(&folder, &url, &["--notify-shape", "discord", "--lang", "ko"]).await;
    assert_eq!(korean.code, Some(1));
    assert!(
        lab.discord().messages(&webhooks[0].id)[1].content().starts_with("🔕 alert-drill: 알람이 울리지 않습니다\n")
    );
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_told_to_nobody_and_a_run_that_found_nothing_out_is() {
    let lab = lab().await;
    let url = lab.discord_webhook_url();
    for (arguments, code, told) in [(&[][..], 0, 0), (&["--endpoint-url", "http://127.0.0.1:1"], 5, 1)] {
        let mut run = command(&[&["--notify-shape", "discord"], arguments].concat());
        run.env("ALERT_DRILL_NOTIFY_URL", &url);
        let ended = tokio::task::spawn_blocking(|| finish(run)).await.unwrap();
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        let messages = lab.discord().messages(&lab.discord().webhooks()[0].id);
        assert_eq!(messages.len(), told);
        assert!(messages.iter().all(|message| message.content().contains("nobody knows whether the alarm rings")));
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_waited_for_and_a_bad_gateway_tried_again() {
    let (lab, folder) = (lab().await, Folder::new());
    lab.discord().answer_next(Fault::RateLimited { retry_after: Duration::from_millis(120), scope: Scope::Shared });
    lab.discord().answer_next(Fault::BadGateway);
    let ended = silent(&folder, &lab.discord_webhook_url(), &["--notify-shape", "discord"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let exchanges = lab.discord().exchanges();
    assert_eq!(exchanges.iter().map(|exchange| exchange.status).collect::<Vec<_>>(), [429, 502, 204]);
    let waited = exchanges[1].at.duration_since(exchanges[0].at);
    assert!(waited >= jiff::SignedDuration::from_millis(120), "Discord asked for 120 ms: {waited:?}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_is_said_without_the_address_and_changes_no_verdict() {
    let (lab, folder) = (lab().await, Folder::new());
    let url = lab.discord_webhook_url();
    let token = lab.discord().webhooks()[0].token.clone();
    lab.discord().answer_next(Fault::UnknownWebhook);
    // An hour is not waited for.
    let gone = silent(&folder, &url, &["--notify-shape", "discord"]).await;
    lab.discord().answer_next(Fault::Blocked { retry_after: Duration::from_secs(3600) });
    let blocked = silent(&folder, &url, &["--notify-shape", "discord"]).await;
    assert_eq!(lab.discord().exchanges().len(), 2);
    lab.stop().await;
    for (ended, why) in [(gone, "it answered 404 Not Found"), (blocked, "it answered 429 Too Many Requests (1 tries)")]
    {
        assert_eq!(ended.code, Some(1));
        assert_eq!(ended.stderr, format!("error: the notification was not delivered to 127.0.0.1: {why}\n"));
        assert!(!ended.stdout.contains(&token), "{}", ended.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_gets_its_own_form() {
    let slack = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200).set_body_string("ok")).mount(&slack).await;
    let folder = Folder::new();
    let url = format!("{}/services/T0/B0/s3cret-of-slack", slack.uri());
    let ended = silent(&folder, &url, &["--notify-shape", "slack"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let requests = slack.received_requests().await.unwrap();
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(text.starts_with("🔕 alert-drill: the alarm is silent\n```\n"), "{text}");
    assert!(!text.contains(['<', '>']) && !text.contains("s3cret"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_which_nobody_knows_what_it_reads_is_refused_before_the_run_and_not_shown() {
    for (url, why) in [
        ("https://example.net/hooks/s3cret", "example.net is neither Discord's nor Slack's: say with --notify-shape"),
        ("s3cret-and-no-url", "gives is no http or https URL; it is not shown"),
    ] {
        for on_line in [true, false] {
            let on_its_line = ["--notify", url];
            let mut run = command(if on_line { &on_its_line } else { &[] });
            if !on_line {
                run.env("ALERT_DRILL_NOTIFY_URL", url);
            }
            let ended = tokio::task::spawn_blocking(|| finish(run)).await.unwrap();
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
            assert!(ended.stderr.contains(why) && !ended.stderr.contains("s3cret"), "{}", ended.stderr);
        }
    }
    let mut help = command(&["run", "--help"]);
    help.env("ALERT_DRILL_NOTIFY_URL", "https://discord.com/api/webhooks/1/s3cret");
    assert!(!finish(help).stdout.contains("s3cret"));
}
