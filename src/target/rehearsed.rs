//! A lab in the place of a target, to rehearse a run on: it calls itself what the target is, in the target's account and Region,
//! and every call is written down.
//!
//! No credentials reach it, and nothing of the target does.

use alert_drill_lab::Lab;
use alert_drill_lab::observed::Asked;

use super::clients::{Clients, emulator};
use super::waiting::Waiting;
use super::{Capabilities, Reach, Role, Tape, Target, TargetError, account_of};
use crate::scenario::TargetKind;

/// What the rehearsal's target is to look like.
#[derive(Clone, Debug)]
pub(crate) struct Likeness {
    pub(crate) kind: TargetKind,
    pub(crate) capabilities: Capabilities,
    pub(crate) account: String,
    pub(crate) region: String,
    /// The role that the run takes on.
    pub(crate) role: Option<Role>,
}

impl Likeness {
    /// That of a target which is there.
    pub(crate) fn of(target: &Target, role: Option<&Role>) -> Self {
        Self {
            kind: target.kind,
            // What the lab alone can show is not asked for.
            capabilities: Capabilities { reads_mail: false, explains_deliveries: false, ..target.capabilities },
            account: target.account.clone(),
            region: target.region.clone(),
            role: role.cloned(),
        }
    }

    /// A target that looks like this, with a lab behind it that goes on without it. Its calls are written down where there is a
    /// tape; those that open it are the first.
    pub(crate) async fn on(&self, lab: &Lab, run_id: &str, tape: Option<Tape>) -> Result<Target, TargetError> {
        let endpoint = lab.endpoint_url();
        if let (Some(tape), Some(role)) = (&tape, &self.role) {
            tape.write(Asked {
                service: "sts",
                operation: "AssumeRole".to_owned(),
                reads: true,
                parameters: vec![("RoleArn".to_owned(), role.arn.to_string())],
            });
        }
        let waiting = Waiting::taped(tape);
        let clients = Clients::measured(&emulator(&endpoint, &self.region, &self.account, run_id), &waiting);
        let account = account_of(&clients, &endpoint).await?;
        Ok(Target {
            kind: self.kind,
            product: "the lab of a rehearsal".to_owned(),
            endpoint_url: Some(endpoint),
            clients,
            region: self.region.clone(),
            account,
            capabilities: self.capabilities,
            waiting,
            lab: None,
            relay: None,
            container: None,
            reach: Reach::from_here(),
        })
    }
}

impl Target {
    /// A lab of the run's own, whose calls are written down.
    pub(crate) async fn taped_lab(region: &str, account: &str, run_id: &str, tape: Tape) -> Result<Self, TargetError> {
        super::lab::open(region, account, run_id, Some(tape)).await
    }
}
