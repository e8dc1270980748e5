//! The bench of the silences: the right pipeline, built call by call with the SDK, in which a test then breaks one thing.
//!
//! On LocalStack each bench has an account of its own and a relay in front of it; there is no trail, and no function, so that
//! the queue is all that it hears. What only the lab tells (why, and AWS's counters) is asserted there.

use std::io::{Cursor, Write as _};
use std::time::Duration;

use alert_drill::lab::Lab;
use alert_drill::lab::deliveries::{Delivery, Hop, Outcome, Reason};
use alert_drill::relay::{self, Relay, RelayConfig, Relayed};
use alert_drill::target::{Clients, Target};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, Runtime};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::place;

pub(crate) const TRAIL: &str = "ct-securitygroup";
pub(crate) const RULE: &str = "eventbridge-securitygroup-changerule";
pub(crate) const TOPIC: &str = "sns-securitygroup-alarm";
pub(crate) const FUNCTION: &str = "lambda-securitygroup-alarm";
pub(crate) const PERMISSION: &str = "topic-may-invoke";
pub(crate) const MAIL: &str = "security-team@example.com";

/// The event pattern of the shipped scenario.
pub(crate) const PATTERN: &str = include_str!("../../scenarios/security-group-change/event-pattern.json");

pub(crate) const REGION: &str = "ap-northeast-2";
const BUCKET: &str = "ct-securitygroup-bucket-suite";

/// How many seconds a message may take from the bus to the queue, where nobody tells that none is under way. A silence takes
/// them all.
const LONG_POLL: i32 = 3;

/// How long it may take until nothing is under way. Only a failure takes so long.
const SETTLED: Duration = Duration::from_secs(10);

