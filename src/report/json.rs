//! The report as one JSON document.

use serde::Serialize;

use super::{NoRun, Report};
use crate::redaction;

/// The report as pretty JSON, without anything secret and with a newline at the end.
pub fn document(report: &Report) -> String {
    written(report)
}

/// The document of no run.
pub(super) fn no_run(no_run: &NoRun) -> String {
    written(no_run)
}

fn written(document: &impl Serialize) -> String {
    // Plain data with text keys: there is nothing that JSON cannot write.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    text.push('\n');
    redaction::without_tokens(&text).into_owned()
}
