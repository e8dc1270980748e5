//! The platform's records as JSON: those of the Telemetry API.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::logging::Level;
use super::{Report, Span, Status, Subject};
use crate::time;

/// How environments come to be: the lab has no other way.
const INITIALIZATION: &str = "on-demand";

/// A record, and how much it matters.
pub(super) struct Record {
    pub(super) level: Level,
    pub(super) json: Value,
}

fn record(level: Level, kind: &str, record: Value) -> Record {
    let json = json!({ "time": time::millis(Timestamp::now()), "type": format!("platform.{kind}"), "record": record });
    Record { level, json }
}

pub(super) fn init_start(subject: &Subject, runtime_version: &str, runtime_version_arn: &str) -> Record {
    let about = json!({
        "initializationType": INITIALIZATION,
        "phase": "init",
        "runtimeVersion": runtime_version,
        "runtimeVersionArn": runtime_version_arn,
        "functionName": subject.name,
        "functionVersion": subject.version,
        "instanceId": subject.instance,
        "instanceMaxMemory": u64::from(subject.memory_size) << 20,
    });
    record(Level::Info, "initStart", about)
}

pub(super) fn init_end(duration: Duration, phase: &str, status: Option<&Status>) -> [Record; 2] {
    let level = if status.is_some() { Level::Warn } else { Level::Debug };
    let mut done = json!({ "initializationType": INITIALIZATION, "phase": phase });
    tell(&mut done, status);
    let mut report = done.clone();
    report["metrics"] = json!({ "durationMs": milliseconds(duration) });
    [record(level, "initRuntimeDone", done), record(level, "initReport", report)]
}

pub(super) fn start(request_id: &str, function_arn: &str, version: &str) -> Record {
    let about = json!({ "requestId": request_id, "functionArn": function_arn, "version": version });
    record(Level::Info, "start", about)
}

pub(super) fn invocation_end(report: &Report<'_>) -> [Record; 2] {
    let level = |success: Level| if report.status.is_some() { Level::Warn } else { success };
    let duration = milliseconds(report.duration);
    let mut done = json!({ "requestId": report.request_id, "metrics": { "durationMs": duration } });
    if let Some(bytes) = report.produced {
        done["metrics"]["producedBytes"] = bytes.into();
    }
    if !report.spans.is_empty() {
        done["spans"] = report.spans.iter().map(span).collect();
    }
    tell(&mut done, report.status);
    let mut end = json!({
        "requestId": report.request_id,
        "metrics": {
            "durationMs": duration,
            "billedDurationMs": u64::try_from(report.billed.as_millis()).unwrap_or(u64::MAX),
            "memorySizeMB": report.memory_size,
            "maxMemoryUsedMB": report.memory_used,
        },
    });
    if let Some(init) = report.init {
        end["metrics"]["initDurationMs"] = milliseconds(init).into();
    }
    tell(&mut end, report.status);
    [record(level(Level::Debug), "runtimeDone", done), record(level(Level::Info), "report", end)]
}

fn span(span: &Span) -> Value {
    json!({ "name": span.name, "start": time::millis(span.start), "durationMs": milliseconds(span.duration) })
}

/// Adds the status, and of an error its type.
fn tell(record: &mut Value, status: Option<&Status>) {
    record["status"] = match status {
        None => "success",
        Some(Status::Timeout) => "timeout",
        Some(Status::Error(_)) => "error",
    }
    .into();
    if let Some(Status::Error(error_type)) = status {
        record["errorType"] = error_type.as_str().into();
    }
}

/// Milliseconds with three decimals.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
