//! The trail and its bucket.

use aws_sdk_cloudtrail::types::Tag;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};
use crate::grant;

/// Makes the bucket with its policy, and the trail, and starts it. Returns the trail's ARN.
pub(super) async fn provision(site: Site<'_>) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let trail = &scenario.pipeline.trail;
    let bucket = bucket_name(site);
    let location = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::from(target.region.as_str()))
        .build();
    let s3 = &target.clients.s3;
    s3.create_bucket()
        .bucket(&bucket)
        // us-east-1 is the one Region that refuses to be named.
        .set_create_bucket_configuration((target.region != "us-east-1").then_some(location))
        .send()
        .await
        .map_err(|error| ProvisionError::refused("s3:CreateBucket", &bucket, &error))?;
    ledger.enter(Resource::Bucket(bucket.clone()));
    site.go_on()?;
    s3.put_bucket_policy()
        .bucket(&bucket)
        .policy(bucket_policy(site, &bucket))
        .send()
        .await
        .map_err(|error| ProvisionError::refused("s3:PutBucketPolicy", &bucket, &error))?;

    site.go_on()?;
    let cloudtrail = &target.clients.cloudtrail;
    let created = cloudtrail
        .create_trail()
        .name(trail.name.as_str())
        .s3_bucket_name(&bucket)
        .tags_list(tag(RUN_TAG, run_id)?)
        .tags_list(tag(SCENARIO_TAG, scenario.name.as_str())?)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("cloudtrail:CreateTrail", &trail.name, &error))?;
    let arn = created
        .trail_arn()
        .ok_or_else(|| ProvisionError::without("cloudtrail:CreateTrail", &trail.name, "TrailARN"))?
        .to_owned();
    ledger.enter(Resource::Trail(arn.clone()));
    site.go_on()?;
    cloudtrail
        .start_logging()
        .name(&arn)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("cloudtrail:StartLogging", &trail.name, &error))?;
    Ok(arn)
}

fn tag(key: &str, value: &str) -> Result<Tag, ProvisionError> {
    let tag = Tag::builder().key(key).value(value).build();
    tag.map_err(|error| ProvisionError::invalid("cloudtrail:CreateTrail", key, error))
}

/// Bucket names are everyone's: the account and the end of the run's id keep this one apart.
fn bucket_name(site: Site<'_>) -> String {
    let id: String = site.run_id.chars().filter(|c| *c != '-').collect();
    let end = &id[id.len().saturating_sub(8)..];
    format!("{}-{}-{end}", site.scenario.pipeline.trail.bucket_prefix, site.target.account)
}

/// The policy that CloudTrail asks of a bucket.
fn bucket_policy(site: Site<'_>, bucket: &str) -> String {
    let Site { target, scenario, .. } = site;
    let trail = &scenario.pipeline.trail.name;
    let trail_arn = format!("arn:aws:cloudtrail:{}:{}:trail/{trail}", target.region, target.account);
    grant::policy(grant::write_logs(bucket, &target.account, Some(&trail_arn)))
}
