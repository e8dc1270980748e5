//! A lane: one drill after another on a group of the lane's own.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time;
use tokio_util::sync::CancellationToken;

use super::doubt;
use super::event::RunEvent;
use super::event_history::EventHistory;
use super::ladder::{self, Seen};
use super::observation::Observations;
use super::probe::Chain;
use super::standing::Standing;
use super::trigger::{Performed, Trigger};
use super::way::DiscordWatch;
use crate::diagnosis::{self, Finding};
use crate::inspection::Names;
use crate::pipeline::{DrillGroup, Lease, Ledger, ProvisionError, Site, rule_description};
use crate::report::{ActionReport, Alerts, DrillReport, Expected, Verdict};
use crate::scenario::{Action, Budget, Drill, Expect, Hop, Scenario, TargetKind, Wait};
use crate::target::Target;
use crate::text::Lang;

/// How long to wait, once an alert has arrived where it must, for the hops beside it (the mail, the function's end).
const SIDE_HOPS: Duration = Duration::from_millis(500);

/// How long an alert may take, in place of what the scenario says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    /// Until when it is expected.
    pub(super) expect_by: Option<Wait>,
    /// From when on it is late.
    pub(super) warn_after: Option<Wait>,
    /// When the drill has failed.
    pub(super) give_up: Option<Wait>,
}

/// All that the drills of a run share.
pub(super) struct Stage {
    pub(super) target: Target,
    pub(super) scenario: Scenario,
    pub(super) run_id: String,
    pub(super) ledger: Arc<Ledger>,
    /// Whether the harness runs the function in the target's place.
    pub(super) function_stands_in: AtomicBool,
    pub(super) observations: Arc<Observations>,
    /// CloudTrail's own, which everybody may ask twice a second.
    pub(super) history: EventHistory,
    pub(super) times: Times,
    pub(super) lang: Lang,
    pub(super) keep: bool,
    /// Whose times the drills keep.
    pub(super) pace: TargetKind,
    /// Whether the pipeline is somebody's own.
    pub(super) adopts: bool,
    pub(super) discord: DiscordWatch,
    /// What the pipeline is called.
    pub(super) names: Names,
    /// What is wrong with it as it stands, once somebody had to ask.
    pub(super) standing: Standing,
    /// The way by which what is posted comes here, where it is one that can lose something.
    pub(super) chain: OnceLock<Chain>,
    /// The group that a run in an account holds, once it does.
    pub(super) held: OnceLock<Held>,
    pub(super) stop: CancellationToken,
    pub(super) on_event: Arc<dyn Fn(RunEvent) + Send + Sync>,
}

/// The group that a run in an account holds, with the lease on it.
#[derive(Debug)]
pub(super) struct Held {
    group: tokio::sync::Mutex<DrillGroup>,
    _lease: Lease,
}

impl Held {
    pub(super) fn new(group: DrillGroup, lease: Lease) -> Self {
        Self { group: tokio::sync::Mutex::new(group), _lease: lease }
    }

    /// Launches the instance of a group of the run's own.
    pub(super) async fn launch(&self, site: Site<'_>) -> Result<(), ProvisionError> {
        self.group.lock().await.launch(site).await
    }
}

