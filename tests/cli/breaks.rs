//! Breaking the pipeline of a lab that runs, as an exercise.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Child;

use serde_json::Value;

use crate::support::{command, end_of, run, signal};

/// A lab as a server of its own, with the right pipeline in it.
fn lab_with_pipeline() -> (Child, String) {
    let mut child = command(&["lab", "--listen", "127.0.0.1:0", "--output", "json"]).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let endpoint = ready["endpoint_url"].as_str().unwrap().to_owned();
    // What is kept is left behind.
    let built = run(&["--endpoint-url", &endpoint, "--keep"]);
    assert_eq!(built.code, Some(6), "{}{}", built.stdout, built.stderr);
    (child, endpoint)
}

#[test]
fn an_exercise_says_that_something_is_broken_and_not_what() {
    let (lab, endpoint) = lab_with_pipeline();
    let ended = run(&["break", "rule-disabled", "--endpoint-url", &endpoint]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, format!("One thing is broken now in the pipeline at {endpoint}. Find it.\n"));
    let check = run(&["check", "--endpoint-url", &endpoint, "--output", "json"]);
    let report: Value = serde_json::from_str(&check.stdout).unwrap();
    let codes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert!(codes.contains(&&Value::from("RULE_DISABLED")), "{codes:?}");

    let again = run(&["break", "rule-disabled", "--endpoint-url", &endpoint]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(5), ""));
    assert_eq!(
        again.stderr,
        "error: already broken by rule-disabled: the rule eventbridge-securitygroup-changerule in ap-northeast-2 is disabled\n"
    );

    let told = run(&["break", "topic-deleted", "--tell", "--lang", "ko", "--endpoint-url", &endpoint]);
    assert_eq!(told.stdout, format!("{endpoint} 고장: topic-deleted (topic): 주제를 삭제함\n"));
    // Now the topic is not there any more.
    let gone = run(&["break", "topic-policy-default", "--endpoint-url", &endpoint]);
    assert_eq!(gone.code, Some(5));
    assert!(gone.stderr.starts_with("error: nothing to break: there is no topic "), "{}", gone.stderr);
    assert!(gone.stderr.contains("sns-securitygroup-alarm"), "{}", gone.stderr);

    let json = run(&["break", "webhook-missing", "--tell", "--output", "json", "--endpoint-url", &endpoint]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["product"], &json["broken"]["name"]), (&"alert-drill lab".into(), &"webhook-missing".into()));
    signal(&lab, "INT");
    assert_eq!(end_of(lab).code, Some(0));
}

#[test]
fn the_list_has_a_line_for_each_break_in_both_languages() {
    let json = run(&["break", "--list", "--output", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    let breaks = json["breaks"].as_array().unwrap();
    assert!(breaks.len() >= 40, "{}", breaks.len());
    for (lang, key) in [("en", "the rule is disabled"), ("ko", "규칙을 비활성화함")] {
        let list = run(&["break", "--list", "--lang", lang]);
        assert_eq!((list.code, list.stderr.as_str()), (Some(0), ""));
        assert_eq!(list.stdout.lines().count(), breaks.len());
        let line = list.stdout.lines().find(|line| line.starts_with("rule-disabled ")).unwrap();
        assert_eq!(line.split_whitespace().nth(1), Some("rule"), "{line}");
        assert!(line.ends_with(key), "{line}");
    }
    let hidden = breaks.iter().find(|one| one["name"] == "pattern-without-modify").unwrap();
    assert_eq!((&hidden["effect"], &hidden["fails_drill"]), (&"hidden".into(), &false.into()));
    let silent = breaks.iter().find(|one| one["name"] == "webhook-unknown").unwrap();
    assert_eq!((&silent["effect"]["silent"], &silent["hop"]), (&"function".into(), &"discord".into()));
}

#[test]
fn a_break_that_does_not_exist_is_answered_with_the_nearest() {
    let ended = run(&["break", "rule-disable", "--endpoint-url", "http://127.0.0.1:1"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert_eq!(ended.stderr, "error: there is no break rule-disable (did you mean rule-disabled?)\n");
    let without = run(&["break"]);
    assert_eq!(without.code, Some(2));
    assert!(without.stderr.contains("--endpoint-url <URL>"), "{}", without.stderr);
}

#[test]
fn a_pipeline_that_is_not_there_is_named() {
    let mut lab = command(&["lab", "--listen", "127.0.0.1:0", "--output", "json"]).spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(lab.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let ready: Value = serde_json::from_str(&ready).unwrap();
    let endpoint = ready["endpoint_url"].as_str().unwrap();
    for (name, what) in [
        ("trail-stopped", "trail ct-securitygroup in ap-northeast-2"),
        ("rule-disabled", "rule eventbridge-securitygroup-changerule in ap-northeast-2"),
        ("function-throttled", "function lambda-securitygroup-alarm in ap-northeast-2"),
    ] {
        let ended = run(&["break", name, "--endpoint-url", endpoint]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
        assert_eq!(ended.stderr, format!("error: nothing to break: there is no {what}\n"));
    }
    signal(&lab, "INT");
    assert_eq!(end_of(lab).code, Some(0));
}

/// A server that is no emulator: whatever it is, it might be AWS.
#[test]
fn what_is_no_emulator_is_refused_before_anything_is_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            let line = String::from_utf8_lossy(&request[..length]).lines().next().unwrap_or_default().to_owned();
            if line.is_empty() {
                break;
            }
            asked.push(line);
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        }
        asked
    });
    let ended = run(&["break", "rule-disabled", "--endpoint-url", &endpoint]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    assert_eq!(
        ended.stderr,
        format!("error: {endpoint} is neither a lab of alert-drill nor LocalStack; nothing was changed there\n")
    );
    // An empty request ends the server.
    drop(std::net::TcpStream::connect(endpoint.trim_start_matches("http://")).unwrap());
    let asked = served.join().unwrap();
    assert_eq!(asked, ["GET /_localstack/health HTTP/1.1", "GET /_lab/health HTTP/1.1"]);
}
