//! The bench of the silences: the right pipeline, built call by call with the SDK, in which a test then breaks one thing.

use std::io::{Cursor, Write as _};
use std::time::Duration;

use alert_drill::lab::Lab;
use alert_drill::lab::deliveries::{Delivery, Hop, Outcome, Reason};
use alert_drill::target::{Clients, Target};
use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::on_the_lab;

pub(crate) const TRAIL: &str = "ct-securitygroup";
pub(crate) const RULE: &str = "eventbridge-securitygroup-changerule";
pub(crate) const TOPIC: &str = "sns-securitygroup-alarm";
pub(crate) const FUNCTION: &str = "lambda-securitygroup-alarm";
pub(crate) const PERMISSION: &str = "topic-may-invoke";
pub(crate) const MAIL: &str = "security-team@example.com";

/// The event pattern of the shipped scenario.
pub(crate) const PATTERN: &str = include_str!("../../scenarios/security-group-change/event-pattern.json");

const REGION: &str = "ap-northeast-2";
const BUCKET: &str = "ct-securitygroup-bucket-suite";

/// How long the lab may take until nothing is under way. Only a failure takes so long.
const SETTLED: Duration = Duration::from_secs(10);

/// A `bootstrap` that enters this test binary again as the notifier.
pub(crate) fn notifier() -> String {
    let executable = std::env::current_exe().unwrap().to_string_lossy().replace('\'', r"'\''");
    let arguments = "--nocapture --test-threads=1 --exact alert_drill_notifier";
    format!("#!/bin/sh\nALERT_DRILL_ENTER=notifier exec '{executable}' {arguments}\n")
}

/// What people heard: messages in the queue, in Discord, and mails that carry a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) queue: usize,
    pub(crate) discord: usize,
    pub(crate) mail: usize,
}

impl Heard {
    /// Nothing anywhere.
    pub(crate) const NOTHING: Self = Self { queue: 0, discord: 0, mail: 0 };
}

/// A lab in which the right pipeline stands: trail, rule, topic, queue, and function; no mail.
pub(crate) struct Bench {
    target: Target,
    pub(crate) topic_arn: String,
    /// The policy that AWS gives a topic, before the pipeline's own replaced it.
    pub(crate) default_topic_policy: String,
    pub(crate) queue_url: String,
    pub(crate) queue_subscription: String,
    group_id: String,
}

impl Bench {
    /// The right pipeline. None on a target that the suite does not know: the test is skipped, and it is said why.
    pub(crate) async fn start() -> Option<Self> {
        Self::start_with(&notifier()).await
    }

    /// The right pipeline around a function of the test's own.
    pub(crate) async fn start_with(bootstrap: &str) -> Option<Self> {
        if !on_the_lab() {
            return None;
        }
        let target = Target::lab(REGION, "suite").await.unwrap();
        make_trail(&target).await;
        let (topic_arn, default_topic_policy) = make_topic(&target).await;
        make_rule(&target, &topic_arn).await;
        let (queue_url, queue_subscription) = make_queue(&target, &topic_arn).await;
        make_function(&target, &topic_arn, bootstrap).await;
        let group = target.clients.ec2.create_security_group().group_name("securitygroup-test");
        let group_id = group.description("Opened by the suite").send().await.unwrap().group_id.unwrap();
        Some(Self { target, topic_arn, default_topic_policy, queue_url, queue_subscription, group_id })
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.target.clients
    }

    fn lab(&self) -> &Lab {
        self.target.own_lab().unwrap().lab()
    }

    /// The ARN of a rule of this name on the default bus.
    pub(crate) fn rule_arn(&self, name: &str) -> String {
        rule_arn(&self.target, name)
    }

    /// Gives the rule another event pattern.
    pub(crate) async fn set_pattern(&self, pattern: &str) {
        self.clients().events.put_rule().name(RULE).event_pattern(pattern).send().await.unwrap();
    }

    /// Gives the topic another policy.
    pub(crate) async fn set_topic_policy(&self, policy: &str) {
        let set = self.clients().sns.set_topic_attributes().topic_arn(&self.topic_arn);
        set.attribute_name("Policy").attribute_value(policy).send().await.unwrap();
    }

    /// Subscribes the mail address; its link is not opened.
    pub(crate) async fn subscribe_mail(&self) {
        let subscribe = self.clients().sns.subscribe().topic_arn(&self.topic_arn);
        subscribe.protocol("email").endpoint(MAIL).send().await.unwrap();
    }

