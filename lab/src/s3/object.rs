//! Objects: putting, getting and removing whole ones.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use md5::{Digest, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::dto;

use super::bucket::timestamp;
use super::{Bucket, Object, ObjectHeaders, Store, access};
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

impl Object {
    /// An object put now.
    pub(super) fn new(body: Bytes, headers: ObjectHeaders) -> Self {
        // What AWS computes when the client sends no checksum.
        let mut hasher = ChecksumHasher { crc64nvme: Some(Default::default()), ..ChecksumHasher::default() };
        hasher.update(&body);
        let checksum = hasher.finalize();
        let etag = Md5::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { etag, modified: jiff::Timestamp::now(), headers, checksum, body }
    }

    pub(super) fn e_tag(&self) -> dto::ETag {
        dto::ETag::Strong(self.etag.clone())
    }

    pub(super) fn size(&self) -> i64 {
        i64::try_from(self.body.len()).unwrap_or(i64::MAX)
    }
}

impl ObjectHeaders {
    pub(super) fn gzipped_json() -> Self {
        Self {
            content_type: Some("application/json".to_owned()),
            content_encoding: Some("gzip".to_owned()),
            ..Self::default()
        }
    }

    fn content_type(&self) -> String {
        self.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned())
    }
}

/// AWS encrypts every object by itself since 2023, and says so.
pub(super) fn sse() -> dto::ServerSideEncryption {
    dto::ServerSideEncryption::from_static(dto::ServerSideEncryption::AES256)
}

pub(super) fn no_such_key() -> AwsError {
    AwsError::new(404, "NoSuchKey", "The specified key does not exist.")
}

fn precondition_failed() -> AwsError {
    AwsError::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
}

/// The body was already read and decoded by [`super::wire`].
pub(super) fn put(store: &Store, call: &Call, input: dto::PutObjectInput) -> Result<dto::PutObjectOutput, AwsError> {
    refuse_unsupported(call, &input)?;
    check_md5(&call.body, input.content_md5.as_deref())?;
    let given = dto::Checksum {
        checksum_crc32: input.checksum_crc32,
        checksum_crc32c: input.checksum_crc32c,
        checksum_crc64nvme: input.checksum_crc64nvme,
        checksum_sha1: input.checksum_sha1,
        checksum_sha256: input.checksum_sha256,
        ..Default::default()
    };
    let checksum = check_checksums(&call.body, &given)?;
    let headers = ObjectHeaders {
        content_type: input.content_type,
        cache_control: input.cache_control,
        content_disposition: input.content_disposition,
        content_encoding: input.content_encoding,
        content_language: input.content_language,
        expires: input.expires,
        metadata: input.metadata.unwrap_or_default(),
    };
    let mut object = Object::new(call.body.clone(), headers);
    if let Some(checksum) = checksum {
        object.checksum = checksum;
    }
    store.on_bucket(call, &input.bucket, ("s3:PutObject", Some(&input.key)), |bucket| {
        let there = bucket.objects.get(&input.key);
        if let Some(wanted) = &input.if_match {
            let there = there.ok_or_else(no_such_key)?;
            matches(wanted, there).then_some(()).ok_or_else(precondition_failed)?;
        }
        if input.if_none_match.is_some() && there.is_some() {
            return Err(precondition_failed());
        }
        let output = dto::PutObjectOutput {
            checksum_crc32: object.checksum.checksum_crc32.clone(),
            checksum_crc32c: object.checksum.checksum_crc32c.clone(),
            checksum_crc64nvme: object.checksum.checksum_crc64nvme.clone(),
            checksum_sha1: object.checksum.checksum_sha1.clone(),
            checksum_sha256: object.checksum.checksum_sha256.clone(),
            checksum_type: Some(dto::ChecksumType::from_static(dto::ChecksumType::FULL_OBJECT)),
            e_tag: Some(object.e_tag()),
            server_side_encryption: Some(sse()),
            ..Default::default()
        };
        bucket.objects.insert(input.key.clone(), object);
        Ok(output)
    })
}

