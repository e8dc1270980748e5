//! The workbook's pipeline in a lab of this process's own, built by hand over HTTP.

use std::io::{Cursor, Write as _};
use std::time::Instant;

use alert_drill_lab::Lab;
use alert_drill_lab::discord::RateLimit;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

const ACCOUNT: &str = "000000000000";
const REGION: &str = "ap-northeast-2";
const RULE: &str = "load-rule";

/// A client of the lab's.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    endpoint: String,
}

/// The pipeline: trail, rule, topic, queue, and the function if it is wanted.
pub(crate) struct Pipeline {
    pub(crate) lab: Lab,
    pub(crate) client: Client,
    pub(crate) queue_url: String,
}

impl Pipeline {
    pub(crate) async fn build(with_function: bool) -> Self {
        let lab = Lab::start().await.expect("the lab starts");
        let unlimited = RateLimit { requests: u32::MAX, window: std::time::Duration::from_secs(1) };
        lab.discord().set_rate_limit(unlimited);
        let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client without TLS");
        let client = Client { http, endpoint: lab.endpoint_url() };
        client.trail().await;
        let topic = client.topic().await;
        client.rule(&topic).await;
        let queue_url = client.queue(&topic).await;
        if with_function {
            client.function(&topic, &lab.discord_webhook_url()).await;
        }
        Self { lab, client, queue_url }
    }

    /// A security group of this name, by id.
    pub(crate) async fn group(&self, name: &str) -> String {
        let named = [("GroupName", name), ("GroupDescription", "Opened and closed under load")];
        let answer = self.client.query("ec2", "2016-11-15", "CreateSecurityGroup", &named);
        between(&answer.await, "<groupId>", "</groupId>")
    }

    /// How often the rule matched.
    pub(crate) async fn triggered(&self) -> u64 {
        let page = self.client.http.get(format!("{}/_lab/metrics", self.client.endpoint)).send().await;
        let page: Value = page.expect("the lab answers").json().await.expect("JSON");
        let counters = page["metrics"].as_array().into_iter().flatten();
        let of_rule = counters.filter(|one| one["name"] == "TriggeredRules" && one["dimension"]["value"] == RULE);
        of_rule.filter_map(|one| one["sum"].as_f64()).sum::<f64>() as u64
    }

    pub(crate) async fn stop(self) {
        self.lab.stop().await;
    }
}

impl Client {
    /// Opens a port on the group.
    pub(crate) async fn authorize(&self, group: &str, port: u16) {
        self.permission("AuthorizeSecurityGroupIngress", group, port).await;
    }

    /// Closes it again.
    pub(crate) async fn revoke(&self, group: &str, port: u16) {
        self.permission("RevokeSecurityGroupIngress", group, port).await;
    }

    async fn permission(&self, action: &str, group: &str, port: u16) {
        let port = port.to_string();
        self.query(
            "ec2",
            "2016-11-15",
            action,
            &[
                ("GroupId", group),
                ("IpPermissions.1.IpProtocol", "tcp"),
                ("IpPermissions.1.FromPort", &port),
                ("IpPermissions.1.ToPort", &port),
                ("IpPermissions.1.IpRanges.1.CidrIp", "203.0.113.0/24"),
            ],
        )
        .await;
    }

    /// Waits for a message of the queue, takes it away, and says when it came.
    pub(crate) async fn receive(self, queue_url: String) -> Instant {
        let ask = json!({ "QueueUrl": queue_url, "WaitTimeSeconds": 20, "MaxNumberOfMessages": 1 });
        let answer = self.json("sqs", "AmazonSQS.ReceiveMessage", "application/x-amz-json-1.0", &ask).await;
        let at = Instant::now();
        let receipt = answer["Messages"][0]["ReceiptHandle"].as_str().expect("a message").to_owned();
        let delete = json!({ "QueueUrl": queue_url, "ReceiptHandle": receipt });
        self.json("sqs", "AmazonSQS.DeleteMessage", "application/x-amz-json-1.0", &delete).await;
        at
    }

