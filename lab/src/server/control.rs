//! The pages for programs: faults, reset, the snapshot to compare before and after, and the code of functions.

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::current::Current;
use crate::faults::Faults;
use crate::snapshot::{self, Include};

/// The largest list of faults that is taken.
const LARGEST_FAULTS: usize = 1024 * 1024;

pub(super) fn routes() -> Router<Current> {
    Router::new()
        .route("/_lab/faults", get(show_faults).put(set_faults).post(set_faults).delete(remove_faults))
        .route("/_lab/reset", post(reset))
        .route("/_lab/snapshot", get(take_snapshot))
        .route("/_lab/code/{name}", get(code))
}

async fn show_faults(State(current): State<Current>) -> Json<Value> {
    Json(current.cloud().faults.show())
}

async fn set_faults(State(current): State<Current>, body: Body) -> Response {
    let set = match current.bodies.read(body, LARGEST_FAULTS).await {
        Ok(body) => Faults::from_json(&String::from_utf8_lossy(&body.bytes)).map_err(|error| error.to_string()),
        Err(unread) => Err(format!("the faults cannot be read: {unread:?}")),
    };
    let cloud = current.cloud();
    match set.and_then(|faults| cloud.faults.set(&faults).map_err(|error| error.to_string())) {
        Ok(()) => {
            cloud.changes.called();
            Json(cloud.faults.show()).into_response()
        }
        Err(why) => (StatusCode::BAD_REQUEST, Json(json!({ "message": why }))).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhichFault {
    id: Option<u64>,
}

/// Takes one fault away, or all of them where none is named.
async fn remove_faults(State(current): State<Current>, Query(which): Query<WhichFault>) -> Response {
    let cloud = current.cloud();
    let was_there = match which.id {
        Some(id) => cloud.faults.remove(id),
        // No faults are always right.
        None => cloud.faults.set(&Faults::default()).is_ok(),
    };
    if !was_there {
        let message =
            format!("no fault has the id {}: GET /_lab/faults shows those that are set", which.id.unwrap_or_default());
        return (StatusCode::NOT_FOUND, Json(json!({ "message": message }))).into_response();
    }
    cloud.changes.called();
    Json(cloud.faults.show()).into_response()
}

/// In a task of its own: a client that hangs up must not leave half a reset behind.
async fn reset(State(current): State<Current>) -> Response {
    match tokio::spawn(async move { current.reset().await }).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    /// `secrets`, `history`, or both with a comma between.
    #[serde(default)]
    with: String,
}

async fn take_snapshot(State(current): State<Current>, Query(query): Query<With>) -> Response {
    match Include::parse(&query.with) {
        Ok(include) => Json(snapshot::of(&current.cloud(), include)).into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, Json(json!({ "message": why }))).into_response(),
    }
}

/// The package that `GetFunction` gave this address of.
async fn code(State(current): State<Current>, Path(name): Path<String>) -> Response {
    let Some(package) = current.cloud().lambda.package(&name) else {
        return (StatusCode::NOT_FOUND, Json(json!({ "message": "no function has this code" }))).into_response();
    };
    match tokio::task::spawn_blocking(move || package.archive()).await {
        Ok(Ok(archive)) => ([(CONTENT_TYPE, "application/zip")], archive).into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "message": error.to_string() }))).into_response()
}
