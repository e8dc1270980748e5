//! What is deployed where functions run elsewhere than on this machine: the installed package, or a refusal that says how to
//! build it.

use std::fs;
use std::io::{BufRead as _, BufReader, Cursor, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::{Ended, Folder, end_of, finish, lab, signal};

/// A lab that passes for a LocalStack: it makes no CloudTrail events, its bus takes them, and it runs functions.
struct Emulator {
    lab: Option<Child>,
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The `CreateFunction` requests.
    created: Mutex<Vec<Value>>,
    /// What was called, by its name, or by its method and path where it has none.
    called: Mutex<Vec<String>>,
}

impl Emulator {
    fn start() -> Self {
        let (lab, endpoint) = lab();
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Seen> = Arc::default();
        let serving = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, seen) = (upstream.clone(), Arc::clone(&serving));
                // A client that hangs up in the middle of a request is none of the test's business.
                std::thread::spawn(move || serve(stream, &upstream, &seen));
            }
        });
        Self { lab: Some(lab), address, seen }
    }

    /// Runs the default drill of a scenario here, as the executable at this path.
    fn run(&self, executable: &Path, scenario: &[&str]) -> Ended {
        self.execute(executable, &[&["run", "--timeout", "200ms"], scenario].concat())
    }

    fn execute(&self, executable: &Path, args: &[&str]) -> Ended {
        let endpoint = format!("http://{}", self.address);
        let mut command = Command::new(executable);
        command.args(args).args(["--endpoint-url", &endpoint]);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        finish(command)
    }

    /// The `CreateFunction` requests.
    fn created(&self) -> Vec<Value> {
        self.seen.created.lock().unwrap().clone()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Some(lab) = self.lab.take() {
            signal(&lab, "INT");
            end_of(lab);
        }
    }
}

/// One request of a connection, which ends with its answer.
fn serve(mut stream: TcpStream, upstream: &str, seen: &Seen) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or_default();
        }
        if !name.eq_ignore_ascii_case("connection") {
            head.push(line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    seen.called.lock().unwrap().push(name_of(&head, &String::from_utf8_lossy(&body)));
    let has = |text: &str| head.iter().any(|line| line.contains(text));
    if has("GET /_lab/health") {
        return answer(&mut stream, "404 Not Found", "");
    }
    if has("GET /_localstack/health") {
        return answer(&mut stream, "200 OK", r#"{"services":{},"version":"4.14.0"}"#);
    }
    if has("AWSEvents.PutEvents") {
        hand_on(&head, &String::from_utf8_lossy(&body), upstream)?;
        return answer(&mut stream, "200 OK", r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#);
    }
    if has("CloudTrail_20131101") {
        return answer(&mut stream, "501 Not Implemented", "{}");
    }
    if has("POST /2015-03-31/functions HTTP") || has("POST /2015-03-31/functions/ HTTP") {
        seen.created.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    }
    head.push("connection: close\r\n\r\n".to_owned());
    let mut onward = TcpStream::connect(upstream)?;
    onward.write_all(head.join("\r\n").as_bytes())?;
    onward.write_all(&body)?;
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer)?;
    stream.write_all(&answer)
}

fn name_of(head: &[String], body: &str) -> String {
    let target = head.iter().find(|line| line.to_lowercase().starts_with("x-amz-target:"));
    let json = target.and_then(|line| line.rsplit('.').next());
    let query = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    json.or(query).unwrap_or(&head[0]).to_owned()
}

/// Hands the event that asks what this endpoint does with one to the queue that waits for it, as a bus and a topic would.
/// The lab behind this takes no event of AWS's own services.
fn hand_on(head: &[String], body: &str, upstream: &str) -> std::io::Result<()> {
    let Some(name) = body.split(['"', '\\']).find(|text| text.starts_with("alert-drill-probe-")) else { return Ok(()) };
    let signed = head.iter().find(|line| line.to_lowercase().starts_with("authorization:")).unwrap();
    let account = signed.split("Credential=").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let signed = signed.replace("/events/", "/sqs/");
    let message = json!({ "QueueUrl": format!("http://{upstream}/{account}/{name}"), "MessageBody": "{}" }).to_string();
    let mut onward = TcpStream::connect(upstream)?;
    write!(
        onward,
        "POST / HTTP/1.1\r\nHost: {upstream}\r\n{signed}\r\nX-Amz-Target: AmazonSQS.SendMessage\r\nContent-Type: \
         application/x-amz-json-1.0\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{message}",
        message.len()
    )?;
    let mut answer = String::new();
    onward.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    Ok(())
}

fn answer(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

/// The executable as it is installed: in a `bin` of its own.
fn installed(folder: &Folder) -> PathBuf {
    let executable = folder.path("bin/alert-drill");
    fs::create_dir_all(folder.path("bin")).unwrap();
    let built = env!("CARGO_BIN_EXE_alert-drill");
    if fs::hard_link(built, &executable).is_err() {
        fs::copy(built, &executable).unwrap();
    }
    executable
}

#[test]
fn without_the_built_notifier_the_run_says_how_to_build_it() {
    let (folder, emulator) = (Folder::new(), Emulator::start());
    let ended = emulator.run(&installed(&folder), &[]);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("COULD_NOT_PROVISION "), "{}", ended.stdout);
    for said in ["the notifier for x86_64 is not installed", "`cargo run -p notifier-package -- x86_64`", "--notifier"]
    {
        assert!(ended.stdout.contains(said), "{said} is not in: {}", ended.stdout);
    }
    assert!(ended.stdout.contains(&folder.text("lib/alert-drill/")), "{}", ended.stdout);
    assert!(ended.stdout.trim_end().ends_with("everything removed"), "{}", ended.stdout);
}

#[test]
fn the_installed_package_of_the_functions_architecture_is_deployed() {
    let (folder, emulator) = (Folder::new(), Emulator::start());
    let scenario = folder.scenario_without("DeleteSecurityGroup");
    let yaml = fs::read_to_string(folder.path("scenario/scenario.yaml")).unwrap();
    folder.write("scenario/scenario.yaml", yaml.replace("architecture: x86_64", "architecture: arm64"));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(b"#!/bin/sh\nexit 1\n").unwrap();
    let zip = zip.finish().unwrap().into_inner();
    folder.write("lib/alert-drill/security-group-change-notifier-arm64.zip", &zip);
    let ended = emulator.run(&installed(&folder), &[&scenario]);
    let created = emulator.created();
    assert_eq!(created.len(), 1, "{}{}", ended.stdout, ended.stderr);
    assert_eq!(created[0]["Architectures"], json!(["arm64"]));
    assert_eq!(created[0]["Code"]["ZipFile"], aws_smithy_types::base64::encode(&zip));
    assert!(!ended.stdout.contains("COULD_NOT_PROVISION"), "{}", ended.stdout);
}

#[test]
fn a_check_reads_and_tries_nothing_out() {
    let emulator = Emulator::start();
    let ended = emulator.execute(Path::new(env!("CARGO_BIN_EXE_alert-drill")), &["check"]);
    assert_eq!(ended.code, Some(1), "nothing is built there: {}{}", ended.stdout, ended.stderr);
    let called = emulator.seen.called.lock().unwrap();
    assert!(called.iter().any(|name| name == "GetCallerIdentity"), "{called:?}");
    let reads = ["GET ", "HEAD ", "Describe", "Get", "List"];
    let changes: Vec<_> = called.iter().filter(|name| !reads.iter().any(|read| name.starts_with(read))).collect();
    assert!(changes.is_empty(), "{changes:?}");
}