    /// Takes away whatever comes to the queue, until it is dropped.
    pub(crate) async fn drain(self, queue_url: String) {
        let ask = json!({ "QueueUrl": queue_url, "WaitTimeSeconds": 20, "MaxNumberOfMessages": 10 });
        loop {
            let answer = self.json("sqs", "AmazonSQS.ReceiveMessage", "application/x-amz-json-1.0", &ask).await;
            let messages = answer["Messages"].as_array().into_iter().flatten().enumerate();
            let entries: Vec<Value> = messages
                .map(|(at, one)| json!({ "Id": at.to_string(), "ReceiptHandle": one["ReceiptHandle"] }))
                .collect();
            if !entries.is_empty() {
                let delete = json!({ "QueueUrl": queue_url, "Entries": entries });
                self.json("sqs", "AmazonSQS.DeleteMessageBatch", "application/x-amz-json-1.0", &delete).await;
            }
        }
    }

    /// A request that means nothing. Returns whether it was answered.
    pub(crate) async fn nonsense(&self, seed: &mut u64) -> bool {
        // A generator of Marsaglia's: what it gives only has to differ.
        let mut next = || {
            *seed ^= *seed << 13;
            *seed ^= *seed >> 7;
            *seed ^= *seed << 17;
            *seed
        };
        let bytes: Vec<u8> = (0..next() % 40).flat_map(|_| next().to_le_bytes()).collect();
        let services = ["ec2", "sns", "sqs", "events", "lambda", "s3", "iam", "no-such-service"];
        let service = services[next() as usize % services.len()];
        let path = format!("{}/{:x}?{:x}={:x}", self.endpoint, next() % 4096, next(), next());
        let request = match next() % 4 {
            0 => self.http.get(path),
            1 => self.http.put(path).body(bytes),
            2 => self.http.post(&self.endpoint).header("x-amz-target", "AmazonSQS.ReceiveMessage").body(bytes),
            _ => self.http.post(&self.endpoint).body(format!("Action=DescribeInstances&Filter.{}=x", next())),
        };
        request.header("authorization", authorization(service)).send().await.is_ok()
    }

