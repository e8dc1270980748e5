//! From a pipeline as it stands to findings: one file a hop, each a judgement of the [`Facts`] that makes no call.
//!
//! Every hop is judged, whatever came before it: two mistakes at once are both named. A hop that cannot be judged because
//! the one before it is missing (the subscriptions of a topic that is not there) says nothing.

mod api;
mod discord;
mod function;
mod mail;
mod queue;
mod rule;
mod topic;
mod trail;

use serde_json::Value;

use super::catalogue::{self, Subject};
use super::changes::{Change, Site};
use super::finding::{Code, Finding, Severity};
use super::tried;
use crate::inspection::{Fact, Facts, Metric, Unknown};
use crate::report::{ChangeInspection, HopInspection, Inspection, Standing, UnknownCheck};
use crate::scenario::{Drill, Hop, Scenario};
use crate::text::Lang;
use crate::trial::Tried;

/// The group that changes are tried on.
pub(crate) const GROUP_ID: &str = "sg-0a1b2c3d4e5f60718";

/// What the facts mean.
pub(crate) struct Judgement {
    pub(crate) inspection: Inspection,
    pub(crate) findings: Vec<Finding>,
    /// How many checks were unknown although the target could have answered.
    pub(crate) unanswered: usize,
}

impl Judgement {
    /// Whether what the rule makes of an event is wrong.
    pub(crate) fn has_wrong_input(&self) -> bool {
        let wrong = [Code::RuleInputLosesEvent, Code::RuleInvalidInput];
        self.findings.iter().any(|finding| wrong.contains(&finding.code))
    }

    /// Takes in what AWS has counted of what was found. It decides nothing, so that neither does a call that is refused.
    pub(crate) fn add_counted(&mut self, counted: &[(Metric, f64)], facts: &Facts, lang: Lang) {
        super::counted::add(&mut self.findings, facts, counted, lang);
    }

    /// Takes in what came of trying a function.
    pub(crate) fn add_trials(&mut self, tried: Fact<Vec<Tried>>, subject: &Subject<'_>, lang: Lang) {
        let reason = match &tried {
            Err(unknown) => Some(unknown.to_string()),
            Ok(tried) => tried::unknown(tried, lang),
        };
        if let Some(reason) = reason {
            self.unanswered += 1;
            let function = self.inspection.hops.iter_mut().find(|inspected| inspected.hop == Hop::Function);
            if let Some(function) = function {
                function.unknown.push(UnknownCheck { code: Code::FunctionFailed, reason, incapable: false });
            }
        }
        let tried = tried.unwrap_or_default();
        self.findings.extend(tried::findings(&tried, subject, lang));
        self.inspection.trials.extend(tried.into_iter().map(|one| one.trial));
        self.settle();
    }

    /// Puts the findings in order, and says of each hop how it stands.
    fn settle(&mut self) {
        // In the order of the ladder, so that the first is the one to mend first; what is only a warning comes last.
        self.findings.sort_by_key(|finding| (finding.severity == Severity::Warning, finding.hop));
        for inspected in &mut self.inspection.hops {
            let of_hop = |severity| {
                self.findings.iter().any(|finding| finding.hop == inspected.hop && finding.severity == severity)
            };
            inspected.standing = match () {
                () if of_hop(Severity::Error) => Standing::Wrong,
                () if of_hop(Severity::Warning) => Standing::Warned,
                () if !inspected.unknown.is_empty() => Standing::Unknown,
                () => Standing::Right,
            };
        }
    }
}

/// A judgement in the making.
struct Judge<'a> {
    facts: &'a Facts,
    /// What the functions have done in EC2 lately, by their records.
    own_calls: &'a Fact<Vec<Value>>,
    scenario: &'a Scenario,
    subject: Subject<'a>,
    lang: Lang,
    findings: Vec<Finding>,
    hops: Vec<HopInspection>,
    changes: Vec<ChangeInspection>,
    /// How many checks were unknown although the target could have answered.
    unanswered: usize,
}

/// Judges every hop.
pub(crate) fn judge(
    facts: &Facts,
    own_calls: &Fact<Vec<Value>>,
    scenario: &Scenario,
    subject: Subject<'_>,
    lang: Lang,
) -> Judgement {
    let hops =
        Hop::LADDER.map(|hop| HopInspection { hop, standing: Standing::Right, seen: Vec::new(), unknown: Vec::new() });
    let mut judge = Judge {
        facts,
        own_calls,
        scenario,
        subject,
        lang,
        findings: Vec::new(),
        hops: hops.into(),
        changes: Vec::new(),
        unanswered: 0,
    };
    api::judge(&mut judge);
    trail::judge(&mut judge);
    let message = rule::judge(&mut judge);
    topic::judge(&mut judge);
    // What stands behind a topic that is not there went with it.
    if !matches!(facts.topic.attributes, Ok(None)) && facts.topic.meant.is_none() {
        queue::judge(&mut judge, message.as_deref());
        function::judge(&mut judge, message.as_deref());
        discord::judge(&mut judge);
        mail::judge(&mut judge, message.as_deref());
    }
    judge.end()
}

