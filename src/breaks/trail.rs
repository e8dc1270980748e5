//! Breaks of the trail: what CloudTrail does not log never reaches EventBridge.

use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, DataResource, EventSelector, ReadWriteType,
};

use super::{Break, BreakError, Effect, Site};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// What is done to the trail.
#[derive(Debug)]
pub(super) enum Change {
    Delete,
    Stop,
    Select(Selectors),
    MoveElsewhere,
    CloseBucket,
}

/// Event selectors that leave the call out.
#[derive(Debug)]
pub(super) enum Selectors {
    ReadOnly,
    NoManagementEvents,
    AdvancedReadOnly,
    AdvancedDataOnly,
}

const fn silent(name: &'static str, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    let (hop, effect) = (Hop::Trail, Effect::Silent(Hop::Trail));
    Break { name, hop, effect, cause, title, change: super::Change::Trail(change) }
}

pub(super) const BREAKS: &[Break] = &[
    silent("trail-deleted", Code::TrailMissing, ["the trail was deleted", "추적을 삭제함"], Change::Delete),
    silent(
        "trail-stopped",
        Code::TrailNotLogging,
        ["the trail's logging was stopped", "추적의 로깅을 중지함"],
        Change::Stop,
    ),
    silent(
        "trail-read-only",
        Code::TrailSelectorExcludes,
        ["the trail logs read events only", "추적이 읽기 이벤트만 기록하게 함"],
        Change::Select(Selectors::ReadOnly),
    ),
    silent(
        "trail-without-management-events",
        Code::TrailSelectorExcludes,
        [
            "the trail logs data events of S3 and no management events",
            "추적의 관리 이벤트를 끄고 S3 데이터 이벤트만 남김",
        ],
        Change::Select(Selectors::NoManagementEvents),
    ),
    silent(
        "trail-advanced-read-only",
        Code::TrailSelectorExcludes,
        ["an advanced event selector takes read events only", "고급 이벤트 선택기가 읽기 이벤트만 받게 함"],
        Change::Select(Selectors::AdvancedReadOnly),
    ),
    silent(
        "trail-advanced-data-only",
        Code::TrailSelectorExcludes,
        ["the advanced event selectors take data events only", "고급 이벤트 선택기가 데이터 이벤트만 받게 함"],
        Change::Select(Selectors::AdvancedDataOnly),
    ),
    silent(
        "trail-in-other-region",
        Code::TrailMissing,
        [
            "the trail stands in another Region, and is a trail of that Region alone",
            "추적을 다른 리전의 단일 리전 추적으로 옮김",
        ],
        Change::MoveElsewhere,
    ),
    Break {
        name: "trail-bucket-closed",
        hop: Hop::Trail,
        effect: Effect::Hidden,
        cause: Code::TrailDeliveryFails,
        title: [
            "the bucket's policy is gone, so the trail cannot write its files (EventBridge still gets the events)",
            "버킷 정책을 지워 추적이 로그 파일을 쓰지 못하게 함 (EventBridge에는 이벤트가 계속 도착함)",
        ],
        change: super::Change::Trail(Change::CloseBucket),
    },
];

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    let (cloudtrail, name) = (&site.clients.cloudtrail, site.names.trail.as_str());
    match change {
        Change::Delete => delete(site).await,
        Change::Stop => {
            let status = cloudtrail.get_trail_status().name(name).send().await;
            let status =
                status.map_err(|error| BreakError::refused("cloudtrail:GetTrailStatus", trail(site), &error))?;
            if status.is_logging() != Some(true) {
                return site.already(format!("the {} does not log", trail(site)));
            }
            let stopped = cloudtrail.stop_logging().name(name).send().await;
            stopped.map(|_| ()).map_err(|error| BreakError::refused("cloudtrail:StopLogging", trail(site), &error))
        }
        Change::Select(selectors) => select(site, selectors).await,
        Change::MoveElsewhere => move_elsewhere(site).await,
        Change::CloseBucket => {
            let (bucket, _) = bucket_policy(site).await?;
            let deleted = site.clients.s3.delete_bucket_policy().bucket(&bucket).send().await;
            deleted.map(|_| ()).map_err(|error| BreakError::refused("s3:DeleteBucketPolicy", bucket, &error))
        }
    }
}

fn trail(site: &Site<'_>) -> String {
    site.what("trail", &site.names.trail)
}

