//! An AWS error as a value: code, status, message. The protocol layer writes it in the service's own form.

use std::borrow::Cow;
use std::fmt;

/// What a service answers when it refuses a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// The HTTP status.
    pub status: u16,
    /// The code that clients branch on: `InvalidGroup.NotFound`.
    pub code: Cow<'static, str>,
    /// The sentence for a person.
    pub message: String,
    /// A member beside the message that some errors have: `Reason` of Lambda's throttling.
    pub extra: Option<(&'static str, String)>,
}

impl AwsError {
    /// An error with a status of its own.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), extra: None }
    }

    /// A mistake of the caller's: status 400.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// Something that AWS has and the lab does not. It fails by name, so that nobody takes it for a success.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(501, "NotImplemented", format!("the lab does not support {what}"))
    }

    /// The same error with a member beside the message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extra = Some((name, value.into()));
        self
    }

    /// Whether the fault is the caller's (`Sender`, `Client.`) rather than the service's (`Receiver`, `Server.`).
    pub fn is_client_fault(&self) -> bool {
        self.status < 500
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}
