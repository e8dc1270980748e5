//! What a runtime may do next. The names of the states are those of AWS's runtime interface emulator.

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

/// Why a runtime may not do what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such request, or one that is answered already.
    RequestId,
    /// Not in this state.
    Transition { from: &'static str, to: &'static str },
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

    fn refuse(&self, to: &'static str) -> Refusal {
        Refusal::Transition { from: self.name(), to }
    }

    /// True when the runtime has completed something, false when it was waiting already.
    pub(super) fn ask_for_next(&mut self) -> Result<bool, Refusal> {
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
    pub(super) fn answer(&mut self, id: &str, to: &'static str) -> Result<(), Refusal> {
        match self {
            Self::Running(request_id) if request_id == id => {
                *self = Self::Answered;
                Ok(())
            }
            Self::Running(_) | Self::Answered => Err(Refusal::RequestId),
            Self::Init | Self::InitError | Self::Ready => Err(self.refuse(to)),
        }
    }

    pub(super) fn fail_init(&mut self) -> Result<(), Refusal> {
        match self {
            Self::Init => {
                *self = Self::InitError;
                Ok(())
            }
            _ => Err(self.refuse("InitError")),
        }
    }
}
