//! A run: a target opened, a pipeline built, drills run in lanes, everything put back.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use alert_drill_lab::identity::DEFAULT_ACCOUNT;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::aftermath;
use super::consent::{Asked, Consent, Refusal};
use super::error::RunError;
use super::event::RunEvent;
use super::event_history::EventHistory;
use super::ground::Plan;
use super::lane::{self, Queue, Stage, Times};
use super::observation::Observations;
use super::selection::Selection;
use super::standing::Standing;
use super::way::{DiscordWatch, DiscordWay};
use crate::diagnosis::{self, Code, Finding};
use crate::inspection::Names;
use crate::journal::{Begun, Journal};
use crate::pipeline::{Ledger, Notifier, ProvisionError, Removed};
use crate::report::{self, Cleanup, DrillReport, FORMAT_VERSION, Report, TargetReport, Verdict};
use crate::scenario::{Drill, Scenario, TargetKind, Wait};
use crate::target::{Place, Role, Target};
use crate::text::Lang;

/// A run that is to be made. The settings that are not named are those of `alert-drill run`.
///
/// ```no_run
/// # async fn example() -> Result<(), alert_drill::RunError> {
/// use alert_drill::{Run, scenario::Scenario};
///
/// let report = Run::new(&Scenario::shipped()).all().execute().await?;
/// report.assert_passed();
/// # Ok(())
/// # }
/// ```
#[must_use = "a run does nothing until it is executed"]
pub struct Run<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) place: Place,
    pub(super) selection: Selection,
    pub(super) repeat: usize,
    pub(super) jobs: usize,
    pub(super) keep: bool,
    pub(super) times: Times,
    pub(super) notifier: Notifier,
    pub(super) adopted: Option<Names>,
    pub(super) discord: DiscordWay,
    pub(super) account: String,
    pub(super) role: Option<Role>,
    pub(super) region: Option<String>,
    pub(super) lang: Lang,
    pub(super) on_event: Arc<dyn Fn(RunEvent) + Send + Sync>,
    pub(super) stop: CancellationToken,
    pub(super) journal: Option<PathBuf>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) consent: Consent,
    /// Whether nothing is found out by it, but which calls it makes.
    pub(super) is_rehearsal: bool,
}

impl<'a> Run<'a> {
    /// A run of the scenario's default drill on the lab.
    pub fn new(scenario: &'a Scenario) -> Self {
        Self {
            scenario,
            place: Place::Lab,
            selection: Selection::Default,
            repeat: 1,
            jobs: 1,
            keep: false,
            times: Times::default(),
            notifier: Notifier::OfScenario,
            adopted: None,
            discord: DiscordWay::default(),
            account: DEFAULT_ACCOUNT.to_owned(),
            role: None,
            region: None,
            lang: Lang::En,
            on_event: Arc::new(|_| {}),
            stop: CancellationToken::new(),
            journal: None,
            ledger: Arc::new(Ledger::default()),
            consent: Consent::default(),
            is_rehearsal: false,
        }
    }

    /// Where to run.
    pub fn on(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Which drills to run.
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// The drill of this name, beside those that were named before.
    pub fn drill(mut self, name: impl Into<String>) -> Self {
        match &mut self.selection {
            Selection::Named(names) => names.push(name.into()),
            _ => self.selection = Selection::Named(vec![name.into()]),
        }
        self
    }

    /// All drills of the scenario.
    pub fn all(self) -> Self {
        self.select(Selection::All)
    }

    /// Runs each selected drill so many times.
    pub fn repeat(mut self, times: usize) -> Self {
        self.repeat = times;
        self
    }

    /// How many drills run side by side, each on a group of its own.
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// Leaves everything standing at the end. In a lab of the run's own, that ends with the process all the same.
    pub fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    /// How long an alert may take, in place of what the scenario says: at most [`Wait::MAX`].
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.times.give_up = timeout.map(Wait::at_most);
        self
    }

    /// From when on an alert is late, in place of what the scenario says. The drill passes, and a finding says so.
    pub fn warn_after(mut self, late: Option<Duration>) -> Self {
        self.times.warn_after = late.map(Wait::at_most);
        self
    }

