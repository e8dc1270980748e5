//! To be written.

use crate::cloud::Deliverer;
use crate::deliveries::{Reason, Refusal};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// To be written.
#[derive(Debug, Default)]
pub(crate) struct S3 {}

impl S3 {
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        Err(call.unsupported())
    }

    /// Whether a service may do `action` (`s3:GetBucketAcl`, `s3:PutObject`) on a bucket or an object of it; `keys` are
    /// the condition keys beside `aws:SourceArn` and `aws:SourceAccount`. The bucket's policy decides.
    pub(crate) fn allows_service(
        &self,
        _deliverer: &Deliverer,
        bucket: &str,
        _action: &str,
        _key: Option<&str>,
        _keys: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        Err(Refusal::new(Reason::NotFound, format!("there is no bucket {bucket}")))
    }

    /// Puts an object on behalf of a service, after the same check.
    pub(crate) fn put_as_service(
        &self,
        deliverer: &Deliverer,
        bucket: &str,
        key: &str,
        _body: bytes::Bytes,
        keys: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        self.allows_service(deliverer, bucket, "s3:PutObject", Some(key), keys)
    }
}
