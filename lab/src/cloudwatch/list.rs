//! `ListMetrics`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::dimension::{Dimension, check_namespace, metric};
use super::error::{bad_token, invalid};
use super::gauge;
use crate::cloud::Cloud;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::metrics::Metric;

/// How many metrics a page has.
const PAGE: usize = 500;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListMetrics {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<DimensionFilter>,
    next_token: Option<String>,
    recently_active: Option<String>,
    include_linked_accounts: Option<bool>,
    owning_account: Option<String>,
}

/// A dimension that a metric must have, with any value if none is given.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DimensionFilter {
    name: String,
    value: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    metrics: Vec<InList>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InList {
    namespace: String,
    metric_name: String,
    dimensions: Vec<Dimension>,
}

/// The last metric of a page, as its token names it: it stays good when metrics come and go.
#[derive(Deserialize, Serialize)]
struct Token {
    namespace: String,
    name: String,
    dimensions: Vec<Dimension>,
}

pub(super) fn list(cloud: &Cloud, call: &Call) -> Result<Reply, AwsError> {
    let input: ListMetrics = call.input()?;
    if let Some(namespace) = &input.namespace {
        check_namespace(namespace)?;
    }
    if input.dimensions.len() > 10 {
        return Err(invalid("The collection Dimensions must not have a size greater than 10."));
    }
    if input.include_linked_accounts == Some(true) {
        return Err(call.unsupported_parameter("IncludeLinkedAccounts"));
    }
    if input.owning_account.as_ref().is_some_and(|account| *account != call.scope.account) {
        return Err(call.unsupported_parameter("OwningAccount"));
    }
    let since = match input.recently_active.as_deref() {
        None => i64::MIN,
        Some("PT3H") => call.time.as_second() - 3 * 3600,
        Some(other) => return Err(invalid(format!("The value {other} for parameter RecentlyActive is invalid."))),
    };
    let after = input.next_token.as_deref().map(|token| read_token(call, token)).transpose()?;
    gauge::sample(cloud);
    let fits = |metric: &Metric| {
        input.namespace.as_ref().is_none_or(|namespace| metric.namespace == *namespace)
            && input.metric_name.as_ref().is_none_or(|name| metric.name == *name)
            && input.dimensions.iter().all(|wanted| {
                let value = metric.dimensions.get(&Cow::Borrowed(wanted.name.as_str()) as &str);
                value.is_some_and(|value| wanted.value.as_ref().is_none_or(|wanted| wanted == value))
            })
            && after.as_ref().is_none_or(|after| metric > after)
    };
    let found = cloud.metrics.list(&call.scope, fits).into_iter().filter(|(_, newest)| *newest >= since);
    let mut found = found.map(|(metric, _)| metric);
    let page: Vec<Metric> = found.by_ref().take(PAGE).collect();
    let next_token = page.last().filter(|_| found.next().is_some()).map(write_token);
    call.reply(&Listed { metrics: page.iter().map(in_list).collect(), next_token })
}

fn in_list(metric: &Metric) -> InList {
    InList {
        namespace: metric.namespace.to_string(),
        metric_name: metric.name.to_string(),
        dimensions: Dimension::of(metric),
    }
}

fn write_token(last: &Metric) -> String {
    let (namespace, name) = (last.namespace.to_string(), last.name.to_string());
    let token = Token { namespace, name, dimensions: Dimension::of(last) };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
}

fn read_token(call: &Call, token: &str) -> Result<Metric, AwsError> {
    let token: Option<Token> = URL_SAFE_NO_PAD.decode(token).ok().and_then(|token| serde_json::from_slice(&token).ok());
    let token = token.ok_or_else(|| invalid("Request parameter NextToken is invalid"))?;
    metric(&call.scope, &token.namespace, &token.name, token.dimensions, "").map_err(|_| bad_token())
}
