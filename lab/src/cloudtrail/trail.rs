//! Trails: which records they take, and the calls that make and show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::{Record, by_service};
use super::selector::{ManagementEvent, Selectors};
use super::tags::{Tag, check_tags};
use super::{CloudTrail, bucket, name};
use crate::cloud::Cloud;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::service::Service;
use crate::scope::Scope;

/// How many trails may cover a Region.
///
/// Source: "Quotas in AWS CloudTrail" in the CloudTrail user guide.
const MOST_TRAILS: usize = 5;

/// The longest prefix of a bucket's keys.
const LONGEST_PREFIX: usize = 200;

/// A trail.
#[derive(Debug)]
pub(super) struct Trail {
    pub(super) name: String,
    /// Account and home Region.
    pub(super) home: Scope,
    pub(super) bucket: String,
    pub(super) prefix: Option<String>,
    pub(super) multi_region: bool,
    global_events: bool,
    validation: bool,
    pub(super) selectors: Selectors,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) status: Status,
    /// What waits for its file, by Region, in the order of the calls.
    pub(super) pending: BTreeMap<String, Vec<Arc<Record>>>,
    /// Whether a task is on its way that writes what waits.
    pub(super) scheduled: bool,
}

/// What `GetTrailStatus` tells of a trail.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub(super) logging: bool,
    pub(super) started: Option<Timestamp>,
    pub(super) stopped: Option<Timestamp>,
    pub(super) latest_attempt: Option<Timestamp>,
    pub(super) latest_delivery: Option<Timestamp>,
    pub(super) latest_error: Option<String>,
}

impl Trail {
    pub(super) fn global_events(&self) -> bool {
        self.global_events
    }

    pub(super) fn validation(&self) -> bool {
        self.validation
    }

    /// Whether the trail is there in a Region: at home, or as a shadow of itself.
    pub(super) fn covers(&self, region: &str) -> bool {
        self.multi_region || self.home.region == region
    }

    /// Why the trail does not take a record of a Region that it covers; none if it does.
    pub(super) fn refuses(&self, record: &Record) -> Option<Refusal> {
        let Self { name, .. } = self;
        if !self.status.logging {
            let why = match self.status.stopped {
                Some(at) => format!("the trail {name} does not log: it was stopped at {}", crate::time::seconds(at)),
                None => format!("the trail {name} does not log: it was never started (StartLogging)"),
            };
            return Some(Refusal::new(Reason::TrailNotLogging, why));
        }
        if record.service == Service::Iam && !self.global_events {
            let why = format!("the trail {name} leaves the events of global services out (IncludeGlobalServiceEvents)");
            return Some(Refusal::new(Reason::SelectorExcludes, why));
        }
        let source = record.service.event_source();
        let why = self.selectors.excludes(ManagementEvent { source: &source, read_only: record.read_only })?;
        Some(Refusal::new(Reason::SelectorExcludes, format!("the event selectors of the trail {name} {why}")))
    }

    /// Takes a record for the bucket. True if nothing is scheduled yet that will write it.
    pub(super) fn take(&mut self, record: &Arc<Record>) -> bool {
        self.pending.entry(record.scope.region.clone()).or_default().push(Arc::clone(record));
        !std::mem::replace(&mut self.scheduled, true)
    }

    fn check(&self) -> Result<(), AwsError> {
        if self.bucket.is_empty() {
            return Err(AwsError::bad_request("InvalidS3BucketNameException", "Bucket name cannot be blank!"));
        }
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
        if !(3..=63).contains(&self.bucket.len()) || !self.bucket.chars().all(allowed) {
            let message = format!("{} is not the name of an S3 bucket.", self.bucket);
            return Err(AwsError::bad_request("InvalidS3BucketNameException", message));
        }
        if self.prefix.as_ref().is_some_and(|prefix| prefix.chars().count() > LONGEST_PREFIX) {
            let message = format!("S3 prefix is longer than maximum length of {LONGEST_PREFIX} characters.");
            return Err(AwsError::bad_request("InvalidS3PrefixException", message));
        }
        if self.multi_region && !self.global_events {
            let message = "Multi-Region trail must include global service events.";
            return Err(AwsError::bad_request("InvalidParameterCombinationException", message));
        }
        Ok(())
    }
}

