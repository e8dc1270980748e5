//! How SNS tries again when an HTTP endpoint fails, and what it tells the endpoint of the content.
//!
//! A topic's policy holds for its subscriptions; a subscription's own overrides it, unless the topic forbids that. The
//! default is three retries, 20 seconds apart.
//!
//! Source: "Creating an HTTP/S delivery policy" in the Amazon SNS Developer Guide.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::settings::Wrong;
use crate::gateway::error::AwsError;

/// The longest that all retries may take, and the longest delay, in seconds.
const LONGEST: u32 = 3600;

/// The content type that SNS announces unless told otherwise.
const CONTENT_TYPE: &str = "text/plain; charset=UTF-8";

/// The content types that a policy can choose.
const CONTENT_TYPES: &[&str] = &[
    CONTENT_TYPE,
    "text/plain",
    "text/css",
    "text/csv",
    "text/html",
    "text/xml",
    "application/atom+xml",
    "application/json",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
];

/// How delays grow in the backoff phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Backoff {
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

/// How often and when a delivery is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Retries {
    min_delay_target: u32,
    max_delay_target: u32,
    num_retries: u32,
    num_max_delay_retries: u32,
    num_no_delay_retries: u32,
    num_min_delay_retries: u32,
    backoff_function: Backoff,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    header_content_type: String,
}

/// What a delivery goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effective {
    pub(super) retries: Retries,
    pub(super) content_type: String,
}

/// The policy of a topic.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TopicPolicy {
    /// As SNS shows it.
    text: Option<String>,
    forbids_overrides: bool,
    retries: Option<Retries>,
    content: Option<Content>,
}

/// The policy of a subscription.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SubscriptionPolicy {
    /// As SNS shows it.
    pub(super) text: String,
    retries: Option<Retries>,
    content: Option<Content>,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            min_delay_target: 20,
            max_delay_target: 20,
            num_retries: 3,
            num_max_delay_retries: 0,
            num_no_delay_retries: 0,
            num_min_delay_retries: 0,
            backoff_function: Backoff::Linear,
        }
    }
}

impl Retries {
    /// The delay before each retry: at once, then the shortest, then growing, then the longest.
    pub(super) fn delays(&self) -> Vec<Duration> {
        let (shortest, longest) = (f64::from(self.min_delay_target), f64::from(self.max_delay_target));
        let fixed = self.num_no_delay_retries + self.num_min_delay_retries + self.num_max_delay_retries;
        let growing = self.num_retries.saturating_sub(fixed);
        let grown = |step: u32| {
            let part = if growing < 2 { 0.0 } else { f64::from(step) / f64::from(growing - 1) };
            let part = match self.backoff_function {
                Backoff::Linear => part,
                Backoff::Arithmetic => part * (1.0 + part) / 2.0,
                Backoff::Geometric => part * part,
                Backoff::Exponential => (f64::exp2(part * 4.0) - 1.0) / 15.0,
            };
            shortest + (longest - shortest) * part
        };
        let repeated = |delay: f64, times: u32| (0..times).map(move |_| delay);
        repeated(0.0, self.num_no_delay_retries)
            .chain(repeated(shortest, self.num_min_delay_retries))
            .chain((0..growing).map(grown))
            .chain(repeated(longest, self.num_max_delay_retries))
            .map(Duration::from_secs_f64)
            .collect()
    }

    fn check(&self, name: &str) -> Result<(), Wrong> {
        let refuse = |what: String| Err(Wrong::Value(format!("DeliveryPolicy: {name}.{what}")));
        if self.min_delay_target < 1 || self.min_delay_target > self.max_delay_target {
            return refuse("minDelayTarget must be at least 1 and at most maxDelayTarget".to_owned());
        }
        if self.max_delay_target > LONGEST {
            return refuse(format!("maxDelayTarget must be less than or equal to {LONGEST}"));
        }
        if self.num_retries > 100 {
            return refuse("numRetries must be between 0 and 100".to_owned());
        }
        let phases = [self.num_no_delay_retries, self.num_min_delay_retries, self.num_max_delay_retries];
        if phases.iter().fold(0_u32, |sum, one| sum.saturating_add(*one)) > self.num_retries {
            return refuse(
                "numRetries must be greater than or equal to the sum of the retries of its phases".to_owned(),
            );
        }
        if self.delays().iter().sum::<Duration>() > Duration::from_secs(LONGEST.into()) {
            return refuse(format!("numRetries and the delays must not take more than {LONGEST} seconds in all"));
        }
        Ok(())
    }
}

