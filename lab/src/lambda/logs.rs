//! Log streams: the function's own lines and the platform's, in AWS's words, handed to the caller's sink.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

/// How much of the log an invocation returns (`LogType: Tail`), in bytes.
const TAIL_LIMIT: usize = 4096;

/// One event of a log stream.
#[derive(Clone, Debug)]
pub struct LogEvent {
    /// The log group.
    pub group: Arc<str>,
    /// The log stream, `YYYY/MM/DD/[VERSION]` and 32 hexadecimal digits.
    pub stream: Arc<str>,
    /// When the lab saw it.
    pub timestamp: Timestamp,
    /// The text, with the line break at its end, as CloudWatch Logs keeps it.
    pub message: String,
}

/// Where log events go. Called from the engine's tasks: it must not block.
pub trait LogSink: Send + Sync + 'static {
    /// Takes one event.
    fn write(&self, event: LogEvent);
}

impl LogSink for mpsc::UnboundedSender<LogEvent> {
    fn write(&self, event: LogEvent) {
        // A receiver that is gone no longer wants logs.
        let _ = self.send(event);
    }
}

/// The log stream of one environment.
pub(super) struct LogStream {
    sink: Arc<dyn LogSink>,
    group: Arc<str>,
    name: Arc<str>,
    tail: Mutex<VecDeque<u8>>,
}

impl LogStream {
    /// Opens the stream of a new environment, named as AWS names it.
    pub(super) fn open(sink: Arc<dyn LogSink>, group: &str, version: &str) -> Arc<Self> {
        let date = Timestamp::now().strftime("%Y/%m/%d").to_string();
        let name = format!("{date}/[{version}]{}", uuid::Uuid::new_v4().simple());
        Arc::new(Self { sink, group: group.into(), name: name.into(), tail: Mutex::default() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Writes one event; `message` is without its line break.
    pub(super) fn write(&self, mut message: String) {
        message.push('\n');
        {
            let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
            tail.extend(message.as_bytes());
            let excess = tail.len().saturating_sub(TAIL_LIMIT);
            tail.drain(..excess);
        }
        self.sink.write(LogEvent {
            group: Arc::clone(&self.group),
            stream: Arc::clone(&self.name),
            timestamp: Timestamp::now(),
            message,
        });
    }

    /// The last 4 KB since the last call.
    pub(super) fn take_tail(&self) -> Bytes {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        Bytes::from(Vec::from(std::mem::take(&mut *tail)))
    }

    pub(super) fn init_start(&self, runtime_version: &str, runtime_version_arn: &str) {
        self.write(format!(
            "INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {runtime_version_arn}"
        ));
    }

    /// `status` is such as `timeout`, or `error` with an error type after a tabulator.
    pub(super) fn init_report(&self, duration: Duration, phase: &str, status: &Status) {
        self.write(format!("INIT_REPORT Init Duration: {}\tPhase: {phase}\t{status}", Milliseconds(duration)));
    }

    pub(super) fn start(&self, request_id: &str, version: &str) {
        self.write(format!("START RequestId: {request_id} Version: {version}"));
    }

    pub(super) fn end(&self, request_id: &str) {
        self.write(format!("END RequestId: {request_id}"));
    }

    pub(super) fn report(&self, report: &Report<'_>) {
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
        if let Some(status) = report.status {
            line.push_str(&status.to_string());
        }
        self.write(line);
    }
}

/// The numbers of a REPORT line.
pub(super) struct Report<'a> {
    pub(super) request_id: &'a str,
    pub(super) duration: Duration,
    pub(super) billed: Duration,
    pub(super) memory_size: u32,
    pub(super) memory_used: u64,
    pub(super) init: Option<Duration>,
    pub(super) status: Option<&'a Status>,
}

/// The `Status` of a phase that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Timeout,
    Error(String),
}

impl std::fmt::Display for Status {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Timeout => formatter.write_str("Status: timeout"),
            Self::Error(error_type) => write!(formatter, "Status: error\tError Type: {error_type}"),
        }
    }
}

/// A duration as the platform prints it: milliseconds with two decimals.
struct Milliseconds(Duration);

impl std::fmt::Display for Milliseconds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.2} ms", self.0.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> (Arc<LogStream>, mpsc::UnboundedReceiver<LogEvent>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (LogStream::open(Arc::new(sender), "/aws/lambda/f", "$LATEST"), receiver)
    }

    #[test]
    fn a_stream_is_named_as_aws_names_it() {
        let (stream, _receiver) = stream();
        let (date, rest) = stream.name().split_at(11);
        assert_eq!(date, format!("{}/", Timestamp::now().strftime("%Y/%m/%d")));
        let id = rest.strip_prefix("[$LATEST]").unwrap();
        assert!(id.len() == 32 && id.chars().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    }

    #[test]
    fn the_report_line_is_aws_s() {
        let (stream, mut receiver) = stream();
        let mut report = Report {
            request_id: "r",
            duration: Duration::from_micros(1234),
            billed: Duration::from_millis(7),
            memory_size: 128,
            memory_used: 20,
            init: Some(Duration::from_millis(5)),
            status: None,
        };
        stream.report(&report);
        assert_eq!(
            receiver.try_recv().unwrap().message,
            "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 7 ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB\tInit Duration: 5.00 ms\t\n"
        );
        report.init = None;
        report.status = Some(&Status::Timeout);
        stream.report(&report);
        assert!(receiver.try_recv().unwrap().message.ends_with("Max Memory Used: 20 MB\tStatus: timeout\n"));
    }

    #[test]
    fn the_tail_keeps_the_last_four_kilobytes_and_starts_afresh() {
        let (stream, _receiver) = stream();
        (0..1000).for_each(|line| stream.write(format!("line {line}")));
        let tail = stream.take_tail();
        assert_eq!(tail.len(), TAIL_LIMIT);
        assert!(tail.ends_with(b"line 998\nline 999\n"));
        assert!(stream.take_tail().is_empty());
    }
}
