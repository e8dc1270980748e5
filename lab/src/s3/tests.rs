use std::net::Ipv4Addr;

use axum::http::header::{HeaderMap, HeaderName};
use axum::http::{Method, Uri};
use bytes::Bytes;
use serde_json::json;

use super::S3;
use crate::cloud::Deliverer;
use crate::deliveries::Reason;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

const OWNER: &str = "111122223333";
const OTHER: &str = "444455556666";

/// A request of an account in Seoul.
struct Request {
    account: &'static str,
    region: &'static str,
    headers: Vec<(&'static str, &'static str)>,
}

const REQUEST: Request = Request { account: OWNER, region: "ap-northeast-2", headers: Vec::new() };

impl Request {
    async fn send(self, s3: &S3, method: Method, path: &str, body: impl Into<Bytes>) -> Result<Reply, AwsError> {
        let mut headers = HeaderMap::new();
        headers.insert("host", "127.0.0.1:4566".parse().unwrap());
        for (name, value) in self.headers {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let body = body.into();
        headers.insert("content-length", body.len().into());
        s3.call(&Call {
            service: Service::S3,
            operation: "TheGatewaysGuess".to_owned(),
            scope: Scope::new(self.account, self.region),
            identity: Identity::of_unknown_key(self.account),
            request_id: "request".to_owned(),
            time: jiff::Timestamp::now(),
            source_ip: Ipv4Addr::LOCALHOST.into(),
            user_agent: "test".to_owned(),
            host: "127.0.0.1:4566".to_owned(),
            method,
            uri: Uri::try_from(path).unwrap(),
            headers,
            body,
            labels: Vec::new(),
            params: Node::default(),
        })
        .await
    }
}

const SEOUL: &str = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>\
                     ap-northeast-2</LocationConstraint></CreateBucketConfiguration>";

async fn with_bucket() -> S3 {
    let s3 = S3::default();
    REQUEST.send(&s3, Method::PUT, "/trail", SEOUL).await.unwrap();
    s3
}

async fn put_policy(s3: &S3, policy: serde_json::Value) -> Result<Reply, AwsError> {
    REQUEST.send(s3, Method::PUT, "/trail?policy", policy.to_string()).await
}

fn cloudtrail() -> Deliverer {
    Deliverer {
        service: "cloudtrail.amazonaws.com",
        source_arn: format!("arn:aws:cloudtrail:ap-northeast-2:{OWNER}:trail/t"),
        source_account: OWNER.to_owned(),
    }
}

fn text(reply: &Reply) -> String {
    String::from_utf8_lossy(&reply.body).into_owned()
}

#[tokio::test]
async fn a_bucket_can_be_made_with_its_tags() {
    let s3 = S3::default();
    let with = |tags: &str| {
        SEOUL.replace("</CreateBucketConfiguration>", &format!("<Tags>{tags}</Tags></CreateBucketConfiguration>"))
    };
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let twice = with(&(tag("run", "1") + &tag("run", "2")));
    let refused = REQUEST.send(&s3, Method::PUT, "/trail", twice).await.unwrap_err();
    assert_eq!(refused.code, "InvalidTag");
    let none = REQUEST.send(&s3, Method::HEAD, "/trail", "").await.unwrap_err();
    assert_eq!(none.code, "NoSuchBucket", "what is refused is not made");
    REQUEST.send(&s3, Method::PUT, "/trail", with(&tag("a &amp; b", "1"))).await.unwrap();
    let tags = REQUEST.send(&s3, Method::GET, "/trail?tagging", "").await.unwrap();
    assert!(text(&tags).contains("<Key>a &amp; b</Key><Value>1</Value>"), "{}", text(&tags));
}

#[tokio::test]
async fn a_name_belongs_to_one_account_and_to_the_region_of_the_endpoint() {
    let s3 = with_bucket().await;
    let code = |request: Request, body: &'static str| {
        let s3 = &s3;
        async move { request.send(s3, Method::PUT, "/trail", body).await.map_err(|error| error.code.into_owned()) }
    };
    assert_eq!(code(REQUEST, SEOUL).await.unwrap_err(), "BucketAlreadyOwnedByYou");
    assert_eq!(code(Request { account: OTHER, ..REQUEST }, SEOUL).await.unwrap_err(), "BucketAlreadyExists");
    assert_eq!(code(REQUEST, "").await.unwrap_err(), "IllegalLocationConstraintException");
    let tokyo = Request { region: "ap-northeast-1", ..REQUEST };
    assert_eq!(code(tokyo, SEOUL).await.unwrap_err(), "IllegalLocationConstraintException");

