//! The numbers that AWS keeps of deliveries: a refused one shows there, minutes later, and nowhere else.
//!
//! CloudWatch reads them, and takes in what callers put beside them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::scope::Scope;

/// What a series of numbers is of: `AWS/Events` `FailedInvocations` of one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Metric {
    /// The account and the Region.
    pub(crate) scope: Scope,
    /// The namespace, such as `AWS/SNS`.
    pub(crate) namespace: Cow<'static, str>,
    /// The metric's name, such as `NumberOfNotificationsFailed`.
    pub(crate) name: Cow<'static, str>,
    /// The dimensions by name, such as `TopicName`. A metric with other dimensions is another metric.
    pub(crate) dimensions: BTreeMap<Cow<'static, str>, String>,
}

impl Metric {
    /// A metric of a service's own.
    fn of_service(scope: &Scope, namespace: &'static str, name: &'static str, dimensions: Dimensions<'_>) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| (Cow::Borrowed(*name), (*value).to_owned()));
        Self { scope: scope.clone(), namespace: namespace.into(), name: name.into(), dimensions: dimensions.collect() }
    }
}

/// The dimensions of a service's metric.
pub(crate) type Dimensions<'a> = &'a [(&'static str, &'a str)];

/// What a number counts, as CloudWatch spells it. Data of one metric in two units are kept apart.
pub(crate) type Unit = Cow<'static, str>;

/// How many different values a sample tells apart.
const MOST_VALUES: usize = 10_000;

/// The values of a metric in one minute (or one second, for what callers put with high resolution).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample {
    /// How many values there are.
    pub(crate) count: f64,
    /// Their sum.
    pub(crate) sum: f64,
    /// The least of them.
    pub(crate) minimum: f64,
    /// The greatest of them.
    pub(crate) maximum: f64,
    /// The values in their order with how often each occurs, for percentiles; none once a set of statistics came in, which
    /// has lost them, or once there are more than [`MOST_VALUES`].
    pub(crate) values: Option<Vec<(f64, f64)>>,
}

impl Sample {
    /// `times` the same value.
    pub(crate) fn of(value: f64, times: f64) -> Self {
        let values = Some(vec![(value, times)]);
        Self { count: times, sum: value * times, minimum: value, maximum: value, values }
    }

    /// Both samples in one.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.count == 0.0 {
            *self = other.clone();
            return;
        }
        if other.count == 0.0 {
            return;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.values = self.values.take().zip(other.values.as_ref()).and_then(|(all, more)| both(all, more));
    }
}

/// The values of two samples: a counter's are all the same, however often it counts.
fn both(mut all: Vec<(f64, f64)>, more: &[(f64, f64)]) -> Option<Vec<(f64, f64)>> {
    for (value, times) in more {
        match all.binary_search_by(|(one, _)| one.total_cmp(value)) {
            Ok(at) => all[at].1 += times,
            Err(at) => all.insert(at, (*value, *times)),
        }
    }
    (all.len() <= MOST_VALUES).then_some(all)
}

/// The data of a metric: by the second at which its minute begins, and by unit.
pub(crate) type Series = BTreeMap<(i64, Unit), Sample>;

/// The lab's metrics.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    series: Mutex<BTreeMap<Metric, Series>>,
}