/// What `CreateTrail` and `UpdateTrail` have in common.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TrailInput {
    name: String,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    #[serde(default)]
    tags_list: Vec<Tag>,
}

impl TrailInput {
    /// Refuses by name what the lab's trails do not do. Empty values ask for nothing; clients send them.
    fn refuse_unsupported(&self, call: &Call) -> Result<(), AwsError> {
        let texts = [
            ("SnsTopicName", &self.sns_topic_name),
            ("CloudWatchLogsLogGroupArn", &self.cloud_watch_logs_log_group_arn),
            ("CloudWatchLogsRoleArn", &self.cloud_watch_logs_role_arn),
            ("KmsKeyId", &self.kms_key_id),
        ];
        for (name, value) in texts {
            if value.as_ref().is_some_and(|value| !value.is_empty()) {
                return Err(call.unsupported_parameter(name));
            }
        }
        if self.is_organization_trail == Some(true) {
            return Err(call.unsupported_parameter("IsOrganizationTrail"));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DescribeTrails {
    #[serde(default)]
    trail_name_list: Vec<String>,
    include_shadow_trails: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListTrails {
    #[serde(rename = "NextToken")]
    _next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    name: String,
    s3_bucket_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_key_prefix: Option<String>,
    include_global_service_events: bool,
    is_multi_region_trail: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_region: Option<String>,
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    log_file_validation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_custom_event_selectors: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_insight_selectors: Option<bool>,
    is_organization_trail: bool,
}

impl Described {
    /// As `CreateTrail` and `UpdateTrail` answer.
    fn in_short(trail: &Trail) -> Self {
        Self {
            name: trail.name.clone(),
            s3_bucket_name: trail.bucket.clone(),
            s3_key_prefix: trail.prefix.clone(),
            include_global_service_events: trail.global_events,
            is_multi_region_trail: trail.multi_region,
            home_region: None,
            trail_arn: name::arn(&trail.home, &trail.name),
            log_file_validation_enabled: trail.validation,
            has_custom_event_selectors: None,
            has_insight_selectors: None,
            is_organization_trail: false,
        }
    }

    fn of(trail: &Trail) -> Self {
        Self {
            home_region: Some(trail.home.region.clone()),
            has_custom_event_selectors: Some(trail.selectors.are_custom()),
            has_insight_selectors: Some(false),
            ..Self::in_short(trail)
        }
    }
}

#[derive(Serialize)]
struct Trails {
    #[serde(rename = "trailList")]
    trail_list: Vec<Described>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OneTrail {
    trail: Described,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    trails: Vec<InList>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InList {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    name: String,
    home_region: String,
}

impl CloudTrail {
    pub(super) fn create_trail(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: TrailInput = call.input()?;
        name::check(&input.name)?;
        input.refuse_unsupported(call)?;
        let trail = Trail {
            name: input.name,
            home: call.scope.clone(),
            bucket: input.s3_bucket_name.unwrap_or_default(),
            prefix: input.s3_key_prefix.filter(|prefix| !prefix.is_empty()),
            multi_region: input.is_multi_region_trail.unwrap_or_default(),
            global_events: input.include_global_service_events.unwrap_or(true),
            validation: input.enable_log_file_validation.unwrap_or_default(),
            selectors: Selectors::default(),
            tags: check_tags(&input.tags_list)?,
            status: Status::default(),
            pending: BTreeMap::new(),
            scheduled: false,
        };
        trail.check()?;
        bucket::check(cloud, &trail)?;
        let described = Described::in_short(&trail);
        let examined = by_service::bucket_examined(&call.scope, &trail.bucket);
        self.add(call, trail)?;
        self.observe(cloud, Arc::new(examined));
        call.reply(&described)
    }

    fn add(&self, call: &Call, trail: Trail) -> Result<(), AwsError> {
        let Scope { account, region } = &call.scope;
        let mut trails = self.trails();
        let here: Vec<_> =
            trails.values().filter(|other| other.home.account == *account && other.covers(region)).collect();
        if here.iter().any(|other| other.name == trail.name) {
            let message = format!("Trail {} already exists for customer: {account}", trail.name);
            return Err(AwsError::bad_request("TrailAlreadyExistsException", message));
        }
        if here.len() >= MOST_TRAILS {
            let message = format!("User: {account} already has {MOST_TRAILS} trails in {region}.");
            return Err(AwsError::bad_request("MaximumNumberOfTrailsExceededException", message));
        }
        trails.insert(name::arn(&trail.home, &trail.name), trail);
        Ok(())
    }

    /// Changes what is given; the rest stays. What waits for its file is written to the old bucket first.
    pub(super) fn update_trail(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let input: TrailInput = call.input()?;
        if !input.tags_list.is_empty() {
            return Err(call.unsupported_parameter("TagsList"));
        }
        let arn = name::named(call, &input.name)?;
        input.refuse_unsupported(call)?;
        let changed = {
            let mut trails = self.trails();
            let old = name::find_home(&mut trails, call, &input.name)?;
            Trail {
                name: old.name.clone(),
                home: old.home.clone(),
                bucket: input.s3_bucket_name.unwrap_or_else(|| old.bucket.clone()),
                prefix: input.s3_key_prefix.or_else(|| old.prefix.clone()).filter(|prefix| !prefix.is_empty()),
                multi_region: input.is_multi_region_trail.unwrap_or(old.multi_region),
                global_events: input.include_global_service_events.unwrap_or(old.global_events),
                validation: input.enable_log_file_validation.unwrap_or(old.validation),
                selectors: Selectors::default(),
                tags: BTreeMap::new(),
                status: Status::default(),
                pending: BTreeMap::new(),
                scheduled: false,
            }
        };
        changed.check()?;
        bucket::check(cloud, &changed)?;
        self.flush(cloud, &arn);
        let described = Described::in_short(&changed);
        let mut trails = self.trails();
        let trail = name::find_home(&mut trails, call, &input.name)?;
        trail.bucket = changed.bucket;
        trail.prefix = changed.prefix;
        trail.multi_region = changed.multi_region;
        trail.global_events = changed.global_events;
        trail.validation = changed.validation;
        let examined = by_service::bucket_examined(&trail.home, &trail.bucket);
        drop(trails);
        self.observe(cloud, Arc::new(examined));
        call.reply(&described)
    }

    pub(super) fn delete_trail(&self, cloud: &Arc<Cloud>, call: &Call) -> Result<Reply, AwsError> {
        let Named { name } = call.input()?;
        let arn = name::named(call, &name)?;
        name::find_home(&mut self.trails(), call, &name)?;
        self.flush(cloud, &arn);
        self.trails().remove(&arn);
        call.done()
    }

    pub(super) fn get_trail(&self, call: &Call) -> Result<Reply, AwsError> {
        let Named { name } = call.input()?;
        let trail = name::find(&self.trails(), call, &name).map(|(_, trail)| Described::of(trail))?;
        call.reply(&OneTrail { trail })
    }

    /// Without names: the trails of the Region, with the shadows of multi-Region ones unless they are not wanted. Names that
    /// lead nowhere are passed over.
    pub(super) fn describe_trails(&self, call: &Call) -> Result<Reply, AwsError> {
        let DescribeTrails { trail_name_list, include_shadow_trails } = call.input()?;
        let shadows = include_shadow_trails.unwrap_or(true);
        let wanted = trail_name_list.iter().map(|given| name::named(call, given)).collect::<Result<Vec<_>, _>>()?;
        let here =
            |trail: &Trail| trail.home.region == call.scope.region || (shadows && trail.covers(&call.scope.region));
        let trails = self.trails();
        let own = trails.iter().filter(|(_, trail)| trail.home.account == call.scope.account);
        let chosen = own.filter(|(arn, trail)| if wanted.is_empty() { here(trail) } else { wanted.contains(arn) });
        let trail_list = chosen.map(|(_, trail)| Described::of(trail)).collect();
        drop(trails);
        call.reply(&Trails { trail_list })
    }

    /// The trails of every Region.
    pub(super) fn list_trails(&self, call: &Call) -> Result<Reply, AwsError> {
        let ListTrails { .. } = call.input()?;
        let trails = self.trails();
        let own = trails.iter().filter(|(_, trail)| trail.home.account == call.scope.account);
        let listed = own.map(|(arn, trail)| InList {
            trail_arn: arn.clone(),
            name: trail.name.clone(),
            home_region: trail.home.region.clone(),
        });
        let listed = Listed { trails: listed.collect() };
        drop(trails);
        call.reply(&listed)
    }
}