    let virginia = || Request { region: "us-east-1", ..REQUEST };
    for _ in 0..2 {
        let made = virginia().send(&s3, Method::PUT, "/oldest", "").await.unwrap();
        assert_eq!(made.headers["location"], "/oldest", "making it again is a success in us-east-1");
    }
    let location = virginia().send(&s3, Method::GET, "/oldest?location", "").await.unwrap();
    assert!(!text(&location).contains("us-east-1"), "{}", text(&location));
    let location = REQUEST.send(&s3, Method::GET, "/trail?location", "").await.unwrap();
    assert!(text(&location).contains(">ap-northeast-2</LocationConstraint>"), "{}", text(&location));
    let invalid = REQUEST.send(&s3, Method::PUT, "/Not_A_Name", SEOUL).await.unwrap_err();
    assert_eq!(invalid.to_string(), "InvalidBucketName: The specified bucket is not valid.");
}

#[tokio::test]
async fn a_trail_writes_only_what_the_policy_of_its_bucket_allows() {
    let s3 = with_bucket().await;
    let key = format!("AWSLogs/{OWNER}/CloudTrail/x.json.gz");
    let acl = [("s3:x-amz-acl", "bucket-owner-full-control")];
    let put = |keys: &[(&str, &str)]| s3.put_as_service(&cloudtrail(), "trail", &key, Bytes::from("x"), keys);

    assert_eq!(
        s3.allows_service(&cloudtrail(), "gone", "s3:GetBucketAcl", None, &[]).unwrap_err().reason,
        Reason::NotFound
    );
    let refusal = put(&acl).unwrap_err();
    assert_eq!(refusal.reason, Reason::PolicyDenied);
    assert!(refusal.detail.contains("bucket trail has no policy"), "{}", refusal.detail);

    let statement = |action: &str, resource: &str| json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": action, "Resource": resource});
    let mut write = statement("s3:PutObject", &format!("arn:aws:s3:::trail/AWSLogs/{OWNER}/*"));
    write["Condition"] = json!({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}});
    let check = statement("s3:GetBucketAcl", "arn:aws:s3:::trail");
    put_policy(&s3, json!({"Version": "2012-10-17", "Statement": [check, write]})).await.unwrap();

    s3.allows_service(&cloudtrail(), "trail", "s3:GetBucketAcl", None, &[]).unwrap();
    let refusal = put(&[]).unwrap_err();
    assert!(refusal.detail.contains("s3:x-amz-acl"), "{}", refusal.detail);
    assert!(refusal.explanation.is_some());
    put(&acl).unwrap();
    let stored = REQUEST.send(&s3, Method::GET, &format!("/trail/{key}"), "").await.unwrap();
    assert_eq!((&stored.body[..], &stored.headers["content-encoding"]), (&b"x"[..], &"gzip".parse().unwrap()));
}

