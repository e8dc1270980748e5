//! The forms in which a report is written to a file.

use std::fmt;

use super::{NoRun, Report, html, json, junit, markdown};
use crate::redaction;
use crate::text::Lang;

/// A form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// One page for a browser, which loads nothing.
    Html,
    /// JUnit's XML, for what shows the tests of a CI.
    Junit,
    /// The same document as `--output json`.
    Json,
    /// GitHub's Markdown, for a job's summary or a comment.
    Markdown,
}

impl Document {
    /// The report in this form, without anything secret.
    pub fn of(self, report: &Report, lang: Lang) -> String {
        let text = match self {
            Self::Html => html::page(report, lang),
            Self::Junit => junit::document(report, lang),
            Self::Json => json::document(report),
            Self::Markdown => markdown::document(report, lang),
        };
        redaction::without_tokens(&text).into_owned()
    }

    /// Why there was no run, in this form, without anything secret.
    pub fn of_no_run(self, no_run: &NoRun, lang: Lang) -> String {
        let text = match self {
            Self::Html => html::no_run(no_run, lang),
            Self::Junit => junit::no_run(no_run),
            Self::Json => json::no_run(no_run),
            Self::Markdown => markdown::no_run(no_run, lang),
        };
        redaction::without_tokens(&text).into_owned()
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Json => "json",
            Self::Markdown => "markdown",
        })
    }
}
