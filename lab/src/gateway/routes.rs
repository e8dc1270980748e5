//! The operations of the REST protocols by method and path.

use axum::http::Method;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

/// Lambda's routes: method, path with labels in braces, operation.
///
/// Source: the request syntax of each operation in the Lambda API reference.
const LAMBDA: &[(&str, &str, &str)] = &[
    ("POST", "/2015-03-31/functions", "CreateFunction"),
    ("GET", "/2015-03-31/functions", "ListFunctions"),
    ("GET", "/2015-03-31/functions/{FunctionName}", "GetFunction"),
    ("DELETE", "/2015-03-31/functions/{FunctionName}", "DeleteFunction"),
    ("GET", "/2015-03-31/functions/{FunctionName}/configuration", "GetFunctionConfiguration"),
    ("PUT", "/2015-03-31/functions/{FunctionName}/configuration", "UpdateFunctionConfiguration"),
    ("PUT", "/2015-03-31/functions/{FunctionName}/code", "UpdateFunctionCode"),
    ("POST", "/2015-03-31/functions/{FunctionName}/invocations", "Invoke"),
    ("GET", "/2015-03-31/functions/{FunctionName}/policy", "GetPolicy"),
    ("POST", "/2015-03-31/functions/{FunctionName}/policy", "AddPermission"),
    ("DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}", "RemovePermission"),
    ("POST", "/2015-03-31/functions/{FunctionName}/versions", "PublishVersion"),
    ("GET", "/2015-03-31/functions/{FunctionName}/versions", "ListVersionsByFunction"),
    ("POST", "/2015-03-31/functions/{FunctionName}/aliases", "CreateAlias"),
    ("GET", "/2015-03-31/functions/{FunctionName}/aliases", "ListAliases"),
    ("GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "GetAlias"),
    ("PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "UpdateAlias"),
    ("DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", "DeleteAlias"),
    ("PUT", "/2017-10-31/functions/{FunctionName}/concurrency", "PutFunctionConcurrency"),
    ("DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", "DeleteFunctionConcurrency"),
    ("GET", "/2019-09-30/functions/{FunctionName}/concurrency", "GetFunctionConcurrency"),
    ("PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "UpdateFunctionEventInvokeConfig"),
    ("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("DELETE", "/2019-09-25/functions/{FunctionName}/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    ("POST", "/2021-10-31/functions/{FunctionName}/url", "CreateFunctionUrlConfig"),
    ("GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config/list", "ListFunctionEventInvokeConfigs"),
    ("GET", "/2021-10-31/functions/{FunctionName}/url", "GetFunctionUrlConfig"),
    ("PUT", "/2021-10-31/functions/{FunctionName}/url", "UpdateFunctionUrlConfig"),
    ("GET", "/2021-10-31/functions/{FunctionName}/urls", "ListFunctionUrlConfigs"),
    ("DELETE", "/2021-10-31/functions/{FunctionName}/url", "DeleteFunctionUrlConfig"),
    ("GET", "/2020-06-30/functions/{FunctionName}/code-signing-config", "GetFunctionCodeSigningConfig"),
    ("GET", "/2016-08-19/account-settings", "GetAccountSettings"),
    ("GET", "/2017-03-31/tags/{Resource}", "ListTags"),
    ("POST", "/2017-03-31/tags/{Resource}", "TagResource"),
    ("DELETE", "/2017-03-31/tags/{Resource}", "UntagResource"),
    // What follows is refused, by name.
    ("PUT", "/2020-06-30/functions/{FunctionName}/code-signing-config", "PutFunctionCodeSigningConfig"),
    ("POST", "/2021-11-15/functions/{FunctionName}/response-streaming-invocations", "InvokeWithResponseStream"),
    ("PUT", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", "PutProvisionedConcurrencyConfig"),
    ("GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", "GetProvisionedConcurrencyConfig"),
    ("DELETE", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency", "DeleteProvisionedConcurrencyConfig"),
    ("POST", "/2015-03-31/event-source-mappings", "CreateEventSourceMapping"),
    ("GET", "/2015-03-31/event-source-mappings", "ListEventSourceMappings"),
    ("POST", "/2018-10-31/layers/{LayerName}/versions", "PublishLayerVersion"),
    ("GET", "/2018-10-31/layers", "ListLayers"),
    ("PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config", "PutRuntimeManagementConfig"),
    ("GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config", "GetRuntimeManagementConfig"),
    ("PUT", "/2024-08-31/functions/{FunctionName}/recursion-config", "PutFunctionRecursionConfig"),
    ("GET", "/2024-08-31/functions/{FunctionName}/recursion-config", "GetFunctionRecursionConfig"),
];

/// The operation of a request to Lambda, with the labels of its path.
pub(crate) fn lambda(method: &Method, path: &str) -> Option<(&'static str, Vec<(&'static str, String)>)> {
    let path: Vec<&str> = path.trim_matches('/').split('/').collect();
    LAMBDA.iter().filter(|(verb, _, _)| *verb == method.as_str()).find_map(|(_, template, operation)| {
        let template: Vec<&'static str> = template.trim_matches('/').split('/').collect();
        (template.len() == path.len()).then_some(())?;
        let mut labels = Vec::new();
        for (wanted, given) in template.into_iter().zip(&path) {
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => labels.push((name, percent_decode_str(given).decode_utf8_lossy().into_owned())),
                None if wanted == *given => {}
                None => return None,
            }
        }
        Some((*operation, labels))
    })
}

/// The sub-resources of S3 that make an operation of their own, with the noun that the operation's name ends in.
const S3_SUBRESOURCES: &[(&str, &str)] = &[
    ("policyStatus", "BucketPolicyStatus"),
    ("policy", "BucketPolicy"),
    ("location", "BucketLocation"),
    ("acl", "BucketAcl"),
    ("versioning", "BucketVersioning"),
    ("encryption", "BucketEncryption"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("tagging", "BucketTagging"),
    ("lifecycle", "BucketLifecycle"),
    ("logging", "BucketLogging"),
    ("notification", "BucketNotification"),
    ("replication", "BucketReplication"),
    ("cors", "BucketCors"),
    ("website", "BucketWebsite"),
];

/// The name under which CloudTrail records a request to S3.
///
/// The names are CloudTrail's ("Amazon S3 account-level and bucket-level actions tracked by CloudTrail logging"), which
/// differ from the API's in places: `ListObjects` for both versions.
pub(crate) fn s3(parts: &Parts) -> &'static str {
    let path = parts.uri.path().trim_matches('/');
    let query = parts.uri.query().unwrap_or_default();
    let has = |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == name);
    let method = parts.method.as_str();
    match (path.is_empty(), path.contains('/')) {
        (true, _) => "ListBuckets",
        (false, true) => match method {
            "GET" => "GetObject",
            "HEAD" => "HeadObject",
            "PUT" if parts.headers.contains_key("x-amz-copy-source") => "CopyObject",
            "PUT" => "PutObject",
            "DELETE" => "DeleteObject",
            _ => "PostObject",
        },
        (false, false) => match S3_SUBRESOURCES.iter().find(|(name, _)| has(name)) {
            Some((_, noun)) => s3_subresource(method, noun),
            None => match method {
                "PUT" => "CreateBucket",
                "DELETE" => "DeleteBucket",
                "HEAD" => "HeadBucket",
                "POST" if has("delete") => "DeleteObjects",
                _ if has("uploads") => "ListMultipartUploads",
                _ if has("versions") => "ListObjectVersions",
                _ => "ListObjects",
            },
        },
    }
}

fn s3_subresource(method: &str, noun: &'static str) -> &'static str {
    match (method, noun) {
        ("GET", "BucketPolicy") => "GetBucketPolicy",
        ("PUT", "BucketPolicy") => "PutBucketPolicy",
        ("DELETE", "BucketPolicy") => "DeleteBucketPolicy",
        ("GET", "BucketPolicyStatus") => "GetBucketPolicyStatus",
        ("GET", "BucketLocation") => "GetBucketLocation",
        ("GET", "BucketAcl") => "GetBucketAcl",
        ("PUT", "BucketAcl") => "PutBucketAcl",
        ("GET", "BucketVersioning") => "GetBucketVersioning",
        ("PUT", "BucketVersioning") => "PutBucketVersioning",
        ("GET", "BucketEncryption") => "GetBucketEncryption",
        ("PUT", "BucketEncryption") => "PutBucketEncryption",
        ("GET", "PublicAccessBlock") => "GetBucketPublicAccessBlock",
        ("PUT", "PublicAccessBlock") => "PutBucketPublicAccessBlock",
        ("DELETE", "PublicAccessBlock") => "DeleteBucketPublicAccessBlock",
        ("GET", "BucketTagging") => "GetBucketTagging",
        ("PUT", "BucketTagging") => "PutBucketTagging",
        ("DELETE", "BucketTagging") => "DeleteBucketTagging",
        ("GET", _) => "GetBucketSubresource",
        ("DELETE", _) => "DeleteBucketSubresource",
        (_, _) => "PutBucketSubresource",
    }
}