    /// Until when an alert is expected, in place of what the scenario says.
    pub fn expect_by(mut self, expected: Option<Duration>) -> Self {
        self.times.expect_by = expected.map(Wait::at_most);
        self
    }

    /// What the function's package is made from.
    pub fn notifier(mut self, notifier: Notifier) -> Self {
        self.notifier = notifier;
        self
    }

    /// Drills the pipeline of these names that stands there, in place of one that is built for the run. Its function posts
    /// to what [`discord`](Self::discord) says while the run lasts; nothing else of it is changed.
    pub fn adopt(mut self, names: Names) -> Self {
        self.adopted = Some(names);
        self
    }

    /// How the Discord channel is watched.
    pub fn discord(mut self, way: DiscordWay) -> Self {
        self.discord = way;
        self
    }

    /// Whose calls an emulator takes them for: `000000000000` where this is not said.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// The role by whose session the run calls, in place of the credentials that it has.
    pub fn assume(mut self, role: Option<Role>) -> Self {
        self.role = role;
        self
    }

    /// The Region, in place of the scenario's.
    pub fn region(mut self, region: Option<String>) -> Self {
        self.region = region;
        self
    }

    /// The language of titles, reasons and findings.
    pub fn lang(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    /// What to do with each event of the run as it happens.
    pub fn on_event(mut self, on_event: impl Fn(RunEvent) + Send + Sync + 'static) -> Self {
        self.on_event = Arc::new(on_event);
        self
    }

    /// Cancelling this token interrupts the run: it stops waiting, closes what it opened, and cleans up.
    pub fn stop_with(mut self, stop: CancellationToken) -> Self {
        self.stop = stop;
        self
    }

    /// The folder in which the run's journal is kept, where what it makes could outlive it: not in a lab or a container of
    /// the run's own.
    pub fn journal(mut self, folder: Option<PathBuf>) -> Self {
        self.journal = folder;
        self
    }

    /// What the run may do in a real account beyond what it does unasked.
    pub fn consent(mut self, consent: Consent) -> Self {
        self.consent = consent;
        self
    }

    /// Where the run enters what it has made and not yet removed, to look at while it runs.
    pub fn ledger(mut self, ledger: Arc<Ledger>) -> Self {
        self.ledger = ledger;
        self
    }

    /// Runs.
    pub async fn execute(self) -> Result<Report, RunError> {
        let drills = self.selection.of(self.scenario, self.repeat)?;
        self.is_allowed(&drills)?;
        let beginning = Beginning::now();
        let run_id = Uuid::now_v7().to_string();
        if let Place::LocalStack(localstack) = &self.place {
            (self.on_event)(RunEvent::TargetStarting { image: localstack.image.clone() });
        }
        let target =
            Target::open_as(&self.place, self.meant_region(), &self.account, self.role.as_ref(), &run_id, &self.stop)
                .await?;
        self.run_on(target, run_id, drills, beginning).await
    }

    /// Refuses what nobody allowed, before an account is opened.
    pub(super) fn is_allowed(&self, drills: &[Drill]) -> Result<(), Refusal> {
        if !matches!(self.place, Place::Account(_)) {
            return Ok(());
        }
        self.consent.check(Asked {
            drills,
            region: self.region.as_deref(),
            own_region: self.scenario.region.as_str(),
            has_journal: self.journal.is_some(),
            side_by_side: self.adopted.is_some() && self.jobs > 1,
        })
    }

    /// The Region that is meant.
    pub(super) fn meant_region(&self) -> &str {
        self.region.as_deref().unwrap_or(self.scenario.region.as_str())
    }

    /// Runs the drills on a target that is open, and closes it.
    pub(super) async fn run_on(
        self,
        target: Target,
        run_id: String,
        drills: Vec<Drill>,
        beginning: Beginning,
    ) -> Result<Report, RunError> {
        let Beginning { started, started_at } = beginning;
        let discord = match self.discord.on(&target, self.adopted.is_some(), self.keep) {
            Ok(discord) => discord,
            Err(unwatchable) => {
                target.close().await;
                return Err(unwatchable.into());
            }
        };
        if let Some(folder) = self.journal.as_deref().filter(|_| !target.is_own()) {
            let begun = Begun {
                run_id: run_id.clone(),
                account: target.account.clone(),
                region: target.region.clone(),
                endpoint_url: target.endpoint_url.clone(),
                scenario: self.scenario.name.to_string(),
                at: started_at,
            };
            self.ledger.keep(Journal::begin(folder, begun)?);
        }
        let mut shown = TargetReport::of(&target);
        (self.on_event)(RunEvent::TargetOpened {
            run_id: run_id.clone(),
            scenario: self.scenario.name.to_string(),
            target: shown.clone(),
        });
        let stage = Arc::new(self.stage(target, discord, run_id));
        let (mut found, ended) = self.drill_until_ended(&stage, drills).await;
        if let Some(how) = &ended {
            found.target_ended(how, &stage.target.product, self.lang);
        }
        let cleanup = self.clean_up(&stage, ended.is_some(), found.verdict).await;
        // Every lane has ended, so that this is the last handle; were it not, dropping it would stop the lab as well.
        let run_id = stage.run_id.clone();
        if !found.drills.is_empty() {
            shown.capabilities.runs_functions = Some(!stage.function_stands_in.load(Ordering::Relaxed));
        }
        shown.clock = TargetReport::of(&stage.target).clock;
        let (waits, calls) = (stage.target.waits(), stage.target.calls());
        if let Some(stage) = Arc::into_inner(stage) {
            stage.target.close().await;
        }
        let duration = started.elapsed();
        Ok(Report {
            format_version: FORMAT_VERSION,
            run_id,
            scenario: self.scenario.name.to_string(),
            target: shown,
            discord: Some(discord),
            verdict: found.verdict,
            interrupted: self.stop.is_cancelled(),
            started_at,
            duration_ms: duration.as_secs_f64() * 1000.0,
            harness_ms: waits.map(|waits| duration.saturating_sub(waits.total()).as_secs_f64() * 1000.0),
            calls,
            drills: found.drills,
            inspection: None,
            findings: found.findings,
            cleanup,
        })
    }

    fn stage(&self, target: Target, discord: DiscordWatch, run_id: String) -> Stage {
        // A rehearsal is on a lab, whatever it looks like, and a silence there takes no minutes.
        let pace = if self.is_rehearsal { TargetKind::Lab } else { target.kind };
        Stage {
            discord,
            names: self.adopted.clone().unwrap_or_else(|| Names::of(self.scenario)),
            standing: Standing::default(),
            chain: OnceLock::new(),
            held: OnceLock::new(),
            target,
            scenario: self.scenario.clone(),
            run_id,
            ledger: Arc::clone(&self.ledger),
            function_stands_in: AtomicBool::new(false),
            observations: Arc::new(Observations::new()),
            history: EventHistory::default(),
            times: self.times,
            lang: self.lang,
            keep: self.keep,
            pace,
            adopts: self.adopted.is_some(),
            // A target that ends stops the drills as Ctrl-C does, and is no interruption of the run's.
            stop: self.stop.child_token(),
            on_event: Arc::clone(&self.on_event),
        }
    }

    /// Runs the drills while the target's own container does, and says how it ended if it did.
    async fn drill_until_ended(&self, stage: &Arc<Stage>, drills: Vec<Drill>) -> (Found, Option<String>) {
        let mut drilling = std::pin::pin!(self.drill_all(stage, drills));
        tokio::select! {
            found = &mut drilling => (found, None),
            how = stage.target.until_ended() => {
                stage.stop.cancel();
                (drilling.await, Some(how))
            }
        }
    }

    /// Builds probes and pipeline, and runs the drills. Whatever goes wrong, it is in what was found.
    async fn drill_all(&self, stage: &Arc<Stage>, drills: Vec<Drill>) -> Found {
        let holds_group = stage.target.kind == TargetKind::Aws;
        (self.on_event)(RunEvent::Provisioning { holds_group });
        let started = Instant::now();
        let plan = Plan {
            adopted: self.adopted.as_ref(),
            notifier: &self.notifier,
            shared_group: self.consent.shared_group,
            discord: &self.discord,
        };
        match plan.build(stage, &drills).await {
            // The probes are held until the last lane has ended.
            Ok(ground) => {
                (self.on_event)(RunEvent::Provisioned { took: started.elapsed() });
                let queue = Queue::new(drills);
                let lanes = self.jobs.min(queue.len());
                let mut outcomes = lane::run_all(stage, queue, lanes).await;
                ground.pipeline.stop().await;
                outcomes.sort_unstable_by_key(|outcome| outcome.index);
                let mut findings: Vec<Finding> = Vec::new();
                let mut drills: Vec<DrillReport> = Vec::with_capacity(outcomes.len());
                for outcome in outcomes {
                    for finding in &outcome.report.findings {
                        if !findings.contains(finding) {
                            findings.push(finding.clone());
                        }
                    }
                    drills.push(outcome.report);
                }
                findings.extend(self.aftermath(stage, &drills));
                let verdict = if drills.is_empty() { Verdict::Error } else { report::overall(&drills) };
                Found { verdict, drills, findings }
            }
            Err(error) => {
                let interrupted = matches!(error, ProvisionError::Interrupted);
                let findings =
                    if interrupted { Vec::new() } else { vec![Finding::could_not_provision(&error, self.lang)] };
                Found { verdict: Verdict::Error, drills: Vec::new(), findings }
            }
        }
    }

    /// What others did to the groups of these drills, where an alert came of that too.
    fn aftermath(&self, stage: &Stage, drills: &[DrillReport]) -> Option<Finding> {
        let actions: Vec<_> = drills.iter().filter_map(|drill| drill.action.as_ref()).collect();
        let answers = aftermath::answers(&stage.observations.since(0), &actions, &stage.target.clients.clock);
        let is_own = self.adopted.is_none();
        (!answers.is_empty()).then(|| diagnosis::answered(&stage.target, self.scenario, is_own, answers, self.lang))
    }

    async fn clean_up(&self, stage: &Stage, has_ended: bool, verdict: Verdict) -> Cleanup {
        let standing = stage.ledger.entries();
        if has_ended {
            // Everything in it ended with it.
            return Cleanup { kept: self.keep, ..Cleanup::default() };
        }
        if self.keep {
            // What is kept in a target of the run's own is gone with it: nothing is left behind.
            let left_behind = if stage.target.is_own() { Vec::new() } else { stage.ledger.left("kept") };
            return Cleanup { kept: true, left_behind, dead: Vec::new() };
        }
        (self.on_event)(RunEvent::CleaningUp { resources: standing.len() });
        // An endpoint that has died is not asked once more for every single thing.
        if verdict == Verdict::Error
            && !standing.is_empty()
            && let Some(why) = stage.target.why_gone().await
        {
            return Cleanup { kept: false, left_behind: stage.ledger.left(&why), dead: Vec::new() };
        }
        let Removed { left_behind, dead } = stage.ledger.clean_up(&stage.target.clients, &stage.run_id).await;
        if left_behind.is_empty() {
            // One that cannot be deleted tells the next clean-up of nothing that is there.
            let _ = stage.ledger.close();
        }
        (self.on_event)(RunEvent::CleanedUp { left_behind: left_behind.clone() });
        // A name that cannot be deleted ends with a target of the run's own.
        let dead = if stage.target.is_own() { Vec::new() } else { dead };
        Cleanup { kept: false, left_behind, dead }
    }
}

/// When a run began, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    started: Instant,
    started_at: Timestamp,
}

impl Beginning {
    pub(super) fn now() -> Self {
        Self { started: Instant::now(), started_at: Timestamp::now() }
    }
}

/// What the drills found out.
struct Found {
    verdict: Verdict,
    drills: Vec<DrillReport>,
    findings: Vec<Finding>,
}

impl Found {
    /// The target ended in the middle: there is no verdict but on what had ended before.
    fn target_ended(&mut self, how: &str, product: &str, lang: Lang) {
        let finding = Finding::target_ended(product, how, lang);
        for drill in self.drills.iter_mut().filter(|drill| drill.verdict == Verdict::Error) {
            drill.reason = Some(finding.message.clone());
        }
        self.verdict = Verdict::Error;
        // What could not be built any more is a consequence.
        self.findings.retain(|other| other.code != Code::CouldNotProvision);
        self.findings.push(finding);
    }
}