fn refuse_unsupported(call: &Call, input: &dto::PutObjectInput) -> Result<(), AwsError> {
    let allowed_acl = ["private", "bucket-owner-full-control"];
    let acl = input.acl.as_ref().is_some_and(|acl| !allowed_acl.contains(&acl.as_str()));
    let grants = [&input.grant_full_control, &input.grant_read, &input.grant_read_acp, &input.grant_write_acp];
    if acl || grants.iter().any(|grant| grant.is_some()) {
        return Err(AwsError::bad_request("AccessControlListNotSupported", "The bucket does not allow ACLs"));
    }
    let kms = input.server_side_encryption.as_ref().is_some_and(|sse| sse.as_str() != "AES256");
    let class = input.storage_class.as_ref().is_some_and(|class| class.as_str() != "STANDARD");
    let if_none_match = matches!(input.if_none_match, Some(dto::ETagCondition::ETag(_)));
    let unsupported = [
        (kms || input.ssekms_key_id.is_some(), "ServerSideEncryption (other than AES256)"),
        (input.sse_customer_algorithm.is_some(), "SSECustomerAlgorithm"),
        (class, "StorageClass (other than STANDARD)"),
        (if_none_match, "IfNoneMatch (other than *)"),
        (input.tagging.is_some(), "Tagging"),
        (input.object_lock_mode.is_some() || input.object_lock_legal_hold_status.is_some(), "ObjectLockMode"),
        (input.website_redirect_location.is_some(), "WebsiteRedirectLocation"),
        (input.write_offset_bytes.is_some(), "WriteOffsetBytes"),
    ];
    match unsupported.iter().find(|(given, _)| *given) {
        Some((_, name)) => Err(call.unsupported_parameter(name)),
        None => Ok(()),
    }
}

fn check_md5(body: &[u8], given: Option<&str>) -> Result<(), AwsError> {
    let Some(given) = given else { return Ok(()) };
    let decoded = BASE64.decode(given).ok().filter(|digest| digest.len() == 16);
    let decoded =
        decoded.ok_or_else(|| AwsError::bad_request("InvalidDigest", "The Content-MD5 you specified was invalid."))?;
    if decoded != Md5::digest(body).as_slice() {
        let message = "The Content-MD5 you specified did not match what we received.";
        return Err(AwsError::bad_request("BadDigest", message));
    }
    Ok(())
}

/// The checksums of the body where some were given and all of them are right.
fn check_checksums(body: &[u8], given: &dto::Checksum) -> Result<Option<dto::Checksum>, AwsError> {
    let mut hasher = ChecksumHasher {
        crc32: given.checksum_crc32.as_ref().map(|_| Default::default()),
        crc32c: given.checksum_crc32c.as_ref().map(|_| Default::default()),
        sha1: given.checksum_sha1.as_ref().map(|_| Default::default()),
        sha256: given.checksum_sha256.as_ref().map(|_| Default::default()),
        crc64nvme: given.checksum_crc64nvme.as_ref().map(|_| Default::default()),
    };
    hasher.update(body);
    let found = hasher.finalize();
    let pairs = [
        ("CRC32", &given.checksum_crc32, &found.checksum_crc32),
        ("CRC32C", &given.checksum_crc32c, &found.checksum_crc32c),
        ("SHA1", &given.checksum_sha1, &found.checksum_sha1),
        ("SHA256", &given.checksum_sha256, &found.checksum_sha256),
        ("CRC64NVME", &given.checksum_crc64nvme, &found.checksum_crc64nvme),
    ];
    if let Some((name, ..)) = pairs.iter().find(|(_, given, found)| given != found) {
        let message = format!("The {name} you specified did not match the calculated checksum.");
        return Err(AwsError::bad_request("BadDigest", message));
    }
    Ok(pairs.iter().any(|(_, given, _)| given.is_some()).then_some(found))
}

/// What a GET or HEAD asks of an object beside its name.
struct Conditions<'a> {
    if_match: Option<&'a dto::ETagCondition>,
    if_none_match: Option<&'a dto::ETagCondition>,
    if_modified_since: Option<&'a dto::Timestamp>,
    if_unmodified_since: Option<&'a dto::Timestamp>,
    version_id: Option<&'a str>,
    part_number: Option<i32>,
}

