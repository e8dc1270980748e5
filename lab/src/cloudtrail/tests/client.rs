//! A client of a lab without its server: requests as they come over the wire, answers as they go back.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::deliveries::{Delivery, Hop};
use crate::gateway;
use crate::gateway::call::Reply;
use crate::scope::Scope;

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) scope: Scope,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { cloud: Arc::default(), scope: Scope::new("111122223333", "ap-northeast-2") }
    }

    /// The same lab from another Region.
    pub(crate) fn at(&self, region: &str) -> Self {
        Self { cloud: Arc::clone(&self.cloud), scope: Scope::new(self.scope.account.clone(), region) }
    }

    /// A request with headers of its own.
    pub(crate) async fn raw(
        &self,
        service: &str,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        request.headers_mut().unwrap().extend(headers);
        self.send(service, request, body).await
    }

    /// A call of EC2, with its parameters as a form.
    pub(crate) async fn ec2(&self, operation: &str, form: &str) -> Reply {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send("ec2", request, format!("Action={operation}&Version=2016-11-15&{form}")).await
    }

    async fn send(&self, service: &str, request: Builder, body: impl Into<Bytes>) -> Reply {
        let Scope { account, region } = &self.scope;
        let credential =
            format!("AWS4-HMAC-SHA256 Credential={account}/20261124/{region}/{service}/aws4_request, Signature=0");
        let request = request.header("authorization", credential).header("host", "127.0.0.1:4566");
        let (parts, body) = request.body(body.into()).unwrap().into_parts();
        gateway::serve(&self.cloud, &parts, body, IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    async fn json(&self, service: &str, target: &str, input: Value) -> Result<Value, String> {
        let request = Request::builder().method(Method::POST).uri("/").header("x-amz-target", target);
        let reply = self.send(service, request, input.to_string()).await;
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        match reply.status.is_success() {
            true => Ok(answer),
            false => Err(format!("{}: {}", answer["__type"].as_str().unwrap(), answer["message"].as_str().unwrap())),
        }
    }

    pub(crate) async fn cloudtrail(&self, operation: &str, input: Value) -> Result<Value, String> {
        self.json("cloudtrail", &format!("CloudTrail_20131101.{operation}"), input).await
    }

    pub(crate) async fn events(&self, operation: &str, input: Value) -> Result<Value, String> {
        self.json("events", &format!("AWSEvents.{operation}"), input).await
    }

    pub(crate) async fn sqs(&self, operation: &str, input: Value) -> Result<Value, String> {
        self.json("sqs", &format!("AmazonSQS.{operation}"), input).await
    }

    pub(crate) async fn s3(&self, method: Method, path: &str, body: &str) -> Reply {
        self.send("s3", Request::builder().method(method).uri(path), body.to_owned()).await
    }

    /// A bucket that nobody but its owner may write to.
    pub(crate) async fn closed_bucket(&self, name: &str) {
        let place = match self.scope.region.as_str() {
            "us-east-1" => String::new(),
            region => format!(
                "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
            ),
        };
        let reply = self.s3(Method::PUT, &format!("/{name}"), &place).await;
        assert!(reply.status.is_success(), "{reply:?}");
    }

    /// A bucket that CloudTrail may write to.
    pub(crate) async fn bucket(&self, name: &str) {
        self.closed_bucket(name).await;
        self.allow_trails(name).await;
    }

    pub(crate) async fn allow_trails(&self, bucket: &str) {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": { "Service": "cloudtrail.amazonaws.com" },
                    "Action": "s3:GetBucketAcl",
                    "Resource": format!("arn:aws:s3:::{bucket}"),
                },
                {
                    "Effect": "Allow",
                    "Principal": { "Service": "cloudtrail.amazonaws.com" },
                    "Action": "s3:PutObject",
                    "Resource": format!("arn:aws:s3:::{bucket}/AWSLogs/{}/*", self.scope.account),
                    "Condition": { "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } },
                },
            ],
        });
        let reply = self.s3(Method::PUT, &format!("/{bucket}?policy"), &policy.to_string()).await;
        assert!(reply.status.is_success(), "{reply:?}");
    }

    /// A trail that logs, with a bucket of its own.
    pub(crate) async fn trail(&self, name: &str) {
        self.bucket(&format!("{name}-bucket")).await;
        self.cloudtrail("CreateTrail", json!({ "Name": name, "S3BucketName": format!("{name}-bucket") }))
            .await
            .unwrap();
        self.cloudtrail("StartLogging", json!({ "Name": name })).await.unwrap();
    }

    /// A queue that EventBridge may send to; its ARN.
    pub(crate) async fn queue(&self, name: &str, open: bool) -> String {
        let arn = self.scope.arn("sqs", name);
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "events.amazonaws.com" },
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }],
        });
        let attributes = if open { json!({ "Policy": policy.to_string() }) } else { json!({}) };
        self.sqs("CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await.unwrap();
        arn
    }

    /// The messages that wait in a queue.
    pub(crate) async fn messages(&self, name: &str) -> Vec<Value> {
        let url = format!("http://127.0.0.1:4566/{}/{name}", self.scope.account);
        let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"] });
        let answer = self.sqs("ReceiveMessage", input).await.unwrap();
        answer["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// The deliveries of a hop that carry an event of this name, once nothing is under way.
    pub(crate) async fn deliveries(&self, hop: Hop, event_name: &str) -> Vec<Delivery> {
        self.cloud.deliveries.settled().await;
        let mut all = self.cloud.deliveries.all();
        all.retain(|delivery| delivery.hop == hop && delivery.carried.event_name.as_deref() == Some(event_name));
        all
    }
}
