//! `check`: a pipeline that somebody built, looked at hop by hop without changing anything.
//!
//! ```text
//! open the target ─► inspect (read calls only) ─► judge ─► try a copy of the function ─► what AWS counted of it ─► report
//! ```
//! [`Check::live`] adds drills on the same pipeline, and puts what they found into the same report.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alert_drill_lab::identity::DEFAULT_ACCOUNT;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::diagnosis::{self, Severity, Subject};
use crate::drill::{DiscordWay, Run, RunError, RunEvent, Selection};
use crate::inspection::{self, Names};
use crate::pipeline::Ledger;
use crate::report::{Cleanup, FORMAT_VERSION, Report, TargetReport, Verdict};
use crate::scenario::Scenario;
use crate::target::{Place, Target};
use crate::text::Lang;
use crate::trial;

/// A check that is to be made. The settings that are not named are those of `alert-drill check`.
///
/// ```no_run
/// # async fn example() -> Result<(), alert_drill::RunError> {
/// use alert_drill::scenario::Scenario;
/// use alert_drill::target::Place;
/// use alert_drill::Check;
///
/// let lab = Place::Endpoint("http://127.0.0.1:4566".to_owned());
/// let report = Check::new(&Scenario::shipped(), lab).execute().await?;
/// for finding in &report.findings {
///     println!("{}: {}", finding.code, finding.remedy);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a check does nothing until it is executed"]
pub struct Check<'a> {
    scenario: &'a Scenario,
    place: Place,
    names: Names,
    account: String,
    region: Option<String>,
    invoke: Option<bool>,
    live: Option<Live>,
    journal: Option<PathBuf>,
    ledger: Arc<Ledger>,
    discord: DiscordWay,
    lang: Lang,
}

/// The drills of a live check.
struct Live {
    selection: Selection,
    timeout: Option<Duration>,
    on_event: Arc<dyn Fn(RunEvent) + Send + Sync>,
    stop: CancellationToken,
}

impl<'a> Check<'a> {
    /// A check of the pipeline at this place, by the names of the scenario.
    pub fn new(scenario: &'a Scenario, place: Place) -> Self {
        Self {
            scenario,
            place,
            names: Names::of(scenario),
            account: DEFAULT_ACCOUNT.to_owned(),
            region: None,
            invoke: None,
            live: None,
            journal: None,
            ledger: Arc::new(Ledger::default()),
            discord: DiscordWay::default(),
            lang: Lang::En,
        }
    }

    /// What to look for, in place of the scenario's names.
    pub fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    /// Whose pipeline, on an emulator: `000000000000` where this is not said. A real account is the credentials'.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// The Region, in place of the scenario's.
    pub fn region(mut self, region: Option<String>) -> Self {
        self.region = region;
        self
    }

    /// Whether to try a copy of the function on this machine, which runs somebody's code here. Where this is not said, it is
    /// tried if the pipeline stands in a lab on this machine, which runs the code here in any case.
    pub fn invoke(mut self, invoke: Option<bool>) -> Self {
        self.invoke = invoke;
        self
    }

    /// Runs drills on the pipeline as well: a group of the drill's own is opened, the function posts to what
    /// [`discord`](Self::discord) says meanwhile, and everything is put back.
    pub fn live(
        mut self,
        selection: Selection,
        timeout: Option<Duration>,
        on_event: impl Fn(RunEvent) + Send + Sync + 'static,
        stop: CancellationToken,
    ) -> Self {
        self.live = Some(Live { selection, timeout, on_event: Arc::new(on_event), stop });
        self
    }

    /// How the drills watch the Discord channel.
    pub fn discord(mut self, way: DiscordWay) -> Self {
        self.discord = way;
        self
    }

    /// The folder in which the journal of the drills is kept.
    pub fn journal(mut self, folder: Option<PathBuf>) -> Self {
        self.journal = folder;
        self
    }

    /// Where the drills enter what they have made and not yet removed.
    pub fn ledger(mut self, ledger: Arc<Ledger>) -> Self {
        self.ledger = ledger;
        self
    }

