//! The trails, whether they log, and what they select.

use aws_sdk_cloudtrail::types::{AdvancedEventSelector, EventSelector, Trail};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Fact, Names, TrailFacts, TrailStatus, Unknown, answered};
use crate::target::Target;

/// What the account has of trails.
pub(super) struct Trails {
    /// Those that cover the Region.
    pub(super) covering: Vec<TrailFacts>,
    /// Those that do not, by name and home Region.
    pub(super) elsewhere: Vec<(String, String)>,
    /// A bucket that was made for a trail, where none covers the Region.
    pub(super) bucket: Option<String>,
}

pub(super) async fn read(target: &Target, names: &Names) -> Fact<Trails> {
    const DESCRIBE: &str = "cloudtrail:DescribeTrails";
    if !target.capabilities.serves_cloudtrail {
        let reason = format!("{} has no CloudTrail API", target.product);
        return Err(Unknown { call: DESCRIBE, reason, incapable: true });
    }
    // With the shadows of other Regions' trails, which log here too. It does not page.
    let described = target.clients.cloudtrail.describe_trails().include_shadow_trails(true).send().await;
    let described = answered(DESCRIBE, described)?;
    let covering: Vec<&Trail> = described.trail_list().iter().filter(|trail| covers(trail, &target.region)).collect();
    let mut trails = Vec::with_capacity(covering.len());
    for trail in covering {
        trails.push(one(target, trail).await);
    }
    let elsewhere = if trails.is_empty() { elsewhere(target).await } else { Vec::new() };
    let bucket = if trails.is_empty() { bucket(target, names).await } else { None };
    Ok(Trails { covering: trails, elsewhere, bucket })
}

/// The trails of other Regions, which DescribeTrails does not show unless they are for every Region. Not to be allowed to
/// look is no trouble.
async fn elsewhere(target: &Target) -> Vec<(String, String)> {
    let Ok(listed) = target.clients.cloudtrail.list_trails().send().await else { return Vec::new() };
    let trails = listed.trails().iter().filter(|trail| trail.home_region() != Some(&target.region));
    trails.map(|trail| (text(trail.name()), text(trail.home_region()))).collect()
}

/// A bucket of the name that the trail's bucket has. Not to find one, or not to be allowed to look, is no trouble.
async fn bucket(target: &Target, names: &Names) -> Option<String> {
    let listed = target.clients.s3.list_buckets().prefix(&names.bucket_prefix).send().await.ok()?;
    let mut buckets = listed.buckets().iter().filter_map(|bucket| bucket.name());
    buckets.find(|name| name.starts_with(&names.bucket_prefix)).map(str::to_owned)
}

fn covers(trail: &Trail, region: &str) -> bool {
    trail.is_multi_region_trail() == Some(true) || trail.home_region() == Some(region)
}

async fn one(target: &Target, trail: &Trail) -> TrailFacts {
    // By ARN: a shadow trail is not known by its name here.
    let id = trail.trail_arn().or_else(|| trail.name()).unwrap_or_default();
    let cloudtrail = &target.clients.cloudtrail;
    let (status, selectors) = tokio::join!(
        cloudtrail.get_trail_status().name(id).send(),
        cloudtrail.get_event_selectors().trail_name(id).send()
    );
    let status = answered("cloudtrail:GetTrailStatus", status).map(|status| TrailStatus {
        logging: status.is_logging() == Some(true),
        started: status.start_logging_time().and_then(time),
        stopped: status.stop_logging_time().and_then(time),
        delivery_error: status.latest_delivery_error().filter(|error| !error.is_empty()).map(str::to_owned),
    });
    let selectors = answered("cloudtrail:GetEventSelectors", selectors).map(|selectors| {
        match (selectors.event_selectors(), selectors.advanced_event_selectors()) {
            ([], advanced) => advanced.iter().map(advanced_selector).collect(),
            (classic, _) => classic.iter().map(classic_selector).collect(),
        }
    });
    TrailFacts {
        name: text(trail.name()),
        multi_region: trail.is_multi_region_trail() == Some(true),
        home_region: text(trail.home_region()),
        status,
        selectors,
    }
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn time(time: &DateTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(time.to_millis().ok()?).ok()
}

/// As the API writes it.
fn classic_selector(selector: &EventSelector) -> Value {
    let mut written = json!({
        "IncludeManagementEvents": selector.include_management_events().unwrap_or(true),
        "ExcludeManagementEventSources": selector.exclude_management_event_sources(),
    });
    let data = selector.data_resources().iter();
    let data: Vec<Value> = data.map(|data| json!({ "Type": data.r#type(), "Values": data.values() })).collect();
    if !data.is_empty() {
        written["DataResources"] = data.into();
    }
    if let Some(kind) = selector.read_write_type() {
        written["ReadWriteType"] = kind.as_str().into();
    }
    written
}

fn advanced_selector(selector: &AdvancedEventSelector) -> Value {
    let fields = selector.field_selectors().iter().map(|field| {
        let conditions = [
            ("Equals", field.equals()),
            ("StartsWith", field.starts_with()),
            ("EndsWith", field.ends_with()),
            ("NotEquals", field.not_equals()),
            ("NotStartsWith", field.not_starts_with()),
            ("NotEndsWith", field.not_ends_with()),
        ];
        let mut written = json!({ "Field": field.field() });
        for (name, values) in conditions.into_iter().filter(|(_, values)| !values.is_empty()) {
            written[name] = json!(values);
        }
        written
    });
    let mut written = json!({ "FieldSelectors": fields.collect::<Vec<_>>() });
    if let Some(name) = selector.name() {
        written["Name"] = name.into();
    }
    written
}
