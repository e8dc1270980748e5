//! An endpoint as emulators are: it serves EC2 calls and makes no event of them; its bus takes `aws.*` sources or not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the upstream answers to `PutEvents`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bus {
    /// It takes them.
    Takes,
    /// It is busy so many times, and takes them then.
    RefusesFirst(usize),
    /// It takes none of `aws.*`, as AWS does.
    Forbids,
    /// It answers nothing until it is [opened](Upstream::open), and takes them then.
    Waits,
    /// The same, and of each request it refuses every third entry that it has not seen before, as a throttled bus does.
    WaitsAndThrottles,
    /// It refuses a request with this text in it as a whole.
    Chokes(&'static str),
}

#[derive(Debug, Default)]
struct Seen {
    heads: Vec<String>,
    events: Vec<Value>,
    puts: usize,
    throttled: Vec<Value>,
    refused: usize,
    calls: usize,
}

pub(crate) struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    asked: watch::Receiver<usize>,
    open: watch::Sender<bool>,
}

impl Upstream {
    pub(crate) async fn start(bus: Bus) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (asking, asked) = watch::channel(0);
        let (open, opened) = watch::channel(!matches!(bus, Bus::Waits | Bus::WaitsAndThrottles));
        let serving = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving), bus, asking.clone(), opened.clone()));
            }
        });
        Self { address, seen, asked, open }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The entries that the bus took.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.seen.lock().unwrap().events.clone()
    }

    /// How often `PutEvents` was called.
    pub(crate) fn puts(&self) -> usize {
        self.seen.lock().unwrap().puts
    }

    /// Lets a bus that waits answer.
    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// The heads of all requests.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().heads.clone()
    }

    pub(crate) fn authorizations(&self) -> Vec<String> {
        let heads = self.heads();
        let signed = |head: &String| {
            head.lines().find(|line| line.to_lowercase().starts_with("authorization:")).map(str::to_owned)
        };
        heads.iter().filter_map(signed).collect()
    }

    /// Waits until so many requests have been answered.
    pub(crate) async fn until_asked(&self, times: usize) {
        self.asked.clone().wait_for(|asked| *asked >= times).await.unwrap();
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Seen>>,
    bus: Bus,
    asking: watch::Sender<usize>,
    mut opened: watch::Receiver<bool>,
) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        if head.contains("AWSEvents.PutEvents") && opened.wait_for(|open| *open).await.is_err() {
            return;
        }
        let answer = answer(head, body, &seen, bus);
        asking.send_modify(|asked| *asked += 1);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        bytes.clear();
    }
}

fn answer(head: &str, body: &str, seen: &Mutex<Seen>, bus: Bus) -> String {
    let mut seen = seen.lock().unwrap();
    seen.heads.push(head.to_owned());
    if head.contains("AWSEvents.PutEvents") {
        seen.puts += 1;
        if let Bus::RefusesFirst(times) = bus
            && seen.refused < times
        {
            seen.refused += 1;
            return http(
                "503 Service Unavailable",
                "",
                "application/x-amz-json-1.1",
                "{\"__type\":\"InternalException\"}",
            );
        }
        if matches!(bus, Bus::Forbids) {
            let entry = r#"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"NotAuthorizedForSourceException","ErrorMessage":"no"}]}"#;
            return http("200 OK", "", "application/x-amz-json-1.1", entry);
        }
        if let Bus::Chokes(text) = bus
            && body.contains(text)
        {
            let refused = r#"{"__type":"ValidationException","message":"no"}"#;
            return http("400 Bad Request", "", "application/x-amz-json-1.1", refused);
        }
        let body: Value = serde_json::from_str(body).unwrap();
        let entries = body["Entries"].as_array().unwrap();
        assert!((1..=10).contains(&entries.len()), "PutEvents takes one to ten entries, and not {}", entries.len());
        let mut answers = Vec::new();
        for (number, entry) in entries.iter().enumerate() {
            if matches!(bus, Bus::WaitsAndThrottles) && number % 3 == 2 && !seen.throttled.contains(entry) {
                seen.throttled.push(entry.clone());
                answers.push(json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded" }));
            } else {
                seen.events.push(entry.clone());
                answers.push(json!({ "EventId": seen.events.len().to_string() }));
            }
        }
        let failed = answers.iter().filter(|answer| answer["ErrorCode"].is_string()).count();
        let answer = json!({ "FailedEntryCount": failed, "Entries": answers });
        return http("200 OK", "", "application/x-amz-json-1.1", &answer.to_string());
    }
    seen.calls += 1;
    let id = format!("X-Odd-CASE: kept\r\nx-amzn-RequestId: request-{}\r\n", seen.calls);
    let xml = "<AuthorizeSecurityGroupIngressResponse><return>true</return><securityGroupRuleSet><item>\
               <securityGroupRuleId>sgr-1</securityGroupRuleId></item></securityGroupRuleSet>\
               </AuthorizeSecurityGroupIngressResponse>";
    http("200 OK", &id, "text/xml", xml)
}

fn http(status: &str, headers: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An answer without what is another each time.
pub(crate) fn comparable(answer: &str) -> String {
    let kept = |line: &&str| !line.to_lowercase().starts_with("date:") && !line.contains("request-");
    answer.split("\r\n").filter(kept).collect::<Vec<_>>().join("\r\n")
}
