//! The platform's lines as text.

use std::fmt;
use std::time::Duration;

use super::{Report, Status};

pub(super) fn init_start(runtime_version: &str, runtime_version_arn: &str) -> String {
    format!("INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}")
}

pub(super) fn init_report(duration: Duration, phase: &str, status: &Status) -> String {
    format!("INIT_REPORT Init Duration: {}\tPhase: {phase}\t{status}", Milliseconds(duration))
}

pub(super) fn start(request_id: &str, version: &str) -> String {
    format!("START RequestId: {request_id} Version: {version}")
}

pub(super) fn end(request_id: &str) -> String {
    format!("END RequestId: {request_id}")
}

pub(super) fn report(report: &Report<'_>) -> String {
    let mut line = format!(
        "REPORT RequestId: {}\tDuration: {}\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
        report.request_id,
        Milliseconds(report.duration),
        report.billed.as_millis(),
        report.memory_size,
        report.memory_used,
    );
    if let Some(init) = report.init {
        line.push_str(&format!("Init Duration: {}\t", Milliseconds(init)));
    }
    if let Some(status) = report.status.filter(|_| !report.is_handled) {
        line.push_str(&status.to_string());
    }
    line
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => formatter.write_str("Status: timeout"),
            Self::Error(error_type) => write!(formatter, "Status: error\tError Type: {error_type}"),
        }
    }
}

/// A duration as the platform prints it: milliseconds with two decimals.
struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.2} ms", self.0.as_secs_f64() * 1000.0)
    }
}
