//! Log streams: the function's own lines and the platform's, in AWS's words, handed to the caller's sink.
//!
//! Where the format is JSON, the platform's lines are the records of the Telemetry API with a level each:
//!
//! | record | level |
//! |---|---|
//! | `platform.initStart`, `platform.start` | `INFO` |
//! | `platform.initRuntimeDone`, `platform.initReport`, `platform.runtimeDone` | `DEBUG`; `WARN` where the status is not `success` |
//! | `platform.report` | `INFO`; `WARN` where the status is not `success` |
//!
//! Source: "Log-level filtering" and "Lambda Telemetry API Event schema reference" in the Lambda developer guide.

mod platform;
mod span;
mod text;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::mpsc;

pub(super) use self::span::{Sent, Span};
use super::FunctionConfig;
use super::logging::{Level, LogFormat, default_group};

/// How much of the log an invocation returns (`LogType: Tail`), in bytes.
const TAIL_LIMIT: usize = 4096;

/// One event of a log stream.
#[derive(Clone, Debug)]
pub struct LogEvent {
    /// The log group.
    pub group: Arc<str>,
    /// The log stream: `YYYY/MM/DD/[VERSION]` and 32 hexadecimal digits, in a group that is not the function's own
    /// `YYYY/MM/DD/NAME[VERSION]` and the digits.
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

/// Which function a stream is of, as far as its platform records say.
#[derive(Debug)]
struct Subject {
    name: String,
    version: String,
    memory_size: u32,
    /// Date, name, version and the digits of the stream.
    instance: String,
}

/// The log stream of one environment.
pub(super) struct LogStream {
    sink: Arc<dyn LogSink>,
    group: Arc<str>,
    name: Arc<str>,
    format: LogFormat,
    subject: Subject,
    /// What the lab's own runtime begins a record of several lines with; nobody else knows it.
    frame: String,
    tail: Mutex<VecDeque<u8>>,
}

impl LogStream {
    /// Opens the stream of a new environment, named as AWS names it.
    pub(super) fn open(sink: Arc<dyn LogSink>, config: &FunctionConfig) -> Arc<Self> {
        let FunctionConfig { name, version, memory_size, logging, .. } = config;
        let date = Timestamp::now().strftime("%Y/%m/%d").to_string();
        let digits = uuid::Uuid::new_v4().simple().to_string();
        let instance = format!("{date}/{name}[{version}]{digits}");
        let stream = match logging.group == default_group(name) {
            true => format!("{date}/[{version}]{digits}"),
            false => instance.clone(),
        };
        let subject = Subject { name: name.clone(), version: version.clone(), memory_size: *memory_size, instance };
        Arc::new(Self {
            sink,
            group: logging.group.as_str().into(),
            name: stream.into(),
            format: logging.format,
            subject,
            frame: uuid::Uuid::new_v4().simple().to_string(),
            tail: Mutex::default(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the lab's own runtime begins a record with.
    pub(super) fn frame(&self) -> &str {
        &self.frame
    }

    /// Writes what the function wrote: one event, without its line break. A line has the level that it says itself, if it
    /// says one; a record of the runtime's has its own.
    pub(super) fn write_application(&self, message: String, level: Option<Level>) {
        if let LogFormat::Json { application, .. } = self.format
            && level.unwrap_or_else(|| Level::of_line(&message)) < application
        {
            return;
        }
        self.write(message);
    }

    /// Writes a line of the lab's own, which AWS has nothing of.
    pub(super) fn write_own(&self, message: String) {
        self.write(message);
    }

    /// Writes one event; `message` is without its line break.
    fn write(&self, mut message: String) {
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
        match self.format {
            LogFormat::Text => self.write(text::init_start(runtime_version, runtime_version_arn)),
            LogFormat::Json { system, .. } => {
                self.write_record(system, &platform::init_start(&self.subject, runtime_version, runtime_version_arn));
            }
        }
    }

    /// The end of INIT; no status is success. As text, only a failure is worth a line.
    pub(super) fn init_report(&self, duration: Duration, phase: &str, status: Option<&Status>) {
        match (self.format, status) {
            (LogFormat::Text, Some(status)) => self.write(text::init_report(duration, phase, status)),
            (LogFormat::Text, None) => {}
            (LogFormat::Json { system, .. }, status) => {
                for record in platform::init_end(duration, phase, status) {
                    self.write_record(system, &record);
                }
            }
        }
    }

    pub(super) fn start(&self, request_id: &str, function_arn: &str) {
        match self.format {
            LogFormat::Text => self.write(text::start(request_id, &self.subject.version)),
            LogFormat::Json { system, .. } => {
                self.write_record(system, &platform::start(request_id, function_arn, &self.subject.version));
            }
        }
    }

    /// What the platform says of a failure, beside the status. The records have the status alone.
    pub(super) fn fault(&self, line: String) {
        if self.format == LogFormat::Text {
            self.write(line);
        }
    }

    /// The end of an invocation.
    pub(super) fn end(&self, report: &Report<'_>) {
        match self.format {
            LogFormat::Text => {
                self.write(text::end(report.request_id));
                self.write(text::report(report));
            }
            LogFormat::Json { system, .. } => {
                for record in platform::invocation_end(report) {
                    self.write_record(system, &record);
                }
            }
        }
    }

    fn write_record(&self, system: Level, record: &platform::Record) {
        if record.level >= system {
            self.write(record.json.to_string());
        }
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
    /// The size of the response, where there is one.
    pub(super) produced: Option<usize>,
    /// How the time was spent, where there is a response.
    pub(super) spans: Vec<Span>,
    /// How the invocation failed, if it did.
    pub(super) status: Option<&'a Status>,
    /// Whether it was the handler that reported the failure: no failure of the phase, and none that a REPORT line has.
    pub(super) is_handled: bool,
}

/// The `Status` of a phase that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Timeout,
    Error(String),
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lambda::logging::Logging;
    use crate::lambda::tests::config;

    pub(in crate::lambda) fn stream_of(
        change: impl FnOnce(&mut Logging),
    ) -> (Arc<LogStream>, mpsc::UnboundedReceiver<LogEvent>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut config = config();
        change(&mut config.logging);
        (LogStream::open(Arc::new(sender), &config), receiver)
    }

    fn json(application: Level, system: Level) -> (Arc<LogStream>, mpsc::UnboundedReceiver<LogEvent>) {
        stream_of(|logging| logging.format = LogFormat::Json { application, system })
    }

    fn written(receiver: &mut mpsc::UnboundedReceiver<LogEvent>) -> Vec<serde_json::Value> {
        let events = std::iter::from_fn(|| receiver.try_recv().ok());
        events.map(|event| serde_json::from_str(&event.message).unwrap_or(event.message.into())).collect()
    }

    #[test]
    fn a_stream_is_named_as_aws_names_it() {
        for (group, before) in [("/aws/lambda/f", "[$LATEST]"), ("/shared", "f[$LATEST]")] {
            let (stream, _receiver) = stream_of(|logging| logging.group = group.to_owned());
            let (date, rest) = stream.name().split_at(11);
            assert_eq!(date, format!("{}/", Timestamp::now().strftime("%Y/%m/%d")));
            let id = rest.strip_prefix(before).unwrap();
            assert!(id.len() == 32 && id.chars().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        }
    }

    fn report<'a>(status: Option<&'a Status>, is_handled: bool) -> Report<'a> {
        Report {
            request_id: "r",
            duration: Duration::from_micros(1234),
            billed: Duration::from_millis(7),
            memory_size: 128,
            memory_used: 20,
            init: Some(Duration::from_millis(5)),
            produced: status.is_none().then_some(4),
            spans: Vec::new(),
            status,
            is_handled,
        }
    }

    #[test]
    fn the_report_line_is_aws_s() {
        let (stream, mut receiver) = stream_of(|_| {});
        stream.end(&report(None, false));
        let mut next = || receiver.try_recv().unwrap().message;
        assert_eq!(next(), "END RequestId: r\n");
        assert_eq!(
            next(),
            "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 7 ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB\tInit Duration: 5.00 ms\t\n"
        );
        stream.end(&report(Some(&Status::Timeout), false));
        assert!((next(), next()).1.ends_with("Init Duration: 5.00 ms\tStatus: timeout\n"));
    }

    #[test]
    fn platform_records_are_aws_s_and_have_the_levels_of_aws() {
        let (stream, mut receiver) = json(Level::Info, Level::Debug);
        stream.init_start("python:3.13.v1", "arn:aws:lambda:ap-northeast-2::runtime:x");
        stream.init_report(Duration::from_millis(5), "init", None);
        stream.start("r", "arn:aws:lambda:ap-northeast-2:123456789012:function:f");
        stream.end(&report(None, false));
        let records = written(&mut receiver);
        let kinds: Vec<_> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds,
            [
                "platform.initStart",
                "platform.initRuntimeDone",
                "platform.initReport",
                "platform.start",
                "platform.runtimeDone",
                "platform.report"
            ]
        );
        let keys: Vec<_> = records[0]["record"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "initializationType",
                "phase",
                "runtimeVersion",
                "runtimeVersionArn",
                "functionName",
                "functionVersion",
                "instanceId",
                "instanceMaxMemory"
            ]
        );
        assert_eq!(
            records[3]["record"],
            serde_json::json!({ "requestId": "r", "functionArn": "arn:aws:lambda:ap-northeast-2:123456789012:function:f", "version": "$LATEST" })
        );
        assert_eq!(
            records[5]["record"],
            serde_json::json!({
                "requestId": "r",
                "metrics": {
                    "durationMs": 1.234,
                    "billedDurationMs": 7,
                    "memorySizeMB": 128,
                    "maxMemoryUsedMB": 20,
                    "initDurationMs": 5.0,
                },
                "status": "success",
            })
        );
        assert!(records[5]["time"].as_str().unwrap().parse::<Timestamp>().is_ok());

        let (stream, mut receiver) = json(Level::Info, Level::Warn);
        let unknown = Status::Error("Runtime.Unknown".to_owned());
        stream.start("r", "arn");
        stream.end(&report(None, false));
        stream.end(&report(Some(&Status::Timeout), false));
        stream.end(&report(Some(&unknown), true));
        let shown: Vec<_> = written(&mut receiver)
            .iter()
            .map(|one| format!("{} {} {}", one["type"], one["record"]["status"], one["record"]["errorType"]))
            .collect();
        assert_eq!(
            shown,
            [
                r#""platform.runtimeDone" "timeout" null"#,
                r#""platform.report" "timeout" null"#,
                r#""platform.runtimeDone" "error" "Runtime.Unknown""#,
                r#""platform.report" "error" "Runtime.Unknown""#
            ],
            "what went well is below the level"
        );
    }

    #[test]
    fn what_is_below_the_level_is_not_written() {
        let (stream, mut receiver) = json(Level::Warn, Level::Info);
        stream.write_application("a line without a level".to_owned(), None);
        stream.write_application(r#"{"level":"ERROR","timestamp":"2024-11-02T16:51:31Z"}"#.to_owned(), None);
        stream.write_application("info".to_owned(), Some(Level::Info));
        stream.write_application("fatal".to_owned(), Some(Level::Fatal));
        let written = written(&mut receiver);
        assert_eq!((written.len(), &written[0]["level"], &written[1]), (2, &"ERROR".into(), &"fatal\n".into()));
    }

    #[test]
    fn the_tail_keeps_the_last_four_kilobytes_and_starts_afresh() {
        let (stream, _receiver) = stream_of(|_| {});
        (0..1000).for_each(|line| stream.write(format!("line {line}")));
        let tail = stream.take_tail();
        assert_eq!(tail.len(), TAIL_LIMIT);
        assert!(tail.ends_with(b"line 998\nline 999\n"));
        assert!(stream.take_tail().is_empty());
    }
}
