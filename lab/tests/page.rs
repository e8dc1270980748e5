//! The page for people, in a real browser: what happens in the lab appears there by itself.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

#[path = "page/chromium.rs"]
mod chromium;

use alert_drill_lab::Lab;
use chromium::{Chromium, Page};
use reqwest::Client;
use serde_json::json;

/// A browser, or none, and then the test says that it was skipped.
macro_rules! browser {
    () => {
        match Chromium::start().await {
            Some(browser) => browser,
            None => {
                eprintln!("skipped: there is no chromium on this machine");
                return;
            }
        }
    };
}

/// A call of a service that speaks a query protocol. The lab reads the signature's scope and nothing else of it.
async fn call(lab: &Lab, service: &str, parameters: &[(&str, &str)]) {
    let authorization = format!("AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-2/{service}/aws4_request");
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let request = Client::new()
        .post(lab.endpoint_url())
        .header("authorization", authorization)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{parameters:?}: {}", answer.text().await.unwrap());
}

async fn open_port(lab: &Lab, port: &str) {
    let parameters = [
        ("Action", "AuthorizeSecurityGroupIngress"),
        ("Version", "2016-11-15"),
        ("GroupName", "default"),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", port),
        ("IpPermissions.1.ToPort", port),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ];
    call(lab, "ec2", &parameters).await;
}

async fn subscribe(lab: &Lab) {
    call(lab, "sns", &[("Action", "CreateTopic"), ("Name", "alarm")]).await;
    let topic = "arn:aws:sns:ap-northeast-2:000000000000:alarm";
    let parameters =
        [("Action", "Subscribe"), ("TopicArn", topic), ("Protocol", "email"), ("Endpoint", "team@example.com")];
    call(lab, "sns", &parameters).await;
}

async fn post(lab: &Lab, message: serde_json::Value) {
    Client::new().post(lab.discord_webhook_url()).json(&message).send().await.unwrap();
}

/// A condition: the panel's text contains this.
fn says(panel: &str, text: &str) -> String {
    format!("document.getElementById({}).innerText.includes({})", json!(panel), json!(text))
}

/// The page when it has its words and its line.
async fn ready(browser: &mut Chromium, lab: &Lab, width: u32, language: &str) -> Page {
    let page = browser.open(&format!("{}/_lab/", lab.endpoint_url()), width, language).await;
    browser.until(&page, "document.getElementById('connection')?.dataset.state === 'live'").await;
    page
}

/// Nothing was thrown, logged, or kept from loading or running by the policy.
fn assert_silent(browser: &Chromium) {
    assert!(browser.said().is_empty(), "the browser complains: {:#?}", browser.said());
}

#[tokio::test]
async fn what_happens_appears_by_itself() {
    let mut browser = browser!();
    let lab = Lab::start().await.unwrap();
    let page = ready(&mut browser, &lab, 1600, "en-GB").await;
    browser.until(&page, &says("flow", "Point the AWS CLI at this lab")).await;
    browser.until(&page, &says("flow", &format!("AWS_ENDPOINT_URL={}", lab.endpoint_url()))).await;
    browser.until(&page, &says("channel", "#alarm")).await;

    open_port(&lab, "22").await;
    browser.until(&page, &says("flow", "AuthorizeSecurityGroupIngress")).await;
    browser.until(&page, &says("flow", "No trail of this account records this Region")).await;
    browser.until(&page, &says("resources", "open to the world")).await;

    subscribe(&lab).await;
    browser.until(&page, &says("mailbox", "AWS Notification - Subscription Confirmation")).await;
    browser.until(&page, &says("mailbox", "Not confirmed")).await;
    browser.until(&page, &says("resources", "not confirmed")).await;
    browser.evaluate(&page, "document.querySelector('#mailbox button.main').click()").await;
    browser.until(&page, "!document.querySelector('#mailbox button.main')").await;
    browser.until(&page, &says("mailbox", "Confirmed")).await;
    assert!(lab.mail(None)[0].confirmation_url.is_some());

    let embed = json!({
        "title": "Port 22", "color": 0xE0_5A_2B, "fields": [{ "name": "Group", "value": "`sg-1`", "inline": true }],
        "footer": { "text": "the alarm" },
    });
    post(&lab, json!({ "username": "Guard", "content": "**open** to ||all||", "embeds": [embed] })).await;
    browser.until(&page, &says("channel", "Guard")).await;
    for (shown, text) in [(".content strong", "open"), (".embed .title", "Port 22"), (".embed dd code", "sg-1")] {
        let found = browser.evaluate(&page, &format!("document.querySelector('#channel {shown}').textContent")).await;
        assert_eq!(found, text, "{shown}");
    }
    let bar = "getComputedStyle(document.querySelector('#channel .embed')).borderLeftColor";
    assert_eq!(browser.evaluate(&page, bar).await, "rgb(224, 90, 43)");

    post(&lab, json!({ "content": "x".repeat(2001) })).await;
    browser.until(&page, &says("channel", "Discord refused a request: POST, 400")).await;
    browser.evaluate(&page, "document.querySelector('#channel .refusal summary').click()").await;
    browser.until(&page, &says("channel", "BASE_TYPE_MAX_LENGTH")).await;
    assert_silent(&browser);

    lab.stop().await;
    browser.until(&page, "document.getElementById('connection').dataset.state === 'lost'").await;
    browser.until(&page, "!document.getElementById('lost').hidden").await;
}

