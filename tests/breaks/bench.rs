//! The bench: the right pipeline in a lab of its own, built by the harness as the workbook builds it, with the
//! workbook's function in Python, and a queue beside it.

use std::path::PathBuf;
use std::time::Duration;

use alert_drill::Names;
use alert_drill::breaks::{Break, working_function};
use alert_drill::lab::Lab;
use alert_drill::lab::deliveries::Delivery;
use alert_drill::pipeline::{Ledger, Notifier, Pipeline, Site, WebhookUrls};
use alert_drill::scenario::{Runtime, Scenario};
use alert_drill::target::{Clients, Target};
use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types::{IpPermission, IpRange, SecurityGroupRuleRequest, SecurityGroupRuleUpdate};
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// How long the lab may take until nothing is under way. Only a failure takes so long.
const SETTLED: Duration = Duration::from_secs(60);

const QUEUE: &str = "securitygroup-alarm-archive";

/// What all benches are made from.
pub(crate) struct Workshop {
    pub(crate) scenario: Scenario,
    package: PathBuf,
}

impl Workshop {
    pub(crate) fn new() -> Self {
        let package = std::env::temp_dir().join(format!("alert-drill-breaks-{}.zip", std::process::id()));
        std::fs::write(&package, working_function().unwrap()).unwrap();
        let mut scenario = Scenario::shipped();
        scenario.pipeline.function.runtime = Runtime::Python313;
        scenario.pipeline.function.handler = "lambda_function.lambda_handler".parse().unwrap();
        Self { scenario, package }
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.package);
    }
}

/// A lab in which the right pipeline stands.
pub(crate) struct Bench<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) pipeline: Pipeline,
    target: Target,
    queue_url: String,
    group_id: String,
    rule_id: String,
}

impl<'a> Bench<'a> {
    pub(crate) async fn start(workshop: &'a Workshop) -> Self {
        let Workshop { scenario, package } = workshop;
        let target = Target::lab(scenario.region.as_str(), "breaks").await.unwrap();
        let webhook_url = target.own_lab().unwrap().lab().discord_webhook_url();
        let (ledger, stop) = (Ledger::default(), CancellationToken::new());
        let site = Site { target: &target, scenario, run_id: "breaks-on-purpose", ledger: &ledger, stop: &stop };
        let webhook = WebhookUrls { from_target: webhook_url.clone(), from_here: webhook_url };
        let pipeline = Pipeline::provision(site, &Notifier::File(package.clone()), Some(&webhook)).await.unwrap();
        try_once(&target, scenario).await;
        let queue_url = subscribe_queue(&target, &pipeline.topic_arn).await;
        let (group_id, rule_id) = make_group(&target, scenario).await;
        let bench = Self { scenario, pipeline, target, queue_url, group_id, rule_id };
        bench.settled().await;
        bench
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.target.clients
    }

    pub(crate) fn lab(&self) -> &Lab {
        self.target.own_lab().unwrap().lab()
    }

    pub(crate) async fn break_it(&self, one: &Break) {
        one.apply(self.clients(), &Names::of(self.scenario))
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", one.name));
        self.settled().await;
    }

    /// Whose lab it is.
    pub(crate) fn account(&self) -> &str {
        &self.target.account
    }

    /// Opens the link of each confirmation mail, as its reader would. One that was opened before changes nothing.
    pub(crate) async fn open_confirmation_links(&self) {
        let client = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
        for link in self.lab().mail(None).into_iter().filter_map(|mail| mail.confirmation_url) {
            // A topic that was deleted meanwhile has no subscription to confirm any more.
            let _ = client.get(link).send().await.unwrap();
        }
    }

    /// Opens SSH on the group, as the drill does.
    pub(crate) async fn open_port(&self) -> Seen {
        let call = self.clients().ec2.authorize_security_group_ingress().group_id(&self.group_id);
        let opened = call.ip_permissions(permission(22)).send().await.unwrap();
        self.seen(opened.request_id().unwrap()).await
    }

    /// Edits a rule in place, as the console does.
    pub(crate) async fn edit_rule(&self) -> Seen {
        let rule = SecurityGroupRuleRequest::builder().ip_protocol("tcp").from_port(443).to_port(443);
        let rule = rule.cidr_ipv4("198.51.100.0/24").build();
        let update = SecurityGroupRuleUpdate::builder().security_group_rule_id(&self.rule_id).security_group_rule(rule);
        let call = self.clients().ec2.modify_security_group_rules().group_id(&self.group_id);
        let modified = call.security_group_rules(update.build()).send().await.unwrap();
        self.seen(modified.request_id().unwrap()).await
    }

