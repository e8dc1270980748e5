//! The lab under load: `cargo bench -p alert-drill-lab --bench load`.
//!
//! ```text
//! cargo bench -p alert-drill-lab --bench load              # latency, throughput and nonsense: about a minute
//! cargo bench -p alert-drill-lab --bench load -- memory 30 # 30 minutes of 400 calls a second, with the memory each minute
//! ```
//! The workbook's pipeline stands in a lab of this process's own; the clients are in the same process, so that they share its
//! cores. Nothing is asserted but that nothing is lost: a figure says something only with its machine.

mod pipeline;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::{sleep_until, timeout};

use pipeline::Pipeline;

/// As in the executable.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many round trips are measured one after another.
const ROUND_TRIPS: usize = 1000;

/// How long calls are counted.
const COUNTED: Duration = Duration::from_secs(10);

/// How long an alert may take before it counts as lost.
const LOST: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{:<62}{:>10}{:>10}{:>10}   {cores} cores", "", "median", "99 %", "worst");
    match arguments.as_slice() {
        [] => {
            latency().await;
            throughput().await;
            nonsense().await;
        }
        ["memory", minutes] => memory(number(minutes), 400).await,
        ["memory", minutes, rate] => memory(number(minutes), number(rate)).await,
        ["nonsense"] => nonsense().await,
        ["throughput"] => throughput().await,
        other => panic!("unknown arguments {other:?}: none, throughput, nonsense, or memory MINUTES [CALLS_A_SECOND]"),
    }
}

/// From the call to the queue and to Discord, one after another.
async fn latency() {
    let python = Command::new("python3").arg("--version").output().is_ok();
    let pipeline = Pipeline::build(python).await;
    if !python {
        println!("to Discord: left out, because there is no python3");
    }
    let group = pipeline.group("latency").await;
    let (mut to_queue, mut to_discord) = (Vec::new(), Vec::new());
    let discord = pipeline.lab.discord().clone();
    for round in 0..=ROUND_TRIPS {
        let mut answered = discord.subscribe();
        answered.borrow_and_update();
        let waiting = tokio::spawn(pipeline.client.clone().receive(pipeline.queue_url.clone()));
        // The poll has to wait before the call is made, as that of a subscriber does.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let started = Instant::now();
        pipeline.client.authorize(&group, 22).await;
        let received = timeout(LOST, waiting).await.expect("the alert came to the queue").expect("the client ran");
        let at_queue = received.duration_since(started);
        if python {
            timeout(LOST, answered.changed()).await.expect("the alert came to Discord").expect("Discord is there");
        }
        let at_discord = started.elapsed();
        pipeline.client.revoke(&group, 22).await;
        pipeline.lab.settled().await;
        // The first starts the function.
        if round > 0 {
            to_queue.push(at_queue);
            to_discord.push(at_discord);
        }
    }
    line("authorize to SQS receive (limit 2 ms in the median)", to_queue);
    if python {
        line("authorize to Discord, Python warm (limit 5 ms in the median)", to_discord);
    }
    pipeline.stop().await;
}

