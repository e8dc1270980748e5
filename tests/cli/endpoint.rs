//! Runs on an endpoint that stands already.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::Child;

use serde_json::Value;

use crate::support::{command, end_of, run, signal};

/// A lab as a server of its own.
pub(crate) fn lab() -> (Child, String) {
    let mut child = command(&["lab", "--listen", "127.0.0.1:0", "--output", "json"]).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    (child, ready["endpoint_url"].as_str().unwrap().to_owned())
}

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
