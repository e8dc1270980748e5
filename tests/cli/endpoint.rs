//! Runs on an endpoint that stands already.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{command, end_of, lab, run, signal};

#[test]
fn a_lab_that_runs_is_drilled_and_left_as_it_was() {
    let (lab, endpoint) = lab();
    // Twice: what the first run had left would stop the second.
    for _ in 0..2 {
        let ended = run(&["--endpoint-url", &endpoint, "--output", "json"]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        let target = &report["target"];
        assert_eq!((&target["kind"], &target["endpoint_url"]), (&"lab".into(), &endpoint.as_str().into()));
        assert_eq!(target["capabilities"]["emits_cloudtrail_events"], true);
        // Most of the run is waiting for the lab's process.
        let (own, whole) = (report["harness_ms"].as_f64().unwrap(), report["duration_ms"].as_f64().unwrap());
        assert!(own > 0.0 && own < whole, "{own} of {whole}");
        // Nobody opens the mail of a lab that is somebody else's.
        let mail = report["drills"][0]["hops"].as_array().unwrap().iter().find(|hop| hop["hop"] == "mail").unwrap();
        assert_eq!(mail["status"], "unknown");
    }
    signal(&lab, "INT");
    assert_eq!(end_of(lab).code, Some(0));
}

#[test]
fn an_endpoint_that_is_not_there_is_named() {
    // Bound and let go: nothing listens there now.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = run(&["--endpoint-url", &format!("http://{address}")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    assert_eq!(
        ended.stderr,
        format!("error: nothing answers at http://{address}: Connection refused (os error 111)\n")
    );
}

/// A server that answers every request with these bytes, or never where there are none.
fn server(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let Some(answer) = answer else {
                open.push(stream);
                continue;
            };
            std::thread::spawn(move || {
                let mut buffer = [0; 1 << 16];
                while let Ok(1..) = stream.read(&mut buffer) {
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    url
}

#[test]
fn an_endpoint_that_is_no_aws_is_named() {
    let url = server(Some("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found"));
    let ended = run(&["--endpoint-url", &url]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
    assert!(
        ended.stderr.starts_with(&format!("error: {url} does not say whose credentials these are")),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_endpoint_that_never_answers_is_named_within_its_time() {
    let started = Instant::now();
    let url = server(None);
    let ended = run(&["--endpoint-url", &url]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
    assert!(ended.stderr.starts_with(&format!("error: nothing answers at {url}: ")), "{}", ended.stderr);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

/// Passes bytes on to an endpoint and back, and tells when these have gone by.
fn passing(endpoint: &str, needle: &'static str) -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let endpoint = endpoint.trim_start_matches("http://").to_owned();
    let (told, seen) = mpsc::channel();
    std::thread::spawn(move || {
        while let Ok((mut client, _)) = listener.accept() {
            let Ok(mut server) = TcpStream::connect(&endpoint) else { continue };
            let (mut back, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Both);
            });
            let told = told.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 1 << 16];
                while let Ok(read @ 1..) = client.read(&mut buffer) {
                    if server.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                    if String::from_utf8_lossy(&buffer[..read]).contains(needle) {
                        let _ = told.send(());
                    }
                }
                let _ = server.shutdown(Shutdown::Both);
            });
        }
    });
    (url, seen)
}

#[test]
fn an_endpoint_that_dies_in_the_middle_is_no_verdict_and_ends_the_run() {
    let (mut lab, endpoint) = lab();
    let (url, acted) = passing(&endpoint, "Action=RunInstances");
    let started = Instant::now();
    let running = command(&["--endpoint-url", &url, "--drill", "describe-groups", "--output", "json"]).spawn().unwrap();
    acted.recv_timeout(Duration::from_secs(60)).unwrap();
    lab.kill().unwrap();
    lab.wait().unwrap();
    let ended = end_of(running);
    assert_eq!(ended.code, Some(5), "{}{}", ended.stdout, ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["verdict"], "error");
    // What may still stand there is named, with the reason.
    let left = report["cleanup"]["left_behind"].as_array().unwrap();
    assert!(
        left.iter().any(|left| left["kind"] == "rule") && left[0]["reason"].as_str().unwrap().contains(&url),
        "{left:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(45), "{:?}", started.elapsed());
}

#[test]
fn a_port_in_use_is_named_by_the_relay() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&["relay", "--upstream", "http://127.0.0.1:9", "--listen", &address]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("the relay cannot listen at {address}")), "{}", ended.stderr);
}

/// An emulator of another name, started as its users start it.
struct Emulator {
    process: Child,
    url: String,
}

impl Emulator {
    /// None where it is not installed, which is said.
    fn start(name: &str, module: &[&str], port_variable: &str) -> Option<Self> {
        let python = std::env::var(format!("ALERT_DRILL_{}_PYTHON", name.to_uppercase()));
        let python = python.unwrap_or_else(|_| "python3".to_owned());
        let installed = Command::new(&python).args(["-c", &format!("import {}", module[0])]).output();
        if !installed.is_ok_and(|import| import.status.success()) {
            eprintln!("skipped: {python} has no {name} (ALERT_DRILL_{}_PYTHON names another)", name.to_uppercase());
            return None;
        }
        // Let go at once: nothing else on this machine asks for this very port meanwhile.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let process = Command::new(&python)
            .arg("-m")
            .args(&module[1..])
            .env(port_variable, &port)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let emulator = Self { process, url: format!("http://127.0.0.1:{port}") };
        let limit = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(emulator.url.trim_start_matches("http://")).is_err() {
            assert!(Instant::now() < limit, "{name} does not listen at {}", emulator.url);
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn moto_is_no_verdict_on_the_pipeline() {
    let Some(moto) = Emulator::start("moto", &["moto.server", "moto.server"], "MOTO_PORT") else { return };
    // Twice: a probe that left something would be in its own way.
    for _ in 0..2 {
        let ended = run(&["--endpoint-url", &moto.url]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains("its event bus hands none to an SNS topic"), "{}", ended.stderr);
    }
}

#[test]
fn ministack_is_no_verdict_on_the_pipeline() {
    let Some(ministack) = Emulator::start("ministack", &["ministack", "ministack"], "GATEWAY_PORT") else { return };
    let ended = run(&["--endpoint-url", &ministack.url]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("its event bus takes none either (NotAuthorizedForSourceException"),
        "{}",
        ended.stderr
    );
}