#[tokio::test]
async fn faults_that_were_ordered_are_shown_and_taken_away() {
    let mut browser = browser!();
    let lab = Lab::start().await.unwrap();
    let page = ready(&mut browser, &lab, 1600, "en").await;
    assert_eq!(browser.evaluate(&page, "document.getElementById('faults').hidden").await, true);
    let faults = json!({
        "calls": [
            { "fault": "throttle", "service": "ec2", "operation": "RunInstances", "next": 2 },
            { "fault": "delay", "milliseconds": 1, "rate": 0.25 },
        ],
        "deliveries": [{ "fault": "drop", "hop": "mail", "to": "<b>team</b>@example.com" }],
        "discord": [{ "fault": "bad_gateway" }],
    });
    let url = format!("{}/_lab/faults", lab.endpoint_url());
    Client::new().put(&url).json(&faults).send().await.unwrap();
    browser.until(&page, "!document.getElementById('faults').hidden").await;
    for text in [
        "4 faults were ordered in this lab",
        "ec2 RunInstances throttled",
        "2 of 2 left",
        "25 % of the time",
        "On the way to: Mail <b>team</b>@example.com lost",
        "Discord answers 502",
    ] {
        browser.until(&page, &says("faults", text)).await;
    }
    post(&lab, json!({ "content": "lost" })).await;
    open_port(&lab, "22").await;
    browser.until(&page, &says("faults", "struck once")).await;

    browser
        .evaluate(&page, "[...document.querySelectorAll('#faults li')].at(-1).querySelector('button').click()")
        .await;
    browser.until(&page, &says("faults", "3 faults were ordered")).await;
    assert!(!browser.evaluate(&page, &says("faults", "answers 502")).await.as_bool().unwrap());
    browser.evaluate(&page, "document.querySelector('[data-lang=ko]').click()").await;
    browser.until(&page, &says("faults", "일부러 걸어 둔 장애 3개")).await;
    browser.until(&page, &says("faults", "2번 중 2번 남음")).await;
    browser.evaluate(&page, "document.querySelector('#faults [data-remove=all]').click()").await;
    browser.until(&page, "document.getElementById('faults').hidden").await;
    let left: serde_json::Value = Client::new().get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!((&left["calls"], &left["deliveries"]), (&json!([]), &json!([])));
    assert_silent(&browser);
}