impl Content {
    fn check(&self) -> Result<(), Wrong> {
        let value = &self.header_content_type;
        match CONTENT_TYPES.iter().any(|known| known.eq_ignore_ascii_case(value)) {
            true => Ok(()),
            false => Err(Wrong::Value(format!("DeliveryPolicy: headerContentType has the invalid value {value}"))),
        }
    }
}

fn malformed(error: serde_json::Error) -> Wrong {
    Wrong::Value(format!("DeliveryPolicy: {error}"))
}

fn check(
    retries: Option<&Retries>,
    content: Option<&Content>,
    throttle: Option<&Value>,
    name: &str,
) -> Result<(), Wrong> {
    if throttle.is_some_and(|throttle| !throttle.is_null()) {
        return Err(Wrong::Unsupported(AwsError::unsupported("throttlePolicy of a delivery policy")));
    }
    retries.map_or(Ok(()), |retries| retries.check(name))?;
    content.map_or(Ok(()), Content::check)
}

impl TopicPolicy {
    /// The empty text takes the policy away.
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Given {
            http: Http,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Http {
            default_healthy_retry_policy: Option<Retries>,
            #[serde(default)]
            disable_subscription_overrides: bool,
            default_throttle_policy: Option<Value>,
            default_request_policy: Option<Content>,
        }
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Given { http } = serde_json::from_str(text).map_err(malformed)?;
        let (retries, content) = (http.default_healthy_retry_policy, http.default_request_policy);
        let throttle = http.default_throttle_policy.as_ref();
        check(retries.as_ref(), content.as_ref(), throttle, "http.defaultHealthyRetryPolicy")?;
        let forbids_overrides = http.disable_subscription_overrides;
        let text = Some(Self::shown(text, forbids_overrides).map_err(malformed)?);
        Ok(Self { text, forbids_overrides, retries, content })
    }

    /// The policy as SNS shows it: what was given, without nulls, and always whether subscriptions may override it.
    fn shown(text: &str, forbids_overrides: bool) -> Result<String, serde_json::Error> {
        let given: Value = serde_json::from_str(text)?;
        let part =
            |name: &str| Some((name.to_owned(), given["http"].get(name).filter(|part| !part.is_null())?.clone()));
        let mut http = Map::new();
        http.extend(part("defaultHealthyRetryPolicy"));
        http.insert("disableSubscriptionOverrides".to_owned(), forbids_overrides.into());
        http.extend(part("defaultRequestPolicy"));
        Ok(json!({ "http": http }).to_string())
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The policy as SNS shows it, with what it fills in.
    pub(super) fn effective(&self) -> String {
        let Effective { retries, content_type } = self.for_subscription(None);
        json!({ "http": {
            "defaultHealthyRetryPolicy": retries,
            "disableSubscriptionOverrides": self.forbids_overrides,
            "defaultRequestPolicy": { "headerContentType": content_type },
        } })
        .to_string()
    }

    /// What a delivery to a subscription goes by.
    pub(super) fn for_subscription(&self, own: Option<&SubscriptionPolicy>) -> Effective {
        let own = own.filter(|_| !self.forbids_overrides);
        let retries = own.and_then(|own| own.retries.as_ref()).or(self.retries.as_ref());
        let content = own.and_then(|own| own.content.as_ref()).or(self.content.as_ref());
        Effective {
            retries: retries.cloned().unwrap_or_default(),
            content_type: content.map_or(CONTENT_TYPE, |content| &content.header_content_type).to_owned(),
        }
    }
}

impl SubscriptionPolicy {
    /// The empty text takes the policy away.
    pub(super) fn parse(text: &str) -> Result<Option<Self>, Wrong> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Given {
            healthy_retry_policy: Option<Retries>,
            sickly_retry_policy: Option<Value>,
            throttle_policy: Option<Value>,
            request_policy: Option<Content>,
            guaranteed: Option<bool>,
        }
        if text.is_empty() {
            return Ok(None);
        }
        let given: Given = serde_json::from_str(text).map_err(malformed)?;
        let (retries, content) = (given.healthy_retry_policy, given.request_policy);
        check(retries.as_ref(), content.as_ref(), given.throttle_policy.as_ref(), "healthyRetryPolicy")?;
        if given.sickly_retry_policy.is_some_and(|policy| !policy.is_null()) || given.guaranteed == Some(true) {
            let message = "DeliveryPolicy: sicklyRetryPolicy and guaranteed cannot be set";
            return Err(Wrong::Value(message.to_owned()));
        }
        let text = Self::shown(text).map_err(malformed)?;
        Ok(Some(Self { text, retries, content }))
    }

