//! Listing a bucket: prefixes, delimiters and pages, in the three forms that S3 has.

use std::ops::Bound;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto;

use super::bucket::{owner, timestamp};
use super::{Bucket, Object, Store};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

/// What `encoding-type=url` leaves as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b'*');

/// What a page is to hold.
struct Wanted<'a> {
    prefix: &'a str,
    delimiter: &'a str,
    /// The key or common prefix after which the page begins.
    after: &'a str,
    limit: usize,
}

/// A page: keys, and what stands for the keys that share a beginning up to the delimiter.
#[derive(Default)]
struct Page<'a> {
    objects: Vec<(&'a str, &'a Object)>,
    prefixes: Vec<&'a str>,
    /// The last key or common prefix of the page, where more follows.
    next: Option<&'a str>,
}

fn page<'a>(bucket: &'a Bucket, wanted: &Wanted<'_>) -> Page<'a> {
    let mut page = Page::default();
    let mut last = "";
    let from = bucket.objects.range::<str, _>((Bound::Excluded(wanted.after), Bound::Unbounded));
    for (key, object) in from.skip_while(|(key, _)| key.as_str() < wanted.prefix) {
        let Some(rest) = key.strip_prefix(wanted.prefix) else { break };
        let end = (!wanted.delimiter.is_empty()).then(|| rest.find(wanted.delimiter)).flatten();
        let common = end.map(|end| &key[..wanted.prefix.len() + end + wanted.delimiter.len()]);
        // A page that ended with a common prefix is not followed by that prefix again.
        if common.is_some_and(|common| common == wanted.after || page.prefixes.last() == Some(&common)) {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == wanted.limit {
            page.next = Some(last).filter(|last| !last.is_empty());
            break;
        }
        match common {
            Some(common) => page.prefixes.push(common),
            None => page.objects.push((key, object)),
        }
        last = common.unwrap_or(key);
    }
    page
}

/// How many entries a page has at most: as many as asked for, up to 1000.
fn limit(call: &Call, max_keys: Option<i32>) -> Result<usize, AwsError> {
    let max_keys = max_keys.unwrap_or(1000);
    match usize::try_from(max_keys) {
        Ok(limit) => Ok(limit.min(1000)),
        Err(_) => Err(AwsError::bad_request(
            "InvalidArgument",
            format!("Argument maxKeys must be an integer between 0 and 2147483647 (in {})", call.operation),
        )),
    }
}

/// Writes a key as the client asked: percent-encoded, as some characters have no place in XML.
struct Encoding(bool);

impl Encoding {
    fn of(encoding: Option<&dto::EncodingType>) -> Self {
        Self(encoding.is_some_and(|encoding| encoding.as_str() == dto::EncodingType::URL))
    }

    fn write(&self, text: &str) -> String {
        if self.0 { utf8_percent_encode(text, PLAIN).to_string() } else { text.to_owned() }
    }

    fn object(&self, key: &str, object: &Object) -> dto::Object {
        dto::Object {
            e_tag: Some(object.e_tag()),
            key: Some(self.write(key)),
            last_modified: Some(timestamp(object.modified)),
            size: Some(object.size()),
            storage_class: Some(dto::ObjectStorageClass::from_static(dto::ObjectStorageClass::STANDARD)),
            ..Default::default()
        }
    }

    fn prefixes(&self, prefixes: &[&str]) -> Option<Vec<dto::CommonPrefix>> {
        let prefix = |prefix: &&str| dto::CommonPrefix { prefix: Some(self.write(prefix)) };
        (!prefixes.is_empty()).then(|| prefixes.iter().map(prefix).collect())
    }
}

pub(super) fn list_v2(
    store: &Store,
    call: &Call,
    input: dto::ListObjectsV2Input,
) -> Result<dto::ListObjectsV2Output, AwsError> {
    let limit = limit(call, input.max_keys)?;
    let encoding = Encoding::of(input.encoding_type.as_ref());
    store.on_bucket(call, &input.bucket, ("s3:ListBucket", None), |bucket| {
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: input.continuation_token.as_deref().or(input.start_after.as_deref()).unwrap_or_default(),
            limit,
        };
        let page = page(bucket, &wanted);
        let owner = (input.fetch_owner == Some(true)).then(|| owner(&bucket.scope.account));
        let contents = page
            .objects
            .iter()
            .map(|(key, object)| dto::Object { owner: owner.clone(), ..encoding.object(key, object) });
        Ok(dto::ListObjectsV2Output {
            name: Some(bucket.name.clone()),
            key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
            max_keys: i32::try_from(limit).ok(),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(str::to_owned),
            contents: (!page.objects.is_empty()).then(|| contents.collect()),
            common_prefixes: encoding.prefixes(&page.prefixes),
            prefix: Some(encoding.write(wanted.prefix)),
            delimiter: input.delimiter.as_deref().map(|delimiter| encoding.write(delimiter)),
            start_after: input.start_after.as_deref().map(|after| encoding.write(after)),
            continuation_token: input.continuation_token.clone(),
            encoding_type: input.encoding_type,
            request_charged: None,
        })
    })
}

