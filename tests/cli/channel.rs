//! The ways to watch the Discord channel: what each may do, and how they are asked for.

use std::net::TcpListener;
use std::process::Command;

use alert_drill::DiscordWatch;
use alert_drill::lab::Lab;
use alert_drill::lab::discord::Request;
use alert_drill::lab::lambda::PythonVersion;
use alert_drill::permissions::Use;
use alert_drill::scenario::Scenario;
use aws_credential_types::Credentials;
use aws_sdk_lambda::config::Region;
use aws_sdk_lambda::types::Environment;
use aws_smithy_http_client::Builder;

use crate::permissions::{self, ACCOUNT, Proxy, REGION, allow, assert_same, document, in_account, permissions, role};
use crate::support::{Ended, Folder, command, finish, run};

/// Whether the lab can run Python here; where it cannot, that is said.
fn has_python() -> bool {
    let python = PythonVersion::V3_13.find();
    if let Err(error) = &python {
        eprintln!("skipped: {error}");
    }
    python.is_ok()
}

/// A pipeline that stands in this lab and posts to its channel, in which somebody has written.
async fn standing(lab: &Lab) {
    permissions::standing(lab).await;
    let config = aws_sdk_lambda::Config::builder()
        .behavior_version_latest()
        .region(Region::new(REGION))
        .endpoint_url(lab.endpoint_url())
        .credentials_provider(Credentials::from_keys(ACCOUNT, "test", None))
        .http_client(Builder::new().build_http());
    let webhook = lab.discord_webhook_url();
    let variables = Environment::builder().variables("DISCORD_WEBHOOK_URL", &webhook).build();
    let lambda = aws_sdk_lambda::Client::from_conf(config.build());
    let update = lambda.update_function_configuration().function_name("lambda-securitygroup-alarm");
    update.environment(variables).send().await.unwrap();
    let path = webhook.strip_prefix(&lab.endpoint_url()).unwrap();
    assert_eq!(lab.discord().handle(&Request::post_json(path, r#"{"content":"hello"}"#)).status, 204);
}

/// The command as the account's user, with what a way takes.
async fn watched(lab: &Lab, watch: DiscordWatch, arguments: &[&str]) -> Ended {
    let mut all = [arguments, &["--discord", watch.as_str()]].concat();
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let url = format!("http://{listen}");
    if watch == DiscordWatch::Tunnel {
        // The shortest tunnel that there is.
        all.extend(["--discord-url", &url, "--discord-listen", &listen]);
    }
    let mut started: Command = command(&all);
    started.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test");
    started.env("AWS_EC2_METADATA_DISABLED", "true");
    started.env("ALERT_DRILL_DISCORD_BOT_TOKEN", lab.discord_bot_token());
    started.env("ALERT_DRILL_DISCORD_API", format!("{}/api/v10", lab.endpoint_url()));
    tokio::task::spawn_blocking(|| finish(started)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_each_way_on_a_pipeline_that_stands_are_those_of_the_table() {
    for watch in [DiscordWatch::Capture, DiscordWatch::Tunnel, DiscordWatch::Live, DiscordWatch::None] {
        if watch == DiscordWatch::Capture && !has_python() {
            continue;
        }
        let lab = Lab::start().await.unwrap();
        standing(&lab).await;
        let proxy = Proxy::start(lab.endpoint_url()).await;
        let folder = Folder::new();
        let arguments = in_account(&folder, &proxy.url);
        let arguments: Vec<&str> =
            arguments.iter().map(String::as_str).chain(["--adopt", "--account", ACCOUNT]).collect();
        let ended = watched(&lab, watch, &arguments).await;
        assert_eq!(ended.code, Some(0), "{watch:?}: {}{}", ended.stdout, ended.stderr);
        assert_same(Use::Adopt, watch, &proxy.calls());
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_run_that_builds_its_pipeline_and_catches_are_those_of_the_table() {
    if !has_python() {
        return;
    }
    let lab = Lab::start().await.unwrap();
    let proxy = Proxy::start(lab.endpoint_url()).await;
    let ended = watched(&lab, DiscordWatch::Capture, &["--all", "--endpoint-url", &proxy.url]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert_same(Use::Provision, DiscordWatch::Capture, &proxy.calls());
    lab.stop().await;
}

/// The catching function's own role is held to its policy there as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_the_policy_of_capture_and_nothing_else_is_enough() {
    if !has_python() {
        return;
    }
    let lab = Lab::builder().enforce_iam(true).start().await.unwrap();
    let endpoint = lab.endpoint_url();
    let own = document(&["permissions", "--provision", "--discord", "capture", "--account", ACCOUNT]);
    let role = role(&lab).await;
    allow(&lab, &own).await;
    let by_role = ["--endpoint-url", endpoint.as_str(), "--role-arn", role.as_str()];
    let ended = watched(&lab, DiscordWatch::Capture, &[&["--all"][..], &by_role].concat()).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);

    standing(&lab).await;
    let folder = Folder::new();
    let arguments = in_account(&folder, &endpoint);
    let arguments: Vec<&str> =
        arguments.iter().map(String::as_str).chain(["--adopt", "--role-arn", role.as_str()]).collect();
    let adopt = document(&["permissions", "--adopt", "--discord", "capture", "--account", ACCOUNT]);
    allow(&lab, &adopt).await;
    let ended = watched(&lab, DiscordWatch::Capture, &arguments).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    assert!(!ended.stdout.contains("not authorized"), "{}", ended.stdout);
    // That the lab holds the role to it: without one action it is not.
    let less = adopt.to_string().replace("\"lambda:CreateFunctionUrlConfig\",", "");
    allow(&lab, &serde_json::from_str(&less).unwrap()).await;
    let ended = watched(&lab, DiscordWatch::Capture, &arguments).await;
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("lambda:CreateFunctionUrlConfig"), "{}", ended.stdout);
    lab.stop().await;
}

#[test]
fn a_policy_has_what_its_way_needs_on_names_of_runs_alone() {
    let scenario = Scenario::shipped();
    for (r#use, flag) in [(Use::Adopt, "--adopt"), (Use::Provision, "--provision")] {
        for watch in
            [DiscordWatch::Mock, DiscordWatch::Capture, DiscordWatch::Tunnel, DiscordWatch::Live, DiscordWatch::None]
        {
            if (r#use, watch) == (Use::Provision, DiscordWatch::Live) {
                continue;
            }
            let policy = document(&["permissions", flag, "--discord", watch.as_str(), "--account", ACCOUNT]);
            let statements = policy["Statement"].as_array().unwrap();
            let actions: std::collections::BTreeSet<&str> = statements
                .iter()
                .flat_map(|one| one["Action"].as_array().unwrap())
                .map(|one| one.as_str().unwrap())
                .collect();
            assert_eq!(actions, permissions(&scenario, r#use, watch).actions(), "{flag} {watch:?}");
            let changes = actions.contains("lambda:UpdateFunctionConfiguration");
            assert_eq!(changes, r#use == Use::Adopt && watch.changes_webhook(), "{flag} {watch:?}");
            assert_eq!(actions.contains("lambda:CreateFunctionUrlConfig"), watch == DiscordWatch::Capture);
            for catcher in statements.iter().filter(|one| one["Sid"].as_str().unwrap().contains("Catcher")) {
                let named = |resource: &serde_json::Value| resource.as_str().unwrap().contains("alert-drill-capture-*");
                assert!(catcher["Resource"].as_array().unwrap().iter().all(named), "{catcher}");
            }
            // IAM's limit of a managed policy, which counts no white space.
            assert!(policy.to_string().len() <= 6144, "{flag} {watch:?}: {} characters", policy.to_string().len());
        }
    }
}

#[test]
fn what_does_not_go_together_is_said_and_nothing_is_run() {
    for (arguments, why) in [
        (&["--discord", "carrier-pigeon"][..], "[possible values: mock, capture, tunnel, live, none]"),
        (&["--discord", "tunnel"], "--discord tunnel needs the public URL"),
        (&["--discord-url", "https://drill.example.com"], "are for --discord tunnel"),
        (&["--discord", "tunnel", "--discord-url", "http://drill.example.com"], "has to begin with https://"),
        (&["--discord", "live"], "with --adopt"),
        (&["--discord", "live", "--adopt", "--endpoint-url", "http://127.0.0.1:9"], "ALERT_DRILL_DISCORD_BOT_TOKEN"),
        (
            &[
                "--discord",
                "tunnel",
                "--discord-url",
                "https://drill.example.com",
                "--region",
                "us-east-1",
                "--region",
                "us-east-2",
            ],
            "leads to one mocked webhook",
        ),
        (&["--keep", "--discord", "capture"], "a public URL would stay"),
        (&["check", "--discord", "none"], "with --live"),
        (&["permissions", "--provision", "--discord", "live"], "with --adopt"),
    ] {
        let ended = run(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_lab_of_the_runs_own_shows_each_way_that_needs_nobody_else() {
    let none = run(&["--discord", "none", "--timeout", "2s"]);
    assert_eq!(none.code, Some(0), "{}{}", none.stdout, none.stderr);
    assert!(none.stdout.contains("nobody watched the channel, as was asked"), "{}", none.stdout);
    if has_python() {
        let caught = run(&["--discord", "capture"]);
        assert_eq!(caught.code, Some(0), "{}{}", caught.stdout, caught.stderr);
        assert!(caught.stdout.contains("the function posted to a temporary function URL"), "{}", caught.stdout);
        assert!(caught.stdout.contains("✓ discord"), "{}", caught.stdout);
    }
}
