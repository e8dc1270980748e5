//! Code out of the lab's own S3.

use super::*;

async fn s3(client: &Client, method: Method, path: &str, body: Vec<u8>) -> Reply {
    let (account, region) = (client.account, client.region);
    let credential = format!("AWS4-HMAC-SHA256 Credential={account}/20261124/{region}/s3/aws4_request, Signature=0");
    let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:4566");
    let request = request.header("authorization", credential).header("content-length", body.len());
    let (parts, body) = request.body(Bytes::from(body)).unwrap().into_parts();
    gateway::serve(&client.cloud, &parts, body, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
}

/// A lab with a bucket that has a package under a key with a space and a sign.
async fn with_package() -> Client {
    let client = Client::new().await;
    let location = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>\
                    ap-northeast-2</LocationConstraint></CreateBucketConfiguration>";
    let created = s3(&client, Method::PUT, "/packages", location.into()).await;
    assert_eq!(created.status, 200, "{created:?}");
    let package = archive(&[("bootstrap", 0o755, BOOTSTRAP)]);
    let put = s3(&client, Method::PUT, "/packages/builds/alarm%20%2B1.zip", package).await;
    assert_eq!(put.status, 200, "{put:?}");
    client
}

fn source(bucket: &str, key: &str) -> Value {
    json!({ "S3Bucket": bucket, "S3Key": key })
}

#[tokio::test]
async fn a_function_is_created_and_updated_from_an_object() {
    let client = with_package().await;
    let plain = client.create("plain").await;
    let code = source("packages", "builds/alarm +1.zip");
    let created = client.create_with("alarm", json!({ "Code": code })).await.unwrap();
    assert_eq!(created["CodeSize"], plain["CodeSize"]);
    client.answer("alarm", json!({})).await;
    client.update("alarm", "second").await;
    let updated = client.put("/alarm/code", code).await.unwrap();
    assert_eq!(updated["CodeSha256"], created["CodeSha256"]);
}

#[tokio::test]
async fn what_s3_answers_is_told_in_lambda_s_words() {
    let client = with_package().await;
    let refused = async |code: Value| client.create_with("alarm", json!({ "Code": code })).await.unwrap_err();
    assert_eq!(
        refused(source("packages", "missing.zip")).await,
        "400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The \
         specified key does not exist."
    );
    assert_eq!(
        refused(source("no-such-bucket", "a.zip")).await,
        "400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: \
         The specified bucket does not exist"
    );
    let mut both = source("packages", "a.zip");
    both["ZipFile"] = zip(&[("bootstrap", 0o755, BOOTSTRAP)]).into();
    assert!(refused(both).await.starts_with("400 InvalidParameterValueException: Please do not provide other"));
    let elsewhere = Client { region: "us-east-1", ..client.of(ACCOUNT) };
    let changes = json!({ "Code": source("packages", "builds/alarm +1.zip") });
    assert_eq!(
        elsewhere.create_with("alarm", changes).await.unwrap_err(),
        "400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error \
         Message: The bucket is in this region: ap-northeast-2. Please use this region to retry the request"
    );
    let other = client.of(OTHER);
    other.role("notifier", "lambda.amazonaws.com").await;
    let denied = other.put("/alarm/code", source("packages", "builds/alarm +1.zip")).await.unwrap_err();
    assert!(denied.starts_with("404 "), "the other account has no such function: {denied}");
    let changes = json!({
        "Role": "arn:aws:iam::444455556666:role/notifier",
        "Code": source("packages", "builds/alarm +1.zip"),
    });
    let denied = other.create_with("alarm", changes).await.unwrap_err();
    assert!(denied.starts_with("403 AccessDeniedException: Your access has been denied by S3"), "{denied}");
}
