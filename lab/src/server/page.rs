//! The lab's page for people, at `/_lab/`: what happens in the lab, as it happens.
//!
//! It is one document, its style and a few script modules, compiled into the program: no build step, no network, no
//! framework. What it shows comes by [server-sent events](live) and from one [list of resources](resources).
//!
//! Whatever a message, a mail or a record contains is text: the page never makes HTML of data, and its
//! Content-Security-Policy would not let it. There are no inline scripts, styles or event handlers; Trusted Types are
//! required and none are allowed, so that a browser which knows them refuses `innerHTML` altogether.
//!
//! The page shows no webhook's URL, as it may be on a screen that many look at; [`WEBHOOK`] is asked for one when somebody
//! presses the button that copies it.

mod live;
mod resources;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

pub(super) use self::live::MOST_READERS;
use super::current::Current;
use crate::cloud::Cloud;

/// Where the URL of a webhook is.
const WEBHOOK: &str = "/_lab/webhook";

/// What the page may load and do: its own files and the lab's own answers, and nothing that is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The page's document.
const DOCUMENT: &str = include_str!("page/assets/index.html");

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_str!(concat!("page/assets/", $name)))
    };
}

/// The page's other files: name, type and content.
const ASSETS: &[(&str, &str, &str)] = &[
    asset!("icon.svg", SVG),
    asset!("base.css", CSS),
    asset!("faults.css", CSS),
    asset!("flow.css", CSS),
    asset!("inbox.css", CSS),
    asset!("resources.css", CSS),
    asset!("channel.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("explanation.js", SCRIPT),
    asset!("faults.js", SCRIPT),
    asset!("flow.js", SCRIPT),
    asset!("ladder.js", SCRIPT),
    asset!("live.js", SCRIPT),
    asset!("mailbox.js", SCRIPT),
    asset!("main.js", SCRIPT),
    asset!("markdown.js", SCRIPT),
    asset!("message.js", SCRIPT),
    asset!("names.js", SCRIPT),
    asset!("resources.js", SCRIPT),
    asset!("start.js", SCRIPT),
    asset!("text.js", SCRIPT),
    asset!("text-en.js", SCRIPT),
    asset!("text-ko.js", SCRIPT),
];

/// The routes of the page.
pub(super) fn routes() -> Router<Current> {
    Router::new()
        .route("/_lab", get(async || Redirect::permanent("/_lab/")))
        .route("/_lab/", get(async || file(HTML, DOCUMENT)))
        .route("/_lab/page/{name}", get(asset))
        .route("/_lab/live", get(live::live))
        .route("/_lab/resources", get(resources::resources))
        .route(WEBHOOK, get(webhook))
}

async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(known, ..)| *known == name) {
        Some((_, kind, content)) => file(kind, content),
        None => (StatusCode::NOT_FOUND, "the lab's page has no such file").into_response(),
    }
}

/// A file of the page, with the headers that keep it to itself.
fn file(kind: &'static str, content: &'static str) -> Response {
    let headers: [(HeaderName, &'static str); 7] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // Another lab may be at this address tomorrow, with another page.
        (CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let mut response = content.into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichWebhook {
    id: String,
}

/// The URL of one webhook: a secret, so that the page asks for it only to put it on somebody's clipboard.
async fn webhook(State(cloud): State<Arc<Cloud>>, Query(which): Query<WhichWebhook>) -> Response {
    match cloud.discord.webhooks().into_iter().find(|webhook| webhook.id == which.id) {
        Some(webhook) => Json(json!({ "url": webhook.url(&cloud.endpoint_url()) })).into_response(),
        None => (StatusCode::NOT_FOUND, "the lab's Discord has no such webhook").into_response(),
    }
}
