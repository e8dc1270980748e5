//! Messages to a webhook, as JSON, as a form with files, or as anything else. Every answer is one that Discord gives.
#![no_main]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use alert_drill_lab::discord::{Discord, Request};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [kind, body @ ..] = data else { return };
    // A second passes with each look at the clock, so that the rate limit is met now and then.
    let seconds = AtomicI64::new(1_800_000_000);
    let clock = move || Timestamp::from_second(seconds.fetch_add(1, Ordering::Relaxed)).unwrap_or_default();
    let discord = Discord::with_clock(Arc::new(clock));
    let webhook = discord.add_webhook("alarm");
    let content_type = match kind % 4 {
        0 | 1 => "application/json",
        2 => "multipart/form-data; boundary=b",
        _ => "application/x-www-form-urlencoded",
    };
    let (method, path) = match kind / 4 % 4 {
        0..=2 => ("POST", format!("{}?wait=true", webhook.path())),
        _ => ("PATCH", webhook.path()),
    };
    let request = Request::new(method, &path).with_header("content-type", content_type).with_body(body.to_vec());
    let answer = discord.handle(&request);
    assert!(matches!(answer.status, 200..=599));
    let posted = discord.messages(&webhook.id);
    assert_eq!(posted.len(), usize::from(method == "POST" && answer.status == 200));
    if let Some(message) = posted.first() {
        let path = format!("{}/messages/{}", webhook.path(), message.id());
        assert_eq!(discord.handle(&Request::new("GET", &path)).status, 200);
        let edit = Request::new("PATCH", &path).with_header("content-type", content_type).with_body(body.to_vec());
        let _ = discord.handle(&edit);
        assert_eq!(discord.handle(&Request::new("DELETE", &path)).status, 204);
    }
});
