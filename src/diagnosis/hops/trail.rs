//! Whether any trail takes the event: one is enough, whatever its name.

use alert_drill_lab::cloudtrail::selector::{ManagementEvent, left_out};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Judge;
use crate::diagnosis::Code;
use crate::inspection::{TrailFacts, TrailStatus, Unknown};
use crate::scenario::{Hop, TargetKind};

/// How long the events of a new trail may be late: in three trials none came within 300 seconds.
const YOUNG_SECONDS: i64 = 600;

/// The change of a group, as selectors see it.
const EVENT: ManagementEvent<'_> = ManagementEvent { source: "ec2.amazonaws.com", read_only: false };

/// What keeps a trail from taking the event.
enum Taken {
    Yes,
    NotLogging(String),
    LeftOut(String),
    Unknown(Code, Unknown),
}

pub(super) fn judge(judge: &mut Judge<'_>) {
    let facts = judge.facts;
    let Some(trails) = judge.known(Hop::Trail, Code::TrailMissing, &facts.trails) else { return };
    if trails.is_empty() {
        return missing(judge);
    }
    let (named, others): (Vec<&TrailFacts>, _) =
        trails.iter().partition(|trail| trail.name == judge.subject.names.trail);
    // The one of the name first: it is what its owner looks at.
    let tried: Vec<(&TrailFacts, Taken)> = named.into_iter().chain(others).map(|trail| (trail, taken(trail))).collect();
    if let Some((trail, _)) = tried.iter().find(|(_, taken)| matches!(taken, Taken::Yes)) {
        return right(judge, trail);
    }
    for (trail, taken) in tried {
        let mut subject = judge.subject.clone();
        subject.names.trail.clone_from(&trail.name);
        let (code, evidence) = match taken {
            Taken::Yes => continue,
            Taken::NotLogging(why) => (Code::TrailNotLogging, why),
            Taken::LeftOut(why) => {
                subject.document = trail.selectors.as_ref().ok().map(|selectors| widened(selectors).to_string());
                (Code::TrailSelectorExcludes, why)
            }
            Taken::Unknown(code, unknown) => {
                judge.unknown(Hop::Trail, code, &unknown);
                continue;
            }
        };
        judge.find(Hop::Trail, code, crate::diagnosis::Severity::Error, vec![evidence], &subject);
    }
}

fn missing(judge: &mut Judge<'_>) {
    let facts = judge.facts;
    let mut evidence = vec![judge.lang.choose(
        format!("cloudtrail:DescribeTrails: no trail covers {}", facts.region),
        format!("cloudtrail:DescribeTrails: {}을(를) 포함하는 추적 없음", facts.region),
    )];
    for (name, home) in &facts.trails_elsewhere {
        evidence.push(judge.lang.choose(
            format!("the trail {name} is one of {home} alone (IsMultiRegionTrail: false)"),
            format!("추적 {name}은(는) {home} 전용입니다 (IsMultiRegionTrail: false)"),
        ));
    }
    let mut subject = judge.subject.clone();
    subject.place = facts.trail_bucket.as_deref();
    // Another one of another Region is somebody's who may want it so.
    let named = facts.trails_elsewhere.iter().find(|(name, _)| *name == subject.names.trail);
    subject.trail_home = named.map(|(_, home)| home.as_str());
    judge.find(Hop::Trail, Code::TrailMissing, crate::diagnosis::Severity::Error, evidence, &subject);
}

fn taken(trail: &TrailFacts) -> Taken {
    match &trail.status {
        Err(unknown) => return Taken::Unknown(Code::TrailNotLogging, unknown.clone()),
        Ok(TrailStatus { logging: false, stopped, .. }) => {
            let since = stopped.map(|at| format!(", StopLoggingTime: {at}")).unwrap_or_default();
            return Taken::NotLogging(format!("cloudtrail:GetTrailStatus: IsLogging: false{since}"));
        }
        Ok(_) => {}
    }
    match &trail.selectors {
        Err(unknown) => Taken::Unknown(Code::TrailSelectorExcludes, unknown.clone()),
        Ok(selectors) => match left_out(selectors.clone(), EVENT) {
            Ok(None) => Taken::Yes,
            Ok(Some(why)) => {
                Taken::LeftOut(format!("cloudtrail:GetEventSelectors: the event selectors {why}: {selectors}"))
            }
            Err(error) => Taken::Unknown(
                Code::TrailSelectorExcludes,
                Unknown::here("cloudtrail:GetEventSelectors", format!("selectors that cannot be read ({error})")),
            ),
        },
    }
}

