//! The lab's own pages under `/_lab/`, as JSON, and the door to Discord's API.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::deliveries::Delivery;
use crate::gateway::service::Service;

/// The routes of the lab's own pages.
pub(super) fn routes() -> Router<Arc<Cloud>> {
    Router::new()
        .route("/_lab/health", get(health))
        .route("/_lab/deliveries", get(deliveries))
        .route("/_lab/mail", get(mail))
        .route("/_lab/trail", get(trail))
}

/// Whether a path belongs to Discord's API.
pub(super) fn is_discord(path: &str) -> bool {
    path.starts_with("/api/")
}

/// Discord's API.
pub(super) fn discord_api(_cloud: &Cloud, _parts: &Parts, _body: Bytes) -> Response {
    axum::http::StatusCode::NOT_FOUND.into_response()
}

async fn health() -> Json<Value> {
    let services: Vec<_> = Service::ALL.iter().map(|service| service.signing_name()).collect();
    Json(json!({ "status": "running", "version": env!("CARGO_PKG_VERSION"), "services": services }))
}

#[derive(Deserialize)]
struct Which {
    event_id: Option<String>,
    request_id: Option<String>,
    to: Option<String>,
}

async fn deliveries(State(cloud): State<Arc<Cloud>>, Query(which): Query<Which>) -> Json<Value> {
    let mut deliveries = cloud.deliveries.all();
    if let Some(id) = which.event_id {
        deliveries.retain(|delivery| delivery.carried.event_id.as_ref() == Some(&id));
    }
    if let Some(id) = which.request_id {
        deliveries.retain(|delivery| delivery.carried.request_id.as_ref() == Some(&id));
    }
    let deliveries: Vec<_> = deliveries.into_iter().map(Delivery::explained).collect();
    Json(json!({ "deliveries": deliveries }))
}

async fn mail(State(cloud): State<Arc<Cloud>>, Query(which): Query<Which>) -> Json<Value> {
    Json(json!({ "messages": cloud.mail.messages(which.to.as_deref()) }))
}

#[derive(Deserialize)]
struct WhichRecords {
    event_id: Option<String>,
    event_name: Option<String>,
}

async fn trail(State(cloud): State<Arc<Cloud>>, Query(which): Query<WhichRecords>) -> Json<Value> {
    let records = cloud.cloudtrail.records(which.event_name.as_deref(), which.event_id.as_deref());
    Json(json!({ "records": records, "trails": cloud.cloudtrail.summaries() }))
}
