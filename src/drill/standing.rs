//! What is wrong with the pipeline as it stands, where an alert did not come and the target does not tell what stopped it.
//!
//! A lab of the run's own says of every delivery what came of it. Of anything else the probes say only between which two of them the
//! event was lost; which link it was, its configuration shows, as it does for `check`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time;

use super::lane::Stage;
use crate::diagnosis::{self, Finding, Subject};
use crate::inspection;
use crate::scenario::{Hop, TargetKind};

/// How long looking may take: the verdict waits for it.
const LOOK: Duration = Duration::from_secs(30);

/// The findings, once a drill of the run had to ask.
#[derive(Debug, Default)]
pub(super) struct Standing(OnceCell<Vec<Finding>>);

impl Standing {
    /// What is wrong; nothing where nobody could look.
    pub(super) async fn findings(&self, stage: &Stage) -> &[Finding] {
        self.0.get_or_init(|| look(stage)).await
    }
}

async fn look(stage: &Stage) -> Vec<Finding> {
    let target = &stage.target;
    // The policy of a run that builds its pipeline in an account does not allow it to look at one.
    let may_not = target.kind == TargetKind::Aws && !stage.adopts;
    if target.own_lab().is_some() || may_not {
        return Vec::new();
    }
    let reading = Box::pin(inspection::read(target, &stage.names));
    let Ok(facts) = time::timeout(LOOK, reading).await else { return Vec::new() };
    let subject = Subject::new(&stage.scenario, target, stage.names.clone());
    let judged = diagnosis::judge(&facts, &Ok(Vec::new()), &stage.scenario, subject, stage.lang);
    // Where the harness runs the function, the target's own is nobody's.
    let stands_in = stage.function_stands_in.load(Ordering::Relaxed);
    let is_of_target = |finding: &Finding| !(stands_in && matches!(finding.hop, Hop::Function | Hop::Discord));
    judged.findings.into_iter().filter(is_of_target).collect()
}
