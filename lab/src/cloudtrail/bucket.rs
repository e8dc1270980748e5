//! From a trail to its bucket: files of records, gzipped, a moment after the calls.
//!
//! Source: "Finding your CloudTrail log files" and "Amazon S3 bucket policy for CloudTrail" in the CloudTrail user guide.

use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use super::files::File;
use super::record::Record;
use super::trail::Trail;
use super::{CloudTrail, name};
use crate::cloud::{Cloud, Deliverer};
use crate::deliveries::{Hop, Leg, Reason, Refusal};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::scope::Scope;

/// How long records are gathered before they are written; in AWS it is about five minutes.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// How many records of a Region wait for a bucket that does not take them; the oldest go first.
const MOST_WAITING: usize = 10_000;

/// CloudTrail gives the bucket's owner the files, and policies ask for it.
const CONDITIONS: [(&str, &str); 1] = [("s3:x-amz-acl", "bucket-owner-full-control")];

/// A trail on its way to its bucket.
struct Destination {
    deliverer: Deliverer,
    account: String,
    bucket: String,
    prefix: Option<String>,
}

impl Destination {
    fn of(trail: &Trail) -> Self {
        Self {
            deliverer: Deliverer {
                service: "cloudtrail.amazonaws.com",
                source_arn: name::arn(&trail.home, &trail.name),
                source_account: trail.home.account.clone(),
            },
            account: trail.home.account.clone(),
            bucket: trail.bucket.clone(),
            prefix: trail.prefix.clone(),
        }
    }

    /// The key of everything that the trail writes: `PREFIX/AWSLogs/ACCOUNT/CloudTrail`.
    fn folder(&self) -> String {
        let folder = format!("AWSLogs/{}/CloudTrail", self.account);
        match &self.prefix {
            Some(prefix) => format!("{prefix}/{folder}"),
            None => folder,
        }
    }

    /// The way of a file to the bucket.
    fn leg(&self, region: &str, to: &str) -> Leg {
        Leg {
            scope: Scope::new(self.account.clone(), region),
            hop: Hop::Bucket,
            from: self.deliverer.source_arn.clone(),
            to: to.to_owned(),
            carried: Default::default(),
        }
    }

    /// The key of a new file.
    fn key(&self, region: &str, now: Timestamp) -> String {
        let Self { account, .. } = self;
        let day = now.strftime("%Y/%m/%d");
        let minute = now.strftime("%Y%m%dT%H%MZ");
        let unique = ids::hex(16);
        format!("{}/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz", self.folder())
    }
}

/// Checks that CloudTrail may write to a trail's bucket, as CreateTrail and UpdateTrail do.
pub(super) fn check(cloud: &Cloud, trail: &Trail) -> Result<(), AwsError> {
    let destination = Destination::of(trail);
    let bucket = &trail.bucket;
    let key = format!("{}/{}/", destination.folder(), trail.home.region);
    let deliverer = &destination.deliverer;
    let allowed = cloud
        .s3
        .allows_service(deliverer, bucket, "s3:GetBucketAcl", None, &[])
        .and_then(|()| cloud.s3.allows_service(deliverer, bucket, "s3:PutObject", Some(&key), &CONDITIONS));
    allowed.map_err(|refusal| match refusal.reason {
        Reason::NotFound => {
            AwsError::bad_request("S3BucketDoesNotExistException", format!("S3 bucket {bucket} does not exist!"))
        }
        _ => AwsError::bad_request(
            "InsufficientS3BucketPolicyException",
            format!("Incorrect S3 bucket policy is detected for bucket: {bucket}"),
        ),
    })
}

/// Writes what waits in a trail, a moment from now. Nothing waits for this task: a lab is settled without it.
pub(super) fn schedule(cloud: &Arc<Cloud>, arn: String) {
    let cloud = Arc::downgrade(cloud);
    tokio::spawn(async move {
        tokio::time::sleep(FLUSH_AFTER).await;
        if let Some(cloud) = cloud.upgrade() {
            // Compressing the records of a busy second takes longer than calls should wait for a worker.
            let _ = tokio::task::spawn_blocking(move || cloud.cloudtrail.flush(&cloud, &arn)).await;
        }
    });
}

