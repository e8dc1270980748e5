//! `GetMetricStatistics`: one metric, in periods from the start that the caller gives.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dimension::{Dimension, check_namespace, check_unit, metric};
use super::error::{combination, invalid};
use super::gauge;
use super::statistic::Statistic;
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::stamp::Stamp;
use crate::metrics::{Sample, Unit, minute_of};

/// How many data points an answer has.
const MOST: i64 = 1440;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetMetricStatistics {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    start_time: Stamp,
    end_time: Stamp,
    period: i64,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    extended_statistics: Vec<String>,
    unit: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    label: String,
    datapoints: Vec<Datapoint>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint {
    timestamp: Stamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum: Option<f64>,
    unit: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extended_statistics: BTreeMap<String, f64>,
}

/// Whether a period is one of those that CloudWatch has.
pub(super) fn is_period(period: i64) -> bool {
    matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0)
}

pub(super) fn get(cloud: &Cloud, call: &Call) -> Result<Reply, AwsError> {
    let input: GetMetricStatistics = call.input()?;
    check_namespace(&input.namespace)?;
    check_unit(input.unit.as_deref(), "Unit")?;
    let metric = metric(&call.scope, &input.namespace, &input.metric_name, input.dimensions, "")?;
    let (start, end, period) = (input.start_time.0, input.end_time.0, input.period);
    if !is_period(period) {
        return Err(invalid(format!(
            "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60, and not {period}."
        )));
    }
    // In whole seconds, as CloudWatch keeps them.
    if start.as_second() >= end.as_second() {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    let statistics = Asked::of(&input.statistics, &input.extended_statistics)?;
    let start = if period < 60 { start.as_second() } else { minute_of(start) };
    let points = (end.as_second() - start).div_euclid(period);
    if points > MOST {
        return Err(combination(format!(
            "You have requested up to {points} datapoints, which exceeds the limit of {MOST}. You may reduce the \
             datapoints requested by increasing Period, or decreasing the time range."
        )));
    }
    gauge::sample(cloud);
    let mut periods: BTreeMap<(i64, Unit), Sample> = BTreeMap::new();
    // The last second counts when it has begun.
    for ((second, unit), sample) in cloud.metrics.data(&metric, start, ceiling(end)) {
        if input.unit.as_ref().is_none_or(|wanted| unit == *wanted) {
            let begin = start + (second - start).div_euclid(period) * period;
            periods.entry((begin, unit)).or_default().merge(&sample);
        }
    }
    let datapoints = periods.iter().filter_map(|((second, unit), sample)| statistics.datapoint(*second, unit, sample));
    call.reply(&Answer { label: input.metric_name, datapoints: datapoints.collect() })
}

/// The first second that does not begin before a time.
pub(super) fn ceiling(time: Timestamp) -> i64 {
    time.as_second() + i64::from(time.subsec_nanosecond() > 0)
}

/// The statistics that a caller asks for.
struct Asked {
    plain: Vec<Statistic>,
    extended: Vec<(String, Statistic)>,
}

impl Asked {
    fn of(plain: &[String], extended: &[String]) -> Result<Self, AwsError> {
        if plain.is_empty() && extended.is_empty() {
            return Err(combination(
                "At least one of the parameters Statistics and ExtendedStatistics must be specified.",
            ));
        }
        if !plain.is_empty() && !extended.is_empty() {
            return Err(combination(
                "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have specified both.",
            ));
        }
        if extended.len() > 10 {
            return Err(invalid("The collection ExtendedStatistics must not have a size greater than 10."));
        }
        let wrong = |name: &str, list: &str, n: usize| {
            invalid(format!("The value {name} for parameter {list}.member.{} is invalid.", n + 1))
        };
        let each = plain.iter().enumerate();
        let plain = each.map(|(n, name)| Statistic::plain(name).ok_or_else(|| wrong(name, "Statistics", n)));
        let each = extended.iter().enumerate();
        let extended = each.map(|(n, name)| {
            let statistic = Statistic::extended(name, || wrong(name, "ExtendedStatistics", n))?;
            Ok((name.clone(), statistic))
        });
        Ok(Self { plain: plain.collect::<Result<_, _>>()?, extended: extended.collect::<Result<_, _>>()? })
    }

    fn datapoint(&self, second: i64, unit: &str, sample: &Sample) -> Option<Datapoint> {
        let plain = |wanted: Statistic| self.plain.contains(&wanted).then(|| wanted.of(sample)).flatten();
        let extended = self.extended.iter().filter_map(|(name, one)| Some((name.clone(), one.of(sample)?)));
        Some(Datapoint {
            timestamp: Stamp(Timestamp::from_second(second).ok()?),
            sample_count: plain(Statistic::SampleCount),
            average: plain(Statistic::Average),
            sum: plain(Statistic::Sum),
            minimum: plain(Statistic::Minimum),
            maximum: plain(Statistic::Maximum),
            unit: unit.to_owned(),
            extended_statistics: extended.collect(),
        })
    }
}
