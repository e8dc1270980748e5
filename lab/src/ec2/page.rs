//! `MaxResults` and `NextToken`.
//!
//! A token holds the id of the last resource that was shown, so that neither new nor deleted resources between two pages
//! let one be shown twice or left out. Pages are in the order of the ids.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::filter::Described;
use super::invalid_value;
use crate::gateway::error::AwsError;

/// One page and the token of the next.
#[derive(Debug)]
pub(super) struct Page<'a, T> {
    pub(super) items: Vec<&'a T>,
    pub(super) next_token: Option<String>,
}

/// The page of `items` that a call asks for. `least` and `most` are the operation's bounds on `MaxResults`.
pub(super) fn page<'a, T: Described>(
    mut items: Vec<&'a T>,
    max_results: Option<i64>,
    next_token: Option<&str>,
    (least, most): (i64, i64),
) -> Result<Page<'a, T>, AwsError> {
    items.sort_by(|a, b| a.id().cmp(b.id()));
    if let Some(token) = next_token.filter(|token| !token.is_empty()) {
        let last = read_token(token)?;
        items.retain(|item| item.id() > last.as_str());
    }
    let Some(limit) = max_results else { return Ok(Page { items, next_token: None }) };
    if limit < least {
        let bound = least - 1;
        let message =
            format!("Value ( {limit} ) for parameter maxResults is invalid. Expecting a value greater than {bound}.");
        return Err(invalid_value(message));
    }
    if limit > most {
        let message =
            format!("Value ( {limit} ) for parameter maxResults is invalid. Expecting a value no greater than {most}.");
        return Err(invalid_value(message));
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if items.len() <= limit {
        return Ok(Page { items, next_token: None });
    }
    items.truncate(limit);
    let next_token = items.last().map(|item| URL_SAFE_NO_PAD.encode(item.id()));
    Ok(Page { items, next_token })
}

fn read_token(token: &str) -> Result<String, AwsError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| AwsError::bad_request("InvalidNextToken", "The specified NextToken is not valid."))
}
