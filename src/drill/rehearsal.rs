//! A run that is rehearsed: the target is looked at, a lab is made to look like it, and the run's calls are written down there.
//!
//! What a run refuses before it has changed anything is refused here as well, of the target itself: its account, the group that is
//! somebody else's, a lease that another run holds, a pipeline that is missing, or one that is in the way.

use std::sync::{Arc, Mutex, PoisonError};

use alert_drill_lab::Lab;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::error::RunError;
use super::event::RunEvent;
use super::lane::{self, Times};
use super::run::{Beginning, Run};
use super::way::{DiscordWatch, DiscordWay};
use crate::inspection::Names;
use crate::pipeline::{DrillGroup, Lease, Ledger, Pipeline, ProvisionError, Site, WebhookUrls};
use crate::plan::{CallNames, FORMAT_VERSION, Phase, Plan};
use crate::report::{TargetReport, Verdict};
use crate::scenario::{Drill, Refused, Scenario, TargetKind};
use crate::target::{Likeness, Place, Tape, Taped, Target};

/// Who builds the pipeline that stands in a rehearsal.
const SOMEBODY: &str = "somebody";

/// Where the parts of the run begin on the tape.
type Marks = Arc<Mutex<Vec<(usize, Phase, Option<String>)>>>;

impl Run<'_> {
    /// Finds out which calls the run would make, and what EC2 says of those that it can be asked about. Nothing is changed.
    ///
    /// # Errors
    /// As of [`execute`](Self::execute), and where the run would end before its drills.
    pub async fn plan(self) -> Result<Plan, RunError> {
        let drills = self.selection.of(self.scenario, self.repeat)?;
        self.is_allowed(&drills)?;
        let names = drills.iter().map(|drill| drill.name.to_string()).collect();
        let own_id = format!("plan-{}", Uuid::now_v7());
        let target = match &self.place {
            // A lab of the run's own is the rehearsal's.
            Place::Lab => None,
            place => {
                let (region, role) = (self.meant_region(), self.role.as_ref());
                Some(Target::look_at_as(place, region, &self.account, role, &own_id).await?)
            }
        };
        let (watch, standing) = match &target {
            Some(target) => {
                let watch = self.discord.on(target, self.adopted.is_some(), self.keep)?;
                (Some(watch), self.look(target).await.map_err(no_plan)?)
            }
            None => (None, None),
        };
        let mut plan = Plan {
            format_version: FORMAT_VERSION,
            scenario: self.scenario.name.to_string(),
            target: TargetReport::of_planned(target.as_ref(), self.meant_region(), &self.account),
            adopts: self.adopted.is_some(),
            drills: names,
            rehearsal: Verdict::Error,
            calls: Vec::new(),
        };
        let rehearsed = self.rehearse(target.as_ref(), standing.as_ref(), drills, watch).await?;
        plan.rehearsal = rehearsed.verdict;
        let asked = target.as_ref().filter(|target| Plan::asks_of(target.kind)).map(|target| &target.clients);
        plan.fill(&rehearsed.calls, &rehearsed.names, asked).await;
        if let Some(target) = target {
            target.close().await;
        }
        Ok(plan)
    }

    /// Looks at what the run would find, as far as it ends with that: the group that stands, where there is to be one.
    async fn look(&self, target: &Target) -> Result<Option<DrillGroup>, ProvisionError> {
        let (ledger, stop) = (Ledger::default(), CancellationToken::new());
        let site = Site { target, scenario: self.scenario, run_id: SOMEBODY, ledger: &ledger, stop: &stop };
        let Some(names) = &self.adopted else {
            if target.kind == TargetKind::Aws {
                Pipeline::is_free(site).await?;
            }
            return Ok(None);
        };
        let standing = match target.kind {
            TargetKind::Aws => {
                let group = DrillGroup::standing(site, &names.group, self.consent.shared_group).await?;
                Lease::is_free(site, &group.id).await?;
                Some(group)
            }
            TargetKind::Lab | TargetKind::Localstack => None,
        };
        Pipeline::adopt(site, names, None).await?;
        Ok(standing)
    }

    /// Runs on a lab that looks like the target.
    async fn rehearse(
        self,
        target: Option<&Target>,
        standing: Option<&DrillGroup>,
        drills: Vec<Drill>,
        watch: Option<DiscordWatch>,
    ) -> Result<Rehearsed, RunError> {
        let run_id = Uuid::now_v7().to_string();
        let mut names = CallNames { short: lane::short(&run_id), run_id: run_id.clone(), group: None };
        let tape = Tape::default();
        let (scenario, adopted) = match &self.adopted {
            Some(adopted) => {
                let group = standing.map_or(adopted.group.as_str(), |group| group.name.as_str());
                let adopted = Names { group: group.to_owned(), ..adopted.clone() };
                (named(self.scenario, &adopted).map_err(no_plan)?, Some(adopted))
            }
            None => (self.scenario.clone(), None),
        };
        let (stage, lab) = match target {
            None => (Target::taped_lab(self.meant_region(), &self.account, &run_id, tape.clone()).await?, None),
            Some(target) if target.kind == TargetKind::Localstack => {
                let reason =
                    "what a run does on LocalStack depends on what that version can do, which only a run finds out";
                return Err(no_plan(reason));
            }
            Some(target) => {
                let lab = Lab::start().await.map_err(no_plan)?;
                let mut likeness = Likeness::of(target, self.role.as_ref());
                // Its functions run on this machine, where a tunnel would lead.
                likeness.capabilities.reaches_harness |= watch == Some(DiscordWatch::Tunnel);
                if adopted.is_some() {
                    let built = self.build(&lab, &likeness, &scenario).await.map_err(no_plan)?;
                    names.group = standing.map(|standing| (built.id, standing.id.clone()));
                }
                (likeness.on(&lab, &run_id, Some(tape.clone())).await?, Some(lab))
            }
        };
        // A lab of the run's own allows what it allows the run.
        let watch = match watch {
            Some(watch) => watch,
            None => self.discord.on(&stage, adopted.is_some(), self.keep)?,
        };
        let marks = Marks::default();
        let (marking, counted) = (Arc::clone(&marks), tape.clone());
        let side_by_side = self.jobs > 1;
        let rehearsal = Run {
            scenario: &scenario,
            adopted,
            // Times are for the target; the lab keeps its own.
            times: Times::default(),
            journal: None,
            ledger: Arc::default(),
            on_event: Arc::new(move |event| {
                if let Some((phase, drill)) = begins(&event) {
                    let drill = drill.filter(|_| !side_by_side);
                    marking.lock().unwrap_or_else(PoisonError::into_inner).push((counted.len(), phase, drill));
                }
            }),
            is_rehearsal: true,
            discord: DiscordWay::rehearsed(watch),
            ..self
        };
        let report = Box::pin(rehearsal.run_on(stage, run_id, drills, Beginning::now())).await;
        if let Some(lab) = lab {
            lab.stop().await;
        }
        let report = report?;
        if report.interrupted {
            return Err(RunError::Interrupted);
        }
        if report.drills.is_empty() {
            let why = report.findings.first().map(|finding| finding.message.clone());
            return Err(no_plan(why.unwrap_or_else(|| "the rehearsal came to no drill".to_owned())));
        }
        let marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = tape.calls().into_iter().enumerate();
        let calls = calls.map(|(position, taped)| {
            let (_, phase, drill) =
                marks.iter().rev().find(|(from, ..)| *from <= position).cloned().unwrap_or((0, Phase::Look, None));
            (taped, phase, drill)
        });
        Ok(Rehearsed { calls: calls.collect(), names, verdict: report.verdict })
    }

    /// Builds the pipeline that stands, and the group, as somebody else would have built them; of no run's.
    async fn build(&self, lab: &Lab, likeness: &Likeness, scenario: &Scenario) -> Result<DrillGroup, ProvisionError> {
        let (ledger, stop) = (Ledger::default(), CancellationToken::new());
        // A lab runs functions of this machine, whatever it calls itself in the rehearsal.
        let likeness = Likeness { kind: TargetKind::Lab, role: None, ..likeness.clone() };
        let target = likeness.on(lab, SOMEBODY, None).await;
        let target = target.map_err(|error| ProvisionError::invalid("the rehearsal's lab", "opening", error))?;
        let site = Site { target: &target, scenario, run_id: SOMEBODY, ledger: &ledger, stop: &stop };
        let url = lab.discord_webhook_url();
        let webhook = WebhookUrls { from_target: url.clone(), from_here: url };
        Pipeline::provision(site, &self.notifier, Some(&webhook)).await?;
        let group = DrillGroup::provision(site, scenario.pipeline.group.name.to_string()).await?;
        Lease::give_up(site, &group.id).await?;
        Ok(group)
    }
}

