//! CloudWatch's metrics: where AWS says, minutes later, that it could not deliver.
//!
//! The numbers are those of the lab's own services, by the minute, and what callers put beside them. Three protocols are
//! spoken, since CloudWatch's clients of today speak three; the gateway tells them apart.
//!
//! What surprises people: a metric that never counted does not exist (`FailedInvocations` is absent, not 0), data are
//! found by exactly the dimensions they were counted under, and `GetMetricData` cuts time into periods from 1970 on while
//! `GetMetricStatistics` cuts it from the start that the caller gives. Unlike in AWS, numbers are there at once, and none
//! expires.
//!
//! Not here, and refused by name: alarms, metric math, dashboards, streams, anomaly detectors, Contributor Insights, and
//! the trimmed statistics (`tm99` and its like).
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/>, and each service's page on its metrics.

mod data;
mod dimension;
pub(crate) mod error;
mod gauge;
mod list;
mod put;
mod statistic;
mod statistics;
#[cfg(test)]
mod tests;

use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::operations::operations;

/// CloudWatch, which has no state but the [`Metrics`](crate::metrics::Metrics).
#[derive(Debug, Default)]
pub(crate) struct CloudWatch;

impl CloudWatch {
    operations! { OPERATIONS =
        pub(crate) fn call(&self, cloud: &Cloud, call: &Call) -> Result<Reply, AwsError> match call.operation {
            "GetMetricData" => data::get(cloud, call),
            "GetMetricStatistics" => statistics::get(cloud, call),
            "ListMetrics" => list::list(cloud, call),
            "PutMetricData" => put::put(cloud, call),
            refused "DeleteAlarms", "DescribeAlarms", "GetDashboard", "PutDashboard", "PutMetricAlarm", "PutMetricStream",
                "SetAlarmState", "TagResource",
        }
    }

    /// Notes the quantities that AWS takes once a minute.
    pub(crate) fn sample(&self, cloud: &Cloud) {
        gauge::sample(cloud);
    }
}