    /// All that came of a request, and what people got since this was asked last.
    async fn seen(&self, request_id: &str) -> Seen {
        self.settled().await;
        let deliveries = self.lab().deliveries_of(request_id).into_iter().map(Delivery::explained).collect();
        let received = self.clients().sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        let received = received.wait_time_seconds(0).send().await.unwrap();
        let discord = self.lab().discord();
        let webhook = discord.webhooks().first().unwrap().id.clone();
        let messages = discord.messages(&webhook).iter().map(|message| message.content().to_owned()).collect();
        let alerts = self.lab().mail(None).into_iter().filter(|mail| mail.confirmation_url.is_none());
        Seen {
            deliveries,
            queue: received.messages().len(),
            discord: messages,
            mail: alerts.count(),
            group_id: self.group_id.clone(),
            record: self.record(request_id).await,
        }
    }

    /// The record of a request, as `LookupEvents` has it.
    async fn record(&self, request_id: &str) -> Value {
        let looked_up = self.clients().cloudtrail.lookup_events().send().await.unwrap();
        let records = looked_up.events().iter().filter_map(|event| event.cloud_trail_event());
        let mut records = records.map(|record| serde_json::from_str::<Value>(record).unwrap());
        records.find(|record| record["requestID"] == request_id).unwrap()
    }

    async fn settled(&self) {
        let settled = tokio::time::timeout(SETTLED, self.lab().settled()).await;
        assert!(settled.is_ok(), "still under way after {SETTLED:?}: {:#?}", self.lab().deliveries());
    }

    pub(crate) async fn stop(self) {
        self.target.close().await;
    }
}

/// What came of one call.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The lab's own log.
    pub(crate) deliveries: Vec<Delivery>,
    /// Messages in the queue.
    pub(crate) queue: usize,
    /// The messages in the channel.
    pub(crate) discord: Vec<String>,
    /// Mails that carry an alert.
    pub(crate) mail: usize,
    /// The group that was changed.
    pub(crate) group_id: String,
    /// The CloudTrail record.
    pub(crate) record: Value,
}

fn permission(port: i32) -> IpPermission {
    let range = IpRange::builder().cidr_ip("203.0.113.0/24").build();
    IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port).ip_ranges(range).build()
}

/// The group, with one rule that can be edited. Nobody hears of it: there is no alert yet that would be counted.
async fn make_group(target: &Target, scenario: &Scenario) -> (String, String) {
    let (ec2, group) = (&target.clients.ec2, &scenario.pipeline.group);
    let made = ec2.create_security_group().group_name(group.name.as_str()).description(group.description.as_str());
    let group_id = made.send().await.unwrap().group_id.unwrap();
    // Outbound rules are there from the beginning: every group may send to everywhere.
    let filter = aws_sdk_ec2::types::Filter::builder().name("group-id").values(&group_id).build();
    let rules = ec2.describe_security_group_rules().filters(filter).send().await.unwrap();
    let rule_id = rules.security_group_rules().first().unwrap().security_group_rule_id().unwrap().to_owned();
    (group_id, rule_id)
}

/// Lambda tries a function that failed twice more, and each time costs the start of a Python: once shows as much here.
async fn try_once(target: &Target, scenario: &Scenario) {
    let put = target.clients.lambda.put_function_event_invoke_config().maximum_retry_attempts(0);
    put.function_name(scenario.pipeline.function.name.as_str()).send().await.unwrap();
}

async fn subscribe_queue(target: &Target, topic_arn: &str) -> String {
    let Target { clients, account, region, .. } = target;
    let arn = format!("arn:aws:sqs:{region}:{account}:{QUEUE}");
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": { "ArnEquals": { "aws:SourceArn": topic_arn } },
        }],
    });
    let create = clients.sqs.create_queue().queue_name(QUEUE);
    let create = create.attributes(QueueAttributeName::Policy, policy.to_string());
    let url = create.send().await.unwrap().queue_url.unwrap();
    clients.sns.subscribe().topic_arn(topic_arn).protocol("sqs").endpoint(arn).send().await.unwrap();
    url
}
