//! The function of the tests: a bare runtime that does what its environment (INIT) and its events say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::{Value, json};

struct Api {
    connection: BufReader<TcpStream>,
    host: String,
}

struct Reply {
    request_id: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Api {
    fn call(&mut self, method: &str, path: &str, body: &[u8]) -> Reply {
        let mut request = format!(
            "{method} /2018-06-01/runtime{path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.connection.get_mut().write_all(&request).unwrap();
        let mut line = String::new();
        let mut headers = Vec::new();
        self.connection.read_line(&mut line).unwrap();
        loop {
            line.clear();
            self.connection.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let header = |name: &str| headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.clone());
        let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
        self.connection.read_exact(&mut body).unwrap();
        Reply { request_id: header("lambda-runtime-aws-request-id").unwrap_or_default(), headers, body }
    }
}

pub(super) fn run() -> ! {
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let stream = TcpStream::connect(&host).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut api = Api { connection: BufReader::new(stream), host };
    init(&mut api);
    let mut count = 0;
    loop {
        let reply = api.call("GET", "/invocation/next", b"");
        count += 1;
        handle(&mut api, &reply, count);
    }
}

fn init(api: &mut Api) {
    let mode = std::env::var("INIT").unwrap_or_default();
    // `FILE` marks that INIT has run before.
    let again = std::env::var("FILE").is_ok_and(|file| std::fs::File::create_new(file).is_err());
    match mode.as_str() {
        "exit" => std::process::exit(1),
        "abort" => std::process::abort(),
        "hang" => std::thread::park(),
        "hang once" if !again => std::thread::park(),
        "error" => {
            println!("about to fail");
            let error =
                json!({"errorType": "NameError", "errorMessage": "name 'os' is not defined", "stackTrace": ["line 1"]});
            api.call("POST", "/init/error", error.to_string().as_bytes());
            std::process::exit(1);
        }
        _ => {}
    }
}

fn handle(api: &mut Api, reply: &Reply, count: u32) {
    let event: Value = serde_json::from_slice(&reply.body).unwrap();
    let id = &reply.request_id;
    let respond = |api: &mut Api, body: &[u8]| {
        api.call("POST", &format!("/invocation/{id}/response"), body);
    };
    println!("handling {count}");
    // The event of a function URL has what is to be done in its body.
    let body = event["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok()).unwrap_or_default();
    let task = if event.get("do").is_some() { &event } else { &body };
    match task["do"].as_str().unwrap_or_default() {
        "answer" => respond(api, task["answer"].to_string().as_bytes()),
        "fail with the first code" if std::env::var_os("CODE").is_some() => respond(api, b"\"mended\""),
        "fail with the first code" => {
            let error = json!({"errorType": "ValueError", "errorMessage": "bad", "stackTrace": []}).to_string();
            api.call("POST", &format!("/invocation/{id}/error"), error.as_bytes());
        }
        "exit" => std::process::exit(3),
        "hang" => std::thread::park(),
        "fail" => {
            let error = json!({"errorType": "ValueError", "errorMessage": "bad", "stackTrace": []}).to_string();
            api.call("POST", &format!("/invocation/{id}/error"), error.as_bytes());
        }
        "grandchildren" => {
            let child = Command::new("/bin/sh").args(["-c", "sleep 600 & echo $! > \"$FILE\"; wait"]).spawn().unwrap();
            std::mem::forget(child);
            std::thread::park();
        }
        "large" => respond(api, &vec![b'1'; 7_000_000]),
        "wait for file" => {
            std::fs::write(format!("{}.waiting", event["file"].as_str().unwrap()), "").unwrap();
            while !std::path::Path::new(event["file"].as_str().unwrap()).exists() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            respond(api, b"\"waited\"");
        }
        "work on" => {
            respond(api, b"\"done\"");
            std::thread::sleep(std::time::Duration::from_millis(150));
            println!("worked on");
        }
        _ if std::env::var_os("ANSWER").is_some() => respond(api, std::env::var("ANSWER").unwrap().as_bytes()),
        _ => {
            let environment: std::collections::BTreeMap<_, _> = std::env::vars().collect();
            let headers: std::collections::BTreeMap<_, _> = reply.headers.iter().cloned().collect();
            let descriptors: Vec<_> = std::fs::read_dir("/proc/self/fd").map_or_else(
                |_| Vec::new(),
                |list| list.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()).collect(),
            );
            let answer = json!({"descriptors": descriptors, "pid": std::process::id(), "count": count, "event": event, "environment": environment,
                "headers": headers, "directory": std::env::current_dir().unwrap()});
            respond(api, answer.to_string().as_bytes());
        }
    }
}