#[tokio::test]
async fn messages_and_mails_stay_text() {
    let mut browser = browser!();
    let lab = Lab::start().await.unwrap();
    let page = ready(&mut browser, &lab, 1600, "en").await;
    let elements = browser.evaluate(&page, "document.querySelectorAll('script, img, iframe, style').length").await;
    let attack = r#"<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">"#;
    let markdown =
        format!("**{attack}** `{attack}` [click](javascript:window.hacked=1) {attack}\n> {attack}\n- {attack}");
    let embed = json!({
        "title": attack, "description": attack, "fields": [{ "name": attack, "value": attack }],
        "footer": { "text": attack }, "author": { "name": attack },
    });
    post(&lab, json!({ "username": "<b>x</b>", "content": markdown, "embeds": [embed] })).await;
    browser.until(&page, &says("channel", "<b>x</b>")).await;
    browser.until(&page, &says("channel", attack)).await;

    subscribe(&lab).await;
    let url = lab.mail(None)[0].confirmation_url.clone().unwrap();
    Client::new().get(url).send().await.unwrap();
    let topic = "arn:aws:sns:ap-northeast-2:000000000000:alarm";
    call(&lab, "sns", &[("Action", "Publish"), ("TopicArn", topic), ("Message", attack), ("Subject", "<i>alarm</i>")])
        .await;
    browser.until(&page, &says("mailbox", "<i>alarm</i>")).await;
    browser.until(&page, &says("mailbox", attack)).await;

    let now = browser.evaluate(&page, "document.querySelectorAll('script, img, iframe, style').length").await;
    assert_eq!(now, elements, "an element was made of a text");
    assert_eq!(browser.evaluate(&page, "typeof window.hacked").await, "undefined");
    assert_eq!(browser.evaluate(&page, "document.querySelectorAll('a[href^=javascript]').length").await, 0);
    assert_silent(&browser);
}

#[tokio::test]
async fn it_speaks_korean_and_remembers_it() {
    let mut browser = browser!();
    let lab = Lab::start().await.unwrap();
    open_port(&lab, "22").await;
    let page = ready(&mut browser, &lab, 1600, "ko-KR").await;
    assert_eq!(browser.evaluate(&page, "document.documentElement.lang").await, "ko");
    browser.until(&page, &says("flow", "이 계정에 이 리전을 기록하는 추적이 없습니다")).await;
    post(&lab, json!({ "content": "" })).await;
    browser.until(&page, &says("channel", "디스코드가 요청을 거부했습니다: POST, 400")).await;

    browser.evaluate(&page, "document.querySelector('[data-lang=en]').click()").await;
    assert_eq!(browser.evaluate(&page, "document.documentElement.lang").await, "en");
    browser.until(&page, &says("flow", "No trail of this account records this Region")).await;
    let again = ready(&mut browser, &lab, 1600, "ko-KR").await;
    assert_eq!(browser.evaluate(&again, "document.documentElement.lang").await, "en", "what was chosen is remembered");

    // A text that one language lacks would show as its key.
    let keys = "Promise.all(['en', 'ko'].map((one) => import(`/_lab/page/text-${one}.js`))).then((texts) => {
        const keys = (text, path) => text !== null && typeof text === 'object'
          ? Object.entries(text).flatMap(([key, inside]) => keys(inside, `${path}.${key}`))
          : [`${path}: ${typeof text}`];
        return texts.map((text) => keys(text.default, '').map((key) => key.split(':')[0]).sort());
    })";
    let keys = browser.evaluate(&again, keys).await;
    assert!(keys[0].as_array().is_some_and(|keys| keys.len() > 100));
    assert_eq!(keys[0], keys[1]);
    assert_silent(&browser);
}

#[tokio::test]
async fn a_narrow_window_shows_one_part_at_a_time() {
    let mut browser = browser!();
    let lab = Lab::start().await.unwrap();
    open_port(&lab, "22").await;
    subscribe(&lab).await;
    let page = ready(&mut browser, &lab, 400, "ko-KR").await;
    browser.until(&page, &says("flow", "AuthorizeSecurityGroupIngress")).await;
    for part in ["channel", "mailbox", "resources", "flow"] {
        browser.evaluate(&page, &format!("document.querySelector('[data-go={part}]').click()")).await;
        let shown =
            "[...document.querySelectorAll('.panel')].filter((one) => one.offsetParent).map((one) => one.id).join()";
        assert_eq!(browser.evaluate(&page, shown).await, part);
        let width = browser.evaluate(&page, "document.documentElement.scrollWidth").await;
        assert!(width.as_u64().is_some_and(|width| width <= 400), "{part} is {width} wide");
    }
    assert_silent(&browser);
}
