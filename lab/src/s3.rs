//! S3 as a trail's bucket needs it: buckets, their policies, and whole objects.
//!
//! The protocol (routes, XML, headers, byte ranges) is the crate `s3s`'s; what the lab adds in front of it is in
//! [`wire`], for `s3s` decodes `aws-chunked` bodies only where it verifies signatures, which the lab does not.
//!
//! What is as in AWS, because a trail falls silent by it: bucket names are global; the bucket's policy decides for
//! services and other accounts; a policy whose actions do not fit its resources is refused when it is put; a new bucket
//! blocks public policies.
//!
//! What is not: identity policies count only in a lab that enforces IAM (else a principal of the owner's account may do
//! what no Deny names); ACLs are those of a bucket with ownership enforced; there are no versions, no multipart uploads and no object tags. A call
//! signed for another Region than the bucket's is served, as an SDK would follow AWS's redirect. To a policy, every call
//! came over TLS (`aws:SecureTransport`), as it would to AWS's endpoint.
//!
//! Source: the Amazon S3 API reference, and *Error responses* in it.

mod access;
mod bucket;
mod chunked;
mod copy;
mod list;
mod object;
mod operations;
mod policy;
mod settings;
mod snapshot;
mod tags;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use s3s::dto::PublicAccessBlockConfiguration;
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::cloud::Deliverer;
use crate::deliveries::Refusal;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::policy::Policy;
use crate::scope::Scope;

pub(crate) use self::operations::OPERATIONS;

/// The lab's S3: every account's buckets, behind one service that speaks the protocol.
#[derive(Debug)]
pub(crate) struct S3 {
    store: Store,
    protocol: S3Service,
}

/// The buckets of all accounts. They share one namespace, as in AWS.
#[derive(Clone, Debug, Default)]
struct Store {
    buckets: Arc<Mutex<BTreeMap<String, Bucket>>>,
}

/// A bucket and what is in it.
#[derive(Debug)]
struct Bucket {
    name: String,
    /// The owner's account and the bucket's Region.
    scope: Scope,
    created: jiff::Timestamp,
    policy: Option<Policy>,
    public_access_block: Option<PublicAccessBlockConfiguration>,
    tags: BTreeMap<String, String>,
    objects: BTreeMap<String, Object>,
}

/// One object.
#[derive(Clone, Debug)]
struct Object {
    body: Bytes,
    /// The hexadecimal MD5 of the body.
    etag: String,
    modified: jiff::Timestamp,
    headers: ObjectHeaders,
    checksum: s3s::dto::Checksum,
}

/// The headers that were given with an object and that come back with it.
#[derive(Clone, Debug, Default)]
struct ObjectHeaders {
    content_type: Option<String>,
    cache_control: Option<String>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    expires: Option<s3s::dto::Timestamp>,
    metadata: s3s::dto::Metadata,
}

impl Default for S3 {
    fn default() -> Self {
        let store = Store::default();
        let protocol = S3ServiceBuilder::new(store.clone()).build();
        Self { store, protocol }
    }
}

impl S3 {
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, AwsError> {
        wire::exchange(&self.protocol, call).await
    }

    /// The Region of a bucket, for services that read only from their own.
    pub(crate) fn region_of(&self, bucket: &str) -> Option<String> {
        self.store.with(|buckets| buckets.get(bucket).map(|bucket| bucket.scope.region.clone()))
    }

    /// Whether a service may do `action` (`s3:GetBucketAcl`, `s3:PutObject`) on a bucket or an object of it; `keys` are
    /// the condition keys beside `aws:SourceArn` and `aws:SourceAccount`. The bucket's policy decides.
    pub(crate) fn allows_service(
        &self,
        deliverer: &Deliverer,
        bucket: &str,
        action: &str,
        key: Option<&str>,
        keys: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        self.store.with(|buckets| access::check_service(buckets.get(bucket), bucket, deliverer, action, key, keys))
    }

    /// Puts an object on behalf of a service, after the same check. Its content type follows from the key's end: a
    /// trail's files are gzip of JSON.
    pub(crate) fn put_as_service(
        &self,
        deliverer: &Deliverer,
        bucket: &str,
        key: &str,
        body: Bytes,
        keys: &[(&str, &str)],
    ) -> Result<(), Refusal> {
        self.store.with(|buckets| {
            access::check_service(buckets.get(bucket), bucket, deliverer, "s3:PutObject", Some(key), keys)?;
            if let Some(bucket) = buckets.get_mut(bucket) {
                let headers =
                    if key.ends_with(".json.gz") { ObjectHeaders::gzipped_json() } else { ObjectHeaders::default() };
                bucket.objects.insert(key.to_owned(), Object::new(body, headers));
            }
            Ok(())
        })
    }

    /// Takes an object away, as a rule of the bucket's life cycle would. One that is gone already is gone.
    pub(crate) fn expire(&self, bucket: &str, key: &str) {
        self.store.with(|buckets| {
            if let Some(bucket) = buckets.get_mut(bucket) {
                bucket.objects.remove(key);
            }
        });
    }
}

impl Store {
    /// Runs `f` on the buckets. A poisoned lock is taken over: see [`crate::scope::Scoped`].
    fn with<R>(&self, f: impl FnOnce(&mut BTreeMap<String, Bucket>) -> R) -> R {
        f(&mut self.buckets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs `f` on a bucket after the caller was found to be allowed `action` on it, or on the object `key` of it.
    fn on_bucket<R>(
        &self,
        call: &Call,
        name: &str,
        (action, key): (&str, Option<&str>),
        f: impl FnOnce(&mut Bucket) -> Result<R, AwsError>,
    ) -> Result<R, AwsError> {
        self.with(|buckets| {
            let bucket = buckets.get_mut(name).ok_or_else(bucket::not_found)?;
            access::check(bucket, call, action, key)?;
            f(bucket)
        })
    }
}
