use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Whether a request has come with all of its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

/// Reads a request, answers it with a status, and gives it as it came.
pub(super) async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), status: &str) -> String {
    let mut request = Vec::new();
    while !is_whole(&request) {
        assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "it ended in the middle");
    }
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    String::from_utf8(request).unwrap()
}

/// Answers one request with each status in turn, and gives the requests as they came.
pub(super) async fn endpoint(statuses: &'static [&'static str]) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://user:p%40ss@{}/alarm", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().await.unwrap();
            requests.push(answer(&mut stream, status).await);
        }
        requests
    });
    (url, served)
}

#[tokio::test]
async fn an_http_endpoint_confirms_and_is_tried_again() {
    let bench = Bench::new().await;
    let (url, served) = endpoint(&["200 OK", "500 Oops", "503 Oops", "204 No Content", "404 Not Found"]).await;
    bench.subscribe("http", &url, &[]).await;
    bench.settled().await;
    let token = bench.token();
    bench.ask("ConfirmSubscription", &[("TopicArn", TOPIC), ("Token", &token)]).await.unwrap();
    let outcomes: Vec<_> = bench.publish(&[]).await.iter().map(|delivery| delivery.outcome).collect();
    assert_eq!(outcomes, [Outcome::Retried, Outcome::Retried, Outcome::Delivered]);
    let last = bench.publish(&[]).await.pop().unwrap();
    assert_eq!((last.hop, last.reason), (Hop::Http, Some(Reason::ReceiverError)), "a 404 is final");

    let requests = served.await.unwrap();
    assert!(requests[0].contains("x-amz-sns-message-type: SubscriptionConfirmation"), "{}", requests[0]);
    assert!(requests[0].contains(&format!("\"Token\": \"{token}\"")));
    assert!(requests[0].starts_with("POST /alarm HTTP/1.1"));
    assert!(requests[1].contains("content-type: text/plain; charset=UTF-8"));
    assert!(requests[1].contains("authorization: Basic dXNlcjpwQHNz"), "user:p@ss");
    assert!(requests[3].contains("x-amz-sns-subscription-arn: arn:aws:sns"));
}

#[tokio::test]
async fn the_delivery_policy_says_how_often_and_what_the_content_is() {
    let bench = Bench::new().await;
    let (url, served) = endpoint(&["200 OK", "500 Oops", "500 Oops"]).await;
    let policy = r#"{"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 1},
        "requestPolicy": {"headerContentType": "application/json"}}"#;
    let subscription =
        bench.subscribe("http", &url, &[("DeliveryPolicy", policy), ("RawMessageDelivery", "true")]).await;
    bench.settled().await;
    bench.ask("ConfirmSubscription", &[("TopicArn", TOPIC), ("Token", &bench.token())]).await.unwrap();
    let outcomes: Vec<_> = bench.publish(&[]).await.iter().map(|delivery| delivery.outcome).collect();
    assert_eq!(outcomes, [Outcome::Retried, Outcome::Stopped], "one retry and no more");
    let requests = served.await.unwrap();
    assert!(requests[1].contains("content-type: application/json"), "{}", requests[1]);
    assert!(requests[1].contains("x-amz-sns-rawdelivery: true") && requests[1].ends_with("\r\n\r\nport 22 is open"));

    let shown = bench.ask("GetSubscriptionAttributes", &[("SubscriptionArn", &subscription)]).await.unwrap();
    let effective = entry(&shown, "EffectiveDeliveryPolicy").unwrap();
    assert!(effective.contains(r#""numRetries":1"#) && effective.contains("application/json"), "{effective}");
    let refused = bench.set("DeliveryPolicy", r#"{"http": {"defaultHealthyRetryPolicy": {"numRetries": 101}}}"#).await;
    assert!(refused.unwrap_err().message.contains("numRetries must be between 0 and 100"));
    bench.set("DeliveryPolicy", r#"{"http": {"disableSubscriptionOverrides": true}}"#).await.unwrap();
    let shown = bench.ask("GetSubscriptionAttributes", &[("SubscriptionArn", &subscription)]).await.unwrap();
    assert!(entry(&shown, "EffectiveDeliveryPolicy").unwrap().contains(r#""numRetries":3"#), "the topic forbids it");
}
