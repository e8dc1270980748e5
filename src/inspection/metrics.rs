//! What AWS has counted of a resource: minutes late, so that it supports what was found and decides nothing.
//!
//! Source: "Monitoring Amazon EventBridge", "Monitoring Amazon SNS topics using CloudWatch" and "Types of metrics for Lambda
//! functions" in their Developer Guides.

use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric as CloudWatchMetric, MetricDataQuery, MetricStat};

use super::{Fact, answered};
use crate::target::Target;

/// How long ago what counts may have happened.
const SINCE: Duration = Duration::from_secs(3 * 60 * 60);

const GET_METRIC_DATA: &str = "cloudwatch:GetMetricData";

/// A counter of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    /// `AWS/Events`.
    pub(crate) namespace: &'static str,
    /// `FailedInvocations`.
    pub(crate) name: &'static str,
    /// `RuleName`.
    pub(crate) dimension: &'static str,
    /// The resource's name.
    pub(crate) resource: String,
}

/// What each of these counters has counted [since](SINCE), in their order, by one call.
pub(crate) async fn read(target: &Target, metrics: &[Metric]) -> Fact<Vec<f64>> {
    let now = SystemTime::now();
    let queries = metrics.iter().enumerate().map(|(number, metric)| query(number, metric));
    let asked = target.clients.cloudwatch.get_metric_data().set_metric_data_queries(Some(queries.collect()));
    // The minute that has just begun is in it.
    let (from, until) = (DateTime::from(now - SINCE), DateTime::from(now + Duration::from_secs(60)));
    let answer = answered(GET_METRIC_DATA, asked.start_time(from).end_time(until).send().await)?;
    let sum = |number: usize| {
        let of_query = answer.metric_data_results().iter().filter(|result| result.id() == Some(id(number).as_str()));
        of_query.flat_map(|result| result.values()).sum()
    };
    Ok((0..metrics.len()).map(sum).collect())
}

/// A query's name begins with a small letter.
fn id(number: usize) -> String {
    format!("m{number}")
}

fn query(number: usize, metric: &Metric) -> MetricDataQuery {
    let dimension = Dimension::builder().name(metric.dimension).value(&metric.resource).build();
    let of = CloudWatchMetric::builder().namespace(metric.namespace).metric_name(metric.name).dimensions(dimension);
    let stat = MetricStat::builder().metric(of.build()).period(60).stat("Sum").build();
    MetricDataQuery::builder().id(id(number)).metric_stat(stat).build()
}
