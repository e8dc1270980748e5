//! How a function's log is written: `LoggingConfig`.
//!
//! As text, what the function writes stands beside the platform's lines. As JSON, both are JSON, each with a level, and
//! what is below the level that was chosen is left out.
//!
//! Source: "Configuring advanced logging controls for Lambda functions" in the Lambda developer guide.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};

/// Where a function's log goes, and in which form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// The log group, `/aws/lambda/NAME` unless configured.
    pub group: String,
    /// The form.
    pub format: LogFormat,
}

/// The form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines as the function writes them.
    Text,
    /// JSON, without what is below a level.
    Json {
        /// For what the function writes.
        application: Level,
        /// For what the platform writes: `DEBUG`, `INFO` or `WARN`.
        system: Level,
    },
}

/// How much something matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `TRACE`.
    Trace,
    /// `DEBUG`.
    Debug,
    /// `INFO`.
    Info,
    /// `WARN`.
    Warn,
    /// `ERROR`.
    Error,
    /// `FATAL`.
    Fatal,
}

impl Level {
    /// Every level.
    pub(super) const ALL: [Self; 6] = [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error, Self::Fatal];

    /// The name of the API.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }

    /// The level of a line that a function wrote by itself: what the line says, if it is JSON with a level and a time, and
    /// else `INFO`.
    pub(super) fn of_line(line: &str) -> Self {
        let said = || {
            let members: Map<String, Value> = serde_json::from_str(line).ok()?;
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            let time = text("timestamp").or_else(|| text("time"))?;
            time.parse::<jiff::Timestamp>().ok()?;
            text("level")?.parse().ok()
        };
        said().unwrap_or(Self::Info)
    }
}

impl FromStr for Level {
    type Err = ();

    /// In any letter case, and by the names that Python has for two of them.
    fn from_str(name: &str) -> Result<Self, ()> {
        match name.to_ascii_uppercase().as_str() {
            "WARNING" => Ok(Self::Warn),
            "CRITICAL" => Ok(Self::Fatal),
            name => Self::ALL.into_iter().find(|level| level.name() == name).ok_or(()),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Logging {
    /// The default of a function: text, in a group of its own.
    pub fn of(function: &str) -> Self {
        Self { group: default_group(function), format: LogFormat::Text }
    }
}

/// The group of a function that has no other.
pub(super) fn default_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_level_that_it_says_where_it_also_says_when() {
        for (line, level) in [
            (r#"{"level": "debug", "msg": "m", "timestamp": "2024-11-02T16:51:31.587199Z"}"#, Level::Debug),
            (r#"{"level": "WARNING", "time": "2024-11-02T16:51:31Z"}"#, Level::Warn),
            (r#"{"level": "ERROR", "timestamp": "yesterday"}"#, Level::Info),
            (r#"{"level": "ERROR"}"#, Level::Info),
            (r#"{"level": "loud", "timestamp": "2024-11-02T16:51:31Z"}"#, Level::Info),
            ("ERROR all is lost", Level::Info),
        ] {
            assert_eq!(Level::of_line(line), level, "{line}");
        }
    }
}
