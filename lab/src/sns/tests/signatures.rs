use std::io::Write as _;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::http::endpoint;
use super::*;

/// What OpenSSL says of a signature: it and nothing of the lab's reads certificate and signature. None without OpenSSL.
fn is_right(pem: &str, hash: &str, signature: &str, text: &str) -> Option<bool> {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let write = |name: &str, bytes: &[u8]| {
        std::fs::File::create(path(name)).unwrap().write_all(bytes).unwrap();
        path(name)
    };
    let certificate = write("certificate.pem", pem.as_bytes());
    let shown = Command::new("openssl").args(["x509", "-pubkey", "-noout", "-in"]).arg(&certificate).output();
    let Ok(shown) = shown else {
        eprintln!("skipped: there is no openssl to verify signatures with");
        return None;
    };
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let key = write("key.pem", &shown.stdout);
    let itself =
        Command::new("openssl").args(["verify", "-CAfile"]).arg(&certificate).arg(&certificate).output().unwrap();
    assert!(itself.status.success(), "{}", String::from_utf8_lossy(&itself.stderr));
    let signature = write("signature", &STANDARD.decode(signature).unwrap());
    let text = write("text", text.as_bytes());
    let mut verify = Command::new("openssl");
    verify.args(["dgst", hash, "-verify"]).arg(key).arg("-signature").arg(signature).arg(text);
    Some(verify.output().unwrap().status.success())
}

/// The text that SNS signs: of the fields that are there, in the order of the alphabet.
fn signed(envelope: &Value) -> String {
    let fields = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"];
    fields.iter().filter_map(|name| Some(format!("{name}\n{}\n", envelope.get(*name)?.as_str()?))).collect()
}

async fn pem(bench: &Bench, envelope: &Value) -> String {
    let url = envelope["SigningCertURL"].as_str().unwrap();
    assert!(url.contains("/SimpleNotificationService-") && url.ends_with(".pem"), "{url}");
    bench.cloud.sns.certificate(&url[url.rfind('/').unwrap()..]).await.unwrap()
}

async fn check(bench: &Bench, envelope: &Value, hash: &str) {
    let (pem, signature) = (pem(bench, envelope).await, envelope["Signature"].as_str().unwrap());
    let text = signed(envelope);
    if let Some(right) = is_right(&pem, hash, signature, &text) {
        assert!(right, "{envelope}");
        assert_eq!(is_right(&pem, hash, signature, &text.replace("22", "23")), Some(text.find("22").is_none()));
    }
}

fn body(request: &str) -> Value {
    serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap()
}

#[tokio::test]
async fn a_subscriber_that_verifies_takes_the_messages_of_the_lab() {
    let bench = Bench::new().await;
    let (url, served) = endpoint(&["200 OK", "200 OK", "200 OK", "200 OK"]).await;
    bench.subscribe("http", &url, &[]).await;
    bench.settled().await;
    let arn = {
        let params = [("TopicArn", TOPIC), ("Token", &bench.token())];
        texts(&bench.ask("ConfirmSubscription", &params).await.unwrap(), "SubscriptionArn").remove(0)
    };
    bench.publish(&[("Subject", "Alarm")]).await;
    bench.set("SignatureVersion", "2").await.unwrap();
    bench.publish(&[]).await;
    bench.ask("Unsubscribe", &[("SubscriptionArn", &arn)]).await.unwrap();
    bench.settled().await;

    let requests = served.await.unwrap();
    let envelopes: Vec<Value> = requests.iter().map(|request| body(request)).collect();
    let kinds: Vec<&str> = envelopes.iter().map(|envelope| envelope["Type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["SubscriptionConfirmation", "Notification", "Notification", "UnsubscribeConfirmation"]);
    assert_eq!(envelopes[1]["SignatureVersion"], "1");
    assert_eq!(envelopes[2]["SignatureVersion"], "2");
    for (envelope, hash) in envelopes.iter().zip(["-sha1", "-sha1", "-sha256", "-sha256"]) {
        check(&bench, envelope, hash).await;
    }
    assert!(bench.cloud.sns.certificate("/SimpleNotificationService-EXAMPLE.pem").await.is_none());
}