pub(super) fn list_v1(
    store: &Store,
    call: &Call,
    input: dto::ListObjectsInput,
) -> Result<dto::ListObjectsOutput, AwsError> {
    let limit = limit(call, input.max_keys)?;
    let encoding = Encoding::of(input.encoding_type.as_ref());
    store.on_bucket(call, &input.bucket, ("s3:ListBucket", None), |bucket| {
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: input.marker.as_deref().unwrap_or_default(),
            limit,
        };
        let page = page(bucket, &wanted);
        let contents = page.objects.iter().map(|(key, object)| dto::Object {
            owner: Some(owner(&bucket.scope.account)),
            ..encoding.object(key, object)
        });
        // Without a delimiter the client goes on from the last key by itself.
        let next = page.next.filter(|_| !wanted.delimiter.is_empty());
        Ok(dto::ListObjectsOutput {
            name: Some(bucket.name.clone()),
            max_keys: i32::try_from(limit).ok(),
            is_truncated: Some(page.next.is_some()),
            next_marker: next.map(|next| encoding.write(next)),
            contents: (!page.objects.is_empty()).then(|| contents.collect()),
            common_prefixes: encoding.prefixes(&page.prefixes),
            prefix: Some(encoding.write(wanted.prefix)),
            marker: Some(encoding.write(wanted.after)),
            delimiter: input.delimiter.as_deref().map(|delimiter| encoding.write(delimiter)),
            encoding_type: input.encoding_type,
            request_charged: None,
        })
    })
}

/// Every object has one version, `null`, as in a bucket that was never versioned.
pub(super) fn list_versions(
    store: &Store,
    call: &Call,
    input: dto::ListObjectVersionsInput,
) -> Result<dto::ListObjectVersionsOutput, AwsError> {
    let limit = limit(call, input.max_keys)?;
    let encoding = Encoding::of(input.encoding_type.as_ref());
    store.on_bucket(call, &input.bucket, ("s3:ListBucketVersions", None), |bucket| {
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            after: input.key_marker.as_deref().unwrap_or_default(),
            limit,
        };
        let page = page(bucket, &wanted);
        let versions = page.objects.iter().map(|(key, object)| dto::ObjectVersion {
            e_tag: Some(object.e_tag()),
            is_latest: Some(true),
            key: Some(encoding.write(key)),
            last_modified: Some(timestamp(object.modified)),
            owner: Some(owner(&bucket.scope.account)),
            size: Some(object.size()),
            storage_class: Some(dto::ObjectVersionStorageClass::from_static(dto::ObjectVersionStorageClass::STANDARD)),
            version_id: Some("null".to_owned()),
            ..Default::default()
        });
        Ok(dto::ListObjectVersionsOutput {
            name: Some(bucket.name.clone()),
            max_keys: i32::try_from(limit).ok(),
            is_truncated: Some(page.next.is_some()),
            next_key_marker: page.next.map(|next| encoding.write(next)),
            next_version_id_marker: page.next.map(|_| "null".to_owned()),
            versions: (!page.objects.is_empty()).then(|| versions.collect()),
            common_prefixes: encoding.prefixes(&page.prefixes),
            prefix: Some(encoding.write(wanted.prefix)),
            key_marker: Some(encoding.write(wanted.after)),
            delimiter: input.delimiter.as_deref().map(|delimiter| encoding.write(delimiter)),
            encoding_type: input.encoding_type,
            ..Default::default()
        })
    })
}
