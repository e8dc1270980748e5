//! The page's files and endpoints; `tests/page.rs` looks at it in a browser.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use http_body_util::BodyExt as _;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::live::{fitting, live};
use super::{ASSETS, DOCUMENT, MOST_READERS, POLICY};
use crate::server::Lab;

const TOPIC: &str = "arn:aws:sns:ap-northeast-2:000000000000:alarm";

/// A call of a service that speaks a query protocol. The lab reads the signature's scope and nothing else of it.
async fn call(lab: &Lab, service: &str, parameters: &[(&str, &str)]) -> String {
    let authorization = format!("AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/{service}/aws4_request");
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let request = Client::new()
        .post(lab.endpoint_url())
        .header("authorization", authorization)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{parameters:?}: {text}");
    text
}

async fn subscribe(lab: &Lab, address: &str) {
    call(lab, "sns", &[("Action", "CreateTopic"), ("Name", "alarm")]).await;
    let parameters = [("Action", "Subscribe"), ("TopicArn", TOPIC), ("Protocol", "email"), ("Endpoint", address)];
    call(lab, "sns", &parameters).await;
}

async fn get(lab: &Lab, path: &str) -> Response {
    Client::new().get(format!("{}{path}", lab.endpoint_url())).send().await.unwrap()
}

async fn post(lab: &Lab, content: &str) {
    let body = json!({ "content": content });
    Client::new().post(lab.discord_webhook_url()).json(&body).send().await.unwrap();
}

/// The line to a page: what was read and not yet looked at.
struct Line {
    answer: Response,
    read: String,
}

/// An event: its id, its name and its data.
type Event = (String, String, Value);

impl Line {
    async fn open(lab: &Lab, last: Option<&str>) -> Self {
        let request = Client::new().get(format!("{}/_lab/live", lab.endpoint_url()));
        let request = last.into_iter().fold(request, |request, id| request.header("last-event-id", id));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, read: String::new() }
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                let (id, name, data) = (field("id"), field("event"), field("data"));
                self.read = rest.to_owned();
                if !name.is_empty() {
                    return (id, name, serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let chunk = timeout(Duration::from_secs(10), self.answer.chunk()).await.expect("nothing came");
            self.read.push_str(std::str::from_utf8(&chunk.unwrap().expect("the line was cut")).unwrap());
        }
    }

    /// The next event of this name, and the names of those before it.
    async fn until(&mut self, wanted: &str) -> (Event, Vec<String>) {
        let mut before = Vec::new();
        loop {
            let event = self.next().await;
            if event.1 == wanted {
                return (event, before);
            }
            before.push(event.1);
        }
    }
}