    /// The language of what is seen and found.
    pub fn lang(mut self, lang: Lang) -> Self {
        self.lang = lang;
        self
    }

    /// Checks.
    ///
    /// # Errors
    /// The target could not be opened, or the drill that was asked for is none of the scenario's.
    pub async fn execute(self) -> Result<Report, RunError> {
        let run_id = Uuid::now_v7().to_string();
        let (started, started_at) = (Instant::now(), Timestamp::now());
        let region = self.region.as_deref().unwrap_or(self.scenario.region.as_str());
        let target = Target::look_at(&self.place, region, &self.account, &run_id).await?;
        let facts = Box::pin(inspection::read(&target, &self.names)).await;
        let own_calls = inspection::read_own_calls(&target, &facts.functions).await;
        let subject = Subject::new(self.scenario, &target, self.names.clone());
        let mut judged = diagnosis::judge(&facts, &own_calls, self.scenario, subject.clone(), self.lang);
        if self.invoke.unwrap_or_else(|| target.is_lab_of_this_machine()) {
            let way = facts.way().filter(|_| !judged.has_wrong_input());
            for function in facts.functions.iter().filter(|function| matches!(function.configuration, Ok(Some(_)))) {
                let tried = Box::pin(trial::all(&target, function, way, &self.names, self.lang)).await;
                judged.add_trials(tried, &subject, self.lang);
            }
        }
        let metrics = diagnosis::metrics(&judged.findings, &facts);
        if !metrics.is_empty()
            && let Ok(counts) = inspection::read_metrics(&target, &metrics).await
        {
            let counted: Vec<_> = metrics.into_iter().zip(counts).collect();
            judged.add_counted(&counted, &facts, self.lang);
        }
        let wrong = judged.findings.iter().any(|finding| finding.severity == Severity::Error);
        // What nobody could look at is never a pass.
        let verdict = match (wrong, judged.unanswered) {
            (true, _) => Verdict::Failed,
            (false, 0) => Verdict::Passed,
            (false, _) => Verdict::Error,
        };
        let shown = TargetReport::of(&target);
        target.close().await;
        let looked = Report {
            format_version: FORMAT_VERSION,
            run_id,
            scenario: self.scenario.name.to_string(),
            target: shown,
            discord: None,
            verdict,
            interrupted: false,
            started_at,
            duration_ms: started.elapsed().as_secs_f64() * 1000.0,
            harness_ms: None,
            calls: None,
            drills: Vec::new(),
            inspection: Some(judged.inspection),
            findings: judged.findings,
            cleanup: Cleanup::default(),
        };
        match self.live {
            Some(live) => {
                let run = Run::new(self.scenario)
                    .on(self.place)
                    .account(self.account)
                    .region(self.region)
                    .adopt(self.names)
                    .discord(self.discord)
                    .journal(self.journal)
                    .ledger(self.ledger)
                    .select(live.selection)
                    .timeout(live.timeout)
                    .lang(self.lang)
                    .on_event(move |event| (live.on_event)(event))
                    .stop_with(live.stop);
                // Boxed: the futures of a check and of a run together are more than the stack of a test's thread has room for.
                let drilled = Box::pin(run.execute()).await?;
                Ok(together(looked, drilled, started))
            }
            None => Ok(looked),
        }
    }
}

/// One report of what was looked at and what the drills showed. What both found is said once, in the words of the first:
/// it has seen more of it.
fn together(looked: Report, drilled: Report, started: Instant) -> Report {
    let mut findings = looked.findings;
    for finding in drilled.findings {
        if !findings.iter().any(|known| known.code == finding.code && known.hop == finding.hop) {
            findings.push(finding);
        }
    }
    // What is known to be wrong stays known, also where the drills could not find out.
    let verdict = match (looked.verdict, drilled.verdict) {
        (Verdict::Failed, _) | (_, Verdict::Failed) => Verdict::Failed,
        (one, other) => one.max(other),
    };
    Report {
        verdict,
        duration_ms: started.elapsed().as_secs_f64() * 1000.0,
        started_at: looked.started_at,
        inspection: looked.inspection,
        findings,
        ..drilled
    }
}