    /// The policy as SNS shows it: each part, null where it was not given.
    fn shown(text: &str) -> Result<String, serde_json::Error> {
        let given: Value = serde_json::from_str(text)?;
        let shown = json!({
            "healthyRetryPolicy": given["healthyRetryPolicy"],
            "sicklyRetryPolicy": null,
            "throttlePolicy": null,
            "requestPolicy": given["requestPolicy"],
            "guaranteed": false,
        });
        Ok(shown.to_string())
    }
}

impl Effective {
    /// The same for a message about the subscription itself, which is always announced as plain text.
    pub(super) fn of_plain_text(self) -> Self {
        Self { content_type: CONTENT_TYPE.to_owned(), ..self }
    }

    /// The policy of a subscription as SNS shows it.
    pub(super) fn shown(&self) -> String {
        json!({
            "healthyRetryPolicy": self.retries,
            "sicklyRetryPolicy": null,
            "throttlePolicy": null,
            "requestPolicy": { "headerContentType": self.content_type },
            "guaranteed": false,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(policy: &str) -> Vec<f64> {
        let policy = SubscriptionPolicy::parse(policy).unwrap();
        let effective = TopicPolicy::default().for_subscription(policy.as_ref());
        effective.retries.delays().iter().map(Duration::as_secs_f64).collect()
    }

    #[test]
    fn the_phases_follow_each_other() {
        assert_eq!(seconds(""), [20.0, 20.0, 20.0], "the default");
        let policy = r#"{"healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 5, "numRetries": 7,
            "numNoDelayRetries": 1, "numMinDelayRetries": 2, "numMaxDelayRetries": 1, "backoffFunction": "linear"}}"#;
        assert_eq!(seconds(policy), [0.0, 1.0, 1.0, 1.0, 3.0, 5.0, 5.0]);
        assert_eq!(seconds(&policy.replace("linear", "exponential"))[3..6], [1.0, 1.8, 5.0]);
    }

    #[test]
    fn a_subscription_overrides_its_topic_unless_forbidden() {
        let own = SubscriptionPolicy::parse(
            r#"{"healthyRetryPolicy": {"numRetries": 1}, "requestPolicy": {"headerContentType": "application/json"}}"#,
        )
        .unwrap();
        let topic = |forbids: bool| {
            let text = format!(
                r#"{{"http": {{"defaultHealthyRetryPolicy": {{"numRetries": 5}}, "disableSubscriptionOverrides": {forbids}}}}}"#
            );
            TopicPolicy::parse(&text).unwrap().for_subscription(own.as_ref())
        };
        assert_eq!((topic(false).retries.num_retries, topic(false).content_type.as_str()), (1, "application/json"));
        assert_eq!((topic(true).retries.num_retries, topic(true).content_type.as_str()), (5, CONTENT_TYPE));
    }

    #[test]
    fn impossible_policies_are_refused() {
        for (policy, why) in [
            (r#"{"healthyRetryPolicy": {"numRetries": 101}}"#, "between 0 and 100"),
            (r#"{"healthyRetryPolicy": {"minDelayTarget": 30}}"#, "at most maxDelayTarget"),
            (r#"{"healthyRetryPolicy": {"numRetries": 1, "numNoDelayRetries": 2}}"#, "the sum of the retries"),
            (r#"{"healthyRetryPolicy": {"maxDelayTarget": 3600, "numMaxDelayRetries": 2}}"#, "3600 seconds in all"),
            (r#"{"requestPolicy": {"headerContentType": "image/png"}}"#, "image/png"),
            (
                r#"{"throttlePolicy": {"maxReceivesPerSecond": 1}}"#,
                "NotImplemented: the lab does not support throttlePolicy",
            ),
            (r#"{"http": {}}"#, "unknown field"),
        ] {
            let refused = match SubscriptionPolicy::parse(policy).unwrap_err() {
                Wrong::Value(message) => message,
                Wrong::Unsupported(error) => error.to_string(),
                Wrong::Unknown => String::new(),
            };
            assert!(refused.contains(why), "{policy}: {refused}");
        }
    }
}