#[tokio::test]
async fn every_file_that_the_page_asks_for_is_there_and_keeps_to_itself() {
    let lab = Lab::start().await.unwrap();
    let names = ASSETS.iter().map(|(name, ..)| format!("/_lab/page/{name}"));
    for path in names.chain(["/_lab/".to_owned()]) {
        let answer = get(&lab, &path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-security-policy"], POLICY, "{path}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer", "{path}");
    }
    let texts = ASSETS.iter().map(|(.., text)| *text).chain([DOCUMENT]).collect::<String>();
    let mut asked = 0;
    for reference in texts.split("\"/_lab/page/").skip(1).chain(texts.split("from \"./").skip(1)) {
        let name = reference.split('"').next().unwrap();
        assert!(ASSETS.iter().any(|(known, ..)| *known == name), "the page asks for {name}");
        asked += 1;
    }
    assert!(asked > 20, "the page asks for its files in another way than this test looks for: {asked}");
    assert_eq!(get(&lab, "/_lab/page/nothing.js").await.status(), 404);
    assert_eq!(get(&lab, "/_lab").await.url().path(), "/_lab/");
}

#[test]
fn nothing_is_inline_and_nothing_becomes_html() {
    assert!(!POLICY.contains("unsafe"));
    assert!(POLICY.starts_with("default-src 'none'"));
    let document = DOCUMENT.to_lowercase();
    assert!(!document.contains("<style") && !document.contains("style=") && !document.contains("javascript:"));
    assert!(!document.contains("<script>"), "a script without a source is an inline one");
    assert!(!document.split_whitespace().any(|word| word.starts_with("on") && word.contains('=')), "an inline handler");
    for (name, _, text) in ASSETS.iter().filter(|(name, ..)| name.ends_with(".js")) {
        for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval("] {
            assert!(!text.contains(forbidden), "{name} has {forbidden}");
        }
    }
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let lab = Lab::start().await.unwrap();
    let mut line = Line::open(&lab, None).await;
    let ((_, _, hello), before) = line.until("hello").await;
    assert_eq!(before, [""; 0], "the greeting comes first");
    assert_eq!(hello["endpoint_url"], lab.endpoint_url());

    subscribe(&lab, "team@example.com").await;
    let ((_, _, records), _) = line.until("records").await;
    assert_eq!(records[0]["record"]["eventName"], "CreateTopic");
    let ((_, _, deliveries), _) = line.until("deliveries").await;
    assert_eq!(deliveries[0]["reason"], "no_trail");
    let ((_, _, mails), _) = line.until("mails").await;
    assert_eq!(mails[0]["to"], "team@example.com");

    post(&lab, "port 22 is open").await;
    let ((_, _, answers), _) = line.until("discord").await;
    assert_eq!(answers[0]["message"]["content"], "port 22 is open");
    post(&lab, "").await;
    let ((_, _, answers), _) = line.until("discord").await;
    assert_eq!(answers[0]["status"], 400);
    assert_eq!(answers[0]["refusal"]["code"], 50006, "the answer's body as Discord gives it");
    assert_eq!(answers[0]["message"], Value::Null);
}

#[tokio::test]
async fn a_page_that_lost_the_line_goes_on_where_it_was() {
    let lab = Lab::start().await.unwrap();
    post(&lab, "one").await;
    let mut line = Line::open(&lab, None).await;
    let ((id, _, answers), _) = line.until("discord").await;
    assert_eq!(answers[0]["message"]["content"], "one");
    drop(line);

    post(&lab, "two").await;
    let mut line = Line::open(&lab, Some(&id)).await;
    let ((_, _, answers), before) = line.until("discord").await;
    assert_eq!(before, [""; 0], "it is not greeted again");
    assert_eq!(answers.as_array().unwrap().len(), 1, "nothing comes twice");
    assert_eq!((&answers[0]["message"]["content"], &answers[0]["number"]), (&json!("two"), &json!(1)));

    // The ids of the lab that had the address before, and what is no id at all.
    for other in ["00000000-0000-0000-0000-000000000000.0.0.0.0", "nonsense", &format!("{id}9")] {
        let (_, name, _) = Line::open(&lab, Some(other)).await.next().await;
        assert_eq!(name, "hello", "{other}");
    }
}

#[tokio::test]
async fn a_page_forgets_what_a_reset_lab_forgot() {
    let lab = Lab::start().await.unwrap();
    post(&lab, "before").await;
    let mut line = Line::open(&lab, None).await;
    let ((id, ..), _) = line.until("discord").await;
    lab.reset().await;
    line.until("hello").await;
    post(&lab, "after").await;
    let ((_, _, answers), _) = line.until("discord").await;
    assert_eq!(answers.as_array().unwrap().len(), 1);
    assert_eq!(answers[0]["message"]["content"], "after");
    // A page that was away meanwhile.
    assert_eq!(Line::open(&lab, Some(&id)).await.next().await.1, "hello");
}

#[tokio::test]
async fn more_pages_than_the_lab_serves_are_told_so_and_come_in_when_one_goes() {
    let lab = Lab::start().await.unwrap();
    let mut lines = Vec::new();
    for _ in 0..MOST_READERS {
        lines.push(Line::open(&lab, None).await);
    }
    let refused = get(&lab, "/_lab/live").await;
    assert_eq!(refused.status(), 503);
    let message = refused.json::<Value>().await.unwrap()["message"].clone();
    assert!(message.as_str().unwrap().contains("close one of them"), "{message}");
    assert_eq!(get(&lab, "/_lab/health").await.status(), 200, "the rest of the lab goes on");
    lines.pop();
    let free = async {
        while get(&lab, "/_lab/live").await.status() != 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), free).await.expect("a page that went leaves no place");
}

