//! A failure of a function, as Lambda words it in the payload and in the log.

use bytes::Bytes;
use serde_json::{Value, json};

use super::logs::Status;
use super::runtime_api::ReportedError;

/// How a phase failed.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The function reported the error itself, over the Runtime API.
    Reported(ReportedError),
    /// The platform found the error: `RequestId: … Error: message`.
    Platform { error_type: &'static str, message: String },
    /// The response was larger than 6 MB.
    ResponseTooLarge { message: String },
    /// The time was over.
    TimedOut,
}

impl Fault {
    pub(super) fn exited(description: &str) -> Self {
        Self::Platform { error_type: "Runtime.ExitError", message: format!("Runtime exited {description}") }
    }

    pub(super) fn invalid_entrypoint(message: impl Into<String>) -> Self {
        Self::Platform { error_type: "Runtime.InvalidEntrypoint", message: message.into() }
    }

    /// The function used more memory than it has.
    pub(super) fn out_of_memory() -> Self {
        let message = "Runtime exited with error: signal: killed".into();
        Self::Platform { error_type: "Runtime.OutOfMemory", message }
    }

    /// What of this machine may have caused it, if the runtime knows.
    pub(super) fn note(&self) -> Option<&str> {
        match self {
            Self::Reported(error) => error.note.as_deref(),
            _ => None,
        }
    }

    /// The status of the phase that failed so.
    pub(super) fn status(&self) -> Status {
        match self {
            Self::Reported(error) => Status::Error(known_type(&error.error_type)),
            Self::Platform { error_type, .. } => Status::Error((*error_type).to_owned()),
            Self::ResponseTooLarge { .. } => Status::Error("Function.ResponseSizeTooLarge".into()),
            Self::TimedOut => Status::Timeout,
        }
    }

    /// The payload of the invocation. `timeout` is the function's, in seconds.
    pub(super) fn payload(&self, request_id: &str, timeout: f64) -> Bytes {
        let document = |error_type: &str, message: String| {
            Bytes::from(json!({ "errorType": error_type, "errorMessage": message }).to_string())
        };
        match self {
            Self::Reported(error) if error.payload.is_empty() => document(&error.error_type, String::new()),
            Self::Reported(error) => error.payload.clone(),
            Self::Platform { error_type, message } => {
                document(error_type, format!("RequestId: {request_id} Error: {message}"))
            }
            Self::ResponseTooLarge { message } => document("Function.ResponseSizeTooLarge", message.clone()),
            Self::TimedOut => document(
                "Sandbox.Timedout",
                format!("RequestId: {request_id} Error: Task timed out after {timeout:.2} seconds"),
            ),
        }
    }

    /// What the platform itself writes to the log, if anything.
    pub(super) fn log_line(&self, request_id: &str, timeout: f64) -> Option<String> {
        match self {
            Self::Reported(_) | Self::ResponseTooLarge { .. } => None,
            Self::Platform { error_type, message } => {
                Some(format!("RequestId: {request_id} Error: {message}\n{error_type}"))
            }
            Self::TimedOut => {
                let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
                Some(format!("{now} {request_id} Task timed out after {timeout:.2} seconds\n"))
            }
        }
    }
}

/// Lambda shows only types of its own form, and calls every other `Runtime.Unknown`.
fn known_type(error_type: &str) -> String {
    let known = error_type.split_once('.').is_some_and(|(prefix, name)| {
        matches!(prefix, "Runtime" | "Function")
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().all(|letter| letter.is_ascii_alphabetic())
    });
    if known {
        error_type.to_owned()
    } else if error_type.starts_with("Function.") {
        "Function.Unknown".into()
    } else {
        "Runtime.Unknown".into()
    }
}

/// The type of a reported error: its header, or else the document's own.
pub(super) fn reported_type(header: Option<&str>, payload: &[u8]) -> String {
    if let Some(header) = header.filter(|header| !header.is_empty()) {
        return header.to_owned();
    }
    let document: Option<Value> = serde_json::from_slice(payload).ok();
    document.as_ref().and_then(|document| document["errorType"].as_str()).unwrap_or("Runtime.Unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_worded_as_lambda_words_it() {
        assert_eq!(
            Fault::TimedOut.payload("r-1", 3.0),
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r-1 Error: Task timed out after 3.00 seconds"}"#
        );
        let line = Fault::TimedOut.log_line("r-1", 3.0).unwrap();
        assert!(line.ends_with("Z r-1 Task timed out after 3.00 seconds\n"), "{line}");
    }

    #[test]
    fn an_exit_is_worded_as_lambda_words_it() {
        let fault = Fault::exited("with error: exit status 1");
        assert_eq!(
            fault.payload("r-1", 3.0),
            r#"{"errorType":"Runtime.ExitError","errorMessage":"RequestId: r-1 Error: Runtime exited with error: exit status 1"}"#
        );
        assert_eq!(
            fault.log_line("r-1", 3.0).unwrap(),
            "RequestId: r-1 Error: Runtime exited with error: exit status 1\nRuntime.ExitError"
        );
    }

    #[test]
    fn only_lambda_s_own_types_show_in_a_status() {
        for (given, shown) in [
            ("Runtime.ImportModuleError", "Runtime.ImportModuleError"),
            ("NameError", "Runtime.Unknown"),
            ("Function.x", "Function.Unknown"),
        ] {
            assert_eq!(known_type(given), shown);
        }
    }
}
