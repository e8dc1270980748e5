//! Copying an object.

use s3s::dto;

use super::bucket::{not_found, timestamp};
use super::object::{no_such_key, sse};
use super::{Object, ObjectHeaders, Store, access};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

pub(super) fn copy(store: &Store, call: &Call, input: dto::CopyObjectInput) -> Result<dto::CopyObjectOutput, AwsError> {
    let dto::CopySource::Bucket { bucket: source, key: source_key, .. } = &input.copy_source else {
        return Err(call.unsupported_parameter("CopySource (an access point)"));
    };
    let conditional = input.copy_source_if_match.is_some()
        || input.copy_source_if_none_match.is_some()
        || input.copy_source_if_modified_since.is_some()
        || input.copy_source_if_unmodified_since.is_some();
    let kms = input.server_side_encryption.as_ref().is_some_and(|sse| sse.as_str() != "AES256");
    let unsupported = [
        (conditional, "CopySourceIfMatch and its like"),
        (kms || input.sse_customer_algorithm.is_some(), "ServerSideEncryption (other than AES256)"),
        (input.tagging.is_some(), "Tagging"),
        (input.checksum_algorithm.is_some(), "ChecksumAlgorithm"),
    ];
    if let Some((_, name)) = unsupported.iter().find(|(given, _)| *given) {
        return Err(call.unsupported_parameter(name));
    }
    let replaces = input.metadata_directive.as_ref().is_some_and(|directive| directive.as_str() == "REPLACE");
    let onto_itself = **source == *input.bucket && **source_key == *input.key;
    if onto_itself && !replaces {
        return Err(AwsError::bad_request(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let headers = ObjectHeaders {
        content_type: input.content_type,
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        expires: input.expires,
        metadata: input.metadata.unwrap_or_default(),
    };
    store.with(|buckets| {
        let from = buckets.get(&**source).ok_or_else(not_found)?;
        access::check(from, call, "s3:GetObject", Some(source_key))?;
        let original = from.objects.get(&**source_key).ok_or_else(no_such_key)?;
        let headers = if replaces { headers } else { original.headers.clone() };
        let copy = Object { headers, modified: jiff::Timestamp::now(), ..original.clone() };
        let to = buckets.get_mut(&input.bucket).ok_or_else(not_found)?;
        access::check(to, call, "s3:PutObject", Some(&input.key))?;
        let result = dto::CopyObjectResult {
            e_tag: Some(copy.e_tag()),
            last_modified: Some(timestamp(copy.modified)),
            ..Default::default()
        };
        to.objects.insert(input.key, copy);
        Ok(dto::CopyObjectOutput {
            copy_object_result: Some(result),
            server_side_encryption: Some(sse()),
            ..Default::default()
        })
    })
}