/// A `bootstrap` that enters this test binary again as the notifier.
pub(crate) fn notifier() -> String {
    let executable = std::env::current_exe().unwrap().to_string_lossy().replace('\'', r"'\''");
    format!("#!/bin/sh\nALERT_DRILL_ENTER=notifier exec '{executable}'\n")
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

/// Where the right pipeline stands: trail, rule, topic, queue, and function; no mail.
pub(crate) struct Bench {
    clients: Clients,
    account: String,
    stand: Stand,
    pub(crate) topic_arn: String,
    /// The policy that AWS gives a topic, before the pipeline's own replaced it.
    pub(crate) default_topic_policy: String,
    pub(crate) queue_url: String,
    pub(crate) queue_subscription: String,
    group_id: String,
}

/// What a bench stands on.
enum Stand {
    /// A lab of its own.
    Lab(Box<Target>),
    /// An account of its own in a LocalStack that others use too, behind a relay of its own.
    LocalStack {
        _relay: Relay,
        /// The `requestID`s of the records that are on the bus.
        put: watch::Receiver<Vec<String>>,
    },
}

impl Bench {
    /// The right pipeline.
    pub(crate) async fn start() -> Self {
        Self::start_with(&notifier()).await
    }

    /// The right pipeline around a function of the test's own.
    pub(crate) async fn start_with(bootstrap: &str) -> Self {
        match place::localstack().await {
            None => {
                let target = Box::new(Target::lab(REGION, "suite").await.unwrap());
                Self::build(target.clients.clone(), target.account.clone(), Stand::Lab(target), bootstrap).await
            }
            Some(shared) => {
                let (putting, put) = watch::channel(Vec::new());
                let told = move |relayed: &Relayed| {
                    assert!(
                        matches!(relayed.outcome, relay::Outcome::Put(_)),
                        "the bus takes the relay's events: {relayed:?}"
                    );
                    putting.send_modify(|put| put.push(relayed.request_id.clone()));
                };
                let relay = Relay::start(RelayConfig::new(&shared.endpoint_url), told).await.unwrap();
                // Emulators take an access key of twelve digits for the account's number.
                let account = format!("{:012}", 100_000_000_000 + u64::from(uuid::Uuid::new_v4().as_fields().0));
                let clients = Clients::new(&config(&relay.endpoint_url(), &account));
                Self::build(clients, account, Stand::LocalStack { _relay: relay, put }, bootstrap).await
            }
        }
    }

    async fn build(clients: Clients, account: String, stand: Stand, bootstrap: &str) -> Self {
        if matches!(stand, Stand::Lab(_)) {
            make_trail(&clients, &account).await;
        }
        let (topic_arn, default_topic_policy) = make_topic(&clients, &account).await;
        make_rule(&clients, &topic_arn).await;
        let (queue_url, queue_subscription) = make_queue(&clients, &account, &topic_arn).await;
        if let Stand::Lab(target) = &stand {
            make_function(target, &topic_arn, bootstrap).await;
        }
        let group = clients.ec2.create_security_group().group_name("securitygroup-test");
        let group_id = group.description("Opened by the suite").send().await.unwrap().group_id.unwrap();
        Self { clients, account, stand, topic_arn, default_topic_policy, queue_url, queue_subscription, group_id }
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The lab; none on a target that does not tell what a lab does.
    fn told(&self) -> Option<&Lab> {
        match &self.stand {
            Stand::Lab(target) => Some(target.own_lab().unwrap().lab()),
            Stand::LocalStack { .. } => None,
        }
    }

    fn lab(&self) -> &Lab {
        self.told().expect("the test says what it needs of its target")
    }

    /// The ARN of a rule of this name on the default bus.
    pub(crate) fn rule_arn(&self, name: &str) -> String {
        rule_arn(&self.account, name)
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
        let request_id = opened.request_id().unwrap();
        self.settled(request_id).await;
        request_id.to_owned()
    }

    /// Closes it again, and waits until nothing is under way. Returns AWS's id of the request.
    pub(crate) async fn close_port(&self) -> String {
        let call = self.clients().ec2.revoke_security_group_ingress().group_id(&self.group_id);
        let closed = call.ip_permissions(ssh()).send().await.unwrap();
        let request_id = closed.request_id().unwrap();
        self.settled(request_id).await;
        request_id.to_owned()
    }

    /// Looks at the groups, and waits until nothing is under way. Returns AWS's id of the request.
    pub(crate) async fn look_at_groups(&self) -> String {
        let seen = self.clients().ec2.describe_security_groups().send().await.unwrap();
        let request_id = seen.request_id().unwrap();
        self.settled(request_id).await;
        request_id.to_owned()
    }

    /// Waits until nothing is under way, or, where nobody can tell, until the request's event is on the bus.
    async fn settled(&self, request_id: &str) {
        match &self.stand {
            Stand::Lab(target) => {
                let lab = target.own_lab().unwrap().lab();
                let settled = tokio::time::timeout(SETTLED, lab.settled()).await;
                assert!(settled.is_ok(), "still under way after {SETTLED:?}: {:#?}", lab.deliveries());
            }
            Stand::LocalStack { put, .. } => {
                let mut put = put.clone();
                let on_bus = put.wait_for(|put| put.iter().any(|other| other == request_id));
                let on_bus = tokio::time::timeout(SETTLED, on_bus).await;
                assert!(on_bus.is_ok(), "the relay put no event of {request_id} within {SETTLED:?}");
            }
        }
    }

    /// Asserts what people have heard so far: of the queue, what has come since this was asked last. All of that must carry
    /// the record of this request. On a target without the function, the queue is all that there is to hear.
    pub(crate) async fn assert_heard(&self, request_id: &str, wanted: Heard) {
        let wait = if self.told().is_some() { 0 } else { LONG_POLL };
        let received = self.clients().sqs.receive_message().queue_url(&self.queue_url).wait_time_seconds(wait);
        let received = received.max_number_of_messages(10).send().await.unwrap();
        for message in received.messages() {
            let envelope: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            let event: Value = serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap();
            assert_eq!(event["detail"]["requestID"], request_id, "an event that nobody asked for: {event}");
            let delete = self.clients().sqs.delete_message().queue_url(&self.queue_url);
            delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
        }
        let queue = received.messages().len();
        let Some(lab) = self.told() else {
            assert_eq!(queue, wanted.queue, "messages in the queue");
            return;
        };
        let discord = lab.discord();
        let discord = discord.webhooks().iter().map(|webhook| discord.messages(&webhook.id).len()).sum();
        let mail = lab.mail(Some(MAIL)).iter().filter(|mail| mail.event_id.is_some()).count();
        assert_eq!(Heard { queue, discord, mail }, wanted);
    }

    /// What the lab says of everything that stopped the request's record, in full.
    pub(crate) fn stopped(&self, request_id: &str) -> Vec<Delivery> {
        if self.told().is_none() {
            return Vec::new();
        }
        let mut deliveries = self.lab().deliveries_of(request_id);
        deliveries.retain(|delivery| delivery.outcome == Outcome::Stopped);
        deliveries.into_iter().map(Delivery::explained).collect()
    }

    /// Asserts that the request's record was stopped once, here, for this reason, and that the lab's words name the cause.
    /// No other target says so much.
    #[track_caller]
    pub(crate) fn assert_stopped_at(&self, request_id: &str, hop: Hop, reason: Reason, cause: &[&str]) {
        if self.told().is_none() {
            return;
        }
        let stopped = self.stopped(request_id);
        let [only] = stopped.as_slice() else { panic!("stopped once, not {}: {stopped:#?}", stopped.len()) };
        assert_eq!((only.hop, only.reason), (hop, Some(reason)), "{only:#?}");
        let detail = only.detail.as_deref().unwrap_or_default();
        for words in cause {
            assert!(detail.contains(words), "`{words}` is not in: {detail}");
        }
    }

    /// Asserts the sum of one of AWS's counters, which is 0 where it never counted. Only the lab keeps them.
    pub(crate) async fn assert_metric(&self, namespace: &str, name: &str, of: &str, wanted: f64) {
        let Some(lab) = self.told() else { return };
        let page = http().get(format!("{}/_lab/metrics", lab.endpoint_url())).send().await.unwrap();
        let page: Value = page.json().await.unwrap();
        let counters = page["metrics"].as_array().unwrap().iter();
        let counted = counters.filter(|counter| {
            counter["namespace"] == namespace && counter["name"] == name && counter["dimension"]["value"] == of
        });
        let sum: f64 = counted.map(|counter| counter["sum"].as_f64().unwrap()).sum();
        assert_eq!(sum, wanted, "{namespace} {name} of {of}");
    }
}

/// The clients of an account in an emulator.
fn config(endpoint_url: &str, account: &str) -> SdkConfig {
    let credentials = Credentials::from_keys(account, "suite", None);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint_url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// Loading the machine's certificates would take longer than the test.
fn http() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap()
}

fn ssh() -> IpPermission {
    let range = IpRange::builder().cidr_ip("203.0.113.0/24").build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build()
}

fn rule_arn(account: &str, name: &str) -> String {
    format!("arn:aws:events:{REGION}:{account}:rule/{name}")
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

async fn make_trail(clients: &Clients, account: &str) {
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
async fn make_topic(clients: &Clients, account: &str) -> (String, String) {
    let sns = &clients.sns;
    let arn = sns.create_topic().name(TOPIC).send().await.unwrap().topic_arn.unwrap();
    let attributes = sns.get_topic_attributes().topic_arn(&arn).send().await.unwrap();
    let default = attributes.attributes().unwrap()["Policy"].clone();
    let policy = policy(&[allow("events.amazonaws.com", "sns:Publish", &arn, &rule_arn(account, RULE))]);
    let set = sns.set_topic_attributes().topic_arn(&arn).attribute_name("Policy").attribute_value(policy);
    set.send().await.unwrap();
    (arn, default)
}

async fn make_rule(clients: &Clients, topic_arn: &str) {
    let events = &clients.events;
    events.put_rule().name(RULE).event_pattern(PATTERN).send().await.unwrap();
    let topic = aws_sdk_eventbridge::types::Target::builder().id("1").arn(topic_arn).build().unwrap();
    let put = events.put_targets().rule(RULE).targets(topic).send().await.unwrap();
    assert_eq!(put.failed_entry_count(), 0);
}

/// The queue's URL, and its subscription's ARN.
async fn make_queue(clients: &Clients, account: &str, topic_arn: &str) -> (String, String) {
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