impl CloudTrail {
    /// Writes what waits in a trail, one file for each Region. What the bucket does not take waits for the next time.
    pub(super) fn flush(&self, cloud: &Arc<Cloud>, arn: &str) {
        let (destination, pending) = {
            let mut trails = self.trails();
            let Some(trail) = trails.get_mut(arn) else { return };
            trail.scheduled = false;
            (Destination::of(trail), std::mem::take(&mut trail.pending))
        };
        let destination = Arc::new(destination);
        for (region, records) in pending {
            let bucket = format!("arn:aws:s3:::{}", destination.bucket);
            let leg = || destination.leg(&region, &bucket);
            let make = {
                let (cloud, destination, region) = (Arc::clone(cloud), Arc::clone(&destination), region.clone());
                move || cloud.cloudtrail.write(&cloud, &destination, &region, &records)
            };
            cloud.faults.deliver(&cloud.deliveries, leg, (Hop::Bucket, &bucket), make);
        }
    }

    /// Writes one file of a Region's records.
    fn write(&self, cloud: &Cloud, destination: &Destination, region: &str, records: &[Arc<Record>]) {
        let now = Timestamp::now();
        let key = destination.key(region, now);
        let result = self.put(cloud, destination, &key, records);
        let leg = destination.leg(region, &format!("s3://{}/{key}", destination.bucket));
        match &result {
            Ok(()) => cloud.deliveries.delivered(leg),
            Err(refusal) => cloud.deliveries.retried(leg, refusal.clone()),
        }
        if let Some(trail) = self.trails().get_mut(&destination.deliverer.source_arn) {
            trail.attempted(now, result, region.to_owned(), records.to_vec());
        }
    }
}

impl CloudTrail {
    /// Puts a file into the bucket, and takes away those that are too many then.
    fn put(&self, cloud: &Cloud, destination: &Destination, key: &str, records: &[Arc<Record>]) -> Result<(), Refusal> {
        let file = file(records).map_err(|error| Refusal::new(Reason::Invalid, format!("cannot compress: {error}")))?;
        let (bucket, bytes) = (&destination.bucket, file.len());
        cloud.s3.put_as_service(&destination.deliverer, bucket, key, file.into(), &CONDITIONS)?;
        for surplus in self.files.enter(File { bucket: bucket.clone(), key: key.to_owned(), bytes }) {
            cloud.s3.expire(&surplus.bucket, &surplus.key);
        }
        Ok(())
    }
}

impl Trail {
    fn attempted(
        &mut self,
        now: Timestamp,
        result: Result<(), Refusal>,
        region: String,
        mut records: Vec<Arc<Record>>,
    ) {
        self.status.latest_attempt = Some(now);
        let Err(refusal) = result else {
            self.status.latest_delivery = Some(now);
            self.status.latest_error = None;
            return;
        };
        // S3's own codes, as GetTrailStatus gives them.
        self.status.latest_error = Some(match refusal.reason {
            Reason::NotFound => "NoSuchBucket".to_owned(),
            Reason::PolicyDenied => "AccessDenied".to_owned(),
            _ => refusal.detail,
        });
        let waiting = self.pending.entry(region).or_default();
        records.append(waiting);
        let surplus = records.len().saturating_sub(MOST_WAITING);
        records.drain(..surplus);
        *waiting = records;
    }
}

/// The records as CloudTrail writes them into a file.
fn file(records: &[Arc<Record>]) -> std::io::Result<Vec<u8>> {
    // Record by record: a second of a busy account is a file of some thousand records, and a copy of them all as one
    // document would take more memory than everything else.
    let mut gzip = BufWriter::new(GzEncoder::new(Vec::new(), Compression::fast()));
    gzip.write_all(b"{\"Records\":[")?;
    for (place, record) in records.iter().enumerate() {
        if place > 0 {
            gzip.write_all(b",")?;
        }
        serde_json::to_writer(&mut gzip, &record.json)?;
    }
    gzip.write_all(b"]}")?;
    gzip.into_inner().map_err(|error| error.into_error())?.finish()
}
