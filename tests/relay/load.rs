//! Many clients at once: nobody sees an error, every record is put, and the relay is hardly felt.
//!
//! `ALERT_DRILL_LOAD_SECONDS` lengthens it. The added time is printed and not asserted: it says something only with its
//! machine.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use alert_drill::relay::RelayConfig;
use alert_drill_lab::Lab;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::relay_with;

const CONNECTIONS: usize = 64;

/// A read call: its record is not put, so that the upstream's own work is the same either way.
const READ: &str = "Action=DescribeSecurityGroups&Version=2016-11-15&GroupName.1=none";
/// A write call, refused: a record is put for each.
const WRITE: &str = "Action=DeleteSecurityGroup&Version=2016-11-15&GroupId=sg-0123456789abcdef0";

/// One client with one connection: how long each call took.
async fn client(address: SocketAddr, form: &'static str, end: Instant) -> Vec<Duration> {
    let request = crate::request(form);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut took, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while Instant::now() < end {
        let started = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !crate::is_whole(&answer) {
            let read = stream.read(&mut buffer).await.unwrap();
            assert_ne!(read, 0, "the connection ended: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&buffer[..read]);
        }
        let status = String::from_utf8_lossy(&answer[9..12]).into_owned();
        assert!(status == "200" || status == "400", "{}", String::from_utf8_lossy(&answer));
        took.push(started.elapsed());
    }
    took
}

async fn clients(address: SocketAddr, form: &'static str, count: usize, long: Duration) -> Vec<Duration> {
    let end = Instant::now() + long;
    let clients: Vec<_> = (0..count).map(|_| tokio::spawn(client(address, form, end))).collect();
    let mut took = Vec::new();
    for client in clients {
        took.extend(client.await.unwrap());
    }
    took.sort_unstable();
    took
}

fn shown(what: &str, took: &[Duration], long: Duration) {
    let ms = |share: f64| {
        let position = (took.len() as f64 * share) as usize;
        took.get(position.min(took.len() - 1)).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
    };
    println!(
        "{what:<34}{:>9} calls  {:>7.0}/s  median {:>7.3} ms  p99 {:>7.3} ms",
        took.len(),
        took.len() as f64 / long.as_secs_f64(),
        ms(0.5),
        ms(0.99)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_at_once_see_no_error_and_every_record_is_put() {
    let seconds = std::env::var("ALERT_DRILL_LOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    let long = Duration::from_secs(seconds.unwrap_or(1));
    let upstream = crate::upstream::Upstream::start(crate::Bus::Takes).await;
    let lab = Lab::start().await.unwrap();
    let (relay, _) = relay_with(RelayConfig::new(lab.endpoint_url())).await;
    let direct = lab.endpoint_url();
    let direct: SocketAddr = direct.trim_start_matches("http://").parse().unwrap();
    for (count, place) in [(1, "1 connection"), (CONNECTIONS, "64 connections")] {
        shown(&format!("{place}, the lab itself"), &clients(direct, READ, count, long).await, long);
        shown(&format!("{place}, behind the relay"), &clients(relay.address(), READ, count, long).await, long);
    }
    relay.stop().await;
    lab.stop().await;

    let (relay, _) = relay_with(RelayConfig::new(upstream.url())).await;
    let took = clients(relay.address(), WRITE, CONNECTIONS, long).await;
    shown("64 connections, a record each", &took, long);
    let calls = took.len() as u64;
    let settled = async {
        while !relay.is_settled() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = Instant::now();
    // The records do not lag behind the calls: in as much time again they are on the bus.
    tokio::time::timeout(long.max(Duration::from_secs(10)), settled).await.unwrap();
    let totals = relay.totals();
    assert_eq!((totals.records, totals.put), (calls, calls), "{totals:?}");
    let (puts, lag) = (upstream.puts(), ended.elapsed());
    println!("{calls} records in {puts} puts, the last of them {lag:?} after the last answer");
    assert!(puts as u64 * 2 < calls, "under load, most puts have several entries: {puts} of {calls}");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_hardly_feels_the_relay() {
    let upstream = crate::upstream::Upstream::start(crate::Bus::Takes).await;
    let (relay, _) = relay_with(RelayConfig::new(upstream.url())).await;
    let long = Duration::from_millis(500);
    for (form, call) in [(READ, "a read call"), (WRITE, "a write call")] {
        let direct = clients(upstream.address(), form, 1, long).await;
        shown(&format!("{call}, the upstream itself"), &direct, long);
        let relayed = clients(relay.address(), form, 1, long).await;
        shown(&format!("{call}, behind the relay"), &relayed, long);
        let added = relayed[relayed.len() / 2].saturating_sub(direct[direct.len() / 2]);
        // A delayed acknowledgement of TCP would be 40 ms.
        assert!(added < Duration::from_millis(20), "{call}: {added:?} more");
    }
    relay.stop().await;
}