impl Metrics {
    /// Adds one to a counter.
    pub(crate) fn count(
        &self,
        scope: &Scope,
        namespace: &'static str,
        name: &'static str,
        dimension: (&'static str, &str),
    ) {
        self.record(scope, namespace, name, &[dimension], 1.0, "Count");
    }

    /// Notes a value of a service's metric.
    pub(crate) fn record(
        &self,
        scope: &Scope,
        namespace: &'static str,
        name: &'static str,
        dimensions: Dimensions<'_>,
        value: f64,
        unit: &'static str,
    ) {
        let minute = minute_of(Timestamp::now());
        self.put(Metric::of_service(scope, namespace, name, dimensions), minute, unit.into(), &Sample::of(value, 1.0));
    }

    /// Notes what a quantity is at this minute: unlike a count, it is taken once a minute, and a later look replaces it.
    pub(crate) fn gauge(
        &self,
        scope: &Scope,
        namespace: &'static str,
        name: &'static str,
        dimensions: Dimensions<'_>,
        value: f64,
        unit: &'static str,
    ) {
        let metric = Metric::of_service(scope, namespace, name, dimensions);
        let minute = minute_of(Timestamp::now());
        self.series().entry(metric).or_default().insert((minute, unit.into()), Sample::of(value, 1.0));
    }

    /// Adds a sample to a metric, at a second.
    pub(crate) fn put(&self, metric: Metric, second: i64, unit: Unit, sample: &Sample) {
        self.series().entry(metric).or_default().entry((second, unit)).or_default().merge(sample);
    }

    /// The data of a metric from one second to before another.
    pub(crate) fn data(&self, metric: &Metric, from: i64, to: i64) -> Vec<((i64, Unit), Sample)> {
        let series = self.series();
        let Some(data) = series.get(metric).filter(|_| from < to) else { return Vec::new() };
        let found = data.range((from, Unit::default())..(to, Unit::default()));
        found.map(|(key, sample)| (key.clone(), sample.clone())).collect()
    }

    /// The metrics of an account and a Region that fit, each with the second of its newest data.
    pub(crate) fn list(&self, scope: &Scope, fits: impl Fn(&Metric) -> bool) -> Vec<(Metric, i64)> {
        let series = self.series();
        let own = series.iter().filter(|(metric, _)| metric.scope == *scope && fits(metric));
        own.map(|(metric, data)| (metric.clone(), data.keys().next_back().map_or(0, |(second, _)| *second))).collect()
    }

    /// Every metric with its sum over all time.
    pub(crate) fn totals(&self) -> Vec<(Metric, f64)> {
        let sum = |data: &Series| data.values().map(|sample| sample.sum).sum();
        self.series().iter().map(|(metric, data)| (metric.clone(), sum(data))).collect()
    }

    /// Every metric with its sum, as a page or a snapshot shows it.
    pub(crate) fn shown(&self) -> Vec<Value> {
        let show = |(metric, sum): (Metric, f64)| {
            // Most counters have one dimension, and readers of the page look for it by `dimension`.
            let mut dimensions = metric.dimensions.iter();
            let dimension = dimensions.next().filter(|_| dimensions.next().is_none());
            json!({
                "account": metric.scope.account,
                "region": metric.scope.region,
                "namespace": metric.namespace,
                "name": metric.name,
                "dimension": dimension.map(|(name, value)| json!({ "name": name, "value": value })),
                "dimensions": metric.dimensions,
                "sum": sum,
            })
        };
        self.totals().into_iter().map(show).collect()
    }

    /// The sum of a counter over all time.
    #[cfg(test)]
    pub(crate) fn total(&self, scope: &Scope, namespace: &str, name: &str, value: &str) -> f64 {
        let wanted = self.totals().into_iter().filter(|(metric, _)| {
            let is_of_value = metric.dimensions.len() == 1 && metric.dimensions.values().any(|one| one == value);
            metric.scope == *scope && metric.namespace == namespace && metric.name == name && is_of_value
        });
        wanted.map(|(_, total)| total).sum()
    }

    fn series(&self) -> MutexGuard<'_, BTreeMap<Metric, Series>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The second at which a time's minute begins.
pub(crate) fn minute_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60) * 60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_comes_again_takes_no_room() {
        let mut sample = Sample::default();
        for value in [2.0, 1.0, 2.0, 2.0] {
            sample.merge(&Sample::of(value, 1.0));
        }
        assert_eq!(sample.values.as_deref(), Some(&[(1.0, 1.0), (2.0, 3.0)][..]));
        for value in 0..MOST_VALUES {
            sample.merge(&Sample::of(value as f64 / 2.0, 1.0));
        }
        assert_eq!(sample.values.as_ref().map(Vec::len), Some(MOST_VALUES));
        sample.merge(&Sample::of(-1.0, 1.0));
        assert_eq!((sample.values, sample.count), (None, MOST_VALUES as f64 + 5.0));
    }
}
