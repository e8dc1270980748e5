//! What the batch operations have in common: ids, limits, and an answer for each entry.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::gateway::error::AwsError;

/// The most entries of a batch.
const MOST: usize = 10;

/// The answer of a batch operation. Both lists are there even when empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outcome<T> {
    pub(super) successful: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) failed: Vec<Failed>,
}

/// An entry that failed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Failed {
    id: String,
    sender_fault: bool,
    code: String,
    message: String,
}

impl<T> Outcome<T> {
    pub(super) fn new() -> Self {
        Self { successful: Vec::new(), failed: Vec::new() }
    }

    pub(super) fn add(&mut self, id: &str, result: Result<T, AwsError>) {
        match result {
            Ok(done) => self.successful.push(done),
            Err(error) => self.failed.push(Failed {
                id: id.to_owned(),
                sender_fault: error.is_client_fault(),
                code: error.code.into_owned(),
                message: error.message,
            }),
        }
    }
}

/// Whether the ids of a batch's entries are such that AWS takes the batch at all. `kind` is the entry's name in the model.
pub(super) fn check<'a>(kind: &str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), AwsError> {
    match ids.len() {
        0 => {
            let message = format!("There should be at least one {kind} in the request.");
            return Err(AwsError::bad_request("EmptyBatchRequest", message));
        }
        many if many > MOST => {
            let message = format!("Maximum number of entries per request are {MOST}. You have sent {many}.");
            return Err(AwsError::bad_request("TooManyEntriesInBatchRequest", message));
        }
        _ => {}
    }
    let mut seen = BTreeSet::new();
    for id in ids {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > 80 || !id.chars().all(is_plain) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be \
                           at most 80 letters long.";
            return Err(AwsError::bad_request("InvalidBatchEntryId", message));
        }
        if !seen.insert(id) {
            return Err(AwsError::bad_request("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
    }
    Ok(())
}
