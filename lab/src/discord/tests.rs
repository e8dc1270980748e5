use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::*;

/// A Discord on a clock that only the test moves, with one webhook.
fn discord() -> (Discord, Webhook, Arc<AtomicI64>) {
    let milliseconds = Arc::new(AtomicI64::new(1_790_000_000_000));
    let clock = Arc::clone(&milliseconds);
    let now = move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap();
    let discord = Discord::with_clock(Arc::new(now));
    let webhook = discord.add_webhook("securitygroup-alarm");
    (discord, webhook, milliseconds)
}

fn post(discord: &Discord, webhook: &Webhook, body: &Value) -> Response {
    discord.set_rate_limit(RateLimit { requests: 1000, window: Duration::from_secs(1) });
    discord.handle(&Request::post_json(&webhook.path(), body.to_string()))
}

fn error_at(response: &Response, pointer: &str) -> (String, String) {
    let body = response.json_body();
    assert_eq!((response.status, &body["code"]), (400, &json!(50035)), "{body}");
    assert_eq!(body["message"], "Invalid Form Body");
    let error = body.pointer(&format!("/errors{pointer}/_errors/0")).unwrap_or_else(|| panic!("{pointer} in {body}"));
    (error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

#[test]
fn a_message_is_accepted_without_a_body_and_stored() {
    let (discord, webhook, _) = discord();
    let answer = post(&discord, &webhook, &json!({ "content": "  포트 22가 열렸습니다\n둘째 줄 " }));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let messages = discord.messages(&webhook.id);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].content(), "포트 22가 열렸습니다\n둘째 줄");
    assert_eq!(messages[0].message["author"]["username"], "Captain Hook");
    assert_eq!(messages[0].message["timestamp"], "2026-09-21T14:13:20.000000+00:00");
    assert_eq!(discord.messages(&webhook.channel_id).len(), 1);
}

#[test]
fn with_wait_the_stored_message_comes_back() {
    let (discord, webhook, _) = discord();
    let request = Request::post_json(&format!("/api/v10{}?wait=true", &webhook.path()[4..]), r#"{"content":"x"}"#);
    let answer = discord.handle(&request);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json_body(), discord.messages(&webhook.id)[0].message);
    assert_eq!(answer.json_body()["webhook_id"], json!(webhook.id));
}

#[test]
fn nothing_to_send_is_refused() {
    let (discord, webhook, _) = discord();
    for body in [json!({}), json!({ "content": "" }), json!({ "content": " \n" }), json!({ "text": "Slack's field" })] {
        let answer = post(&discord, &webhook, &body);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json_body(), json!({ "message": "Cannot send an empty message", "code": 50006 }));
    }
    assert!(discord.messages(&webhook.id).is_empty());
    assert_eq!(discord.exchanges()[0].refusal, Some(Refusal::EmptyMessage));
}

#[test]
fn content_is_counted_in_code_points() {
    let (discord, webhook, _) = discord();
    // Each is two UTF-16 units and four bytes.
    assert_eq!(post(&discord, &webhook, &json!({ "content": "🚨".repeat(2000) })).status, 204);
    let refused = post(&discord, &webhook, &json!({ "content": "가".repeat(2001) }));
    let expected = ("BASE_TYPE_MAX_LENGTH".to_owned(), "Must be 2000 or fewer in length.".to_owned());
    assert_eq!(error_at(&refused, "/content"), expected);
}