#[tokio::test]
async fn a_policy_that_s3_would_refuse_is_refused_in_its_words() {
    let s3 = with_bucket().await;
    let policy = |action: &str, resource: &str| {
        let principal = json!({"Service": "cloudtrail.amazonaws.com"});
        let statement = json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource});
        json!({"Version": "2012-10-17", "Statement": [statement]})
    };
    let refused = [
        (policy("s3:PutObject", "arn:aws:s3:::other/*"), "Policy has invalid resource"),
        (policy("s3:PutObject", "arn:aws:s3:::trail-2/*"), "Policy has invalid resource"),
        (policy("sns:Publish", "arn:aws:s3:::trail/*"), "Policy has invalid action"),
        (policy("s3:PutObject", "arn:aws:s3:::trail"), "Action does not apply to any resource(s) in statement"),
        (policy("s3:GetBucketAcl", "arn:aws:s3:::trail/*"), "Action does not apply to any resource(s) in statement"),
        (json!("text"), "Policies must be valid JSON and the first byte must be '{'"),
    ];
    for (policy, words) in refused {
        let error = put_policy(&s3, policy.clone()).await.unwrap_err();
        assert_eq!((error.code.as_ref(), error.message.as_str()), ("MalformedPolicy", words), "{policy}");
    }
    let none = REQUEST.send(&s3, Method::GET, "/trail?policy", "").await.unwrap_err();
    assert_eq!((none.status, none.code.as_ref()), (404, "NoSuchBucketPolicy"));
    let kept = "{ \"Version\" : \"2012-10-17\", \"Statement\": {\"Effect\":\"Allow\",\"Principal\":{\"Service\":\
                \"cloudtrail.amazonaws.com\"},\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::trail/*\"}}";
    REQUEST.send(&s3, Method::PUT, "/trail?policy", kept).await.unwrap();
    let got = REQUEST.send(&s3, Method::GET, "/trail?policy", "").await.unwrap();
    assert_eq!(text(&got), kept, "verbatim");
}

