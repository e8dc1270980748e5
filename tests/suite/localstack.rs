//! The container of `--target localstack`: whatever goes wrong is named, ends with the right exit code, and leaves nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use alert_drill::target::{LocalStack, Place, TargetError};
use alert_drill::{Run, RunError, RunEvent, scenario::Scenario};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::{Outcome, Skipped, place};

/// Skips the test where no container is started: on the lab, beside a LocalStack that runs already, or without Docker.
async fn containers() -> Result<(), Skipped> {
    let skip = |reason: &str| Err(Skipped(reason.to_owned()));
    if place::is_lab() {
        return skip("it is about LocalStack's container; run it with ALERT_DRILL_TARGET=localstack");
    }
    if std::env::var_os("ALERT_DRILL_ENDPOINT_URL").is_some_and(|url| !url.is_empty()) {
        return skip("the suite runs on a LocalStack that runs already, and starts no container");
    }
    match Command::new("docker").arg("info").output().await {
        Ok(answered) if answered.status.success() => Ok(()),
        _ => skip("it looks at Docker with its command line, which is not there"),
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert-drill"));
    command.args(["run", "--target", "localstack"]).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    for variable in ["ALERT_DRILL_ENDPOINT_URL", "ALERT_DRILL_NOTIFIER", "LANG", "LC_ALL", "LC_MESSAGES"] {
        command.env_remove(variable);
    }
    command
}

async fn docker(arguments: &[&str]) -> String {
    let ended = Command::new("docker").args(arguments).output().await.unwrap();
    assert!(ended.status.success(), "docker {arguments:?}: {ended:?}");
    String::from_utf8(ended.stdout).unwrap().trim().to_owned()
}

/// The containers, running or not, that a process owns.
async fn owned_by(process: u32) -> Vec<String> {
    let listed = docker(&["ps", "--all", "--format", "{{.ID}} {{.Label \"alert-drill.owner\"}}"]).await;
    let owned = listed.lines().filter_map(|line| line.split_once(' '));
    owned.filter(|(_, owner)| owner.contains(&format!(".{process}."))).map(|(id, _)| id.to_owned()).collect()
}

/// Waits for the container that a process starts.
async fn container_of(process: u32) -> String {
    until("a container is there", async || owned_by(process).await.pop()).await
}

async fn assert_nothing_is_left(process: u32) {
    until("the container is gone", async || owned_by(process).await.is_empty().then_some(())).await;
}

/// Waits for something, with a limit that only a failure reaches.
async fn until<T>(what: &str, asked: impl AsyncFn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = asked().await {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn signal(child: &Child, name: &str) {
    let process = child.id().unwrap().to_string();
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {process}")]).status().await.unwrap();
    assert!(sent.success());
}

/// An image of a test's own: the target's, with another command.
struct Image(String);

impl Image {
    async fn that_runs(command: &str) -> Self {
        let name = format!("alert-drill/test-{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
        let container = docker(&["create", &LocalStack::of_environment().image]).await;
        let change = format!("CMD {}", serde_json::json!(["/bin/sh", "-c", command]));
        docker(&["commit", "--change", "ENTRYPOINT []", "--change", &change, &container, &name]).await;
        docker(&["rm", &container]).await;
        Self(name)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["image", "rm", "--force", &self.0]).output();
    }
}

fn words(ended: &Output) -> String {
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

pub(crate) async fn without_docker_the_other_ways_are_named() -> Outcome {
    let mut command = command(&[]);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let ended = command.output().await.unwrap();
    assert_eq!((ended.status.code(), ended.stdout.is_empty()), (Some(5), true), "{ended:?}");
    for word in ["Docker does not answer", "/nowhere/docker.sock", "on the lab", "--endpoint-url"] {
        assert!(words(&ended).contains(word), "`{word}` is not in: {}", words(&ended));
    }
    Ok(())
}

pub(crate) async fn an_image_that_is_not_there_is_named() -> Outcome {
    containers().await?;
    // A registry that is nobody's: nothing listens at this port.
    let child = command(&["--localstack-image", "127.0.0.1:9/no/such:image"]);
    let mut child = child;
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id().unwrap();
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    assert!(words(&ended).contains("the image 127.0.0.1:9/no/such:image could not be started"), "{}", words(&ended));
    assert_nothing_is_left(process).await;
    Ok(())
}

pub(crate) async fn an_image_that_ends_at_once_is_named_with_its_last_words() -> Outcome {
    containers().await?;
    let image = Image::that_runs("echo the licence is missing >&2; exit 55").await;
    let ended = command(&["--localstack-image", &image.0]).output().await.unwrap();
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    for word in [&*image.0, "it ended with exit status 55", "the licence is missing"] {
        assert!(words(&ended).contains(word), "`{word}` is not in: {}", words(&ended));
    }
    Ok(())
}

pub(crate) async fn an_image_that_never_gets_healthy_is_given_up_in_time() -> Outcome {
    containers().await?;
    let image = Image::that_runs("echo I am thinking; exec sleep 600").await;
    let localstack =
        LocalStack { image: image.0.clone(), healthy_within: Duration::from_secs(2), ..LocalStack::of_environment() };
    let (scenario, started) = (Scenario::shipped(), Instant::now());
    let error = Run::new(&scenario).on(Place::LocalStack(localstack)).execute().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    let RunError::Target(TargetError::NotHealthy { reason, log, .. }) = &error else { panic!("{error}") };
    assert_eq!((reason.as_str(), log.as_str()), ("it is not healthy after 2 s", "I am thinking"));
    let left = docker(&["ps", "--all", "--quiet", "--filter", &format!("ancestor={}", image.0)]).await;
    assert_eq!(left, "", "the container is gone");
    Ok(())
}

pub(crate) async fn a_localstack_that_dies_in_the_middle_is_no_verdict() -> Outcome {
    containers().await?;
    let child = command(&["--output", "json", "--repeat", "200"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    let process = child.id().unwrap();
    let container = container_of(process).await;
    // In the middle: the pipeline is being built, or drilled.
    until("the drills have begun", async || {
        let log = Command::new("docker").args(["logs", &container]).output().await.unwrap();
        let log = [log.stdout, log.stderr].concat();
        String::from_utf8_lossy(&log).contains("iam.CreateRole").then_some(())
    })
    .await;
    docker(&["kill", &container]).await;
    let killed = Instant::now();
    let ended = child.wait_with_output().await.unwrap();
    assert!(killed.elapsed() < Duration::from_secs(30), "{:?}", killed.elapsed());
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!((&finding["code"], &report["verdict"]), (&"TARGET_ENDED".into(), &"error".into()), "{report}");
    let evidence = finding["evidence"][0].as_str().unwrap();
    assert!(evidence.starts_with("it ended with exit status 137; it said at the end:\n"), "{evidence}");
    assert_nothing_is_left(process).await;
    Ok(())
}

pub(crate) async fn a_run_that_is_interrupted_while_it_starts_leaves_nothing() -> Outcome {
    containers().await?;
    let child = command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let process = child.id().unwrap();
    container_of(process).await;
    signal(&child, "INT").await;
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(130), "{ended:?}");
    assert_eq!(owned_by(process).await, Vec::<String>::new(), "it is gone when the command ends");
    Ok(())
}

pub(crate) async fn a_run_that_is_killed_leaves_nothing() -> Outcome {
    containers().await?;
    let mut child = command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let process = child.id().unwrap();
    container_of(process).await;
    signal(&child, "KILL").await;
    child.wait().await.unwrap();
    assert_nothing_is_left(process).await;
    Ok(())
}

pub(crate) async fn a_run_that_panics_leaves_nothing() -> Outcome {
    containers().await?;
    let before = owned_by(std::process::id()).await;
    let panicking = tokio::spawn(async {
        let scenario = Scenario::shipped();
        let run = Run::new(&scenario).on(Place::LocalStack(LocalStack::of_environment()));
        let run = run.on_event(|event| assert!(!matches!(event, RunEvent::TargetOpened { .. }), "a panic on purpose"));
        run.execute().await.map(|_| ()).unwrap();
    });
    assert!(panicking.await.unwrap_err().is_panic());
    until("only the suite's own container is left", async || {
        let now = owned_by(std::process::id()).await;
        now.iter().all(|id| before.contains(id)).then_some(())
    })
    .await;
    Ok(())
}

pub(crate) async fn only_this_machine_reaches_it() -> Outcome {
    containers().await?;
    let shared = place::localstack().await.unwrap();
    let port: u16 = shared.endpoint_url.rsplit(':').next().unwrap().parse().unwrap();
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    // LocalStack takes no connection for a while when it has much to do: one attempt says little.
    until("it takes a connection", async || {
        let attempt = tokio::time::timeout(Duration::from_secs(2), TcpStream::connect(address));
        attempt.await.ok()?.ok()
    })
    .await;
    let published = docker(&["ps", "--format", "{{.Ports}}", "--filter", &format!("publish={port}")]).await;
    assert!(published.starts_with("127.0.0.1:"), "{published}");
    Ok(())
}