#[test]
fn embeds_keep_their_limits() {
    let (discord, webhook, _) = discord();
    let long = |length: usize| "x".repeat(length);
    let field = |name: usize, value: usize| json!({ "name": long(name), "value": long(value) });
    let cases = [
        (json!({ "title": long(256) }), json!({ "title": long(257) }), "/title"),
        (json!({ "description": long(4096) }), json!({ "description": long(4097) }), "/description"),
        (json!({ "footer": { "text": long(2048) } }), json!({ "footer": { "text": long(2049) } }), "/footer/text"),
        (json!({ "author": { "name": long(256) } }), json!({ "author": { "name": long(257) } }), "/author/name"),
        (json!({ "fields": [field(256, 1)] }), json!({ "fields": [field(257, 1)] }), "/fields/0/name"),
        (json!({ "fields": [field(1, 1024)] }), json!({ "fields": [field(1, 1025)] }), "/fields/0/value"),
        (json!({ "fields": vec![field(1, 1); 25] }), json!({ "fields": vec![field(1, 1); 26] }), "/fields"),
    ];
    for (accepted, refused, place) in cases {
        assert_eq!(post(&discord, &webhook, &json!({ "embeds": [accepted] })).status, 204, "{place}");
        let answer = post(&discord, &webhook, &json!({ "embeds": [refused] }));
        assert_eq!(error_at(&answer, &format!("/embeds/0{place}")).0, "BASE_TYPE_MAX_LENGTH", "{place}");
    }
    let empty_value = post(&discord, &webhook, &json!({ "embeds": [{ "fields": [{ "name": "a", "value": " " }] }] }));
    assert_eq!(error_at(&empty_value, "/embeds/0/fields/0/value").1, "This field is required");
}

#[test]
fn embeds_of_the_wrong_shape_are_refused() {
    let (discord, webhook, _) = discord();
    for (embed, place, code) in [
        (json!("text"), "/embeds/0", "MODEL_TYPE_CONVERT"),
        (json!({ "title": "x", "footer": "text" }), "/embeds/0/footer", "MODEL_TYPE_CONVERT"),
        (json!({ "color": 1 }), "/embeds/0/description", "BASE_TYPE_REQUIRED"),
        (json!({ "title": "x", "color": 0x0100_0000 }), "/embeds/0/color", "NUMBER_TYPE_MAX"),
        (json!({ "title": "x", "timestamp": "yesterday" }), "/embeds/0/timestamp", "DATE_TIME_TYPE_PARSE"),
        (
            json!({ "title": "x", "image": { "url": "example.com/a.png" } }),
            "/embeds/0/image/url",
            "URL_TYPE_INVALID_URL",
        ),
    ] {
        let answer = post(&discord, &webhook, &json!({ "embeds": [embed] }));
        assert_eq!(error_at(&answer, place).0, code, "{embed}");
    }
}

#[test]
fn embeds_together_keep_their_limits() {
    let (discord, webhook, _) = discord();
    let of = |length: usize| json!({ "description": "x".repeat(length) });
    assert_eq!(post(&discord, &webhook, &json!({ "embeds": [of(3000), of(3000)] })).status, 204);
    let refused = post(&discord, &webhook, &json!({ "embeds": [of(3000), of(3001)] }));
    let expected = ("MAX_EMBED_SIZE_EXCEEDED".to_owned(), "Embed size exceeds maximum size of 6000".to_owned());
    assert_eq!(error_at(&refused, "/embeds"), expected);
    let many = post(&discord, &webhook, &json!({ "embeds": vec![of(1); 11] }));
    assert_eq!(error_at(&many, "/embeds").1, "Must be 10 or fewer in length.");
}

#[test]
fn names_that_discord_forbids_are_refused() {
    let (discord, webhook, _) = discord();
    for (name, code) in [
        ("Discord alarm", "USERNAME_INVALID_CONTAINS"),
        ("clyde", "USERNAME_INVALID_CONTAINS"),
        ("here", "USERNAME_INVALID"),
        ("", "BASE_TYPE_BAD_LENGTH"),
        (&"x".repeat(81), "BASE_TYPE_BAD_LENGTH"),
    ] {
        let answer = post(&discord, &webhook, &json!({ "content": "x", "username": name }));
        assert_eq!(error_at(&answer, "/username").0, code, "{name}");
    }
    assert_eq!(post(&discord, &webhook, &json!({ "content": "x", "username": "경보" })).status, 204);
    assert_eq!(discord.messages(&webhook.id)[0].message["author"]["username"], "경보");
}