    /// Opens the link of the confirmation mail, as its reader would.
    pub(crate) async fn open_confirmation_link(&self) {
        let link = self.lab().mail(Some(MAIL)).into_iter().find_map(|mail| mail.confirmation_url).unwrap();
        assert_eq!(http().get(link).send().await.unwrap().status(), 200);
    }

    /// Opens SSH on the group, and waits until nothing is under way. Returns AWS's id of the request.
    pub(crate) async fn open_port(&self) -> String {
        let call = self.clients().ec2.authorize_security_group_ingress().group_id(&self.group_id);
        let opened = call.ip_permissions(ssh()).send().await.unwrap();
        self.settled().await;
        opened.request_id().unwrap().to_owned()
    }

    /// Closes it again, and waits until nothing is under way. Returns AWS's id of the request.
    pub(crate) async fn close_port(&self) -> String {
        let call = self.clients().ec2.revoke_security_group_ingress().group_id(&self.group_id);
        let closed = call.ip_permissions(ssh()).send().await.unwrap();
        self.settled().await;
        closed.request_id().unwrap().to_owned()
    }

    /// Looks at the groups, and waits until nothing is under way. Returns AWS's id of the request.
    pub(crate) async fn look_at_groups(&self) -> String {
        let seen = self.clients().ec2.describe_security_groups().send().await.unwrap();
        self.settled().await;
        seen.request_id().unwrap().to_owned()
    }

    async fn settled(&self) {
        let settled = tokio::time::timeout(SETTLED, self.lab().settled()).await;
        assert!(settled.is_ok(), "still under way after {SETTLED:?}: {:#?}", self.lab().deliveries());
    }

    /// What people have heard so far: of the queue, what has come since this was asked last. All of that must carry the
    /// record of this request.
    pub(crate) async fn heard(&self, request_id: &str) -> Heard {
        let received = self.clients().sqs.receive_message().queue_url(&self.queue_url).wait_time_seconds(0);
        let received = received.max_number_of_messages(10).send().await.unwrap();
        for message in received.messages() {
            let envelope: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            let event: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
            assert_eq!(event["detail"]["requestID"], request_id, "an event that nobody asked for: {event}");
            let delete = self.clients().sqs.delete_message().queue_url(&self.queue_url);
            delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
        }
        let discord = self.lab().discord();
        let messages = discord.webhooks().iter().map(|webhook| discord.messages(&webhook.id).len()).sum();
        let mails = self.lab().mail(Some(MAIL));
        let mail = mails.iter().filter(|mail| mail.event_id.is_some()).count();
        Heard { queue: received.messages().len(), discord: messages, mail }
    }

    /// What the lab says of everything that stopped the request's record, in full.
    pub(crate) fn stopped(&self, request_id: &str) -> Vec<Delivery> {
        let mut deliveries = self.lab().deliveries_of(request_id);
        deliveries.retain(|delivery| delivery.outcome == Outcome::Stopped);
        deliveries.into_iter().map(Delivery::explained).collect()
    }

    /// Asserts that the request's record was stopped once, here, for this reason, and that the lab's words name the cause.
    #[track_caller]
    pub(crate) fn assert_stopped_at(&self, request_id: &str, hop: Hop, reason: Reason, cause: &[&str]) {
        let stopped = self.stopped(request_id);
        let [only] = stopped.as_slice() else { panic!("stopped once, not {}: {stopped:#?}", stopped.len()) };
        assert_eq!((only.hop, only.reason), (hop, Some(reason)), "{only:#?}");
        let detail = only.detail.as_deref().unwrap_or_default();
        for words in cause {
            assert!(detail.contains(words), "`{words}` is not in: {detail}");
        }
    }

    /// The sum of one of AWS's counters; 0 where it never counted.
    pub(crate) async fn metric(&self, namespace: &str, name: &str, of: &str) -> f64 {
        let page = http().get(format!("{}/_lab/metrics", self.lab().endpoint_url())).send().await.unwrap();
        let page: Value = page.json().await.unwrap();
        let counters = page["metrics"].as_array().unwrap().iter();
        let wanted = counters.filter(|counter| {
            counter["namespace"] == namespace && counter["name"] == name && counter["dimension"]["value"] == of
        });
        wanted.map(|counter| counter["sum"].as_f64().unwrap()).sum()
    }
}

/// Loading the machine's certificates would take longer than the test.
fn http() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap()
}

fn ssh() -> IpPermission {
    let range = IpRange::builder().cidr_ip("203.0.113.0/24").build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build()
}

fn rule_arn(target: &Target, name: &str) -> String {
    format!("arn:aws:events:{REGION}:{}:rule/{name}", target.account)
}

