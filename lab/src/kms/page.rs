//! Pages of a list, with KMS's marker.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::violated;
use crate::gateway::error::AwsError;

/// What the operations that list ask for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Listing {
    pub(super) key_id: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// One page of a list under its name, and the marker of the next.
pub(super) fn page(
    name: &str,
    all: Vec<Value>,
    listing: &Listing,
    default: usize,
    most: usize,
) -> Result<Value, AwsError> {
    let size = match listing.limit {
        None => default,
        Some(limit) => usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=most).contains(limit))
            .ok_or_else(|| violated(limit, "limit", &format!("Member must have value between 1 and {most}")))?,
    };
    let skipped = match &listing.marker {
        None => 0,
        Some(marker) => URL_SAFE
            .decode(marker)
            .ok()
            .and_then(|text| String::from_utf8(text).ok()?.parse::<usize>().ok())
            .ok_or_else(|| AwsError::bad_request("InvalidMarkerException", format!("Invalid marker {marker}")))?,
    };
    let total = all.len();
    let page: Vec<Value> = all.into_iter().skip(skipped).take(size).collect();
    let end = skipped + page.len();
    let mut answer = json!({ name: page, "Truncated": end < total });
    if end < total {
        answer["NextMarker"] = URL_SAFE.encode(end.to_string()).into();
    }
    Ok(answer)
}
