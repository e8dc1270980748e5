//! Measures what a user waits for, and prints it: `cargo bench`.
//!
//! The binary is run as a user runs it; nothing is asserted, because a figure says something only with its machine.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_alert-drill");

/// What `describe-groups` waits on the lab: it is stated in the scenario, and no speed shortens it.
const STATED_SILENCE: Duration = Duration::from_secs(1);

fn main() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{:<58}{:>10}{:>10}   {cores} cores", "", "median", "worst");
    whole_run();
    warm_latencies();
    all_drills();
    hundred_drills();
    lab();
}

/// From process start to verdict and clean-up.
fn whole_run() {
    let times = (0..20).map(|_| finished(&["run", "--output", "json"]).0).collect();
    line("run, from process start to its end (limit 150 ms)", times);
}

/// From the EC2 call to queue and channel, once the function is warm.
fn warm_latencies() {
    let (_, report, _) = finished(&["run", "--repeat", "40", "--output", "json"]);
    let of = |probe: &str| {
        let drills = report["drills"].as_array().into_iter().flatten().skip(1);
        let latencies = drills.filter_map(|drill| drill["alerts"][probe][0]["latency_ms"].as_f64());
        latencies.map(|ms| Duration::from_secs_f64(ms / 1000.0)).collect()
    };
    line("EC2 call to the temporary queue, warm", of("queue"));
    line("EC2 call to Discord, function warm (limit 5 ms)", of("discord"));
}

fn all_drills() {
    let run = |_| finished(&["run", "--all", "--jobs", "4", "--output", "json"]).0.saturating_sub(STATED_SILENCE);
    line("all drills, --jobs 4, without the stated silence (limit 1 s)", (0..5).map(run).collect());
}

fn hundred_drills() {
    let mut memory = Vec::new();
    let times = (0..5).map(|_| {
        let (took, _, peak) = finished(&["run", "--repeat", "100", "--jobs", "16", "--output", "json"]);
        memory.push(peak);
        took
    });
    line("100 drills, --jobs 16 (limit 3 s)", times.collect());
    megabytes("  its memory at the most (limit 200 MB)", memory);
}

fn lab() {
    let mut memory = Vec::new();
    let times = (0..10).map(|_| {
        let started = Instant::now();
        let mut lab = start(&["lab", "--listen", "127.0.0.1:0", "--output", "json"]);
        let mut ready = String::new();
        if let Some(stdout) = lab.stdout.take() {
            let _ = BufReader::new(stdout).read_line(&mut ready);
        }
        let took = started.elapsed();
        memory.push(kilobytes(lab.id(), "VmRSS").unwrap_or_default());
        let _ = lab.kill();
        let _ = lab.wait();
        took
    });
    line("lab, from process start to ready (limit 50 ms)", times.collect());
    megabytes("  its memory when idle (limit 40 MB)", memory);
}

fn start(arguments: &[&str]) -> Child {
    let child = Command::new(BINARY).args(arguments).stdout(Stdio::piped()).spawn();
    child.unwrap_or_else(|error| panic!("cannot start {BINARY}: {error}"))
}

/// Runs to the end: how long it took, what it reported, and its peak memory in kilobytes.
fn finished(arguments: &[&str]) -> (Duration, Value, u64) {
    let started = Instant::now();
    let mut child = start(arguments);
    let id = child.id();
    let stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let text = stdout.map(std::io::read_to_string).and_then(Result::ok).unwrap_or_default();
        (started.elapsed(), text)
    });
    let mut peak = 0;
    // The peak is read until the process is gone; the last reading is the highest.
    while let Ok(None) = child.try_wait() {
        peak = kilobytes(id, "VmHWM").unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let (took, text) = reader.join().unwrap_or_default();
    let report: Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(report["verdict"], "passed", "a run that fails measures nothing: {text}");
    (took, report, peak)
}

fn kilobytes(process: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn line(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let ms = |time: Option<&Duration>| {
        time.map_or_else(|| "-".to_owned(), |time| format!("{:.1} ms", time.as_secs_f64() * 1000.0))
    };
    println!("{what:<58}{:>10}{:>10}   n = {}", ms(times.get(times.len() / 2)), ms(times.last()), times.len());
}

fn megabytes(what: &str, mut kilobytes: Vec<u64>) {
    kilobytes.sort_unstable();
    let mb = |kb: Option<&u64>| kb.map_or_else(|| "-".to_owned(), |kb| format!("{:.0} MB", *kb as f64 / 1000.0));
    println!("{what:<58}{:>10}{:>10}", mb(kilobytes.get(kilobytes.len() / 2)), mb(kilobytes.last()));
}
