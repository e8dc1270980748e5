//! What is valid and suspicious all the same.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use super::decode::{Decoded, DrillPlaces};
use super::files;
use super::mistake::{InvalidScenario, Mistake, Place, Plain, Sources, fancy};
use super::{Action, Drill, Expect, Scenario, TargetKind};

/// The shortest silence that shows anything.
const SHORTEST_SILENCE: Duration = Duration::from_millis(100);
/// The longest that CloudTrail took in the measurements of others on a trail that runs.
const USUAL_ALERT_ON_AWS: Duration = Duration::from_secs(90);

/// A valid scenario, and what is suspicious in it.
///
/// `Display` is the plain form: the warnings as mistakes are written, then the summary.
#[derive(Debug)]
pub struct Lint {
    /// The scenario.
    pub scenario: Scenario,
    /// One line: how many drills, how many of them are required.
    pub summary: String,
    /// What is suspicious, in the order of the file.
    pub warnings: Vec<Mistake>,
    sources: Sources,
}

impl Lint {
    /// The form for terminals, drawn to `width` columns.
    pub fn fancy(&self, width: usize, colour: bool) -> String {
        format!("{}{}\n", fancy(&self.warnings, &self.sources, width, colour), self.summary)
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Plain(&self.warnings, &self.sources), self.summary)
    }
}

/// Checks a scenario's folder or file, and looks for what is valid and suspicious.
///
/// # Errors
/// The scenario is not valid.
pub fn lint(path: &Path) -> Result<Lint, InvalidScenario> {
    let (decoded, sources) = files::load(path)?;
    Ok(examine(decoded, sources))
}

pub(super) fn examine(decoded: Decoded, sources: Sources) -> Lint {
    let Decoded { file, scenario, drills: places } = decoded;
    let text = sources.get(&file).map(String::as_str).unwrap_or_default();
    let mut warnings = Vec::new();
    let mut warn = |bytes: Option<Range<usize>>, message: String, hint: &str| {
        let place = bytes.map(|bytes| Place::of(text, bytes));
        warnings.push(Mistake { file: file.clone(), place, message, hint: Some(hint.to_owned()) });
    };
    let required = scenario.drills.iter().filter(|drill| drill.required).count();
    if required == 0 {
        warn(
            None,
            "no drill is required, so a run can never fail".to_owned(),
            "leave `required: false` out of one of them",
        );
    }
    for (drill, places) in scenario.drills.iter().zip(&places) {
        about_the_pattern(&scenario, drill, places, &mut warn);
        about_the_time(&scenario, drill, places, &mut warn);
        if let (true, Some(reason)) = (drill.required, &places.reason) {
            let message = format!("`{}` is required, so nobody reads its `reason`", drill.name);
            warn(Some(reason.clone()), message, "add `required: false`, or remove the reason");
        }
    }
    let summary = format!(
        "{}: {} {}, {required} required, {} advisory",
        scenario.name,
        scenario.drills.len(),
        if scenario.drills.len() == 1 { "drill" } else { "drills" },
        scenario.drills.len() - required
    );
    Lint { scenario, summary, warnings, sources }
}

fn about_the_pattern(
    scenario: &Scenario,
    drill: &Drill,
    places: &DrillPlaces,
    warn: &mut impl FnMut(Option<Range<usize>>, String, &str),
) {
    let Some(names) = scenario.event_pattern.event_names() else { return };
    let event = drill.action.event_name();
    match &drill.expect {
        Expect::Alert(_) if !names.contains(&event) => warn(
            Some(places.action.clone()),
            format!("`{}` expects an alert, and the event pattern does not name `{event}`", drill.name),
            "add the name to `detail.eventName` in the event pattern, or expect silence",
        ),
        // A dry run's record differs from the real one's (`errorCode`), and a pattern can tell them apart.
        Expect::Silence(_) if names.contains(&event) && !drill.action.is_dry_run() => warn(
            Some(places.action.clone()),
            format!("`{}` expects silence, and the event pattern names `{event}`", drill.name),
            "expect an alert, or take the name out of the event pattern",
        ),
        Expect::Alert(_) if matches!(drill.action, Action::DescribeGroups(_)) => warn(
            Some(places.action.clone()),
            format!("`{}` expects an alert of a call that only reads", drill.name),
            "EventBridge gives read-only calls to no rule in the state ENABLED; expect silence",
        ),
        Expect::Alert(_) | Expect::Silence(_) => {}
    }
}

fn about_the_time(
    scenario: &Scenario,
    drill: &Drill,
    places: &DrillPlaces,
    warn: &mut impl FnMut(Option<Range<usize>>, String, &str),
) {
    let at = |target| scenario.limit(drill, target);
    match &drill.expect {
        Expect::Silence(_) => {
            if let Some(target) = TargetKind::ALL.into_iter().find(|target| at(*target) < SHORTEST_SILENCE) {
                let message =
                    format!("`{}` listens for less than 100 ms on `{target}`, which shows nothing", drill.name);
                warn(Some(places.expect.clone()), message, "an alert must have had the time to arrive");
            } else if at(TargetKind::Aws) < USUAL_ALERT_ON_AWS {
                let message = format!("`{}` ends its silence on `aws` before an alert would arrive", drill.name);
                warn(Some(places.expect.clone()), message, "an alert takes 10 to 90 seconds there: listen for `2m`");
            }
        }
        Expect::Alert(_) if at(TargetKind::Aws) < USUAL_ALERT_ON_AWS => {
            let message = format!("`{}` gives an alert less time on `aws` than it usually takes", drill.name);
            warn(
                Some(places.expect.clone()),
                message,
                "an alert takes 10 to 90 seconds there, and much longer on a new trail",
            );
        }
        Expect::Alert(_) => {}
    }
}
