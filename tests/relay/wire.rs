//! What goes over the wire between client, relay and upstream, where HTTP is not at its simplest.

use std::net::SocketAddr;
use std::time::Duration;

use alert_drill::relay::{Outcome, RelayConfig, Totals};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{AUTHORIZE, Relay, Said, relay_with, request};

/// An upstream that reads each request up to its last bytes, whatever they are, and answers with these bytes.
struct Script {
    address: SocketAddr,
    /// The requests, as they came.
    requests: mpsc::UnboundedReceiver<String>,
}

impl Script {
    /// `close`: whether the connection ends with the answer.
    async fn start(last: &'static str, answer: &'static str, close: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, last, answer, close, sender.clone()));
            }
        });
        Self { address, requests }
    }

    async fn relay(&self) -> (Relay, Said) {
        relay_with(RelayConfig::new(format!("http://{}", self.address))).await
    }

    async fn request(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }
}

async fn serve(mut stream: TcpStream, last: &str, answer: &str, close: bool, requests: mpsc::UnboundedSender<String>) {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        bytes.extend_from_slice(&buffer[..read]);
        if !bytes.ends_with(last.as_bytes()) {
            continue;
        }
        // A long body is no reading matter.
        bytes.truncate(1 << 16);
        let request = String::from_utf8_lossy(&bytes).into_owned();
        bytes.clear();
        let is_event = request.contains("AWSEvents.PutEvents");
        let _ = requests.send(request);
        if stream.write_all(answer.as_bytes()).await.is_err() || (close && !is_event) {
            return;
        }
    }
}

/// Sends these bytes, and reads until the other side closes or `enough` has come.
async fn talk(relay: &Relay, sent: &[u8], enough: &str) -> String {
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    stream.write_all(sent).await.unwrap();
    read(&mut stream, enough).await
}

async fn read(stream: &mut TcpStream, enough: &str) -> String {
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    let reading = async {
        while let Ok(read @ 1..) = stream.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..read]);
            if answer.ends_with(enough.as_bytes()) {
                break;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), reading).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// No client's bytes end so: reads until the other side closes.
const CLOSED: &str = "\u{0}closed";

const UNRECORDED: Totals = Totals { records: 1, put: 0, lost: 0, unrecorded: 1 };

