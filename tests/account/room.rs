//! A lab that stands for a real account, and the command line in front of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use alert_drill::lab::Lab;
use alert_drill::pipeline::{DrillGroup, Ledger, Notifier, Pipeline, RUN_TAG, SCENARIO_TAG, Site, WebhookUrls};
use alert_drill::scenario::Scenario;
use alert_drill::target::{Clients, Place, Target};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::proxy::Proxy;
use crate::state;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "ap-northeast-2";

/// Who built the pipeline that stands.
const SOMEBODY: &str = "somebody";

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

pub(crate) async fn end_of(child: Child) -> Ended {
    let output = child.wait_with_output().await.unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of a test's own, gone with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("alert-drill-account-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The account and everything around it.
pub(crate) struct Room {
    pub(crate) lab: Lab,
    pub(crate) proxy: Proxy,
    pub(crate) folder: Folder,
    /// The account as it was.
    pub(crate) before: Value,
    adopts: bool,
}

impl Room {
    /// An account in which nothing stands: a run builds the pipeline.
    pub(crate) async fn empty() -> Self {
        let lab = Lab::start().await.unwrap();
        let proxy = Proxy::start(&lab.endpoint_url()).await;
        let folder = Folder::new();
        let mut room = Self { lab, proxy, folder, before: Value::Null, adopts: false };
        // Something of somebody else's: the lab shows a Region's network only once it is not as AWS makes it.
        let ec2 = room.clients().await.ec2;
        ec2.create_security_group().group_name("bystander").description("Of somebody else").send().await.unwrap();
        room.before = state::of(&room.lab);
        // The function's package is this very binary's: an account gets a file.
        let bootstrap = format!("#!/bin/sh\nALERT_DRILL_ENTER=notifier exec '{}'\n", env!("CARGO_BIN_EXE_alert-drill"));
        std::fs::write(room.notifier(), bootstrap).unwrap();
        room
    }

    /// An account in which somebody's own pipeline stands, with nothing in it that says a run has made it.
    pub(crate) async fn standing() -> Self {
        let mut room = Self::empty().await;
        let scenario = Scenario::shipped();
        let place = Place::Endpoint(room.lab.endpoint_url());
        let (stop, ledger) = (CancellationToken::new(), Ledger::default());
        let target = Target::open(&place, REGION, ACCOUNT, SOMEBODY, &stop).await.unwrap();
        let site = Site { target: &target, scenario: &scenario, run_id: SOMEBODY, ledger: &ledger, stop: &stop };
        let url = room.lab.discord_webhook_url();
        let webhook = WebhookUrls { from_target: url.clone(), from_here: url };
        let notifier = Notifier::File(room.notifier());
        let pipeline = Pipeline::provision(site, &notifier, Some(&webhook)).await.unwrap();
        let group = DrillGroup::provision(site, scenario.pipeline.group.name.to_string()).await.unwrap();
        for link in room.lab.mail(None).into_iter().filter_map(|mail| mail.confirmation_url) {
            assert!(reqwest::get(link).await.unwrap().status().is_success());
        }
        untag(&target.clients, &scenario, &pipeline, &group).await;
        room.adopts = true;
        room.lab.settled().await;
        room.before = state::of(&room.lab);
        room
    }

    pub(crate) fn notifier(&self) -> PathBuf {
        self.folder.path("bootstrap")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path("journal")
    }

    /// The clients of whoever else has this account.
    pub(crate) async fn clients(&self) -> Clients {
        let place = Place::Endpoint(self.lab.endpoint_url());
        Target::open(&place, REGION, ACCOUNT, "test", &CancellationToken::new()).await.unwrap().clients
    }

    /// The command with the account's credentials, and nothing else of this machine's.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alert-drill"));
        command.args(arguments).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "secret").kill_on_drop(true);
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// A run in the account, through the proxy.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let (url, journal, notifier) = (self.proxy.url.clone(), self.journal(), self.notifier());
        let mut all = vec!["run"];
        all.extend(in_account(&url));
        all.extend(["--journal", journal.to_str().unwrap()]);
        if !arguments.contains(&"--timeout") {
            all.extend(["--timeout", "20s"]);
        }
        if self.adopts {
            all.push("--adopt");
        } else {
            all.extend(["--notifier", notifier.to_str().unwrap()]);
        }
        all.extend(arguments);
        self.command(&all)
    }

    /// A look at the account.
    pub(crate) fn check(&self, arguments: &[&str]) -> Command {
        self.command(&[&["check"], &in_account(&self.proxy.url)[..], arguments].concat())
    }

    pub(crate) async fn ran(&self, arguments: &[&str]) -> Ended {
        end_of(self.run(arguments).spawn().unwrap()).await
    }

    /// A clean-up with the journals of this folder.
    pub(crate) async fn cleanup(&self, journal: &Path, arguments: &[&str]) -> Ended {
        // Through the proxy as well: a journal is of the endpoint that its run knew.
        self.proxy.arm(None);
        let url = self.proxy.url.clone();
        let mut all = vec!["cleanup"];
        all.extend(in_account(&url));
        all.extend(["--journal", journal.to_str().unwrap(), "--output", "json"]);
        all.extend(arguments);
        end_of(self.command(&all).spawn().unwrap()).await
    }

    /// Panics unless the account is as it was.
    #[track_caller]
    pub(crate) fn assert_as_it_was(&self, when: &str) {
        state::assert_same(&self.before, &state::of(&self.lab), when);
    }

    /// The journals that are kept.
    pub(crate) fn journals(&self) -> Vec<String> {
        let Ok(listed) = std::fs::read_dir(self.journal()) else { return Vec::new() };
        listed.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }
}

