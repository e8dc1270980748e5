//! `GetMetricData`: many metrics, in periods that begin where the clock's do.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dimension::{Dimension, check_namespace, check_unit, metric};
use super::error::{bad_token, validation};
use super::gauge;
use super::statistic::Statistic;
use super::statistics::{ceiling, is_period};
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::stamp::Stamp;
use crate::metrics::{Metric, Sample};

/// How many queries a call may make.
const MOST_QUERIES: usize = 500;

/// How many data points an answer has at the most.
const MOST_POINTS: usize = 100_800;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetMetricData {
    metric_data_queries: Vec<Query>,
    start_time: Stamp,
    end_time: Stamp,
    next_token: Option<String>,
    scan_by: Option<String>,
    max_datapoints: Option<i64>,
    // It is about the times in dynamic labels, which are refused.
    #[serde(rename = "LabelOptions")]
    _label_options: Option<LabelOptions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct LabelOptions {
    #[serde(rename = "Timezone")]
    _timezone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Query {
    id: String,
    metric_stat: Option<MetricStat>,
    expression: Option<String>,
    label: Option<String>,
    return_data: Option<bool>,
    period: Option<i64>,
    account_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricStat {
    metric: MetricInput,
    period: i64,
    stat: String,
    unit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MetricInput {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    metric_data_results: Vec<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    messages: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    id: String,
    label: String,
    timestamps: Vec<Stamp>,
    values: Vec<f64>,
    status_code: &'static str,
}

/// A query whose parameters are as they must be.
struct Checked {
    id: String,
    label: String,
    metric: Metric,
    period: i64,
    statistic: Statistic,
    unit: Option<String>,
    returned: bool,
}

pub(super) fn get(cloud: &Cloud, call: &Call) -> Result<Reply, AwsError> {
    let input: GetMetricData = call.input()?;
    let (start, end) = (input.start_time.0, input.end_time.0);
    // In whole seconds, as CloudWatch keeps them.
    match start.as_second().cmp(&end.as_second()) {
        Ordering::Less => {}
        Ordering::Equal => return Err(validation("The parameter StartTime must not equal parameter EndTime.")),
        Ordering::Greater => return Err(validation("The parameter EndTime must be greater than StartTime.")),
    }
    let newest_first = match input.scan_by.as_deref() {
        None | Some("TimestampDescending") => true,
        Some("TimestampAscending") => false,
        Some(other) => return Err(validation(format!("The value {other} for parameter ScanBy is invalid."))),
    };
    let most = match input.max_datapoints {
        None => MOST_POINTS,
        Some(most) => usize::try_from(most).ok().filter(|most| (1..=MOST_POINTS).contains(most)).ok_or_else(|| {
            validation(format!("The value {most} for parameter MaxDatapoints must be between 1 and {MOST_POINTS}."))
        })?,
    };
    let queries = check(call, input.metric_data_queries)?;
    gauge::sample(cloud);
    let results = queries.iter().filter(|query| query.returned).map(|query| {
        let mut points = query.points(cloud, start, end);
        if newest_first {
            points.reverse();
        }
        (query, points)
    });
    let skipped = input.next_token.as_deref().map(read_token).transpose()?.unwrap_or_default();
    let (metric_data_results, next_token) = page(results, skipped, most);
    call.reply(&Answer { metric_data_results, next_token, messages: [] })
}

fn check(call: &Call, queries: Vec<Query>) -> Result<Vec<Checked>, AwsError> {
    if queries.is_empty() {
        return Err(validation("The collection MetricDataQueries must not be empty."));
    }
    if queries.len() > MOST_QUERIES {
        let message = format!("The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.");
        return Err(validation(message));
    }
    let added = label_additions(&queries);
    let mut ids = BTreeSet::new();
    let mut checked = Vec::with_capacity(queries.len());
    for (query, n) in queries.into_iter().zip(1..) {
        let query = query.check(call, &format!("MetricDataQueries.member.{n}."), added)?;
        if !ids.insert(query.id.clone()) {
            return Err(validation(format!("The id {} is used by more than one of the MetricDataQueries.", query.id)));
        }
        checked.push(query);
    }
    if checked.iter().all(|query| !query.returned) {
        return Err(validation("At least one of the MetricDataQueries must have ReturnData true."));
    }
    Ok(checked)
}

/// What a label has behind the metric's name where the query gives none: what the queries differ by.
///
/// AWS's pages give no rule for it; this is the one that other emulators' tests of AWS's answers expect.
#[derive(Clone, Copy)]
struct LabelAdditions {
    stat: bool,
    period: bool,
}

fn label_additions(queries: &[Query]) -> LabelAdditions {
    let stats = || queries.iter().filter_map(|query| query.metric_stat.as_ref());
    let kinds: BTreeSet<_> = stats().map(|stat| &stat.stat).collect();
    let periods: BTreeSet<_> = stats().map(|stat| stat.period).collect();
    LabelAdditions { stat: kinds.len() > 1, period: periods.len() > 1 }
}

impl LabelAdditions {
    fn label(self, name: &str, stat: &str, period: i64) -> String {
        let mut label = name.to_owned();
        if self.stat {
            label = format!("{label} {stat}");
        }
        if self.period {
            label = format!("{label} {period}");
        }
        label
    }
}

impl Query {
    fn check(self, call: &Call, at: &str, added: LabelAdditions) -> Result<Checked, AwsError> {
        let begins_small = self.id.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins_small || !self.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || self.id.len() > 255 {
            return Err(validation(format!(
                "The value {} for parameter {at}Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
                self.id
            )));
        }
        if self.expression.is_some() {
            if self.metric_stat.is_some() {
                return Err(validation(format!(
                    "The parameters {at}Expression and {at}MetricStat are mutually exclusive and you have specified both."
                )));
            }
            return Err(call.unsupported_parameter(&format!("{at}Expression")));
        }
        let Some(stat) = self.metric_stat else {
            // The line break is AWS's.
            return Err(validation(format!("The parameter {at}MetricStat is required.\n")));
        };
        if self.period.is_some() {
            return Err(validation(format!("The parameter {at}Period is for expressions only.")));
        }
        if self.account_id.is_some_and(|account| account != call.scope.account) {
            return Err(call.unsupported_parameter(&format!("{at}AccountId")));
        }
        if self.label.as_ref().is_some_and(|label| label.contains("${")) {
            return Err(call.unsupported_parameter(&format!("{at}Label (a dynamic one)")));
        }
        let (namespace, name) =
            (stat.metric.namespace.unwrap_or_default(), stat.metric.metric_name.unwrap_or_default());
        check_namespace(&namespace)?;
        let metric =
            metric(&call.scope, &namespace, &name, stat.metric.dimensions, &format!("{at}MetricStat.Metric."))?;
        check_unit(stat.unit.as_deref(), &format!("{at}MetricStat.Unit"))?;
        if !is_period(stat.period) {
            return Err(validation(format!(
                "The parameter {at}MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60, and not {}.",
                stat.period
            )));
        }
        let wrong =
            || validation(format!("The value {} for parameter {at}MetricStat.Stat is not supported.", stat.stat));
        let statistic = Statistic::plain(&stat.stat).map_or_else(|| Statistic::extended(&stat.stat, wrong), Ok)?;
        Ok(Checked {
            id: self.id,
            label: self.label.unwrap_or_else(|| added.label(&name, &stat.stat, stat.period)),
            metric,
            period: stat.period,
            statistic,
            unit: stat.unit,
            returned: self.return_data.unwrap_or(true),
        })
    }
}

impl Checked {
    /// The values of every period that has any, oldest first.
    fn points(&self, cloud: &Cloud, start: Timestamp, end: Timestamp) -> Vec<(Stamp, f64)> {
        let begin = |second: i64| second.div_euclid(self.period) * self.period;
        let mut periods: BTreeMap<i64, Sample> = BTreeMap::new();
        for ((second, unit), sample) in cloud.metrics.data(&self.metric, begin(start.as_second()), ceiling(end)) {
            if self.unit.as_ref().is_none_or(|wanted| unit == *wanted) {
                periods.entry(begin(second)).or_default().merge(&sample);
            }
        }
        let point = |(second, sample): (i64, Sample)| {
            Some((Stamp(Timestamp::from_second(second).ok()?), self.statistic.of(&sample)?))
        };
        periods.into_iter().filter_map(point).collect()
    }
}

/// A page of the results: those that fit behind `skipped` data points.
fn page<'a>(
    results: impl Iterator<Item = (&'a Checked, Vec<(Stamp, f64)>)>,
    mut skipped: usize,
    most: usize,
) -> (Vec<Outcome>, Option<String>) {
    let (mut outcomes, mut given, before) = (Vec::new(), 0, skipped);
    let mut next_token = None;
    for (query, points) in results {
        let all = points.len();
        let here = skipped.min(all);
        skipped -= here;
        // What an earlier page has given whole is not given again.
        if here == all && all > 0 {
            continue;
        }
        let points: Vec<_> = points.into_iter().skip(here).take(most - given).collect();
        let is_whole = here + points.len() == all;
        if !is_whole && points.is_empty() {
            next_token = Some(write_token(before + given));
            break;
        }
        given += points.len();
        let (timestamps, values) = points.into_iter().unzip();
        let status_code = if is_whole { "Complete" } else { "PartialData" };
        outcomes.push(Outcome { id: query.id.clone(), label: query.label.clone(), timestamps, values, status_code });
        if !is_whole {
            next_token = Some(write_token(before + given));
            break;
        }
    }
    (outcomes, next_token)
}

fn write_token(given: usize) -> String {
    URL_SAFE_NO_PAD.encode(given.to_string())
}

fn read_token(token: &str) -> Result<usize, AwsError> {
    let text = URL_SAFE_NO_PAD.decode(token).ok().and_then(|text| String::from_utf8(text).ok());
    text.and_then(|text| text.parse().ok()).ok_or_else(bad_token)
}