#[tokio::test]
async fn a_page_that_does_not_read_keeps_nothing_of_a_lab_that_was_reset() {
    let lab = Lab::start().await.unwrap();
    let mut body = live(State(lab.current().clone()), HeaderMap::new()).await.into_body();
    let text = async |body: &mut Body| {
        let frame = timeout(Duration::from_secs(10), body.frame()).await.expect("nothing came").unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    };
    assert!(text(&mut body).await.contains("event: hello"));
    // From here on nobody asks for more.
    let before = Arc::downgrade(&lab.current().cloud());
    post(&lab, "before").await;
    lab.reset().await;
    let gone = async {
        while before.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.expect("what was before the reset is still held");
    let next = text(&mut body).await;
    assert!(next.contains("event: hello") && !next.contains("before"), "it reads on in the new lab: {next}");
}

#[test]
fn an_event_has_as_many_entries_as_fit_and_one_at_least() {
    let large = || json!("z".repeat(600_000));
    let (list, count) = fitting([large(), large(), large()].into_iter());
    assert_eq!((count, list.len()), (1, 600_004));
    assert_eq!(fitting([1, 2, 3].into_iter().map(|number| json!(number))), ("[1,2,3]".to_owned(), 3));
    assert_eq!(
        fitting([json!("z".repeat(2 << 20))].into_iter()).1,
        1,
        "one that is larger than all is told all the same"
    );
    assert_eq!(fitting(std::iter::empty()), ("[]".to_owned(), 0));
}

#[tokio::test]
async fn the_resources_show_what_matters_and_no_secret() {
    let lab = Lab::start().await.unwrap();
    subscribe(&lab, "team@example.com").await;
    let open = [
        ("Action", "AuthorizeSecurityGroupIngress"),
        ("Version", "2016-11-15"),
        ("GroupName", "default"),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "22"),
        ("IpPermissions.1.ToPort", "22"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
        ("IpPermissions.1.IpRanges.2.CidrIp", "203.0.113.0/24"),
    ];
    call(&lab, "ec2", &open).await;

    let text = get(&lab, "/_lab/resources").await.text().await.unwrap();
    let resources: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(resources["topics"][0]["arn"], TOPIC);
    let subscription = &resources["topics"][0]["subscriptions"][0];
    assert_eq!((&subscription["endpoint"], &subscription["is_confirmed"]), (&json!("team@example.com"), &json!(false)));
    let open: Vec<&Value> = resources["security_groups"][0]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["is_open_to_the_world"] == true)
        .map(|rule| &rule["peer"])
        .collect();
    assert_eq!(open, [&json!("0.0.0.0/0")], "every group lets all out: that is no alarm");

    let mail = &lab.mail(None)[0];
    let token = mail.confirmation_url.as_ref().unwrap().rsplit('=').next().unwrap();
    assert!(!text.contains(token), "the token that confirms the subscription");
    let webhook = &lab.discord().webhooks()[0];
    assert!(!text.contains(&webhook.token), "the webhook's token");
    let answer: Value = get(&lab, &format!("/_lab/webhook?id={}", webhook.id)).await.json().await.unwrap();
    assert_eq!(answer["url"], lab.discord_webhook_url());
    assert_eq!(get(&lab, "/_lab/webhook?id=1").await.status(), 404);
}

#[test]
fn every_reason_is_said_in_words() {
    use crate::deliveries::Reason;

    // Whoever adds a reason meets this list.
    let reasons = |reason: Reason| match reason {
        Reason::NoTrail
        | Reason::TrailNotLogging
        | Reason::SelectorExcludes
        | Reason::RuleDisabled
        | Reason::ReadOnlyEvent
        | Reason::PatternMismatch
        | Reason::NoTarget
        | Reason::PolicyDenied
        | Reason::NotFound
        | Reason::FilterPolicy
        | Reason::Unconfirmed
        | Reason::FunctionError
        | Reason::Throttled
        | Reason::Invalid
        | Reason::ReceiverError
        | Reason::Fault => json!(reason),
    };
    let all = [
        Reason::NoTrail,
        Reason::TrailNotLogging,
        Reason::SelectorExcludes,
        Reason::RuleDisabled,
        Reason::ReadOnlyEvent,
        Reason::PatternMismatch,
        Reason::NoTarget,
        Reason::PolicyDenied,
        Reason::NotFound,
        Reason::FilterPolicy,
        Reason::Unconfirmed,
        Reason::FunctionError,
        Reason::Throttled,
        Reason::Invalid,
        Reason::ReceiverError,
        Reason::Fault,
    ];
    for (name, _, text) in ASSETS.iter().filter(|(name, ..)| name.starts_with("text-")) {
        for reason in all.map(reasons) {
            let reason = reason.as_str().unwrap();
            // What it is, and what helps.
            assert!(text.matches(&format!("\n    {reason}: ")).count() >= 2, "{reason} in {name}");
        }
    }
}