/// What a rehearsal has shown.
struct Rehearsed {
    calls: Vec<(Taped, Phase, Option<String>)>,
    names: CallNames,
    verdict: Verdict,
}

/// Which part of the run begins with this event.
fn begins(event: &RunEvent) -> Option<(Phase, Option<String>)> {
    match event {
        // Where a group is held, that ends with an event of its own.
        RunEvent::TargetOpened { .. } => Some((Phase::Look, None)),
        RunEvent::Provisioning { holds_group: true } => Some((Phase::Hold, None)),
        RunEvent::Provisioning { holds_group: false } | RunEvent::GroupHeld => Some((Phase::Provision, None)),
        RunEvent::DrillStarted { name, .. } => Some((Phase::Drill, Some(name.clone()))),
        RunEvent::CleaningUp { .. } => Some((Phase::CleanUp, None)),
        RunEvent::TargetStarting { .. }
        | RunEvent::Provisioned { .. }
        | RunEvent::Acted { .. }
        | RunEvent::Overdue { .. }
        | RunEvent::Seen { .. }
        | RunEvent::DrillEnded { .. }
        | RunEvent::Interrupted
        | RunEvent::CleanedUp { .. } => None,
    }
}

/// The scenario, with the names of a pipeline that stands.
fn named(scenario: &Scenario, names: &Names) -> Result<Scenario, Refused> {
    let mut scenario = scenario.clone();
    let pipeline = &mut scenario.pipeline;
    pipeline.trail.name = names.trail.parse()?;
    pipeline.rule.name = names.rule.parse()?;
    pipeline.topic.name = names.topic.parse()?;
    pipeline.function.name = names.function.parse()?;
    pipeline.group.name = names.group.parse()?;
    Ok(scenario)
}

fn no_plan(reason: impl std::fmt::Display) -> RunError {
    RunError::NoPlan { reason: reason.to_string() }
}