/// The selectors with all management events in them, and every data event that they select now.
fn widened(selectors: &Value) -> Value {
    let mut selectors = selectors.as_array().cloned().unwrap_or_default();
    if selectors.iter().any(|one| one.get("FieldSelectors").is_some()) {
        let is_management = |one: &Value| {
            let fields = one["FieldSelectors"].as_array().map(Vec::as_slice).unwrap_or_default();
            fields.iter().any(|field| field["Field"] == "eventCategory" && field["Equals"] == json!(["Management"]))
        };
        selectors.retain(|one| !is_management(one));
        selectors.insert(
            0,
            json!({ "Name": "Management events", "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Management"] }] }),
        );
        return selectors.into();
    }
    // A selector's ReadWriteType is for its data events as well, so that management events get a selector of their own.
    selectors.retain(|one| one.get("DataResources").is_some());
    selectors.iter_mut().for_each(|one| one["IncludeManagementEvents"] = false.into());
    selectors.insert(0, json!({ "ReadWriteType": "All", "IncludeManagementEvents": true }));
    selectors.into()
}

fn right(judge: &mut Judge<'_>, trail: &TrailFacts) {
    let scope = match trail.multi_region {
        true => judge.lang.choose("all Regions", "모든 리전"),
        false => trail.home_region.as_str(),
    };
    let seen = judge.lang.choose(
        format!("{} logs management events ({scope})", trail.name),
        format!("{}: 관리 이벤트 기록 중 ({scope})", trail.name),
    );
    judge.see(Hop::Trail, seen);
    judge.see(Hop::Bus, "default");
    judge.subject.names.trail.clone_from(&trail.name);
    let Ok(status) = &trail.status else { return };
    if let Some(error) = &status.delivery_error {
        judge.warn(
            Hop::Trail,
            Code::TrailDeliveryFails,
            vec![format!("cloudtrail:GetTrailStatus: LatestDeliveryError: {error}")],
        );
    }
    // An emulator's trails do not need to warm up.
    let age = |started: Timestamp| Timestamp::now().duration_since(started).as_secs();
    if let Some(started) = status.started.filter(|started| age(*started) < YOUNG_SECONDS)
        && judge.facts.kind == TargetKind::Aws
    {
        let seen = format!("cloudtrail:GetTrailStatus: StartLoggingTime: {started}");
        judge.warn(Hop::Trail, Code::TrailTooYoung, vec![seen]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_trail_selects_of_data_events_is_kept() {
        let data = json!([{ "Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"] }]);
        let classic = json!([{ "ReadWriteType": "ReadOnly", "IncludeManagementEvents": true, "DataResources": data }]);
        let wider = widened(&classic);
        assert_eq!(wider[1]["DataResources"], data);
        assert_eq!(
            (&wider[1]["ReadWriteType"], &wider[1]["IncludeManagementEvents"]),
            (&json!("ReadOnly"), &json!(false))
        );
        assert!(matches!(left_out(wider, EVENT), Ok(None)));

        let s3 = json!({ "Name": "S3", "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Data"] },
            { "Field": "resources.type", "Equals": ["AWS::S3::Object"] }] });
        let reads = json!({ "FieldSelectors": [{ "Field": "eventCategory", "Equals": ["Management"] },
            { "Field": "readOnly", "Equals": ["true"] }] });
        let wider = widened(&json!([s3, reads]));
        assert_eq!((wider.as_array().map(Vec::len), &wider[1]), (Some(2), &s3));
        assert!(matches!(left_out(wider, EVENT), Ok(None)));
    }
}
