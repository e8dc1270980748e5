//! HTTPS endpoints, with a server that speaks TLS and an authority of its own.

use std::io::Write;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConnection;

use super::authority::{Authority, authority, server};
use super::http::answer;
use super::*;
use crate::trust::Trust;

/// Answers one request with each status in turn, and gives the names that were asked for with the requests as they came.
async fn endpoint(
    server: TlsAcceptor,
    statuses: &'static [&'static str],
) -> (String, tokio::task::JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/alarm", listener.local_addr().unwrap().port());
    let served = tokio::spawn(async move {
        let mut requests = Vec::new();
        for status in statuses {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = server.accept(stream).await.unwrap();
            let name = |connection: &ServerConnection| connection.server_name().unwrap_or_default().to_owned();
            let name = name(stream.get_ref().1);
            requests.push((name, answer(&mut stream, status).await));
        }
        requests
    });
    (url, served)
}

impl Bench {
    /// A lab that was given an authority.
    async fn trusting(authority: &Authority) -> Self {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(authority.pem().as_bytes()).unwrap();
        let mut cloud = Cloud::default();
        cloud.trust = Arc::new(Trust::with_bundle(file.path()).unwrap());
        Self::of(cloud).await
    }
}

#[tokio::test]
async fn an_https_endpoint_confirms_and_gets_its_messages() {
    let authority = authority("our own");
    let bench = Bench::trusting(&authority).await;
    let (url, served) = endpoint(server(&authority, "localhost"), &["200 OK", "503 Oops", "200 OK", "200 OK"]).await;
    let subscription = bench.subscribe("https", &url, &[]).await;
    bench.settled().await;
    bench.ask("ConfirmSubscription", &[("TopicArn", TOPIC), ("Token", &bench.token())]).await.unwrap();
    let outcomes: Vec<_> = bench.publish(&[]).await.iter().map(|delivery| delivery.outcome).collect();
    assert_eq!(outcomes, [Outcome::Retried, Outcome::Delivered]);
    bench.ask("Unsubscribe", &[("SubscriptionArn", &subscription)]).await.unwrap();
    bench.settled().await;

    let requests = served.await.unwrap();
    let kinds: Vec<_> = requests
        .iter()
        .map(|(name, request)| {
            assert_eq!(name, "localhost", "the server learns which name was asked for");
            assert!(request.contains(&format!("host: {}", &url["https://".len()..url.len() - "/alarm".len()])));
            let rest = request.split("x-amz-sns-message-type: ").nth(1).unwrap();
            rest.lines().next().unwrap()
        })
        .collect();
    assert_eq!(kinds, ["SubscriptionConfirmation", "Notification", "Notification", "UnsubscribeConfirmation"]);
    let shown = bench.ask("ListSubscriptionsByTopic", &[("TopicArn", TOPIC)]).await.unwrap();
    assert!(texts(&shown, "Protocol").is_empty(), "{shown}");
}

/// What SNS says of an endpoint that it could not reach.
async fn failure(bench: &Bench, server: TlsAcceptor) -> Delivery {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("https://localhost:{}/alarm", listener.local_addr().unwrap().port());
    let refusing = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            assert!(server.accept(stream).await.is_err(), "a certificate was accepted that is not to be trusted");
        }
    });
    let once = r#"{"healthyRetryPolicy": {"numRetries": 0}}"#;
    bench.subscribe("https", &url, &[("DeliveryPolicy", once)]).await;
    bench.settled().await;
    refusing.abort();
    assert!(refusing.await.unwrap_err().is_cancelled());
    bench.cloud.deliveries.all().pop().unwrap()
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_or_for_another_name_is_refused() {
    let (authority, stranger) = (authority("our own"), authority("a stranger"));
    let bench = Bench::trusting(&authority).await;
    for (server, why) in
        [(server(&stranger, "localhost"), "UnknownIssuer"), (server(&authority, "example.com"), "localhost")]
    {
        let stopped = failure(&bench, server).await;
        assert_eq!((stopped.hop, stopped.reason), (Hop::Http, Some(Reason::ReceiverError)), "{stopped:?}");
        let detail = stopped.detail.unwrap();
        assert!(detail.contains("its certificate is not accepted") && detail.contains(why), "{detail}");
        assert!(detail.contains("--ca-bundle"), "what helps is said: {detail}");
    }
}

#[test]
fn a_bundle_that_is_none_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, text: Option<&str>| {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        Trust::with_bundle(&path).unwrap_err().to_string()
    };
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, text, why) in [
        ("missing.pem", None, "cannot be read"),
        ("empty.pem", Some("nothing"), "holds no certificate"),
        ("broken.pem", Some(broken), "holds no certificate"),
    ] {
        let refusal = refused(name, text);
        assert!(refusal.contains(name) && refusal.contains(why), "{refusal}");
    }
}