impl Conditions<'_> {
    fn check(&self, call: &Call, object: &Object) -> Result<(), AwsError> {
        if self.part_number.is_some_and(|number| number != 1) {
            return Err(call.unsupported_parameter("PartNumber (no object has parts)"));
        }
        if self.version_id.is_some_and(|version| version != "null") {
            return Err(AwsError::bad_request("InvalidArgument", "Invalid version id specified"));
        }
        // To the second, as the header has it.
        let modified = timestamp(jiff::Timestamp::from_second(object.modified.as_second()).unwrap_or(object.modified));
        if self.if_match.is_some_and(|wanted| !matches(wanted, object)) {
            return Err(precondition_failed());
        }
        if self.if_match.is_none() && self.if_unmodified_since.is_some_and(|time| modified > *time) {
            return Err(precondition_failed());
        }
        let not_modified = match self.if_none_match {
            Some(unwanted) => matches(unwanted, object),
            None => self.if_modified_since.is_some_and(|time| modified <= *time),
        };
        if not_modified {
            return Err(AwsError::new(304, "NotModified", "Not Modified"));
        }
        Ok(())
    }
}

fn matches(wanted: &dto::ETagCondition, object: &Object) -> bool {
    match wanted {
        dto::ETagCondition::Any => true,
        dto::ETagCondition::ETag(tag) => tag.value() == object.etag,
    }
}

/// The object, or AWS's refusal of one that is not there: whoever may not list the bucket does not learn even that.
fn find<'a>(bucket: &'a Bucket, call: &Call, key: &str) -> Result<&'a Object, AwsError> {
    if let Some(object) = bucket.objects.get(key) {
        return Ok(object);
    }
    access::check(bucket, call, "s3:ListBucket", None).map_err(|_| access::denied("Access Denied"))?;
    Err(no_such_key())
}

pub(super) fn get(store: &Store, call: &Call, input: dto::GetObjectInput) -> Result<dto::GetObjectOutput, AwsError> {
    let conditions = Conditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
        version_id: input.version_id.as_deref(),
        part_number: input.part_number,
    };
    store.on_bucket(call, &input.bucket, ("s3:GetObject", Some(&input.key)), |bucket| {
        let object = find(bucket, call, &input.key)?;
        conditions.check(call, object)?;
        let (body, content_range) = part(object, input.range.as_ref())?;
        // A checksum is of the whole object: a part comes without one.
        let whole = content_range.is_none() && input.checksum_mode.is_some();
        let checksum = if whole { object.checksum.clone() } else { dto::Checksum::default() };
        let headers = &object.headers;
        Ok(dto::GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(body.len()).ok(),
            body: Some(s3s::Body::from(body).into()),
            content_range,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            cache_control: input.response_cache_control.or_else(|| headers.cache_control.clone()),
            content_disposition: input.response_content_disposition.or_else(|| headers.content_disposition.clone()),
            content_encoding: input.response_content_encoding.or_else(|| headers.content_encoding.clone()),
            content_language: input.response_content_language.or_else(|| headers.content_language.clone()),
            content_type: Some(input.response_content_type.unwrap_or_else(|| headers.content_type())),
            e_tag: Some(object.e_tag()),
            expires: input.response_expires.or_else(|| headers.expires.clone()),
            last_modified: Some(timestamp(object.modified)),
            metadata: Some(headers.metadata.clone()),
            server_side_encryption: Some(sse()),
            ..Default::default()
        })
    })
}

/// The bytes of a range, and the header that says which they are; all bytes where no range is asked for.
fn part(object: &Object, range: Option<&dto::Range>) -> Result<(Bytes, Option<String>), AwsError> {
    let Some(range) = range else { return Ok((object.body.clone(), None)) };
    let length = object.body.len();
    let not_satisfiable = || AwsError::new(416, "InvalidRange", "The requested range is not satisfiable");
    let bytes = range.check(length as u64).map_err(|_| not_satisfiable())?;
    let bytes = usize::try_from(bytes.start).unwrap_or(length)..usize::try_from(bytes.end).unwrap_or(length);
    if bytes.is_empty() || bytes.end > length {
        return Err(not_satisfiable());
    }
    let header = format!("bytes {}-{}/{length}", bytes.start, bytes.end - 1);
    Ok((object.body.slice(bytes), Some(header)))
}

