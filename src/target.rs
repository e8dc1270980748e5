//! Where a drill runs: the lab, LocalStack, or a real account, and what each can show.

mod clients;
mod lab;

use std::fmt;

use serde::Serialize;

pub use self::clients::Clients;
pub(crate) use self::clients::emulator;
pub use self::lab::LabTarget;
pub(crate) use self::lab::{TAP_PREFIX, ladder_hop};
use crate::scenario::TargetKind;

/// What a target can show of the ladder. What it cannot is skipped with a reason, never silently green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// An EC2 call makes a CloudTrail event of its own.
    pub emits_cloudtrail_events: bool,
    /// Resource policies, disabled rules and unconfirmed mails silence an alarm as in AWS.
    pub enforces_policies: bool,
    /// The mailbox of an e-mail subscription can be read.
    pub reads_mail: bool,
    /// The target says of each delivery what became of it.
    pub explains_deliveries: bool,
}

/// A target that was opened for one run.
#[derive(Debug)]
pub struct Target {
    /// Which one.
    pub kind: TargetKind,
    /// The clients of its API.
    pub clients: Clients,
    /// The Region of the run.
    pub region: String,
    /// The account that the credentials belong to.
    pub account: String,
    /// What it can show.
    pub capabilities: Capabilities,
    /// The lab behind it, where it is one of this process's own.
    lab: Option<LabTarget>,
}

/// A target could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The lab did not start.
    #[error("the lab did not start: {0}")]
    Lab(#[from] alert_drill_lab::StartError),
    /// The target does not answer, or refuses the credentials.
    #[error("{endpoint} does not say whose credentials these are: {reason}")]
    Identity {
        /// Where.
        endpoint: String,
        /// What it said.
        reason: String,
    },
}

impl Target {
    /// Starts a lab of this process's own and opens it. It stops when the target is closed or dropped.
    pub async fn lab(region: &str, run_id: &str) -> Result<Self, TargetError> {
        lab::open(region, run_id).await
    }

    /// The lab behind the target, where it is one of this process's own.
    pub fn own_lab(&self) -> Option<&LabTarget> {
        self.lab.as_ref()
    }

    /// Closes the target: a lab is stopped, and its processes are gone when this returns.
    pub async fn close(self) {
        if let Some(lab) = self.lab {
            lab.stop().await;
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.kind, self.account, self.region)
    }
}

/// Opens a link as a browser would, for its effect: a confirmation mail's.
pub(crate) async fn open_link(link: &str) -> Result<(), String> {
    // The lab's links are plain HTTP: loading the machine's certificates would take longer than the rest of the run.
    let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().map_err(|e| e.to_string())?;
    let answer = client.get(link).send().await.map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("{link} answered {}", answer.status()))
}
