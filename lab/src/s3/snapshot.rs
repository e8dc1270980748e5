//! The buckets with their objects, as a snapshot shows them.

use serde_json::{Value, json};

use super::{Bucket, S3};
use crate::snapshot::by_name;

impl S3 {
    /// All buckets; of an object its size and its digest.
    pub(crate) fn snapshot(&self) -> Value {
        self.store
            .with(|buckets| Value::Object(by_name(buckets.iter().map(|(name, bucket)| (name, of_bucket(bucket))))))
    }
}

fn of_bucket(bucket: &Bucket) -> Value {
    let objects = bucket.objects.iter().map(|(key, object)| {
        (key, json!({ "content_type": object.headers.content_type, "etag": object.etag, "size": object.body.len() }))
    });
    let block = bucket.public_access_block.as_ref().map(|block| {
        json!({
            "block_public_acls": block.block_public_acls,
            "block_public_policy": block.block_public_policy,
            "ignore_public_acls": block.ignore_public_acls,
            "restrict_public_buckets": block.restrict_public_buckets,
        })
    });
    json!({
        "account": bucket.scope.account,
        "objects": by_name(objects),
        "policy": bucket.policy.as_ref().map(|policy| policy.text()),
        "public_access_block": block,
        "region": bucket.scope.region,
        "tags": bucket.tags,
    })
}
