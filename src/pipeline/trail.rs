//! The trail and its bucket.

use aws_sdk_cloudtrail::types::Tag;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag as BucketTag};

use super::{ProvisionError, RUN_TAG, Resource, SCENARIO_TAG, Site};
use crate::grant;

/// Makes the bucket with its policy, and the trail, and starts it. Returns the trail's ARN.
pub(super) async fn provision(site: Site<'_>) -> Result<String, ProvisionError> {
    let Site { target, scenario, run_id, ledger, .. } = site;
    let trail = &scenario.pipeline.trail;
    let bucket = bucket_name(site);
    // us-east-1 is the one Region that refuses to be named.
    let location = (target.region != "us-east-1").then(|| BucketLocationConstraint::from(target.region.as_str()));
    // With its tags from the first moment: a bucket that has none is nobody's.
    let configuration = CreateBucketConfiguration::builder()
        .set_location_constraint(location)
        .tags(bucket_tag(RUN_TAG, run_id)?)
        .tags(bucket_tag(SCENARIO_TAG, scenario.name.as_str())?)
        .build();
    let s3 = &target.clients.s3;
    let entry = Resource::Bucket(bucket.clone());
    ledger.intend(entry.clone())?;
    s3.create_bucket()
        .bucket(&bucket)
        .create_bucket_configuration(configuration)
        .send()
        .await
        .map_err(|error| ProvisionError::refused("s3:CreateBucket", &bucket, &error))?;
    ledger.made(&entry, &bucket);
    site.go_on()?;
    s3.put_bucket_policy()
        .bucket(&bucket)
        .policy(bucket_policy(site, &bucket))
        .send()
        .await
        .map_err(|error| ProvisionError::refused("s3:PutBucketPolicy", &bucket, &error))?;

    site.go_on()?;
    let cloudtrail = &target.clients.cloudtrail;
    let entry = Resource::Trail(trail.name.to_string());
    ledger.intend(entry.clone())?;
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
    ledger.made(&entry, &arn);
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

fn bucket_tag(key: &str, value: &str) -> Result<BucketTag, ProvisionError> {
    let tag = BucketTag::builder().key(key).value(value).build();
    tag.map_err(|error| ProvisionError::invalid("s3:CreateBucket", key, error))
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