#[test]
fn a_body_that_is_no_json_and_a_type_that_is_none_are_refused() {
    let (discord, webhook, _) = discord();
    let answer = discord.handle(&Request::post_json(&webhook.path(), "{'content': 'single quotes'}"));
    assert_eq!(answer.json_body(), json!({ "message": "The request body contains invalid JSON.", "code": 50109 }));
    let plain = Request::new("POST", &webhook.path()).with_header("Content-Type", "text/plain").with_body("hello");
    assert_eq!(error_at(&discord.handle(&plain), "").0, "CONTENT_TYPE_INVALID");
}

#[test]
fn forms_are_accepted_as_discord_accepts_them() {
    let (discord, webhook, _) = discord();
    let body = "--b\r\nContent-Disposition: form-data; name=\"payload_json\"\r\nContent-Type: application/json\r\n\r\n\
                {\"content\":\"with a file\"}\r\n--b\r\n\
                Content-Disposition: form-data; name=\"files[0]\"; filename=\"record.json\"\r\n\
                Content-Type: application/json\r\n\r\n{}\r\n--b--\r\n";
    let multipart = Request::new("POST", &webhook.path())
        .with_header("Content-Type", "multipart/form-data; boundary=b")
        .with_body(body);
    assert_eq!(discord.handle(&multipart).status, 204);
    let encoded = Request::new("POST", &webhook.path())
        .with_header("Content-Type", "application/x-www-form-urlencoded")
        .with_body("content=%EA%B2%BD%EB%B3%B4");
    assert_eq!(discord.handle(&encoded).status, 204);
    let messages = discord.messages(&webhook.id);
    assert_eq!(messages[0].content(), "with a file");
    assert_eq!(messages[0].message["attachments"][0]["filename"], "record.json");
    assert_eq!(messages[0].message["attachments"][0]["size"], 2);
    assert_eq!(messages[1].content(), "경보");
}

fn multipart(webhook: &Webhook, boundary: &str, body: impl Into<Bytes>) -> Request {
    let content_type = format!("multipart/form-data; boundary={boundary}");
    Request::new("POST", &webhook.path()).with_header("content-type", &content_type).with_body(body)
}

#[test]
fn files_mentions_and_boundaries_are_limited() {
    let (discord, webhook, _) = discord();
    let file = "--b\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a\"\r\n\r\n\r\n";
    assert_eq!(discord.handle(&multipart(&webhook, "b", format!("{}--b--", file.repeat(10)))).status, 204);
    let refused = discord.handle(&multipart(&webhook, "b", format!("{}--b--", file.repeat(11))));
    assert_eq!(error_at(&refused, "/attachments").1, "Must be 10 or fewer in length.");
    let long = "b".repeat(71);
    let refused = discord.handle(&multipart(&webhook, &long, file.replace("--b", &format!("--{long}"))));
    assert_eq!(refused.json_body()["code"], 50006);
    let users = |count: usize| json!({ "content": "x", "allowed_mentions": { "users": vec!["1"; count] } });
    assert_eq!(post(&discord, &webhook, &users(100)).status, 204);
    let refused = post(&discord, &webhook, &users(101));
    assert_eq!(error_at(&refused, "/allowed_mentions/users").1, "Must be 100 or fewer in length.");
}

#[test]
fn large_messages_are_not_kept_without_end() {
    let (discord, webhook, _) = discord();
    discord.set_rate_limit(RateLimit { requests: 1000, window: Duration::from_secs(1) });
    let part = b"--b\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nx\r\n--b--".to_vec();
    // What stands behind the last boundary belongs to the body and to no part. All share its memory.
    let body = Bytes::from([part, vec![b' '; 60 * 1024 * 1024]].concat());
    for _ in 0..6 {
        assert_eq!(discord.handle(&multipart(&webhook, "b", body.clone())).status, 204);
    }
    assert_eq!(discord.messages(&webhook.id).len(), 4, "256 MiB of them");
}