impl Stage {
    pub(super) fn site(&self) -> Site<'_> {
        Site {
            target: &self.target,
            scenario: &self.scenario,
            run_id: &self.run_id,
            ledger: &self.ledger,
            stop: &self.stop,
        }
    }

    pub(super) fn tell(&self, event: RunEvent) {
        (self.on_event)(event);
    }

    fn expected(&self, drill: &Drill) -> Expected {
        let ms = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        match &drill.expect {
            Expect::Alert(alert) => {
                let Budget { expect, warn, give_up } = self.budget(drill);
                Expected::Alert {
                    at: alert.at.clone(),
                    within_ms: ms(give_up.duration()),
                    expected_ms: (ms(expect.from.duration()), ms(expect.to.duration())),
                    warn_ms: ms(warn.duration()),
                }
            }
            Expect::Silence(_) => Expected::Silence { for_ms: ms(self.limit(drill)) },
        }
    }

    /// The name of a lane's group: the scenario's own for the first. Beside a pipeline that somebody built, their group of
    /// that name is theirs.
    fn group_name(&self, lane: usize) -> String {
        let own = self.scenario.pipeline.group.name.as_str();
        let name = if self.adopts { format!("{own}-drill-{}", short(&self.run_id)) } else { own.to_owned() };
        if lane == 0 { name } else { format!("{name}-{}", lane + 1) }
    }

    /// The name of a group that a drill deletes, where the lane's own has to stay.
    fn name_of_group_to_delete(&self, index: usize) -> String {
        format!("{}-drill-{}-{}", self.scenario.pipeline.group.name, short(&self.run_id), index + 1)
    }

    /// Why an alert cannot be seen at this hop; none where it can.
    pub(super) fn why_unseen(&self, hop: Hop) -> Option<&'static str> {
        let lang = self.lang;
        match (hop, self.discord) {
            (Hop::Function | Hop::Discord, DiscordWatch::None) => Some(match self.target.capabilities.reaches_harness {
                true => lang.choose("nobody watched the channel, as was asked", "요청에 따라 채널을 확인하지 않았습니다"),
                false => lang.choose(
                    "the function runs in AWS and cannot reach this machine, so that nobody watched the channel (--discord \
                     capture, tunnel and live do)",
                    "함수가 AWS에서 실행되어 이 컴퓨터에 닿을 수 없으므로 채널을 확인하지 않았습니다 (--discord capture, tunnel, live로 \
                     확인할 수 있습니다)",
                ),
            }),
            (Hop::Mail, _) if !self.target.capabilities.reads_mail && self.target.kind == TargetKind::Aws => {
                Some(lang.choose("nobody reads the mailbox", "메일함을 확인하지 않습니다"))
            }
            _ => None,
        }
    }

    /// What a drill's alert may take.
    fn budget(&self, drill: &Drill) -> Budget {
        let Times { expect_by, warn_after, give_up } = self.times;
        self.scenario.budget(drill, self.pace).with(expect_by, warn_after, give_up)
    }

    /// How long to watch a drill. The times of the command line are for alerts: shortening a silence would only make it easier
    /// to pass.
    fn limit(&self, drill: &Drill) -> Duration {
        match &drill.expect {
            Expect::Alert(_) => self.budget(drill).give_up.duration(),
            Expect::Silence(_) => self.scenario.limit(drill, self.pace),
        }
    }
}

/// The end of a run's id, which is what differs.
pub(super) fn short(run_id: &str) -> String {
    run_id.chars().rev().filter(|c| *c != '-').take(12).collect()
}

/// The drills that no lane has taken yet.
pub(super) struct Queue {
    waiting: Mutex<VecDeque<(usize, Drill)>>,
}

