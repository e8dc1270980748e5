//! Starting and stopping a trail, its status, and its selectors.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::selector::{AdvancedSelector, ClassicSelector, Selectors};
use super::{CloudTrail, name};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct NamedTrail {
    trail_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEventSelectors {
    trail_name: String,
    event_selectors: Option<Vec<ClassicSelector>>,
    advanced_event_selectors: Option<Vec<AdvancedSelector>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutInsightSelectors {
    trail_name: String,
    insight_selectors: Vec<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InsightSelectors {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    insight_selectors: Vec<Value>,
}

#[derive(Serialize)]
struct TrailSelectors {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    #[serde(flatten)]
    selectors: Selectors,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TrailStatus {
    is_logging: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_logging_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_logging_time: Option<f64>,
    latest_delivery_attempt_time: String,
    latest_notification_attempt_time: &'static str,
    latest_notification_attempt_succeeded: &'static str,
    latest_delivery_attempt_succeeded: String,
    time_logging_started: String,
    time_logging_stopped: String,
}

impl CloudTrail {
    pub(super) fn set_logging(&self, call: &Call, logging: bool) -> Result<Reply, AwsError> {
        let Named { name } = call.input()?;
        let mut trails = self.trails();
        let status = &mut name::find_home(&mut trails, call, &name)?.status;
        status.logging = logging;
        *(if logging { &mut status.started } else { &mut status.stopped }) = Some(Timestamp::now());
        drop(trails);
        call.done()
    }

    /// Where a trail stands. What waits for its file is written first: the status is that of the newest record.
    pub(super) fn get_trail_status(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let Named { name } = call.input()?;
        let arn = name::find(&self.trails(), call, &name).map(|(arn, _)| arn.clone())?;
        self.flush(cloud, &arn);
        let trails = self.trails();
        let (_, trail) = name::find(&trails, call, &name)?;
        let status = &trail.status;
        let written = |at: Option<Timestamp>| at.map(time::seconds).unwrap_or_default();
        let status = TrailStatus {
            is_logging: status.logging,
            latest_delivery_error: status.latest_error.clone(),
            latest_delivery_time: status.latest_delivery.map(time::epoch),
            start_logging_time: status.started.map(time::epoch),
            stop_logging_time: status.stopped.map(time::epoch),
            latest_delivery_attempt_time: written(status.latest_attempt),
            latest_notification_attempt_time: "",
            latest_notification_attempt_succeeded: "",
            latest_delivery_attempt_succeeded: written(status.latest_delivery),
            time_logging_started: written(status.started),
            time_logging_stopped: written(status.stopped),
        };
        drop(trails);
        call.reply(&status)
    }

    pub(super) fn put_event_selectors(&self, call: &Call) -> Result<Reply, AwsError> {
        let PutEventSelectors { trail_name, event_selectors, advanced_event_selectors } = call.input()?;
        let arn = name::named(call, &trail_name)?;
        let selectors = Selectors::read(event_selectors, advanced_event_selectors)?;
        name::find_home(&mut self.trails(), call, &trail_name)?.selectors = selectors.clone();
        call.reply(&TrailSelectors { trail_arn: arn, selectors })
    }

    /// No trail of the lab looks for unusual activity; switching that off succeeds.
    pub(super) fn put_insight_selectors(&self, call: &Call) -> Result<Reply, AwsError> {
        let PutInsightSelectors { trail_name, insight_selectors } = call.input()?;
        if !insight_selectors.is_empty() {
            return Err(call.unsupported_parameter("InsightSelectors"));
        }
        let arn = name::named(call, &trail_name)?;
        name::find_home(&mut self.trails(), call, &trail_name)?;
        call.reply(&InsightSelectors { trail_arn: arn, insight_selectors })
    }

    pub(super) fn get_insight_selectors(&self, call: &Call) -> Result<Reply, AwsError> {
        let NamedTrail { trail_name } = call.input()?;
        let arn = name::find(&self.trails(), call, &trail_name).map(|(arn, _)| arn.clone())?;
        let message = format!(
            "Trail {arn} does not have Insights enabled. Edit the trail settings to enable Insights, and then try the \
             operation again."
        );
        Err(AwsError::bad_request("InsightNotEnabledException", message))
    }

    pub(super) fn get_event_selectors(&self, call: &Call) -> Result<Reply, AwsError> {
        let NamedTrail { trail_name } = call.input()?;
        let found = name::find(&self.trails(), call, &trail_name)
            .map(|(arn, trail)| TrailSelectors { trail_arn: arn.clone(), selectors: trail.selectors.clone() })?;
        call.reply(&found)
    }
}