    async fn trail(&self) {
        let bucket = format!("load-{ACCOUNT}");
        let location = format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{REGION}\
             </LocationConstraint></CreateBucketConfiguration>"
        );
        self.put(&format!("/{bucket}"), location).await;
        let service = json!({ "Service": "cloudtrail.amazonaws.com" });
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": format!("arn:aws:s3:::{bucket}") },
                { "Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": format!("arn:aws:s3:::{bucket}/*") },
            ],
        });
        self.put(&format!("/{bucket}?policy"), policy.to_string()).await;
        let target = |operation: &str| format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
        let kind = "application/x-amz-json-1.1";
        self.json("cloudtrail", &target("CreateTrail"), kind, &json!({ "Name": "load", "S3BucketName": bucket })).await;
        self.json("cloudtrail", &target("StartLogging"), kind, &json!({ "Name": "load" })).await;
    }

    async fn topic(&self) -> String {
        let created = self.query("sns", "2010-03-31", "CreateTopic", &[("Name", "load")]).await;
        let arn = between(&created, "<TopicArn>", "</TopicArn>");
        let policy = allow("events.amazonaws.com", "sns:Publish", &arn);
        let set = [("TopicArn", arn.as_str()), ("AttributeName", "Policy"), ("AttributeValue", policy.as_str())];
        self.query("sns", "2010-03-31", "SetTopicAttributes", &set).await;
        arn
    }

    async fn rule(&self, topic: &str) {
        let kind = "application/x-amz-json-1.1";
        let put = json!({ "Name": RULE, "EventPattern": super::pattern() });
        self.json("events", "AWSEvents.PutRule", kind, &put).await;
        let targets = json!({ "Rule": RULE, "Targets": [{ "Id": "1", "Arn": topic }] });
        self.json("events", "AWSEvents.PutTargets", kind, &targets).await;
    }

    async fn queue(&self, topic: &str) -> String {
        let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:load");
        let create = json!({
            "QueueName": "load",
            "Attributes": { "Policy": allow("sns.amazonaws.com", "sqs:SendMessage", &arn) },
        });
        let created = self.json("sqs", "AmazonSQS.CreateQueue", "application/x-amz-json-1.0", &create).await;
        self.subscribe(topic, "sqs", &arn).await;
        created["QueueUrl"].as_str().expect("a queue").to_owned()
    }

    async fn function(&self, topic: &str, webhook: &str) {
        let trust = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }],
        });
        let role = [("RoleName", "load"), ("AssumeRolePolicyDocument", &trust.to_string())];
        self.query("iam", "2010-05-08", "CreateRole", &role).await;
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("lambda_function.py", zip::write::SimpleFileOptions::default()).expect("a zip in memory");
        zip.write_all(super::FUNCTION.as_bytes()).expect("a zip in memory");
        let zip = zip.finish().expect("a zip in memory").into_inner();
        let create = json!({
            "FunctionName": "load",
            "Runtime": "python3.13",
            "Handler": "lambda_function.lambda_handler",
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/load"),
            "Code": { "ZipFile": BASE64_STANDARD.encode(zip) },
            "Environment": { "Variables": { "DISCORD_WEBHOOK_URL": webhook } },
        });
        self.rest("/2015-03-31/functions", &create).await;
        let permission = json!({
            "StatementId": "sns",
            "Action": "lambda:InvokeFunction",
            "Principal": "sns.amazonaws.com",
            "SourceArn": topic,
        });
        self.rest("/2015-03-31/functions/load/policy", &permission).await;
        self.subscribe(topic, "lambda", &format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:load")).await;
    }

    async fn subscribe(&self, topic: &str, protocol: &str, endpoint: &str) {
        let subscribe = [("TopicArn", topic), ("Protocol", protocol), ("Endpoint", endpoint)];
        self.query("sns", "2010-03-31", "Subscribe", &subscribe).await;
    }

    async fn query(&self, service: &str, version: &str, action: &str, parameters: &[(&str, &str)]) -> String {
        let parameters = parameters.iter().copied().chain([("Action", action), ("Version", version)]);
        let mut url = reqwest::Url::parse("http://form/").expect("a URL");
        url.query_pairs_mut().extend_pairs(parameters);
        let body = url.query().unwrap_or_default().to_owned();
        let request = self.http.post(&self.endpoint).body(body);
        self.answer(service, request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    async fn json(&self, service: &str, target: &str, kind: &str, body: &Value) -> Value {
        let request = self.http.post(&self.endpoint).body(body.to_string());
        let request = request.header("x-amz-target", target).header("content-type", kind);
        serde_json::from_str(&self.answer(service, request).await).unwrap_or_default()
    }

    async fn rest(&self, path: &str, body: &Value) {
        let request = self.http.post(format!("{}{path}", self.endpoint)).body(body.to_string());
        self.answer("lambda", request.header("content-type", "application/json")).await;
    }

    async fn put(&self, path: &str, body: String) {
        self.answer("s3", self.http.put(format!("{}{path}", self.endpoint)).body(body)).await;
    }

    async fn answer(&self, service: &str, request: reqwest::RequestBuilder) -> String {
        let answer = request.header("authorization", authorization(service)).send().await.expect("the lab answers");
        let status = answer.status();
        let text = answer.text().await.expect("the answer's body");
        assert!(status.is_success(), "{service}: {status}: {text}");
        text
    }
}

/// A signature that nobody verifies, for this service.
fn authorization(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

fn allow(service: &str, action: &str, resource: &str) -> String {
    let statement =
        json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": action, "Resource": resource });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

fn between(text: &str, start: &str, end: &str) -> String {
    let rest = text.split_once(start).map(|(_, rest)| rest).unwrap_or_default();
    rest.split_once(end).map(|(value, _)| value).unwrap_or_default().to_owned()
}