async fn select(site: &Site<'_>, selectors: &Selectors) -> Result<(), BreakError> {
    let (cloudtrail, name) = (&site.clients.cloudtrail, site.names.trail.as_str());
    let standing = async || {
        let got = cloudtrail.get_event_selectors().trail_name(name).send().await;
        let got = got.map_err(|error| BreakError::refused("cloudtrail:GetEventSelectors", trail(site), &error))?;
        Ok::<_, BreakError>((got.event_selectors, got.advanced_event_selectors))
    };
    let before = standing().await?;
    let invalid =
        |reason: &dyn std::fmt::Display| BreakError::invalid("cloudtrail:PutEventSelectors", trail(site), reason);
    let put = cloudtrail.put_event_selectors().trail_name(name);
    let put = match selectors {
        Selectors::ReadOnly => put.event_selectors(
            EventSelector::builder().read_write_type(ReadWriteType::ReadOnly).include_management_events(true).build(),
        ),
        Selectors::NoManagementEvents => {
            let objects = DataResource::builder().r#type("AWS::S3::Object").values("arn:aws:s3").build();
            let selector = EventSelector::builder().read_write_type(ReadWriteType::All).data_resources(objects);
            put.event_selectors(selector.include_management_events(false).build())
        }
        Selectors::AdvancedReadOnly => put.advanced_event_selectors(
            advanced("Reads", &[("eventCategory", "Management"), ("readOnly", "true")]).map_err(|e| invalid(&e))?,
        ),
        Selectors::AdvancedDataOnly => put.advanced_event_selectors(
            advanced("Objects", &[("eventCategory", "Data"), ("resources.type", "AWS::S3::Object")])
                .map_err(|e| invalid(&e))?,
        ),
    };
    put.send().await.map_err(|error| BreakError::refused("cloudtrail:PutEventSelectors", trail(site), &error))?;
    if standing().await? == before {
        return site.already(format!("the event selectors of the {}", trail(site)));
    }
    Ok(())
}

fn advanced(
    name: &str,
    fields: &[(&str, &str)],
) -> Result<AdvancedEventSelector, aws_smithy_types::error::operation::BuildError> {
    let fields =
        fields.iter().map(|(field, value)| AdvancedFieldSelector::builder().field(*field).equals(*value).build());
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    AdvancedEventSelector::builder().name(name).set_field_selectors(Some(fields)).build()
}

/// The trail's bucket, and the bucket's policy.
async fn bucket_policy(site: &Site<'_>) -> Result<(String, String), BreakError> {
    let got = site.clients.cloudtrail.get_trail().name(&site.names.trail).send().await;
    let got = got.map_err(|error| BreakError::refused("cloudtrail:GetTrail", trail(site), &error))?;
    let bucket = got.trail().and_then(|trail| trail.s3_bucket_name());
    let bucket = bucket.ok_or_else(|| Site::missing(format!("bucket of the {}", trail(site))))?.to_owned();
    let what = format!("policy of the bucket {bucket}");
    let policy = site.clients.s3.get_bucket_policy().bucket(&bucket).send().await;
    let policy = policy.map_err(|error| BreakError::refused("s3:GetBucketPolicy", &what, &error))?;
    let policy = policy.policy().ok_or_else(|| Site::missing(what))?.to_owned();
    Ok((bucket, policy))
}

async fn move_elsewhere(site: &Site<'_>) -> Result<(), BreakError> {
    let elsewhere = site.elsewhere();
    let (bucket, policy) = bucket_policy(site).await?;
    delete(site).await?;
    // The policy may name the trail by its ARN, and that has a Region.
    let (from, to) = (format!(":cloudtrail:{}:", site.region), format!(":cloudtrail:{elsewhere}:"));
    let put = site.clients.s3.put_bucket_policy().bucket(&bucket).policy(policy.replace(&from, &to)).send().await;
    put.map_err(|error| BreakError::refused("s3:PutBucketPolicy", &bucket, &error))?;
    let config = site.clients.cloudtrail.config().to_builder().region(elsewhere.clone()).build();
    let there = aws_sdk_cloudtrail::Client::from_conf(config);
    let name = site.names.trail.as_str();
    let what = format!("trail {name} in {elsewhere}");
    let create = there.create_trail().name(name).s3_bucket_name(bucket).is_multi_region_trail(false);
    create.send().await.map_err(|error| BreakError::refused("cloudtrail:CreateTrail", &what, &error))?;
    let started = there.start_logging().name(name).send().await;
    started.map(|_| ()).map_err(|error| BreakError::refused("cloudtrail:StartLogging", &what, &error))
}

async fn delete(site: &Site<'_>) -> Result<(), BreakError> {
    let deleted = site.clients.cloudtrail.delete_trail().name(&site.names.trail).send().await;
    deleted.map(|_| ()).map_err(|error| BreakError::refused("cloudtrail:DeleteTrail", trail(site), &error))
}