impl Queue {
    pub(super) fn new(drills: Vec<Drill>) -> Self {
        Self { waiting: Mutex::new(drills.into_iter().enumerate().collect()) }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn next(&self) -> Option<(usize, Drill)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// A drill that has ended.
pub(super) struct Outcome {
    pub(super) index: usize,
    pub(super) report: DrillReport,
}

/// Runs the drills in so many lanes.
pub(super) async fn run_all(stage: &Arc<Stage>, queue: Queue, lanes: usize) -> Vec<Outcome> {
    let queue = Arc::new(queue);
    let mut running = JoinSet::new();
    for lane in 0..lanes {
        running.spawn(run(Arc::clone(stage), Arc::clone(&queue), lane));
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(lane) => outcomes.extend(lane),
            // A panic is a mistake of ours, and nobody's verdict: the process ends with it.
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    outcomes
}

async fn run(stage: Arc<Stage>, queue: Arc<Queue>, lane: usize) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut group: Option<DrillGroup> = match stage.held.get() {
        Some(held) if lane == 0 => Some(held.group.lock().await.clone()),
        _ => None,
    };
    while !stage.stop.is_cancelled() {
        let Some((index, drill)) = queue.next() else { break };
        stage.tell(RunEvent::DrillStarted { index, name: drill.name.to_string(), title: title(&drill, stage.lang) });
        let outcome = run_drill(&stage, lane, index, &drill, &mut group).await;
        stage.tell(RunEvent::DrillEnded { index, report: Box::new(outcome.report.clone()) });
        outcomes.push(outcome);
    }
    outcomes
}

fn title(drill: &Drill, lang: Lang) -> String {
    lang.choose(drill.title.en.as_str(), drill.title.korean()).to_owned()
}

async fn run_drill(stage: &Stage, lane: usize, index: usize, drill: &Drill, slot: &mut Option<DrillGroup>) -> Outcome {
    let mut report = DrillReport {
        name: drill.name.to_string(),
        title: title(drill, stage.lang),
        verdict: Verdict::Error,
        required: drill.required,
        expected: stage.expected(drill),
        action: None,
        hops: ladder::untouched(),
        alerts: Alerts::default(),
        record: None,
        reason: None,
        findings: Vec::new(),
        duration_ms: 0.0,
    };
    let started = Instant::now();
    if let Some(why) = cannot_show(stage, drill) {
        (report.verdict, report.reason) = (Verdict::Skipped, Some(why));
        return Outcome { index, report };
    }
    // The group that is held has the lease, and stays: a drill that deletes its group gets one for that.
    let (kept, name) = match (&drill.action, stage.held.get()) {
        (Action::DeleteGroup(_), Some(_)) => (slot.take(), stage.name_of_group_to_delete(index)),
        _ => (None, stage.group_name(lane)),
    };
    let group = match slot.take() {
        Some(group) => group,
        None => match DrillGroup::provision(stage.site(), name).await {
            Ok(group) => group,
            Err(error) => {
                *slot = kept;
                report.reason = Some(error.to_string());
                report.duration_ms = ladder::millis(started.elapsed());
                return Outcome { index, report };
            }
        },
    };
    let marker = rule_description(&stage.run_id, index + 1);
    let mut trigger = Trigger::new(stage.site(), &drill.action, &group, marker);
    report.findings = act_and_watch(stage, index, drill, &mut trigger, &mut report).await;
    // The port is closed before anything else is done, whatever was found.
    let restored = if stage.keep && !stage.stop.is_cancelled() { Ok(()) } else { trigger.restore().await };
    if let Err(error) = restored {
        report.reason.get_or_insert_with(|| error.to_string());
        report.verdict = Verdict::Error;
    }
    *slot = match kept {
        Some(kept) => Some(kept),
        None => (!trigger.deleted_group() && !drill_used_up_instance(drill)).then_some(group),
    };
    report.duration_ms = ladder::millis(started.elapsed());
    Outcome { index, report }
}

/// Why a drill says nothing in an account, where it does not.
fn cannot_show(stage: &Stage, drill: &Drill) -> Option<String> {
    let lang = stage.lang;
    if matches!(drill.action, Action::DeleteGroup(_)) && stage.adopts && stage.held.get().is_some() {
        return Some(
            lang.choose(
                "the group that stands is somebody's, and is not deleted: a pipeline of the run's own shows this",
                "이미 있는 그룹은 삭제하지 않습니다. 새로 만든 파이프라인에서 확인하세요",
            )
            .to_owned(),
        );
    }
    match &drill.expect {
        Expect::Alert(alert) if alert.at.iter().all(|hop| stage.why_unseen(*hop).is_some()) => {
            alert.at.first().and_then(|hop| stage.why_unseen(*hop)).map(str::to_owned)
        }
        Expect::Alert(_) | Expect::Silence(_) => None,
    }
}

/// Whether the next drill needs a new instance: this one terminated it, with or without the group.
fn drill_used_up_instance(drill: &Drill) -> bool {
    matches!(&drill.action, Action::DeleteGroup(delete) if delete.terminate_instance)
}

async fn act_and_watch(
    stage: &Stage,
    index: usize,
    drill: &Drill,
    trigger: &mut Trigger<'_>,
    report: &mut DrillReport,
) -> Vec<Finding> {
    if let Err(error) = trigger.prepare().await {
        report.reason = Some(error.to_string());
        return Vec::new();
    }
    // The baseline: what was seen until now cannot be this drill's.
    let baseline = stage.observations.len();
    let performed = match trigger.perform().await {
        Ok(performed) => performed,
        Err(error) => {
            report.reason = Some(error.to_string());
            return Vec::new();
        }
    };
    report.action = Some(ActionReport {
        call: performed.call.to_owned(),
        what: performed.what.clone(),
        request_id: performed.request_id.clone(),
        group_id: performed.group_id.clone(),
        rule_ids: performed.rule_ids.clone(),
        started_at: performed.started_at,
    });
    if let Some(refusal) = &performed.refused {
        report.hops = ladder::refused_call(refusal);
        report.reason = Some(format!("{}: {refusal}", performed.call));
        return vec![Finding::api_refused(performed.call, refusal, stage.lang)];
    }
    // What is open to more than a range that nobody connects from is closed before the alert has come.
    if trigger.opens_more_than_documentation()
        && let Err(error) = trigger.restore().await
    {
        report.reason = Some(error.to_string());
        return Vec::new();
    }
    let limit = stage.limit(drill);
    stage.tell(RunEvent::Acted { index, call: performed.call, limit });
    let mut seen = Seen::default();
    let wait = stage.target.waiting().begin();
    let watched = watch(stage, index, drill, &performed, baseline, limit, &mut seen).await;
    drop(wait);
    side_hops(stage, drill, &performed, &seen).await;
    report.hops = ladder::view(stage, drill, &performed, &seen, watched);
    report.alerts = seen.alerts(stage, &performed);
    report.record = seen.record().cloned();
    // What has died since says nothing of the pipeline, neither by an alert that did not come nor by silence.
    if watched == Watched::TimeIsOver
        && !seen.is_alerted()
        && let Some(why) = stage.target.why_gone().await
    {
        report.reason = Some(why);
        return Vec::new();
    }
    // That is no verdict on the pipeline.
    if watched == Watched::TimeIsOver
        && let Some(doubt) = doubt::of_channel(stage, drill, &performed, &seen).await
    {
        report.hops.iter_mut().for_each(ladder::unsay_channel);
        report.reason = Some(doubt);
        return Vec::new();
    }
    if report.record.is_none() && watched == Watched::TimeIsOver {
        report.record = stage.history.look_up(&stage.target, &performed).await;
    }
    conclude(stage, drill, watched, performed.started + limit, report).await
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// The alert arrived at every hop where it must.
    Arrived,
    /// The time is over.
    TimeIsOver,
    /// The run was interrupted.
    Interrupted,
}

/// Watches until the alert has arrived everywhere it must, or the time is over.
async fn watch(
    stage: &Stage,
    index: usize,
    drill: &Drill,
    performed: &Performed,
    baseline: usize,
    limit: Duration,
    seen: &mut Seen,
) -> Watched {
    let deadline = time::Instant::from_std(performed.started + limit);
    let expected = match &drill.expect {
        Expect::Alert(_) => Some(stage.budget(drill).expect.to.duration()).filter(|expected| *expected < limit),
        Expect::Silence(_) => None,
    };
    let mut overdue = expected.map(|expected| time::Instant::from_std(performed.started + expected));
    let mut changes = stage.observations.watch();
    let mut next = baseline;
    loop {
        changes.mark_unchanged();
        let fresh = stage.observations.since(next);
        next += fresh.len();
        for (hop, latency) in seen.take(fresh, performed) {
            stage.tell(RunEvent::Seen { index, hop, latency });
        }
        match &drill.expect {
            Expect::Alert(alert) if arrived(stage, &alert.at, performed, seen) => return Watched::Arrived,
            // One alert breaks the silence: waiting longer would not mend it.
            Expect::Silence(_) if seen.is_alerted() => return Watched::TimeIsOver,
            _ => {}
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = time::sleep_until(deadline) => return Watched::TimeIsOver,
            () = time::sleep_until(overdue.unwrap_or(deadline)), if overdue.is_some() => {
                overdue = None;
                stage.tell(RunEvent::Overdue { index, expected: expected.unwrap_or_default() });
            }
            () = stage.stop.cancelled() => return Watched::Interrupted,
        }
    }
}

/// Whether the alert has arrived at every one of these hops. Hops that only the ladder shows are looked up there.
fn arrived(stage: &Stage, at: &[Hop], performed: &Performed, seen: &Seen) -> bool {
    at.iter().filter(|hop| stage.why_unseen(**hop).is_none()).all(|hop| match hop {
        Hop::Queue => seen.queue_seen(),
        Hop::Discord => seen.discord_seen(),
        Hop::Bus | Hop::Trail => seen.bus_seen(),
        Hop::Api => true,
        Hop::Rule | Hop::Topic => seen.queue_seen(),
        Hop::Function => seen.discord_seen(),
        Hop::Mail => ladder::mail_arrived(stage, performed),
    })
}

/// Waits for what the target itself tells of the hops beside those of the probes.
async fn side_hops(stage: &Stage, drill: &Drill, performed: &Performed, seen: &Seen) {
    let (Some(lab), Some(request_id), Expect::Alert(_)) =
        (stage.target.own_lab(), &performed.request_id, &drill.expect)
    else {
        return;
    };
    if !(seen.queue_seen() && seen.discord_seen()) {
        return;
    }
    let ended = lab.until(|| ladder::side_hops_ended(lab, request_id));
    let _ = time::timeout(SIDE_HOPS, ended).await;
}

async fn conclude(
    stage: &Stage,
    drill: &Drill,
    watched: Watched,
    deadline: Instant,
    report: &mut DrillReport,
) -> Vec<Finding> {
    let alerted = !report.alerts.queue.is_empty() || !report.alerts.discord.is_empty();
    // An event that was never on the bus says nothing of what is behind it, and a silence without one is none.
    let request_id = report.action.as_ref().and_then(|action| action.request_id.clone());
    if watched == Watched::TimeIsOver
        && !alerted
        && let Some(request_id) = request_id
        && let Some(why) = stage.target.why_unrelayed(&request_id, deadline).await
    {
        report.reason = Some(stage.lang.choose(format!("the relay: {why}"), format!("릴레이: {why}")));
        return Vec::new();
    }
    match (&drill.expect, watched) {
        (_, Watched::Interrupted) => {
            report.reason = Some(stage.lang.choose("interrupted", "중단됨").to_owned());
            Vec::new()
        }
        (Expect::Alert(alert), Watched::Arrived) => {
            report.verdict = Verdict::Passed;
            // What nobody could see is said: the pass is of the rest.
            let unseen = alert.at.iter().find_map(|hop| Some((hop, stage.why_unseen(*hop)?)));
            report.reason = unseen.map(|(hop, why)| format!("{hop}: {why}"));
            diagnosis::of_arrived(drill, report, stage.lang).into_iter().collect()
        }
        (Expect::Silence(_), Watched::TimeIsOver) if !alerted => {
            report.verdict = Verdict::Passed;
            Vec::new()
        }
        (Expect::Alert(_) | Expect::Silence(_), _) => {
            report.verdict = Verdict::Failed;
            // A silence that was broken is explained by what broke it.
            let standing = match drill.expect {
                Expect::Alert(_) => stage.standing.findings(stage).await,
                Expect::Silence(_) => &[],
            };
            let mut findings = diagnosis::explain(&stage.target, &stage.scenario, drill, report, standing, stage.lang);
            if let Some(first) = findings.first().filter(|finding| standing.contains(finding)) {
                ladder::blame(&mut report.hops, first.hop, &first.message);
            }
            if !drill.required {
                findings.iter_mut().for_each(Finding::make_advisory);
            }
            report.reason = findings.first().map(|finding| finding.message.clone());
            findings
        }
    }
}

/// How long it is since the call began.
pub(super) fn latency(at: Instant, performed: &Performed) -> Duration {
    at.saturating_duration_since(performed.started)
}