pub(super) fn head(store: &Store, call: &Call, input: dto::HeadObjectInput) -> Result<dto::HeadObjectOutput, AwsError> {
    let conditions = Conditions {
        if_match: input.if_match.as_ref(),
        if_none_match: input.if_none_match.as_ref(),
        if_modified_since: input.if_modified_since.as_ref(),
        if_unmodified_since: input.if_unmodified_since.as_ref(),
        version_id: input.version_id.as_deref(),
        part_number: input.part_number,
    };
    store.on_bucket(call, &input.bucket, ("s3:GetObject", Some(&input.key)), |bucket| {
        let object = find(bucket, call, &input.key)?;
        conditions.check(call, object)?;
        let (body, content_range) = part(object, input.range.as_ref())?;
        let whole = content_range.is_none() && input.checksum_mode.is_some();
        let checksum = if whole { object.checksum.clone() } else { dto::Checksum::default() };
        let headers = &object.headers;
        Ok(dto::HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: i64::try_from(body.len()).ok(),
            content_range,
            checksum_crc32: checksum.checksum_crc32,
            checksum_crc32c: checksum.checksum_crc32c,
            checksum_crc64nvme: checksum.checksum_crc64nvme,
            checksum_sha1: checksum.checksum_sha1,
            checksum_sha256: checksum.checksum_sha256,
            cache_control: input.response_cache_control.or_else(|| headers.cache_control.clone()),
            content_disposition: input.response_content_disposition.or_else(|| headers.content_disposition.clone()),
            content_encoding: input.response_content_encoding.or_else(|| headers.content_encoding.clone()),
            content_language: input.response_content_language.or_else(|| headers.content_language.clone()),
            content_type: Some(input.response_content_type.unwrap_or_else(|| headers.content_type())),
            e_tag: Some(object.e_tag()),
            expires: input.response_expires.or_else(|| headers.expires.clone()),
            last_modified: Some(timestamp(object.modified)),
            metadata: Some(headers.metadata.clone()),
            server_side_encryption: Some(sse()),
            ..Default::default()
        })
    })
}

/// Removing what is not there is a success.
pub(super) fn delete(
    store: &Store,
    call: &Call,
    input: dto::DeleteObjectInput,
) -> Result<dto::DeleteObjectOutput, AwsError> {
    if input.if_match.is_some() || input.if_match_size.is_some() || input.if_match_last_modified_time.is_some() {
        return Err(call.unsupported_parameter("IfMatch"));
    }
    store.on_bucket(call, &input.bucket, ("s3:DeleteObject", Some(&input.key)), |bucket| {
        if input.version_id.is_none_or(|version| version == "null") {
            bucket.objects.remove(&input.key);
        }
        Ok(dto::DeleteObjectOutput::default())
    })
}

/// Each object has its own answer: one that the caller may not remove does not keep the others.
pub(super) fn delete_many(
    store: &Store,
    call: &Call,
    input: dto::DeleteObjectsInput,
) -> Result<dto::DeleteObjectsOutput, AwsError> {
    let quiet = input.delete.quiet == Some(true);
    let identifiers = input.delete.objects;
    if identifiers.is_empty() || identifiers.len() > 1000 {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(AwsError::bad_request("MalformedXML", message));
    }
    store.with(|buckets| {
        let bucket = buckets.get_mut(&input.bucket).ok_or_else(super::bucket::not_found)?;
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for dto::ObjectIdentifier { key, version_id, .. } in identifiers {
            match access::check(bucket, call, "s3:DeleteObject", Some(&key)) {
                Ok(()) => {
                    if version_id.as_ref().is_none_or(|version| version == "null") {
                        bucket.objects.remove(&key);
                    }
                    deleted.push(dto::DeletedObject { key: Some(key), version_id, ..Default::default() });
                }
                Err(error) => errors.push(dto::Error {
                    code: Some(error.code.into_owned()),
                    key: Some(key),
                    message: Some(error.message),
                    version_id,
                }),
            }
        }
        Ok(dto::DeleteObjectsOutput {
            deleted: (!quiet && !deleted.is_empty()).then_some(deleted),
            errors: (!errors.is_empty()).then_some(errors),
            request_charged: None,
        })
    })
}
