//! The relay in front of an endpoint: it gives it CloudTrail's events, and is not noticed otherwise.
//!
//! The upstream is what emulators are: it serves EC2 calls and makes no event of them.

#![expect(clippy::unwrap_used, reason = "what fails in the helpers fails the test")]

#[path = "../lab/src/sns/tests/authority.rs"]
mod authority;
#[path = "relay/batches.rs"]
mod batches;
#[path = "relay/load.rs"]
mod load;
#[path = "relay/tls.rs"]
mod tls;
#[path = "relay/upstream.rs"]
mod upstream;
#[path = "relay/wire.rs"]
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alert_drill::relay::{Outcome, Relay, RelayConfig, RelayError, Relayed, Totals};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use self::upstream::{Bus, Upstream};

const AUTHORIZE: &str = "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp\
                         &IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
                         &IpPermissions.1.IpRanges.1.CidrIp=203.0.113.0%2F24";
const DESCRIBE: &str = "Action=DescribeSecurityGroups&Version=2016-11-15";

type Said = Arc<Mutex<Vec<Relayed>>>;

/// A relay in front of an upstream, and what it said of its records.
async fn relay(upstream: &Upstream) -> (Relay, Said) {
    relay_with(RelayConfig::new(upstream.url())).await
}

async fn relay_with(config: RelayConfig) -> (Relay, Said) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let saying = Arc::clone(&said);
    let relay = Relay::start(config, move |relayed| saying.lock().unwrap().push(relayed.clone())).await.unwrap();
    (relay, said)
}

/// A request as it goes over the wire; the header names are spelled as no library would.
fn request(form: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:4566\r\nUser-Agent: aws-cli/2\r\nx-AMZ-odd: 1\r\nAuthorization: AWS4-HMAC-SHA256 \
         Credential=111122223333/20261124/ap-northeast-2/ec2/aws4_request, SignedHeaders=host, Signature=0\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Sends a request and reads the whole answer, byte for byte.
async fn send(address: impl tokio::net::ToSocketAddrs, form: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request(form).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    // The connection is kept alive: the answer ends where its length says.
    while !is_whole(&answer) {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut buffer)).await.unwrap().unwrap();
        assert_ne!(read, 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8(answer).unwrap()
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() == length.unwrap_or(0)
}

#[tokio::test]
async fn a_write_call_becomes_the_event_that_cloudtrail_would_have_made() {
    let upstream = Upstream::start(Bus::Takes).await;
    let (relay, said) = relay(&upstream).await;
    send(relay.address(), AUTHORIZE).await;
    send(relay.address(), DESCRIBE).await;
    assert_eq!(relay.stop().await, Totals { records: 1, put: 1, lost: 0, unrecorded: 0 });

    let [event] = upstream.events().try_into().unwrap_or_else(|events| panic!("one event: {events:?}"));
    assert_eq!((&event["Source"], &event["DetailType"]), (&json!("aws.ec2"), &json!("AWS API Call via CloudTrail")));
    let detail: Value = serde_json::from_str(event["Detail"].as_str().unwrap()).unwrap();
    assert_eq!(detail["eventName"], "AuthorizeSecurityGroupIngress");
    assert_eq!(detail["requestID"], "request-1");
    assert_eq!(
        (&detail["awsRegion"], &detail["recipientAccountId"]),
        (&json!("ap-northeast-2"), &json!("111122223333"))
    );
    assert_eq!(
        detail["requestParameters"]["ipPermissions"]["items"][0]["ipRanges"]["items"][0]["cidrIp"],
        "203.0.113.0/24"
    );
    assert_eq!(detail["responseElements"]["securityGroupRuleSet"]["items"][0]["securityGroupRuleId"], "sgr-1");
    // The event is put in the caller's account and Region.
    assert!(
        upstream
            .authorizations()
            .iter()
            .any(|signed| signed.contains("Credential=111122223333/") && signed.contains("/ap-northeast-2/events/"))
    );
    let said = said.lock().unwrap();
    assert!(matches!(said[0].outcome, Outcome::Put(_)) && said[0].request_id == "request-1", "{said:?}");
}

#[tokio::test]
async fn requests_and_answers_pass_byte_for_byte() {
    let upstream = Upstream::start(Bus::Takes).await;
    let (relay, _) = relay(&upstream).await;
    let direct = send(upstream.address(), AUTHORIZE).await;
    let relayed = send(relay.address(), AUTHORIZE).await;
    // Date and number are the upstream's; everything else is the same, header names and their order included.
    assert_eq!(upstream::comparable(&relayed), upstream::comparable(&direct));
    let heads = upstream.heads();
    let ec2: Vec<&String> = heads.iter().filter(|head| head.contains("/ec2/")).collect();
    assert_eq!(ec2[1], ec2[0], "the upstream sees what the client sent");
    assert!(ec2[1].contains("\r\nx-AMZ-odd: 1\r\n"), "{}", ec2[1]);
}

#[tokio::test]
async fn an_upstream_that_is_busy_gets_the_event_later() {
    let upstream = Upstream::start(Bus::RefusesFirst(2)).await;
    let (relay, _) = relay(&upstream).await;
    send(relay.address(), AUTHORIZE).await;
    assert_eq!(relay.stop().await, Totals { records: 1, put: 1, lost: 0, unrecorded: 0 });
    assert_eq!(upstream.events().len(), 1);
}

#[tokio::test]
async fn an_event_that_the_upstream_refuses_for_good_is_lost_and_said() {
    let upstream = Upstream::start(Bus::Forbids).await;
    let (relay, said) = relay(&upstream).await;
    send(relay.address(), AUTHORIZE).await;
    assert_eq!(relay.stop().await, Totals { records: 1, put: 0, lost: 1, unrecorded: 0 });
    let outcome = said.lock().unwrap()[0].outcome.clone();
    assert!(
        matches!(&outcome, Outcome::Lost(why) if why.starts_with("NotAuthorizedForSourceException")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_client_that_hangs_up_changes_nothing() {
    let upstream = Upstream::start(Bus::Takes).await;
    let (relay, _) = relay(&upstream).await;
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    stream.write_all(request(AUTHORIZE).as_bytes()).await.unwrap();
    upstream.until_asked(1).await;
    drop(stream);
    assert_eq!(relay.stop().await, Totals { records: 1, put: 1, lost: 0, unrecorded: 0 });
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_a_bad_gateway() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (relay, _) = relay_with(RelayConfig::new(format!("http://{gone}"))).await;
    let answer = send(relay.address(), AUTHORIZE).await;
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}");
    // In EC2's own form, so that a client says it as an error of the call.
    let code = "<Response><Errors><Error><Code>BadGateway</Code><Message>the relay&apos;s upstream";
    assert!(
        answer.contains(code) && answer.contains(&format!("http://{gone}/ did not answer: Connection refused")),
        "{answer}"
    );
    assert_eq!(relay.stop().await, Totals::default());
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let upstream = Upstream::start(Bus::Takes).await;
    let config = RelayConfig { listen: upstream.address(), ..RelayConfig::new(upstream.url()) };
    let error = Relay::start(config, |_| {}).await.unwrap_err();
    assert!(matches!(error, RelayError::Listen { .. }), "{error}");
    assert!(error.to_string().contains(&upstream.address().to_string()), "{error}");
}
