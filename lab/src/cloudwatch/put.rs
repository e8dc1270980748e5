//! `PutMetricData`: numbers of the callers' own.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::dimension::{Dimension, check_namespace, check_unit, metric};
use super::error::{combination, invalid, missing};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::stamp::Stamp;
use crate::metrics::{Metric, Sample, Unit, minute_of};

/// How many numbers a call may bring.
const MOST_DATA: usize = 1000;

/// How many different values one of them may have.
const MOST_VALUES: usize = 150;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutMetricData {
    namespace: String,
    #[serde(default)]
    metric_data: Vec<Datum>,
    // What entities are metrics of is a matter of the console; without any, strictness has nothing to look at.
    #[serde(rename = "StrictEntityValidation")]
    _strict_entity_validation: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Datum {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    timestamp: Option<Stamp>,
    value: Option<Real>,
    statistic_values: Option<StatisticSet>,
    #[serde(default)]
    values: Vec<Real>,
    #[serde(default)]
    counts: Vec<Real>,
    unit: Option<String>,
    storage_resolution: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StatisticSet {
    sample_count: Real,
    sum: Real,
    minimum: Real,
    maximum: Real,
}

/// A number, or what is none: JSON has no word for it, and its clients write a text.
#[derive(Clone, Copy, Deserialize)]
#[serde(from = "Written")]
struct Real(f64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f64),
    Word(Word),
}

#[derive(Deserialize)]
enum Word {
    NaN,
    Infinity,
    #[serde(rename = "-Infinity")]
    MinusInfinity,
}

impl From<Written> for Real {
    fn from(written: Written) -> Self {
        Self(match written {
            Written::Number(number) => number,
            Written::Word(Word::NaN) => f64::NAN,
            Written::Word(Word::Infinity) => f64::INFINITY,
            Written::Word(Word::MinusInfinity) => f64::NEG_INFINITY,
        })
    }
}

pub(super) fn put(cloud: &Cloud, call: &Call) -> Result<Reply, AwsError> {
    let input: PutMetricData = call.input()?;
    check_namespace(&input.namespace)?;
    if input.namespace.starts_with("AWS/") {
        return Err(invalid("The value AWS/ for parameter Namespace is invalid."));
    }
    if input.metric_data.is_empty() {
        return Err(missing("The parameter MetricData is required."));
    }
    if input.metric_data.len() > MOST_DATA {
        return Err(invalid(format!("The collection MetricData must not have a size greater than {MOST_DATA}.")));
    }
    // All are looked at before one is kept.
    let mut checked = Vec::with_capacity(input.metric_data.len());
    for (datum, n) in input.metric_data.into_iter().zip(1..) {
        checked.push(datum.check(call, &input.namespace, &format!("MetricData.member.{n}."))?);
    }
    for (metric, second, unit, sample) in checked {
        cloud.metrics.put(metric, second, unit, &sample);
    }
    call.done()
}

impl Datum {
    fn check(self, call: &Call, namespace: &str, at: &str) -> Result<(Metric, i64, Unit, Sample), AwsError> {
        let sample = self.sample(at)?;
        check_unit(self.unit.as_deref(), &format!("{at}Unit"))?;
        let second = self.second(call.time, at)?;
        let metric = metric(&call.scope, namespace, &self.metric_name, self.dimensions, at)?;
        Ok((metric, second, self.unit.map_or(Unit::Borrowed("None"), Unit::Owned), sample))
    }

    fn second(&self, now: Timestamp, at: &str) -> Result<i64, AwsError> {
        let time = self.timestamp.map_or(now, |stamp| stamp.0);
        let age = now.duration_since(time);
        if age > SignedDuration::from_hours(14 * 24) || age < SignedDuration::from_hours(-2) {
            return Err(invalid(format!(
                "The parameter {at}Timestamp must specify a time within the past two weeks and no more than two hours in \
                 the future."
            )));
        }
        match self.storage_resolution {
            None | Some(60) => Ok(minute_of(time)),
            Some(1) => Ok(time.as_second()),
            Some(other) => Err(invalid(format!("The value {other} for parameter {at}StorageResolution is invalid."))),
        }
    }

    fn sample(&self, at: &str) -> Result<Sample, AwsError> {
        let given = [
            ("Value", self.value.is_some()),
            ("StatisticValues", self.statistic_values.is_some()),
            ("Values", !self.values.is_empty()),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
        if let [one, other, ..] = given.as_slice() {
            return Err(combination(format!(
                "The parameters {at}{one} and {at}{other} are mutually exclusive and you have specified both."
            )));
        }
        if !self.counts.is_empty() && self.values.len() != self.counts.len() {
            return Err(invalid(format!("The parameters {at}Values and {at}Counts must be of the same size.")));
        }
        let number = |value: f64, name: &str| {
            // CloudWatch keeps numbers of up to 2 to the 360th.
            if value.is_finite() && value.abs() <= 2_f64.powi(360) {
                return Ok(value);
            }
            Err(invalid(format!("The value {value} for parameter {at}{name} is invalid.")))
        };
        if let Some(Real(value)) = self.value {
            return Ok(Sample::of(number(value, "Value")?, 1.0));
        }
        if let Some(set) = &self.statistic_values {
            let StatisticSet {
                sample_count: Real(count),
                sum: Real(sum),
                minimum: Real(minimum),
                maximum: Real(maximum),
            } = *set;
            for (value, name) in [(sum, "Sum"), (minimum, "Minimum"), (maximum, "Maximum")] {
                number(value, &format!("StatisticValues.{name}"))?;
            }
            if !count.is_finite() || count <= 0.0 || minimum > maximum {
                return Err(invalid(format!("The parameter {at}StatisticValues is no set of statistics.")));
            }
            return Ok(Sample { count, sum, minimum, maximum, values: None });
        }
        if self.values.is_empty() {
            return Err(missing(format!(
                "At least one of the parameters {at}Value, {at}Values and {at}StatisticValues must be specified."
            )));
        }
        if self.values.len() > MOST_VALUES {
            return Err(invalid(format!("The collection {at}Values must not have a size greater than {MOST_VALUES}.")));
        }
        let mut sample = Sample::default();
        for (n, Real(value)) in self.values.iter().enumerate() {
            let times = self.counts.get(n).map_or(1.0, |count| count.0);
            if !times.is_finite() || times < 0.0 {
                return Err(invalid(format!(
                    "The value {times} for parameter {at}Counts.member.{} is invalid.",
                    n + 1
                )));
            }
            sample.merge(&Sample::of(number(*value, &format!("Values.member.{}", n + 1))?, times));
        }
        Ok(sample)
    }
}
