//! The counters that AWS keeps of deliveries: a refused one shows there, minutes later, and nowhere else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use crate::scope::Scope;

/// What a counter counts: `AWS/Events` `FailedInvocations` of one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Metric {
    /// The account.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The namespace, such as `AWS/SNS`.
    pub namespace: &'static str,
    /// The metric's name, such as `NumberOfNotificationsFailed`.
    pub name: &'static str,
    /// The dimension's name, such as `TopicName`.
    pub dimension: &'static str,
    /// The dimension's value.
    pub value: String,
}

/// The lab's counters, by the minute as CloudWatch keeps them.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    counts: Mutex<BTreeMap<Metric, BTreeMap<i64, f64>>>,
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
        let metric = Metric {
            account: scope.account.clone(),
            region: scope.region.clone(),
            namespace,
            name,
            dimension: dimension.0,
            value: dimension.1.to_owned(),
        };
        let minute = Timestamp::now().as_second().div_euclid(60);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(metric).or_default().entry(minute).or_default() += 1.0;
    }

    /// Every counter with its sum over all minutes.
    pub(crate) fn totals(&self) -> Vec<(Metric, f64)> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(metric, minutes)| (metric.clone(), minutes.values().sum())).collect()
    }

    /// The sum of a counter over all minutes.
    #[cfg(test)]
    pub(crate) fn total(&self, scope: &Scope, namespace: &str, name: &str, value: &str) -> f64 {
        let wanted = self.totals().into_iter().filter(|(metric, _)| {
            (metric.account.as_str(), metric.region.as_str()) == (&scope.account, &scope.region)
                && (metric.namespace, metric.name, metric.value.as_str()) == (namespace, name, value)
        });
        wanted.map(|(_, total)| total).sum()
    }
}
