//! The lab's own pages under `/_lab/`, as JSON, and the door to Discord's API.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::current::Current;
use crate::cloud::Cloud;
use crate::deliveries::{Delivery, Outcome};
use crate::discord;
use crate::gateway::service::Service;

/// How long the page of settling waits.
const SETTLED: Duration = Duration::from_secs(10);

/// The routes of the lab's own pages.
pub(super) fn routes() -> Router<Current> {
    Router::new()
        .route("/_lab/health", get(health))
        .route("/_lab/deliveries", get(deliveries))
        .route("/_lab/settled", get(settled))
        .route("/_lab/discord", get(discord_page))
        .route("/_lab/mail", get(mail))
        .route("/_lab/metrics", get(metrics))
        .route("/_lab/trail", get(trail))
}

/// Whether a path belongs to Discord's API. No bucket can have this name: a bucket's has at least three letters, and an
/// object's path begins with its bucket.
pub(super) fn is_discord(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Discord's API.
pub(super) fn discord_api(cloud: &Cloud, parts: &Parts, body: Bytes) -> Response {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = discord::Request::new(parts.method.as_str(), target).with_body(body);
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            request = request.with_header(name.as_str(), value);
        }
    }
    if let Some(webhook) = posted_to(parts)
        && let Some(fault) = cloud.faults.on_message()
    {
        cloud.discord.answer_next_of(webhook, fault);
    }
    let answer = cloud.discord.handle(&request);
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The id of the webhook that a request sends a message through.
fn posted_to(parts: &Parts) -> Option<&str> {
    let (_, rest) = parts.uri.path().split_once("/webhooks/")?;
    let (id, token) = rest.split_once('/')?;
    (parts.method == Method::POST && !token.contains('/')).then_some(id)
}

async fn health() -> Json<Value> {
    let services: Vec<_> = Service::ALL.iter().map(|service| service.signing_name()).collect();
    let operations: Map<String, Value> = Service::ALL
        .iter()
        .map(|service| (service.signing_name().to_owned(), service.operations().supported.into()))
        .collect();
    Json(json!({
        "status": "running",
        "version": env!("CARGO_PKG_VERSION"),
        "services": services,
        "operations": operations,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfRecord {
    event_id: Option<String>,
    request_id: Option<String>,
    event_name: Option<String>,
    outcome: Option<Outcome>,
}

async fn deliveries(State(cloud): State<Arc<Cloud>>, Query(which): Query<OfRecord>) -> Json<Value> {
    let mut deliveries = match which.request_id {
        Some(id) => cloud.deliveries.of_request(&id),
        None => cloud.deliveries.all(),
    };
    if let Some(id) = which.event_id {
        deliveries.retain(|delivery| delivery.carried.event_id.as_ref() == Some(&id));
    }
    if let Some(name) = which.event_name {
        deliveries.retain(|delivery| delivery.carried.event_name.as_ref() == Some(&name));
    }
    if let Some(outcome) = which.outcome {
        deliveries.retain(|delivery| delivery.outcome == outcome);
    }
    let deliveries: Vec<_> = deliveries.into_iter().map(Delivery::explained).collect();
    Json(json!({ "deliveries": deliveries }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToAddress {
    to: Option<String>,
}

async fn mail(State(cloud): State<Arc<Cloud>>, Query(which): Query<ToAddress>) -> Json<Value> {
    Json(json!({ "messages": cloud.mail.messages(which.to.as_deref()) }))
}

/// Waits until no delivery is under way, or ten seconds: what has not arrived by then does not arrive.
async fn settled(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    let settled = tokio::time::timeout(SETTLED, cloud.deliveries.settled()).await;
    Json(json!({ "settled": settled.is_ok() }))
}

/// The counters that AWS keeps of deliveries, each with its sum.
async fn metrics(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    Json(json!({ "metrics": cloud.metrics.shown() }))
}

/// What stands in the channels, and how every request was answered. Tokens are not shown: this page may be on a screen.
async fn discord_page(State(cloud): State<Arc<Cloud>>) -> Json<Value> {
    let channels: Vec<Value> = cloud
        .discord
        .webhooks()
        .into_iter()
        .map(|webhook| {
            let messages: Vec<Value> = cloud
                .discord
                .messages(&webhook.id)
                .into_iter()
                .map(|received| json!({ "time": received.at, "message": received.message }))
                .collect();
            json!({ "channel": webhook.channel, "webhook_id": webhook.id, "messages": messages })
        })
        .collect();
    let exchanges: Vec<Value> = cloud
        .discord
        .exchanges()
        .into_iter()
        .map(|exchange| {
            json!({
                "time": exchange.at,
                "method": exchange.method,
                "webhook_id": exchange.webhook_id,
                "status": exchange.status,
                "refusal": exchange.refusal.map(|refusal| format!("{refusal:?}")),
                "message_id": exchange.message_id,
            })
        })
        .collect();
    Json(json!({ "channels": channels, "requests": exchanges }))
}

#[derive(Deserialize)]
struct WhichRecords {
    event_id: Option<String>,
    event_name: Option<String>,
}

async fn trail(State(cloud): State<Arc<Cloud>>, Query(which): Query<WhichRecords>) -> Json<Value> {
    let records = cloud.cloudtrail.records(which.event_name.as_deref(), which.event_id.as_deref());
    // Not by `json!`, which copies: there may be some ten megabytes of records.
    let parts = [("records", Value::Array(records)), ("trails", Value::Array(cloud.cloudtrail.summaries()))];
    Json(Value::Object(parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()))
}