/// A policy of one statement that lets a service do one thing, for one source.
pub(crate) fn allow(service: &str, action: &str, resource: &str, source_arn: &str) -> Value {
    json!({
        "Sid": "Allowed",
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": action,
        "Resource": resource,
        "Condition": { "ArnEquals": { "aws:SourceArn": source_arn } },
    })
}

pub(crate) fn policy(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

async fn make_trail(target: &Target) {
    let Target { clients, account, .. } = target;
    let location = BucketLocationConstraint::from(REGION);
    let location = CreateBucketConfiguration::builder().location_constraint(location).build();
    let create = clients.s3.create_bucket().bucket(BUCKET).create_bucket_configuration(location);
    create.send().await.unwrap();
    let service = json!({ "Service": "cloudtrail.amazonaws.com" });
    let (bucket, files) = (format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/AWSLogs/{account}/*"));
    let policy = policy(&[
        json!({ "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": bucket }),
        json!({
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": files,
            "Condition": { "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } },
        }),
    ]);
    clients.s3.put_bucket_policy().bucket(BUCKET).policy(policy).send().await.unwrap();
    clients.cloudtrail.create_trail().name(TRAIL).s3_bucket_name(BUCKET).send().await.unwrap();
    clients.cloudtrail.start_logging().name(TRAIL).send().await.unwrap();
}

/// The topic's ARN, and the policy that it was made with.
async fn make_topic(target: &Target) -> (String, String) {
    let sns = &target.clients.sns;
    let arn = sns.create_topic().name(TOPIC).send().await.unwrap().topic_arn.unwrap();
    let attributes = sns.get_topic_attributes().topic_arn(&arn).send().await.unwrap();
    let default = attributes.attributes().unwrap()["Policy"].clone();
    let policy = policy(&[allow("events.amazonaws.com", "sns:Publish", &arn, &rule_arn(target, RULE))]);
    let set = sns.set_topic_attributes().topic_arn(&arn).attribute_name("Policy").attribute_value(policy);
    set.send().await.unwrap();
    (arn, default)
}

async fn make_rule(target: &Target, topic_arn: &str) {
    let events = &target.clients.events;
    events.put_rule().name(RULE).event_pattern(PATTERN).send().await.unwrap();
    let topic = aws_sdk_eventbridge::types::Target::builder().id("1").arn(topic_arn).build().unwrap();
    let put = events.put_targets().rule(RULE).targets(topic).send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 0);
}

/// The queue's URL, and its subscription's ARN.
async fn make_queue(target: &Target, topic_arn: &str) -> (String, String) {
    let Target { clients, account, .. } = target;
    let arn = format!("arn:aws:sqs:{REGION}:{account}:alert-drill-suite");
    let policy = policy(&[allow("sns.amazonaws.com", "sqs:SendMessage", &arn, topic_arn)]);
    let create = clients.sqs.create_queue().queue_name("alert-drill-suite");
    let url = create.attributes(QueueAttributeName::Policy, policy).send().await.unwrap().queue_url.unwrap();
    let subscribe = clients.sns.subscribe().topic_arn(topic_arn).protocol("sqs").endpoint(arn);
    (url, subscribe.send().await.unwrap().subscription_arn.unwrap())
}

async fn make_function(target: &Target, topic_arn: &str, bootstrap: &str) {
    let Target { clients, .. } = target;
    let trust = json!({
        "Effect": "Allow",
        "Principal": { "Service": "lambda.amazonaws.com" },
        "Action": "sts:AssumeRole",
    });
    let role = clients.iam.create_role().role_name("lambda-role").assume_role_policy_document(policy(&[trust]));
    let role_arn = role.send().await.unwrap().role.unwrap().arn;
    let webhook_url = target.own_lab().unwrap().lab().discord_webhook_url();
    let environment = Environment::builder().variables("DISCORD_WEBHOOK_URL", webhook_url).build();
    let create = clients.lambda.create_function().function_name(FUNCTION).role(role_arn).environment(environment);
    let create = create.runtime(Runtime::Providedal2023).handler("bootstrap").timeout(5);
    let code = FunctionCode::builder().zip_file(Blob::new(package(bootstrap))).build();
    let function_arn = create.code(code).send().await.unwrap().function_arn.unwrap();
    let permission = clients.lambda.add_permission().function_name(FUNCTION).statement_id(PERMISSION);
    let permission = permission.action("lambda:InvokeFunction").principal("sns.amazonaws.com").source_arn(topic_arn);
    permission.send().await.unwrap();
    clients.sns.subscribe().topic_arn(topic_arn).protocol("lambda").endpoint(function_arn).send().await.unwrap();
}

fn package(bootstrap: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(bootstrap.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}
