//! Which metric a call means: namespace, name, dimensions and unit.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::invalid;
use crate::gateway::error::AwsError;
use crate::metrics::Metric;
use crate::scope::Scope;

/// A dimension as the API has it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Dimension {
    pub(super) name: String,
    pub(super) value: String,
}

impl Dimension {
    /// The dimensions of a metric, in the order of their names.
    pub(super) fn of(metric: &Metric) -> Vec<Self> {
        let of = |(name, value): (&Cow<'static, str>, &String)| Self { name: name.to_string(), value: value.clone() };
        metric.dimensions.iter().map(of).collect()
    }
}

/// The units that CloudWatch knows.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// Refuses a unit that CloudWatch does not know; `parameter` is its name.
pub(super) fn check_unit(unit: Option<&str>, parameter: &str) -> Result<(), AwsError> {
    match unit {
        Some(unit) if !UNITS.contains(&unit) => {
            Err(invalid(format!("The value {unit} for parameter {parameter} is invalid.")))
        }
        _ => Ok(()),
    }
}

/// Refuses a namespace that cannot be one.
pub(super) fn check_namespace(namespace: &str) -> Result<(), AwsError> {
    if namespace.is_empty() || namespace.chars().count() > 255 || namespace.starts_with(':') {
        return Err(invalid(format!("The value {namespace} for parameter Namespace is invalid.")));
    }
    Ok(())
}

/// The metric of a namespace, a name and dimensions; `at` is where the parameters stand, with its dot.
pub(super) fn metric(
    scope: &Scope,
    namespace: &str,
    name: &str,
    dimensions: Vec<Dimension>,
    at: &str,
) -> Result<Metric, AwsError> {
    let is_text = |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
    if !is_text(name, 255) {
        return Err(invalid(format!("The value {name} for parameter {at}MetricName is invalid.")));
    }
    if dimensions.len() > 30 {
        return Err(invalid(format!("The collection {at}Dimensions must not have a size greater than 30.")));
    }
    let mut by_name = BTreeMap::new();
    for (Dimension { name, value }, n) in dimensions.into_iter().zip(1..) {
        let is_name = is_text(&name, 255) && name.is_ascii() && !name.starts_with(':');
        if !is_name {
            return Err(invalid(format!("The value {name} for parameter {at}Dimensions.member.{n}.Name is invalid.")));
        }
        if !is_text(&value, 1024) {
            return Err(invalid(format!(
                "The value {value} for parameter {at}Dimensions.member.{n}.Value is invalid."
            )));
        }
        if by_name.insert(Cow::Owned(name), value).is_some() {
            return Err(invalid(format!("The collection {at}Dimensions contains a name twice.")));
        }
    }
    Ok(Metric {
        scope: scope.clone(),
        namespace: namespace.to_owned().into(),
        name: name.to_owned().into(),
        dimensions: by_name,
    })
}
