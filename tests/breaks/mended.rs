//! Fixes that are true: the remedy of each finding is run as it is printed, and the alarm rings again.

use std::process::Output;
use std::sync::Arc;

use alert_drill::Check;
use alert_drill::breaks::{Break, Effect};
use alert_drill::diagnosis::{Code, Finding, Severity};
use alert_drill::scenario::Hop;
use alert_drill::target::Place;
use tokio::process::Command;

use crate::bench::{Bench, Workshop};
use crate::ladder::{expected, reached};

/// One remedy may uncover what the next one mends.
const ROUNDS: usize = 3;

/// The causes that no command mends: somebody has to write code, to open a mail, or to go to Discord. Their remedy says so
/// in words.
const BY_HAND: &[Code] = &[
    Code::AlertDuplicated,
    Code::ErrorSwallowed,
    Code::FunctionFailed,
    Code::MessageFieldMissing,
    Code::MessageLiteralNewlines,
    Code::MessageMissing,
    Code::MessageTimeWrong,
    Code::MessageTooLong,
    Code::SubscriptionUnconfirmed,
    Code::TrailDeliveryFails,
    Code::WebhookMalformed,
    Code::WebhookMissing,
    Code::WebhookRejected,
];

/// Whether the AWS CLI is here to run remedies with; otherwise why they are not run.
pub(crate) fn skipped() -> Option<String> {
    match std::process::Command::new("aws").arg("--version").output() {
        Ok(output) if output.status.success() => None,
        _ => Some("the remedies are not run: there is no AWS CLI".to_owned()),
    }
}

/// Runs what `check` says after a break, and holds it to its word.
pub(crate) async fn mended(workshop: Arc<Workshop>, one: &Break) {
    let bench = Bench::start(&workshop).await;
    bench.break_it(one).await;
    if one.effect == Effect::Answered {
        bench.open_port().await;
    }
    let mut commands = 0;
    for _ in 0..ROUNDS {
        let remedies: Vec<String> = findings(&bench)
            .await
            .into_iter()
            .map(|finding| finding.remedy)
            .filter(|remedy| is_command(remedy))
            .collect();
        if remedies.is_empty() {
            break;
        }
        for remedy in remedies {
            let ran = run(&bench, &remedy).await;
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(ran.status.success(), "{}: {remedy}\n{said}", one.name);
            commands += 1;
        }
        // A new subscription has a new mail, whose reader opens its link.
        bench.open_confirmation_links().await;
    }
    assert_eq!(commands == 0, BY_HAND.contains(&one.cause), "{}: {commands} commands were run", one.name);
    if commands > 0 {
        let left = findings(&bench).await;
        let wrong: Vec<&Finding> = left.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", one.name);
        let seen = bench.open_port().await;
        // Whose queue was subscribed to a topic that is gone, nobody can know.
        let lost: &[Hop] = if one.name == "topic-deleted" { &[Hop::Queue] } else { &[] };
        assert_eq!(reached(&bench, &seen), expected(lost), "{}: {seen:#?}", one.name);
        assert!(seen.queue <= 1, "{}: {seen:#?}", one.name);
    }
    bench.stop().await;
}

/// What `check` finds, without trying the function: what is wrong with its code no command mends.
async fn findings(bench: &Bench<'_>) -> Vec<Finding> {
    let place = Place::Endpoint(bench.lab().endpoint_url());
    Check::new(bench.scenario, place).invoke(Some(false)).execute().await.unwrap().findings
}

fn is_command(remedy: &str) -> bool {
    ["aws ", "KEY=$(aws ", "{ aws "].iter().any(|start| remedy.starts_with(start))
}

/// In a shell, as somebody who pastes it would.
async fn run(bench: &Bench<'_>, remedy: &str) -> Output {
    let mut shell = Command::new("sh");
    // Version 1 of the AWS CLI takes SQS's address from nowhere else.
    let remedy = format!("aws() {{ command aws --endpoint-url {} \"$@\"; }}\n{remedy}", bench.lab().endpoint_url());
    shell.args(["-ec", &remedy]).env("AWS_ENDPOINT_URL", bench.lab().endpoint_url());
    shell.env("AWS_ACCESS_KEY_ID", bench.account()).env("AWS_SECRET_ACCESS_KEY", "test");
    // Nothing of whoever runs the test.
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        shell.env(name, "/dev/null");
    }
    shell.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN").env("AWS_PAGER", "");
    shell.kill_on_drop(true).output().await.unwrap()
}
