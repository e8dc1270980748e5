//! The engine with real processes. The test binary is its own bootstrap: [`bootstrap_entry`] speaks the Runtime API
//! when a function starts it, and [`lab_entry`] is a lab that can be killed.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

mod asynchronous;
mod bootstrap;
mod failures;
mod invocations;
mod python;
mod survival;

pub(super) const BOOTSTRAP: &str =
    "#!/bin/sh\nexec \"$TEST_EXE\" --exact lambda::tests::bootstrap_entry --nocapture --quiet\n";
/// How long a condition may take to come true.
const LIMIT: Duration = Duration::from_secs(20);

/// Not a test by itself: what a function runs.
#[test]
fn bootstrap_entry() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        bootstrap::run();
    }
}

/// Not a test by itself: a lab with a function, for [`survival`] to kill.
#[test]
fn lab_entry() {
    if let Some(file) = std::env::var_os("TEST_LAB_FILE") {
        survival::run_lab(Path::new(&file));
    }
}

struct Lab {
    engine: Engine,
    concurrency: ReservedConcurrency,
    logs: UnboundedReceiver<LogEvent>,
}

impl Lab {
    fn start() -> Self {
        Self::with(EngineSettings::default())
    }

    fn with(settings: EngineSettings) -> Self {
        let (sender, logs) = unbounded_channel();
        let engine = Engine::new(settings, Arc::new(sender)).unwrap();
        Self { engine, concurrency: ReservedConcurrency::default(), logs }
    }

    fn deploy(&self, variables: &[(&str, &str)]) -> Arc<Function> {
        self.deploy_with(variables, |_| {}, &[("bootstrap", 0o755, BOOTSTRAP)])
    }

    fn deploy_with(
        &self,
        variables: &[(&str, &str)],
        change: impl FnOnce(&mut FunctionConfig),
        files: &[(&str, u32, &str)],
    ) -> Arc<Function> {
        let mut config = config();
        config.environment.extend(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        change(&mut config);
        self.engine.deploy(config, Arc::new(Package::unpack(&archive(files)).unwrap()), &self.concurrency)
    }

    fn lines(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(event) = self.logs.try_recv() {
            lines.push(event.message);
        }
        lines
    }
}

pub(super) fn config() -> FunctionConfig {
    let exe = std::env::current_exe().unwrap().display().to_string();
    FunctionConfig {
        name: "f".into(),
        arn: "arn:aws:lambda:ap-northeast-2:123456789012:function:f".into(),
        version: "$LATEST".into(),
        region: "ap-northeast-2".into(),
        account: "123456789012".into(),
        runtime: Runtime::ProvidedAl2023,
        handler: "lambda.lambda_handler".into(),
        timeout: Duration::from_secs(30),
        memory_size: 128,
        environment: BTreeMap::from([("TEST_EXE".into(), exe)]),
        logging: Logging::of("f"),
        credentials: Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: "token".into(),
        },
        endpoint_url: Some("http://127.0.0.1:4566".into()),
    }
}

pub(super) fn archive(files: &[(&str, u32, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, text) in files {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

async fn call(function: &Arc<Function>, event: Value) -> InvokeOutcome {
    function.invoke(InvokeRequest::new(event.to_string())).await.unwrap()
}

fn document(outcome: &InvokeOutcome) -> Value {
    serde_json::from_slice(&outcome.payload).unwrap()
}

/// Waits until `condition` holds.
pub(super) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LIMIT, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A process that is gone, or dead and waiting for its parent to notice.
pub(super) fn is_gone(pid: u64) -> bool {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    if rustix::process::test_kill_process(pid).is_err() {
        return true;
    }
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with('Z'))
}

pub(super) fn scratch_file() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    (directory, file)
}
