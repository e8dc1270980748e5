//! The report as one JSON document.

use super::Report;
use crate::redaction;

/// The report as pretty JSON, without anything secret and with a newline at the end.
pub fn document(report: &Report) -> String {
    // Plain data with text keys: there is nothing that JSON cannot write.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"));
    text.push('\n');
    redaction::without_tokens(&text).into_owned()
}
