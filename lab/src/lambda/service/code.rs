//! Where the code of a function comes from: a zip in the request, or an object in the lab's own S3.
//!
//! Lambda reads the object on behalf of the caller, so that a bucket's policy can keep the code away from them; what S3
//! answers is told in Lambda's words.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::create::invalid;
use super::unsupported::{self, is_set};
use crate::cloud::Cloud;
use crate::gateway;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::service::Service;
use crate::lambda::Lambda;
use crate::lambda::package::Package;

/// What stays as it is in the path of an object.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A source of code as `CreateFunction` and `UpdateFunctionCode` take it.
pub(super) struct Source {
    pub(super) zip_file: Option<String>,
    pub(super) s3_bucket: Option<String>,
    pub(super) s3_key: Option<String>,
    pub(super) s3_object_version: Option<Value>,
    pub(super) image_uri: Option<Value>,
    pub(super) source_kms_key_arn: Option<Value>,
}

impl Source {
    /// Refuses what the lab cannot take; `prefix` stands before the parameters' names.
    pub(super) fn check_supported(&self, call: &Call, prefix: &str) -> Result<(), AwsError> {
        let refused = [
            ("S3ObjectVersion", is_set(self.s3_object_version.as_ref())),
            ("ImageUri", is_set(self.image_uri.as_ref())),
            ("SourceKMSKeyArn", is_set(self.source_kms_key_arn.as_ref())),
        ];
        match refused.iter().find(|(_, given)| *given) {
            Some((name, _)) => unsupported::refuse(call, &[(&format!("{prefix}{name}"), true)]),
            None => Ok(()),
        }
    }

    /// Fetches the archive and unpacks it. Writing files blocks, so that a thread of its own does it.
    pub(super) async fn unpack(self, cloud: &Arc<Cloud>, call: &Call) -> Result<Arc<Package>, AwsError> {
        if self.zip_file.as_deref() == Some("") {
            return Err(invalid("Uploaded file must be a non-empty zip"));
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let archive = match (given(self.zip_file), given(self.s3_bucket), given(self.s3_key)) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                return Err(invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."));
            }
            (Some(encoded), None, None) => Bytes::from(BASE64_STANDARD.decode(encoded).map_err(|_| {
                AwsError::bad_request(
                    "InvalidRequestContentException",
                    "Could not parse request body into json: ZipFile is no base64",
                )
            })?),
            (None, Some(bucket), Some(key)) => fetch(cloud, call, &bucket, &key).await?,
            (None, _, _) => return Err(invalid("Please provide a source for function code.")),
        };
        let unpacked = tokio::task::spawn_blocking(move || Package::unpack(&archive)).await;
        match unpacked {
            Ok(Ok(package)) => Ok(Arc::new(package)),
            Ok(Err(error)) => {
                let status = if error.error_type() == "ServiceException" { 500 } else { 400 };
                Err(AwsError::new(status, error.error_type(), error.to_string()))
            }
            Err(panic) => Err(AwsError::new(500, "ServiceException", format!("a mistake in the lab: {panic}"))),
        }
    }
}

async fn fetch(cloud: &Arc<Cloud>, call: &Call, bucket: &str, key: &str) -> Result<Bytes, AwsError> {
    let path = format!("/{}/{}", utf8_percent_encode(bucket, KEY), utf8_percent_encode(key, KEY));
    if let Some(region) = cloud.s3.region_of(bucket).filter(|region| *region != call.scope.region) {
        return Err(invalid(format!(
            "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this \
             region: {region}. Please use this region to retry the request"
        )));
    }
    let uri: Uri = path.parse().map_err(|_| invalid(format!("S3Bucket {bucket} and S3Key {key} name no object")))?;
    let get = Call {
        service: Service::S3,
        operation: "GetObject".to_owned(),
        method: Method::GET,
        uri,
        headers: HeaderMap::new(),
        body: Bytes::new(),
        labels: Vec::new(),
        ..call.clone()
    };
    gateway::perform(cloud, &get).await.map(|reply| reply.body).map_err(|refused| {
        let AwsError { code, message, .. } = refused;
        match code.as_ref() {
            "AccessDenied" => AwsError::new(
                403,
                "AccessDeniedException",
                format!(
                    "Your access has been denied by S3, please make sure your request credentials have permission to \
                     GetObject for {bucket}/{key}. S3 Error Code: {code}. S3 Error Message: {message}"
                ),
            ),
            _ => invalid(format!("Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}")),
        }
    })
}

/// The page that hands packages out.
const PAGE: &str = "/_lab/code/";

/// The address of a package. AWS's is signed and good for ten minutes; this one holds the digest of the code, which only
/// those know who may read the function.
pub(super) fn location(host: &str, package: &Package) -> String {
    format!("http://{host}{PAGE}{}", page_name(package))
}

/// The digest in letters that an address may have.
fn page_name(package: &Package) -> String {
    package.code_sha256().replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned()
}

impl Lambda {
    /// The package at this address.
    pub(crate) fn package(&self, name: &str) -> Option<Arc<Package>> {
        let mut found = None;
        self.regions.for_each(|_, region| {
            let mut versions = region.functions.values().flat_map(|function| function.all_versions());
            if found.is_none() {
                found =
                    versions.find(|version| page_name(&version.package) == name).map(|one| Arc::clone(&one.package));
            }
        });
        found
    }
}