fn in_account(url: &str) -> [&str; 8] {
    ["--target", "aws", "--account", ACCOUNT, "--region", REGION, "--endpoint-url", url]
}

/// Takes everything off a pipeline that says that a run has made it.
async fn untag(clients: &Clients, scenario: &Scenario, pipeline: &Pipeline, group: &DrillGroup) {
    let keys = [RUN_TAG, SCENARIO_TAG];
    let keys = || keys.iter().map(|key| (*key).to_owned());
    let function = pipeline.function_arn.as_deref().unwrap();
    let name = &scenario.pipeline.function.name;
    clients
        .sns
        .untag_resource()
        .resource_arn(&pipeline.topic_arn)
        .set_tag_keys(Some(keys().collect()))
        .send()
        .await
        .unwrap();
    clients
        .events
        .untag_resource()
        .resource_arn(&pipeline.rule_arn)
        .set_tag_keys(Some(keys().collect()))
        .send()
        .await
        .unwrap();
    clients.lambda.untag_resource().resource(function).set_tag_keys(Some(keys().collect())).send().await.unwrap();
    clients
        .iam
        .untag_role()
        .role_name(format!("{name}-{REGION}-role"))
        .set_tag_keys(Some(keys().collect()))
        .send()
        .await
        .unwrap();
    let log_group = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}");
    clients.logs.untag_resource().resource_arn(log_group).set_tag_keys(Some(keys().collect())).send().await.unwrap();
    let trail = pipeline.trail_arn.as_deref().unwrap();
    let tags = keys().map(|key| aws_sdk_cloudtrail::types::Tag::builder().key(key).build().unwrap());
    clients.cloudtrail.remove_tags().resource_id(trail).set_tags_list(Some(tags.collect())).send().await.unwrap();
    for bucket in clients.s3.list_buckets().send().await.unwrap().buckets() {
        clients.s3.delete_bucket_tagging().bucket(bucket.name().unwrap()).send().await.unwrap();
    }
    let lease = format!("alert-drill:lease:{SOMEBODY}");
    let tags = keys().chain([lease]).map(|key| aws_sdk_ec2::types::Tag::builder().key(key).build());
    let instance = &group.instance.as_ref().unwrap().id;
    clients
        .ec2
        .delete_tags()
        .resources(&group.id)
        .resources(instance)
        .set_tags(Some(tags.collect()))
        .send()
        .await
        .unwrap();
}