#[test]
fn wrong_urls_are_told_apart() {
    let (discord, webhook, _) = discord();
    let get = |target: &str| {
        let answer = discord.handle(&Request::post_json(target, r#"{"content":"x"}"#));
        (answer.status, answer.json_body())
    };
    let expect = |status: u16, message: &str, code: u32| (status, json!({ "message": message, "code": code }));
    assert_eq!(get(&format!("/api/webhooks/{}/wrong", webhook.id)), expect(401, "Invalid Webhook Token", 50027));
    assert_eq!(get(&format!("/api/webhooks/1/{}", webhook.token)), expect(404, "Unknown Webhook", 10015));
    assert_eq!(get("/api/webhooks"), expect(404, "404: Not Found", 0));
    assert_eq!(get("/"), expect(404, "404: Not Found", 0));
    assert_eq!(get(&format!("/api/v5{}", &webhook.path()[4..])), expect(400, "Invalid API version", 50041));
    assert_eq!(get("/api/webhooks/abc/def").1["errors"]["webhook_id"]["_errors"][0]["code"], "NUMBER_TYPE_COERCE");
    assert!(discord.remove_webhook(&webhook.id));
    assert_eq!(get(&webhook.path()), expect(404, "Unknown Webhook", 10015));
}

#[test]
fn the_webhook_shows_itself_without_sending() {
    let (discord, webhook, _) = discord();
    let answer = discord.handle(&Request::new("GET", &webhook.path()));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json_body()["channel_id"], json!(webhook.channel_id));
    assert_eq!(answer.json_body()["token"], json!(webhook.token));
    assert!(discord.messages(&webhook.id).is_empty());
}

#[test]
fn messages_are_read_edited_and_removed_by_id() {
    let (discord, webhook, _) = discord();
    post(&discord, &webhook, &json!({ "content": "first" }));
    let id = discord.messages(&webhook.id)[0].id().to_owned();
    let target = format!("{}/messages/{id}", webhook.path());
    assert_eq!(discord.handle(&Request::new("GET", &target)).json_body()["content"], "first");
    let mut edit = Request::post_json(&target, r#"{"content":"second"}"#);
    edit.method = "PATCH".to_owned();
    assert_eq!(discord.handle(&edit).json_body()["content"], "second");
    assert!(discord.messages(&webhook.id)[0].message["edited_timestamp"].is_string());
    assert_eq!(discord.handle(&Request::new("DELETE", &target)).status, 204);
    let gone = discord.handle(&Request::new("GET", &target));
    assert_eq!((gone.status, gone.json_body()["code"].clone()), (404, json!(10008)));
}

#[test]
fn the_sixth_message_in_two_seconds_must_wait() {
    let (discord, webhook, clock) = discord();
    let send = || discord.handle(&Request::post_json(&webhook.path(), r#"{"content":"x"}"#));
    assert_eq!(discord.handle(&Request::new("GET", &webhook.path())).status, 200);
    for remaining in ["4", "3", "2", "1", "0"] {
        let answer = send();
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("X-RateLimit-Limit"), Some("5"));
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining));
        assert_eq!(answer.header("X-RateLimit-Scope"), None);
    }
    clock.fetch_add(500, Ordering::SeqCst);
    let refused = send();
    assert_eq!(refused.status, 429);
    let body = json!({ "message": "You are being rate limited.", "retry_after": 1.5, "global": false });
    assert_eq!(refused.json_body(), body);
    assert_eq!(refused.header("Retry-After"), Some("2"));
    assert_eq!(refused.header("X-RateLimit-Reset-After"), Some("1.500"));
    assert_eq!(refused.header("X-RateLimit-Reset"), Some("1790000002.000"));
    assert_eq!(refused.header("X-RateLimit-Scope"), Some("user"));
    assert!(refused.header("X-RateLimit-Bucket").is_some());
    clock.fetch_add(1500, Ordering::SeqCst);
    assert_eq!(send().status, 204);
}

#[test]
fn scripted_answers_come_once_and_in_order() {
    let (discord, webhook, _) = discord();
    let other = discord.add_webhook("other");
    discord.answer_next_of(&other.id, Fault::UnknownWebhook);
    discord.answer_next(Fault::RateLimited { retry_after: Duration::from_millis(250), scope: Scope::Global });
    discord.answer_next(Fault::InternalServerError);
    discord.answer_next(Fault::Blocked { retry_after: Duration::from_secs(30) });
    let send = |to: &Webhook| discord.handle(&Request::post_json(&to.path(), r#"{"content":"x"}"#));
    let limited = send(&webhook);
    assert_eq!((limited.status, &limited.json_body()["retry_after"]), (429, &json!(0.25)));
    assert_eq!(limited.header("X-RateLimit-Global"), Some("true"));
    assert_eq!(send(&webhook).status, 500);
    assert_eq!(send(&webhook).body, "error code: 1015");
    assert_eq!(send(&webhook).status, 204);
    assert_eq!(send(&other).status, 404);
    assert_eq!(send(&other).status, 204);
    assert!(discord.exchanges()[0].scripted && !discord.exchanges()[3].scripted);
}

#[test]
fn pings_are_what_the_text_mentions_and_the_sender_allows() {
    let (discord, webhook, _) = discord();
    for (body, everyone, roles) in [
        (json!({ "content": "@everyone <@&42>" }), true, json!(["42"])),
        (json!({ "content": "@everyone <@&42>", "allowed_mentions": { "parse": [] } }), false, json!([])),
        (json!({ "content": "`@everyone`" }), false, json!([])),
        (json!({ "content": "` @everyone" }), true, json!([])),
        (json!({ "content": "<@&42>", "allowed_mentions": { "roles": ["42"] } }), false, json!(["42"])),
    ] {
        assert_eq!(post(&discord, &webhook, &body).status, 204);
        let message = discord.messages(&webhook.id).pop().unwrap().message;
        assert_eq!((&message["mention_everyone"], &message["mention_roles"]), (&json!(everyone), &roles), "{body}");
    }
}

#[test]
fn version_6_answers_in_its_own_forms() {
    let (discord, webhook, _) = discord();
    discord.set_default_api_version(6);
    let bad_embed = json!({ "embeds": [{ "title": "x".repeat(257) }] });
    assert_eq!(post(&discord, &webhook, &bad_embed).json_body(), json!({ "embeds": ["0"] }));
    let long = post(&discord, &webhook, &json!({ "content": "x".repeat(2001) }));
    assert_eq!(long.json_body(), json!({ "content": ["Must be 2000 or fewer in length."] }));
    discord.answer_next(Fault::RateLimited { retry_after: Duration::from_millis(1500), scope: Scope::User });
    assert_eq!(post(&discord, &webhook, &json!({ "content": "x" })).json_body()["retry_after"], 1500);
}

#[tokio::test]
async fn whoever_waits_for_a_message_is_woken() {
    let (discord, webhook, _) = discord();
    let waiting = discord.clone();
    let waiter = tokio::spawn(async move { waiting.message(|received| received.content().contains("sgr-1")).await });
    tokio::task::yield_now().await;
    post(&discord, &webhook, &json!({ "content": "another" }));
    post(&discord, &webhook, &json!({ "content": "rule sgr-1 added" }));
    let received = tokio::time::timeout(Duration::from_secs(5), waiter).await.unwrap().unwrap();
    assert_eq!(received.content(), "rule sgr-1 added");
}

#[test]
fn tokens_are_in_no_debug_output() {
    let (discord, webhook, _) = discord();
    let request = Request::new("GET", &webhook.path());
    let answer = discord.handle(&request);
    let shown = format!("{discord:?} {webhook:?} {request:?} {answer:?} {:?}", discord.exchanges());
    assert!(shown.contains(&webhook.id) && !shown.contains(&webhook.token), "{shown}");
}
