//! What strangers, slow clients and large requests meet.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

/// Sends bytes, and reads until the lab closes the connection or has answered.
async fn raw(lab: &Lab, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(lab.address()).await.unwrap();
    // The lab may answer and close before it has read all.
    let _ = stream.write_all(request).await;
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let lab = Lab::builder().allow_host("lab.internal").start().await.unwrap();
    let url = lab.endpoint_url();
    let get = |path: &str, name: &'static str, value: &'static str| {
        Client::new().get(format!("{url}{path}")).header(name, value)
    };
    let (status, body) = answer(get("/_lab/health", "host", "rebound.example")).await;
    assert!(status == 403 && body.contains("rebound.example"), "{body}");
    assert_eq!(answer(get("/_lab/health", "host", "lab.internal:4566")).await.0, 200);
    assert_eq!(answer(get("/_lab/health", "origin", "https://evil.example")).await.0, 200);
    let reset = Client::new().post(format!("{url}/_lab/reset"));
    assert_eq!(answer(reset.header("origin", "https://evil.example")).await.0, 403);
    let call = ec2(&lab, "Action=DescribeVpcs&Version=2016-11-15");
    assert_eq!(answer(call.header("origin", "https://evil.example")).await.0, 403);
    assert_eq!(answer(ec2(&lab, "Action=DescribeVpcs&Version=2016-11-15").header("origin", url.clone())).await.0, 200);
    lab.stop().await;
}

#[tokio::test]
async fn heads_are_limited_in_number_and_size() {
    let lab = Lab::start().await.unwrap();
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let answer = raw(&lab, format!("GET /_lab/health HTTP/1.1\r\nhost: localhost\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let large = "x".repeat(100_000);
    let answer = raw(&lab, format!("GET /?{large} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert_eq!(page(&lab, "/_lab/health").await["status"], "running");
    lab.stop().await;
}

#[tokio::test]
async fn bodies_are_limited_in_the_words_of_the_service() {
    let lab = Lab::start().await.unwrap();
    let (status, body) = answer(ec2(&lab, &"x".repeat(5 << 20))).await;
    assert!(status == 413 && body.contains("<Code>RequestEntityTooLarge</Code>"), "{body}");
    let lambda = signed(Client::new().post(format!("{}/2015-03-31/functions", lab.endpoint_url())), "lambda");
    let (status, body) = answer(lambda.body(vec![b' '; 71 << 20])).await;
    assert_eq!(status, 413);
    assert!(body.contains("Request must be smaller than 70167211 bytes for the CreateFunction operation"), "{body}");
    let object = signed(Client::new().put(format!("{}/bucket/key", lab.endpoint_url())), "s3");
    let (status, body) = answer(object.body(vec![0; 65 << 20])).await;
    assert!(status == 400 && body.contains("<Code>EntityTooLarge</Code>"), "{body}");
    lab.stop().await;
}

#[tokio::test]
async fn parameters_that_nest_too_deep_are_refused_and_the_lab_lives() {
    let lab = Lab::start().await.unwrap();
    let deep = vec!["a"; 200_000].join(".");
    let (status, body) = answer(ec2(&lab, &format!("Action=DescribeVpcs&{deep}=1"))).await;
    assert!(status == 400 && body.contains("MalformedQueryString"), "{status} {body}");
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let request = signed(Client::new().post(lab.endpoint_url()), "events")
        .header("x-amz-target", "AWSEvents.PutEvents")
        .body(format!("{{\"Entries\": {nested}}}"));
    assert_eq!(answer(request).await.0, 400);
    assert_eq!(page(&lab, "/_lab/health").await["status"], "running");
    lab.stop().await;
}