#[tokio::test]
async fn a_new_bucket_refuses_public_policies_until_the_block_is_gone() {
    let s3 = with_bucket().await;
    let public = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::trail/*"},
    ]});
    let refused = put_policy(&s3, public.clone()).await.unwrap_err();
    assert_eq!(refused.code, "AccessDenied");
    assert!(refused.message.contains("BlockPublicPolicy"), "{}", refused.message);
    REQUEST.send(&s3, Method::DELETE, "/trail?publicAccessBlock", "").await.unwrap();
    put_policy(&s3, public).await.unwrap();
    let status = REQUEST.send(&s3, Method::GET, "/trail?policyStatus", "").await.unwrap();
    assert!(text(&status).contains("<IsPublic>true</IsPublic>"), "{}", text(&status));
}

#[tokio::test]
async fn the_owner_is_allowed_until_denied_and_others_are_denied_until_allowed() {
    let s3 = with_bucket().await;
    REQUEST.send(&s3, Method::PUT, "/trail/key", "body").await.unwrap();
    let get = |account| Request { account, ..REQUEST }.send(&s3, Method::GET, "/trail/key", "");
    assert_eq!(get(OTHER).await.unwrap_err().to_string(), "AccessDenied: Access Denied");
    let statement = |effect: &str, account: &str| {
        let principal = json!({"AWS": format!("arn:aws:iam::{account}:root")});
        json!({"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::trail/*"})
    };
    let statements = json!([statement("Allow", OTHER), statement("Deny", OWNER)]);
    put_policy(&s3, json!({"Version": "2012-10-17", "Statement": statements})).await.unwrap();
    assert_eq!(get(OTHER).await.unwrap().body, "body");
    let denied = get(OWNER).await.unwrap_err();
    assert!(denied.message.ends_with("with an explicit deny in a resource-based policy"), "{}", denied.message);
}

#[tokio::test]
async fn a_body_in_chunks_is_stored_plainly_and_its_checksum_is_checked() {
    let s3 = with_bucket().await;
    let chunked = || Request {
        headers: vec![
            ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
            ("x-amz-decoded-content-length", "5"),
            ("x-amz-meta-who", "me"),
        ],
        ..REQUEST
    };
    let body = |crc: &str| format!("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n");
    let put = chunked().send(&s3, Method::PUT, "/trail/a", body("NhCmhg==")).await.unwrap();
    assert_eq!(put.headers["etag"], "\"5d41402abc4b2a76b9719d911017c592\"");
    assert_eq!(put.headers["x-amz-checksum-crc32"], "NhCmhg==");
    let got = REQUEST.send(&s3, Method::GET, "/trail/a", "").await.unwrap();
    assert_eq!(got.body, "hello");
    assert_eq!(got.headers["x-amz-meta-who"], "me");
    assert!(!got.headers.contains_key("content-encoding"));
    let wrong = chunked().send(&s3, Method::PUT, "/trail/a", body("AAAAAA==")).await.unwrap_err();
    assert_eq!(wrong.to_string(), "BadDigest: The CRC32 you specified did not match the calculated checksum.");

    let range = Request { headers: vec![("range", "bytes=1-2")], ..REQUEST };
    let part = range.send(&s3, Method::GET, "/trail/a", "").await.unwrap();
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &b"el"[..]));
    assert_eq!(part.headers["content-range"], "bytes 1-2/5");
}

#[tokio::test]
async fn a_listing_goes_on_where_the_page_ended() {
    let s3 = with_bucket().await;
    for key in ["a", "d/1", "d/2", "e/1", "f&<"] {
        let path = format!("/trail/{}", key.replace('<', "%3C"));
        REQUEST.send(&s3, Method::PUT, &path, key).await.unwrap();
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("/trail?list-type=2&delimiter=/&max-keys=1&encoding-type=url{token}");
        let page = text(&REQUEST.send(&s3, Method::GET, &path, "").await.unwrap());
        let element = |name: &str| {
            let rest = page.split_once(&format!("<{name}>"))?.1;
            Some(rest.split_once('<')?.0.to_owned())
        };
        let prefix = page.split_once("<CommonPrefixes><Prefix>").and_then(|(_, rest)| rest.split_once('<'));
        seen.push(prefix.map(|(prefix, _)| prefix.to_owned()).or_else(|| element("Key")).unwrap());
        match element("NextContinuationToken") {
            Some(next) => token = format!("&continuation-token={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["a", "d/", "e/", "f%26%3C"]);
    let not_empty = REQUEST.send(&s3, Method::DELETE, "/trail", "").await.unwrap_err();
    assert_eq!(not_empty.code, "BucketNotEmpty");
}

#[tokio::test]
async fn what_the_lab_does_not_have_is_refused_by_name() {
    let s3 = with_bucket().await;
    let cors = REQUEST.send(&s3, Method::GET, "/trail?cors", "").await.unwrap_err();
    assert_eq!((cors.status, cors.message.as_str()), (501, "the lab does not support the operation s3:GetBucketCors"));
    let class = Request { headers: vec![("x-amz-storage-class", "GLACIER")], ..REQUEST };
    let class = class.send(&s3, Method::PUT, "/trail/a", "").await.unwrap_err();
    assert!(class.message.contains("StorageClass"), "{}", class.message);
}

#[tokio::test]
async fn an_error_says_which_bucket_or_key_it_is_about() {
    let s3 = with_bucket().await;
    let bucket = REQUEST.send(&s3, Method::GET, "/nobodys", "").await.unwrap_err();
    assert_eq!(bucket.extra, Some(("BucketName", "nobodys".to_owned())));
    let key = REQUEST.send(&s3, Method::GET, "/trail/AWSLogs/a%20b", "").await.unwrap_err();
    assert_eq!(key.extra, Some(("Key", "AWSLogs/a b".to_owned())));
    let xml = crate::gateway::call::refuse(Service::S3, Service::S3.protocol(), "request", &bucket);
    assert!(text(&xml).contains("<BucketName>nobodys</BucketName>"), "{}", text(&xml));
}

#[tokio::test]
async fn a_public_access_block_without_settings_is_refused() {
    let s3 = with_bucket().await;
    let body = "<PublicAccessBlockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>";
    let error = REQUEST.send(&s3, Method::PUT, "/trail?publicAccessBlock", body).await.unwrap_err();
    assert_eq!(error.to_string(), "InvalidRequest: Must specify at least one configuration.");
}