impl Judge<'_> {
    /// Notes what is there.
    fn see(&mut self, hop: Hop, seen: impl Into<String>) {
        if let Some(inspected) = self.hops.iter_mut().find(|inspected| inspected.hop == hop) {
            inspected.seen.push(seen.into());
        }
    }

    /// Notes what could not be looked at.
    fn unknown(&mut self, hop: Hop, code: Code, unknown: &Unknown) {
        self.unanswered += usize::from(!unknown.incapable);
        if let Some(inspected) = self.hops.iter_mut().find(|inspected| inspected.hop == hop) {
            inspected.unknown.push(UnknownCheck { code, reason: unknown.to_string(), incapable: unknown.incapable });
        }
    }

    /// What is known; otherwise it is noted that it is not.
    fn known<'f, T>(&mut self, hop: Hop, code: Code, fact: &'f Fact<T>) -> Option<&'f T> {
        match fact {
            Ok(known) => Some(known),
            Err(unknown) => {
                self.unknown(hop, code, unknown);
                None
            }
        }
    }

    /// Names a cause that silences the alarm.
    fn wrong(&mut self, hop: Hop, code: Code, evidence: Vec<String>) {
        let subject = self.subject.clone();
        self.find(hop, code, Severity::Error, evidence, &subject);
    }

    /// Names something to know.
    fn warn(&mut self, hop: Hop, code: Code, evidence: Vec<String>) {
        let subject = self.subject.clone();
        self.find(hop, code, Severity::Warning, evidence, &subject);
    }

    fn find(&mut self, hop: Hop, code: Code, severity: Severity, evidence: Vec<String>, subject: &Subject<'_>) {
        self.findings.push(catalogue::finding(code, hop, severity, evidence, subject, self.lang));
    }

    fn site(&self) -> Site<'_> {
        Site { account: &self.facts.account, region: &self.facts.region, group_id: GROUP_ID }
    }

    /// The change that the scenario's default drill makes, as an event.
    fn drill_event(&self) -> Value {
        change_of(self.scenario.default_drill()).event(&self.site())
    }

    fn end(self) -> Judgement {
        let inspection = Inspection { hops: self.hops, changes: self.changes, trials: Vec::new() };
        let mut judgement = Judgement { inspection, findings: self.findings, unanswered: self.unanswered };
        judgement.settle();
        judgement
    }
}

/// The change that a drill makes.
fn change_of(drill: &Drill) -> Change {
    let name = drill.action.event_name();
    Change::ALL.into_iter().find(|change| change.event_name() == name).unwrap_or(Change::AddInbound)
}

/// The names of the events that a required drill of the scenario waits for.
pub(crate) fn required_events(scenario: &Scenario) -> Vec<&'static str> {
    let drills = scenario.drills.iter();
    let alerting = drills.filter(|drill| drill.required && matches!(drill.expect, crate::scenario::Expect::Alert(_)));
    alerting.map(|drill| drill.action.event_name()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::{RuleFound, TopicFacts};
    use crate::scenario::TargetKind;

    /// What is read where the caller may ask nothing.
    fn denied<T>() -> Fact<T> {
        Err(Unknown::here("iam:Whatever", "AccessDenied: not authorized".to_owned()))
    }

    #[test]
    fn what_nobody_may_look_at_is_unknown_and_never_right() {
        let scenario = Scenario::shipped();
        let (region, account) = ("ap-northeast-2", "111122223333");
        let subject = Subject::of(&scenario, region, account, crate::inspection::Names::of(&scenario));
        let topic = TopicFacts {
            arn: subject.topic_arn.clone(),
            targeted: false,
            attributes: denied(),
            key: None,
            subscriptions: denied(),
            meant: None,
            rules: denied(),
        };
        let facts = Facts {
            kind: TargetKind::Aws,
            region: region.to_owned(),
            account: account.to_owned(),
            groups: denied(),
            trails: denied(),
            trails_elsewhere: Vec::new(),
            trail_bucket: None,
            rule: RuleFound::Unknown(Unknown::here("events:ListRules", "AccessDenied".to_owned())),
            topic,
            queues: Vec::new(),
            functions: Vec::new(),
        };
        let judged = judge(&facts, &denied(), &scenario, subject, Lang::En);
        assert!(judged.findings.is_empty(), "{:#?}", judged.findings);
        assert!(judged.unanswered >= 5, "{}", judged.unanswered);
        for inspected in
            judged.inspection.hops.iter().filter(|hop| !matches!(hop.hop, Hop::Bus | Hop::Queue | Hop::Discord))
        {
            assert_eq!(inspected.standing, Standing::Unknown, "{inspected:?}");
            assert!(inspected.unknown[0].reason.contains("AccessDenied"), "{inspected:?}");
        }
    }
}
