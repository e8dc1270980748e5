//! What a runtime may do next. The names of the states are those of AWS's runtime interface emulator.

use axum::response::Response;

use super::reply;

/// Where the runtime is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It has asked for nothing yet.
    Init,
    /// It reported an error of INIT.
    InitError,
    /// It waits for an event.
    Ready,
    /// It has an event and has not answered.
    Running(String),
    /// It has answered.
    Answered,
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Init => "Started",
            Self::InitError => "InitError",
            Self::Ready => "Ready",
            Self::Running(_) => "Running",
            Self::Answered => "ResponseSent",
        }
    }

    fn refuse(&self, to: &str) -> Response {
        let message = format!(
            "State transition from {} to {to} failed for runtime. Error: State transition is not allowed",
            self.name()
        );
        reply::failure(403, "InvalidStateTransition", &message)
    }

    /// True when the runtime has completed something, false when it was waiting already.
    pub(super) fn ask_for_next(&mut self) -> Result<bool, Response> {
        match self {
            Self::Init | Self::Answered => {
                *self = Self::Ready;
                Ok(true)
            }
            Self::Ready => Ok(false),
            Self::InitError | Self::Running(_) => Err(self.refuse("Ready")),
        }
    }

    pub(super) fn run(&mut self, request_id: String) {
        *self = Self::Running(request_id);
    }

    /// Takes the one answer to the request that runs.
    pub(super) fn answer(&mut self, id: &str, to: &str) -> Result<(), Response> {
        match self {
            Self::Running(request_id) if request_id == id => {
                *self = Self::Answered;
                Ok(())
            }
            Self::Running(_) | Self::Answered => Err(reply::failure(400, "InvalidRequestID", "Invalid request ID")),
            Self::Init | Self::InitError | Self::Ready => Err(self.refuse(to)),
        }
    }

    pub(super) fn fail_init(&mut self) -> Result<(), Response> {
        match self {
            Self::Init => {
                *self = Self::InitError;
                Ok(())
            }
            _ => Err(self.refuse("InitError")),
        }
    }
}
