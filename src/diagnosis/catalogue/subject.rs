//! What a finding is about.

use crate::inspection::Names;
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
    /// The scenario's event pattern, on one line.
    pub(crate) event_pattern: String,
    /// Whom the topic has to send e-mail to.
    pub(crate) email: Option<&'a str>,
    /// The subscription, the target, the key or the receiver that it is about.
    pub(crate) place: Option<&'a str>,
    /// A document that mends it: the policy that stands, with what it lacks.
    pub(crate) document: Option<String>,
}

impl<'a> Subject<'a> {
    /// The pipeline of a scenario on a target, with these names.
    pub(crate) fn new(scenario: &'a Scenario, target: &'a Target, names: Names) -> Self {
        let (region, account) = (target.region.as_str(), target.account.as_str());
        let pattern = scenario.event_pattern.text();
        Self {
            region,
            account,
            topic_arn: format!("arn:aws:sns:{region}:{account}:{}", names.topic),
            function_arn: format!("arn:aws:lambda:{region}:{account}:function:{}", names.function),
            // As it was written, where it is no JSON; loading has checked that it is.
            event_pattern: serde_json::from_str(pattern)
                .map_or_else(|_| pattern.to_owned(), |pattern: serde_json::Value| pattern.to_string()),
            email: scenario.pipeline.topic.email.as_ref().map(|email| email.as_str()),
            names,
            place: None,
            document: None,
        }
    }

    pub(super) fn rule_arn(&self) -> String {
        format!("arn:aws:events:{}:{}:rule/{}", self.region, self.account, self.names.rule)
    }
}
