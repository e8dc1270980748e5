//! What a finding is about.

use alert_drill_lab::pattern::Pattern;

use crate::diagnosis::changes::{Change, Site};
use crate::diagnosis::hops::{GROUP_ID, required_events};
use crate::inspection::{Names, RuleFacts};
use crate::scenario::Scenario;
use crate::target::Target;

/// The pipeline that a finding is about, by its names; and the very thing, where it is none of the named ones.
#[derive(Clone, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) names: Names,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// The topic's ARN.
    pub(crate) topic_arn: String,
    /// The function's ARN.
    pub(crate) function_arn: String,
    /// An event pattern that matches what the scenario's drills do, on one line.
    pub(crate) event_pattern: String,
    /// Whom the topic has to send e-mail to.
    pub(crate) email: Option<&'a str>,
    /// The subscription, the target, the key or the receiver that it is about.
    pub(crate) place: Option<&'a str>,
    /// The home Region of the trail of that name, where it covers that one only.
    pub(crate) trail_home: Option<&'a str>,
    /// The rule as it stands, where it was read.
    pub(crate) rule: Option<&'a RuleFacts>,
    /// A document that mends it: the policy or the event selectors that stand, with what they lack.
    pub(crate) document: Option<String>,
}

impl<'a> Subject<'a> {
    /// The pipeline of a scenario on a target, with these names.
    pub(crate) fn new(scenario: &'a Scenario, target: &'a Target, names: Names) -> Self {
        Self::of(scenario, &target.region, &target.account, names)
    }

    /// The pipeline of a scenario in a Region of an account, with these names.
    pub(crate) fn of(scenario: &'a Scenario, region: &'a str, account: &'a str, names: Names) -> Self {
        let pattern = right_pattern(scenario, region, account);
        Self {
            region,
            account,
            topic_arn: format!("arn:aws:sns:{region}:{account}:{}", names.topic),
            function_arn: format!("arn:aws:lambda:{region}:{account}:function:{}", names.function),
            event_pattern: pattern,
            email: scenario.pipeline.topic.email.as_ref().map(|email| email.as_str()),
            names,
            place: None,
            trail_home: None,
            rule: None,
            document: None,
        }
    }

    pub(crate) fn rule_arn(&self) -> String {
        format!("arn:aws:events:{}:{}:rule/{}", self.region, self.account, self.names.rule)
    }
}

/// The scenario's pattern; where that is itself what keeps the alarm silent, the one that alert-drill ships.
fn right_pattern(scenario: &Scenario, region: &str, account: &str) -> String {
    let site = Site { account, region, group_id: GROUP_ID };
    let required = required_events(scenario);
    let right = Pattern::parse(scenario.event_pattern.text()).is_ok_and(|pattern| {
        let changes = Change::ALL.into_iter().filter(|change| required.contains(&change.event_name()));
        changes.filter(|change| change.must_alert()).all(|change| pattern.matches(&change.event(&site)))
    });
    match right {
        true => scenario.event_pattern.json().to_string(),
        false => Scenario::shipped().event_pattern.json().to_string(),
    }
}