/// How many calls a second, each of which has to become a record and an event.
async fn throughput() {
    let pipeline = Arc::new(Pipeline::build(false).await);
    let calls = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + COUNTED;
    let before = pipeline.triggered().await;
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (pipeline, calls) = (Arc::clone(&pipeline), Arc::clone(&calls));
            tokio::spawn(async move {
                let group = pipeline.group(&format!("throughput-{worker}")).await;
                while Instant::now() < until {
                    pipeline.client.authorize(&group, 22).await;
                    pipeline.client.revoke(&group, 22).await;
                    calls.fetch_add(2, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("the client ran");
    }
    let calls = calls.load(Ordering::Relaxed);
    pipeline.lab.settled().await;
    // The rule matches the call that opens, and every match is counted once.
    let events = pipeline.triggered().await - before;
    assert_eq!(events, calls / 2, "an event was lost");
    let rate = calls as f64 / COUNTED.as_secs_f64();
    println!("EC2 calls a second, 4 connections, none lost (limit 2000)       {rate:>8.0}");
    println!("  memory after {calls} calls{:>38} MB", resident_megabytes());
    if let Some(pipeline) = Arc::into_inner(pipeline) {
        pipeline.stop().await;
    }
}

/// Requests that mean nothing, 10,000 a second, beside a client that means it.
async fn nonsense() {
    const RATE: u64 = 10_000;
    const CONNECTIONS: u64 = 8;

    let pipeline = Arc::new(Pipeline::build(false).await);
    let group = pipeline.group("nonsense").await;
    let stop = Arc::new(AtomicBool::new(false));
    let (sent, broken) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|worker| {
            let (client, stop) = (pipeline.client.clone(), Arc::clone(&stop));
            let (sent, broken) = (Arc::clone(&sent), Arc::clone(&broken));
            tokio::spawn(async move {
                let mut seed = worker + 1;
                while !stop.load(Ordering::Relaxed) {
                    let answered = client.nonsense(&mut seed).await;
                    broken.fetch_add(u64::from(!answered), Ordering::Relaxed);
                    let so_far = sent.fetch_add(1, Ordering::Relaxed);
                    sleep_until((started + Duration::from_secs(so_far) / u32::try_from(RATE).unwrap_or(1)).into())
                        .await;
                }
            })
        })
        .collect();
    let mut answers = Vec::new();
    while started.elapsed() < COUNTED {
        let asked = Instant::now();
        pipeline.client.authorize(&group, 22).await;
        answers.push(asked.elapsed());
        pipeline.client.revoke(&group, 22).await;
    }
    stop.store(true, Ordering::Relaxed);
    for worker in workers {
        worker.await.expect("the client ran");
    }
    let rate = sent.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    println!("nonsense a second (wanted: {RATE}), {} without an answer{rate:>22.0}", broken.load(Ordering::Relaxed));
    line("  a right call beside it", answers);
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The memory each minute, under a steady load.
async fn memory(minutes: u32, rate: u32) {
    let pipeline = Pipeline::build(false).await;
    let group = pipeline.group("memory").await;
    // A queue that nobody reads keeps everything, as SQS does for days.
    let reader = tokio::spawn(pipeline.client.clone().drain(pipeline.queue_url.clone()));
    let started = Instant::now();
    println!("{rate} calls a second for {minutes} minutes; resident memory in MB:");
    for minute in 0..minutes {
        let end = started + Duration::from_secs(60) * (minute + 1);
        let mut calls = 0;
        while Instant::now() < end {
            pipeline.client.authorize(&group, 22).await;
            pipeline.client.revoke(&group, 22).await;
            calls += 2;
            let due = started + Duration::from_secs(60) * minute + Duration::from_secs(1) * calls / rate;
            sleep_until(due.into()).await;
        }
        println!("  minute {:>3}  {:>6} calls  {:>6} MB", minute + 1, calls, resident_megabytes());
    }
    reader.abort();
    pipeline.stop().await;
}

fn line(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).or(times.last()).copied().unwrap_or_default();
    let shown = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    println!("{what:<62}{:>10}{:>10}{:>10}", shown(at(50)), shown(at(99)), shown(at(100)));
}

/// How much memory this process has, where the system says so.
fn resident_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// The function of a tutorial, without what a real Discord's address would need.
pub(crate) const FUNCTION: &str = "\
import json
import os
import urllib.request


def lambda_handler(event, context):
    for record in event['Records']:
        detail = json.loads(record['Sns']['Message'])['detail']
        body = json.dumps({'content': detail['eventName'] + ' ' + detail['requestParameters']['groupId']}).encode()
        headers = {'Content-Type': 'application/json', 'User-Agent': 'load'}
        urllib.request.urlopen(urllib.request.Request(os.environ['DISCORD_WEBHOOK_URL'], body, headers))
";

/// The event pattern of the alarm: the calls that open, so that closing again is no alert.
pub(crate) fn pattern() -> String {
    json!({
        "source": ["aws.ec2"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": { "eventSource": ["ec2.amazonaws.com"], "eventName": ["AuthorizeSecurityGroupIngress"] },
    })
    .to_string()
}
