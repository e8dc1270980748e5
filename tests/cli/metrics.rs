//! The metrics file, as Prometheus's own Python client reads it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::Value;

use crate::support::{Folder, run};

/// Every sample of a file as the library of the Prometheus project reads it; none where this machine lacks it.
fn parsed(file: &str) -> Option<Vec<Value>> {
    const READ: &str = "\
import json, sys
from prometheus_client.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open(sys.argv[1]).read()):
    assert family.type == 'gauge' and family.documentation, family
    for sample in family.samples:
        print(json.dumps([sample.name, sample.labels, sample.value]))";
    // CI names a Python that has it.
    let python = std::env::var("ALERT_DRILL_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python).args(["-c", "import prometheus_client"]).output();
    if !there.is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: this machine's Python has no prometheus_client (pip install prometheus_client)");
        return None;
    }
    let read = Command::new(&python).args(["-c", READ, file]).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    Some(String::from_utf8(read.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The value of the one sample of that name whose labels have these values.
fn value(samples: &[Value], name: &str, labels: &[(&str, &str)]) -> f64 {
    let is_it = |sample: &&Value| sample[0] == name && labels.iter().all(|(label, value)| sample[1][label] == *value);
    let found: Vec<&Value> = samples.iter().filter(is_it).collect();
    let [one] = found.as_slice() else { panic!("{name} {labels:?}: {found:?}") };
    one[2].as_f64().unwrap()
}

#[test]
fn prometheus_reads_what_a_run_wrote() {
    let folder = Folder::new();
    let file = folder.text("alert-drill.prom");
    let ended = run(&["--repeat", "2", "--metrics-file", &file]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644, "the collector is another user");
    assert_eq!(fs::read_dir(folder.path("")).unwrap().count(), 1, "nothing else is left in the folder");
    let Some(samples) = parsed(&file) else { return };
    let place = ("region", "ap-northeast-2");
    assert_eq!(
        value(&samples, "alert_drill_run_success", &[place, ("target", "lab"), ("account", "000000000000")]),
        1.0
    );
    assert_eq!(value(&samples, "alert_drill_run_verdict", &[place, ("verdict", "passed")]), 1.0);
    assert_eq!(value(&samples, "alert_drill_run_verdict", &[place, ("verdict", "failed")]), 0.0);
    assert_eq!(value(&samples, "alert_drill_run_left_behind", &[place]), 0.0);
    let drill = ("drill", "open-inbound-port");
    assert_eq!(value(&samples, "alert_drill_drill_verdict", &[drill, ("verdict", "passed")]), 1.0);
    // Seconds: a lab's alert takes milliseconds.
    let latency = value(&samples, "alert_drill_hop_latency_seconds", &[drill, ("hop", "discord")]);
    assert!(latency > 0.0 && latency < 5.0, "{latency}");
    let now = jiff::Timestamp::now().as_duration().as_secs_f64();
    let began = value(&samples, "alert_drill_run_timestamp_seconds", &[place]);
    assert!((0.0..300.0).contains(&(now - began)), "{began}");
}

#[test]
fn a_silent_alarm_takes_the_place_of_the_last_result() {
    let folder = Folder::new();
    let file = folder.write("alert-drill.prom", "left over\n");
    let scenario = folder.scenario_without("AuthorizeSecurityGroupIngress");
    assert_eq!(run(&["run", &scenario, "--timeout", "300ms", "--metrics-file", &file]).code, Some(1));
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("left over"), "{text}");
    let Some(samples) = parsed(&file) else { return };
    assert_eq!(value(&samples, "alert_drill_run_success", &[]), 0.0);
    assert_eq!(value(&samples, "alert_drill_drill_verdict", &[("verdict", "failed")]), 1.0);
}

#[test]
fn a_metrics_file_that_cannot_be_written_is_known_before_anything_is_touched() {
    let folder = Folder::new();
    let ended = run(&["--metrics-file", &folder.text("nowhere/alert-drill.prom")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(5), ""));
    assert!(ended.stderr.contains("nowhere/alert-drill.prom could not be written: "), "{}", ended.stderr);
}
