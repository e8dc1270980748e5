//! An upstream behind TLS, whose certificate an authority issued that the machine is told to trust.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::authority::{Authority, authority, server};
use crate::upstream::{Bus, Upstream};
use crate::{AUTHORIZE, send};

/// Serves an upstream over TLS as well, at `https://localhost` and this port.
async fn serve(upstream: &Upstream, authority: &Authority) -> u16 {
    let acceptor = server(authority, "localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, behind) = (listener.local_addr().unwrap().port(), upstream.address());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that trusts nobody ends here.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut plain = TcpStream::connect(behind).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut plain).await;
            });
        }
    });
    port
}

/// The command, which trusts this file's authorities; and its address.
async fn command(port: u16, trusted: &std::path::Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alert-drill"));
    command.args(["relay", "--output", "json", "--listen", "127.0.0.1:0", "--upstream"]);
    command.arg(format!("https://localhost:{port}")).env("SSL_CERT_FILE", trusted).env_remove("SSL_CERT_DIR");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let address = ready["endpoint_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    (child, address)
}

fn trusted(authority: &Authority) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(authority.pem().as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn an_upstream_behind_tls_gets_calls_and_records() {
    let upstream = Upstream::start(Bus::Takes).await;
    let ours = authority("our own");
    let port = serve(&upstream, &ours).await;
    let (file, stranger) = (trusted(&ours), trusted(&authority("a stranger")));

    let (_child, address) = command(port, file.path()).await;
    let answer = send(&address, AUTHORIZE).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // The call, and the event that the relay made of it.
    tokio::time::timeout(Duration::from_secs(20), upstream.until_asked(2)).await.unwrap();
    let events = upstream.events();
    assert!(events.len() == 1 && events[0].to_string().contains("AuthorizeSecurityGroupIngress"), "{events:?}");

    let (_child, address) = command(port, stranger.path()).await;
    let answer = send(&address, AUTHORIZE).await;
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("certificate"), "{answer}");
}