fn why(said: &Said) -> String {
    match &said.lock().unwrap()[0].outcome {
        Outcome::Unrecorded(why) => why.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_break_for_the_client_and_no_success_in_any_record() {
    let half = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 5000\r\n\r\n<AuthorizeSecurityGroup";
    let upstream = Script::start("%2F24", half, true).await;
    let (relay, said) = upstream.relay().await;
    let answer = talk(&relay, request(AUTHORIZE).as_bytes(), CLOSED).await;
    assert!(answer.contains("content-length: 5000") || answer.contains("Content-Length: 5000"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n<AuthorizeSecurityGroup"), "the break is seen: {answer}");
    assert_eq!(relay.stop().await, UNRECORDED);
    assert!(why(&said).starts_with("the answer broke off: "), "{}", why(&said));
}

#[tokio::test]
async fn an_upstream_that_hangs_up_on_a_call_is_a_bad_gateway_and_the_call_is_counted() {
    let upstream = Script::start("%2F24", "", true).await;
    let (relay, said) = upstream.relay().await;
    let answer = talk(&relay, request(AUTHORIZE).as_bytes(), "</Response>").await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("<Code>BadGateway</Code>"), "{answer}");
    assert_eq!(relay.stop().await, UNRECORDED);
    assert_eq!(said.lock().unwrap()[0].event_name, "AuthorizeSecurityGroupIngress");
    assert!(why(&said).contains("did not answer"), "{}", why(&said));
}

#[tokio::test]
async fn the_errors_of_the_relay_are_errors_of_the_called_service() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (relay, _) = relay_with(RelayConfig::new(format!("http://{gone}"))).await;
    let head = |service: &str| {
        format!(
            "Host: a\r\nAuthorization: AWS4-HMAC-SHA256 Credential=1/20261124/us-east-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=0\r\nConnection: close\r\n\r\n"
        )
    };
    for (service, form) in [
        ("events", "\"__type\":\"BadGateway\",\"message\":\"the relay's upstream"),
        ("s3", "<Error><Code>BadGateway</Code>"),
        ("sns", "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Receiver</Type>"),
    ] {
        let answer = talk(&relay, format!("GET / HTTP/1.1\r\n{}", head(service)).as_bytes(), CLOSED).await;
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains(form), "{service}: {answer}");
    }
    let answer = talk(&relay, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", CLOSED).await;
    assert!(answer.contains("text/plain") && answer.contains("did not answer"), "no service: {answer}");
}

#[tokio::test]
async fn an_upstream_that_takes_no_connection_is_a_time_out_of_the_gateway() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    // Nobody accepts, and its queue is short: once it is full, a connection is neither taken nor refused.
    let busy = socket.listen(0).unwrap();
    let address = busy.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(connected) = timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        waiting.push(connected.unwrap());
        assert!(waiting.len() < 64, "the queue has no end");
    }
    let connect_within = Duration::from_millis(300);
    let (relay, _) = relay_with(RelayConfig { connect_within, ..RelayConfig::new(format!("http://{address}")) }).await;
    let answer = talk(&relay, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", CLOSED).await;
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
}

#[tokio::test]
async fn chunks_trailers_and_expectations_pass() {
    let mut upstream = Script::start("\r\n0\r\nx-amz-checksum-crc32: sOO8/Q==\r\n\r\n", OK, false).await;
    let (relay, _) = upstream.relay().await;
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    let head = "PUT /bucket/key HTTP/1.1\r\nHost: a\r\nAuthorization: AWS4-HMAC-SHA256 Credential=1/20261124/us-east-1/s3/\
                aws4_request, SignedHeaders=host, Signature=0\r\nExpect: 100-continue\r\nContent-Encoding: aws-chunked\r\n\
                X-Amz-Trailer: x-amz-checksum-crc32\r\nX-Amz-Decoded-Content-Length: 11\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // A client that waits for leave to send must get it.
    assert_eq!(read(&mut stream, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"b\r\nhello world\r\n0\r\nx-amz-checksum-crc32: sOO8/Q==\r\n\r\n").await.unwrap();
    let answer = read(&mut stream, "\r\n\r\nok").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let seen = upstream.request().await;
    assert!(seen.contains("Content-Encoding: aws-chunked\r\n"), "{seen}");
    // Each side of the relay has its own framing: the size of the chunk may be written in capitals.
    assert!(seen.ends_with("\r\n\r\nB\r\nhello world\r\n0\r\nx-amz-checksum-crc32: sOO8/Q==\r\n\r\n"), "{seen}");
    // An object is no change that CloudTrail records.
    assert_eq!(relay.stop().await, Totals::default());
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_head_request_has_a_length_and_no_body_and_the_connection_goes_on() {
    let upstream = Script::start("\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: x\r\n\r\n", false).await;
    let (relay, _) = upstream.relay().await;
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    for _ in 0..2 {
        stream.write_all(b"HEAD /bucket/key HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let answer = read(&mut stream, "\r\n\r\n").await;
        assert!(answer.to_lowercase().contains("content-length: 1234\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_of_unknown_length_is_recorded_at_its_end() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nx-amzn-RequestId: r-1\r\n\r\n\
                  <AuthorizeSecurityGroupIngressResponse><return>true</return></AuthorizeSecurityGroupIngressResponse>";
    let upstream = Script::start("%2F24", answer, true).await;
    let (relay, said) = upstream.relay().await;
    // The stand-in for the bus would never see the end of an event: only the call is looked at.
    let got = talk(&relay, request(AUTHORIZE).as_bytes(), "IngressResponse>\r\n0\r\n\r\n").await;
    assert!(got.contains("AuthorizeSecurityGroupIngressResponse>"), "{got}");
    assert_eq!(relay.totals().records, 1);
    assert_eq!(relay.totals().unrecorded, 0, "{said:?}");
}

#[tokio::test]
async fn a_call_that_is_too_long_to_be_kept_is_passed_on_and_counted() {
    const END: &str = "\"}the end";
    let mut upstream = Script::start(END, OK, false).await;
    let (relay, said) = upstream.relay().await;
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    let chunk = vec![b'A'; 1 << 20];
    let chunks = 72;
    let head = format!(
        "POST /2015-03-31/functions HTTP/1.1\r\nHost: a\r\nAuthorization: AWS4-HMAC-SHA256 Credential=1/20261124/us-east-1/\
         lambda/aws4_request, SignedHeaders=host, Signature=0\r\nContent-Length: {}\r\n\r\n",
        chunks * chunk.len() + END.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..chunks {
        stream.write_all(&chunk).await.unwrap();
    }
    stream.write_all(END.as_bytes()).await.unwrap();
    assert!(read(&mut stream, "\r\n\r\nok").await.starts_with("HTTP/1.1 200 OK"));
    upstream.request().await;
    assert_eq!(relay.stop().await, UNRECORDED);
    assert_eq!(why(&said), "it is longer than 70 MB");
    assert_eq!(said.lock().unwrap()[0].event_name, "CreateFunction20150331");
}
