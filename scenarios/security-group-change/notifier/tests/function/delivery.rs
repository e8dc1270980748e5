//! Invocations against Discord's behaviour, which is the lab's.

use std::time::{Duration, SystemTime};

use alert_drill_lab::discord::{Discord, Fault, Scope, Webhook};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use notifier::config::WebhookUrl;
use notifier::{Config, Language, Notifier};
use serde_json::{Value, json};

use crate::discord::serve;

const MINUTE: Duration = Duration::from_secs(60);

struct Bench {
    discord: Discord,
    webhook: Webhook,
    notifier: Notifier,
}

async fn bench() -> Bench {
    let discord = Discord::new();
    let webhook = discord.add_webhook("securitygroup-alarm");
    let origin = serve(discord.clone()).await;
    let config = Config { webhook: WebhookUrl::parse(&webhook.url(&origin)).unwrap(), language: Language::Korean };
    Bench { discord, webhook, notifier: Notifier::new(config) }
}

impl Bench {
    async fn invoke(&self, request_id: &str, messages: &[&str], left: Duration) -> Result<Value, Diagnostic> {
        let records: Vec<_> = messages.iter().map(|message| json!({ "Sns": { "Message": message } })).collect();
        let mut context = Context::default();
        context.request_id = request_id.to_owned();
        context.deadline =
            (SystemTime::now() + left).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis().try_into().unwrap();
        let event = LambdaEvent::new(json!({ "Records": records }), context);
        self.notifier.invoke(event).await.map_err(Diagnostic::from)
    }

    fn contents(&self) -> Vec<String> {
        let lines = |content: &str| content.lines().nth(2).unwrap_or_default().to_owned();
        self.discord.messages(&self.webhook.id).iter().map(|received| lines(received.content())).collect()
    }
}

#[tokio::test]
async fn every_record_gets_its_message_and_nobody_is_pinged() {
    let bench = bench().await;
    let record = json!({ "detail": { "eventName": "DeleteSecurityGroup", "eventID": "e-1" } }).to_string();
    let answer = bench.invoke("r", &["@everyone one", &record], MINUTE).await.unwrap();
    assert_eq!(answer, json!({ "delivered": 2 }));
    let messages = bench.discord.messages(&bench.webhook.id);
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].message["mention_everyone"], false);
    assert!(messages[1].content().ends_with("이벤트 ID: `e-1`"));
    let body: Value = serde_json::from_slice(&messages[0].body).unwrap();
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    // It asks Discord to confirm that the message is stored.
    assert_eq!(bench.discord.exchanges()[0].status, 200);
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let bench = bench().await;
    let retry_after = Duration::from_millis(60);
    bench.discord.answer_next(Fault::RateLimited { retry_after, scope: Scope::User });
    bench.discord.answer_next(Fault::RateLimited { retry_after, scope: Scope::Shared });
    bench.invoke("r", &["one"], MINUTE).await.unwrap();
    let exchanges = bench.discord.exchanges();
    assert_eq!(exchanges.iter().map(|exchange| exchange.status).collect::<Vec<_>>(), [429, 429, 200]);
    let waited = exchanges[2].at.duration_since(exchanges[0].at);
    assert!(waited.as_millis() >= 120, "{waited:?}");
}

#[tokio::test]
async fn a_wait_longer_than_the_invocation_is_an_error_at_once() {
    let bench = bench().await;
    bench.discord.answer_next(Fault::RateLimited { retry_after: MINUTE, scope: Scope::User });
    let error = bench.invoke("r", &["one"], Duration::from_secs(5)).await.unwrap_err();
    assert!(error.error_message.contains("wants a wait of 60 s"), "{}", error.error_message);
    assert_eq!(bench.discord.exchanges().len(), 1);
}

#[tokio::test]
async fn one_failing_does_not_lose_the_others_and_a_retry_sends_the_rest_alone() {
    let bench = bench().await;
    bench.discord.answer_next(Fault::InternalServerError);
    let error = bench.invoke("r", &["one", "two"], MINUTE).await.unwrap_err();
    assert_eq!(error.error_type, "Notifier.Undelivered");
    assert!(
        error.error_message.starts_with("1 of 2 alerts were not delivered: message 1: "),
        "{}",
        error.error_message
    );
    assert_eq!(bench.contents(), ["two"]);
    bench.invoke("r", &["one", "two"], MINUTE).await.unwrap();
    assert_eq!(bench.contents(), ["two", "one"]);
    bench.invoke("another", &["one"], MINUTE).await.unwrap();
    assert_eq!(bench.contents(), ["two", "one", "one"]);
}

#[tokio::test]
async fn refusals_say_what_to_do_and_show_no_secret() {
    let bench = bench().await;
    for (fault, shown) in [
        (Fault::UnknownWebhook, "HTTP 404: {\"message\":\"Unknown Webhook\",\"code\":10015} (the webhook was deleted"),
        (Fault::InvalidWebhookToken, "HTTP 401"),
        (Fault::EmptyMessage, "HTTP 400"),
        (Fault::BadGateway, "HTTP 502"),
        (Fault::Blocked { retry_after: MINUTE }, "wants a wait of 60 s"),
    ] {
        bench.discord.answer_next(fault);
        let error = bench.invoke("r", &["one"], Duration::from_secs(5)).await.unwrap_err();
        assert!(error.error_message.contains(shown), "{}", error.error_message);
        assert!(!error.error_message.contains(&bench.webhook.token));
    }
}

#[tokio::test]
async fn nobody_there_is_an_error_without_the_url() {
    let url = "http://127.0.0.1:9/api/webhooks/1/secret-token";
    let config = Config { webhook: WebhookUrl::parse(url).unwrap(), language: Language::English };
    let bench = Bench { notifier: Notifier::new(config), ..bench().await };
    let error = bench.invoke("r", &["one"], MINUTE).await.unwrap_err();
    assert!(error.error_message.contains("no answer from Discord"), "{}", error.error_message);
    assert!(!error.error_message.contains("secret-token") && !error.error_message.contains("webhooks"));
}
