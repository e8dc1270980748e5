//! Drills through the library: they pass on the right pipeline, and name the hop that is broken on a wrong one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use alert_drill::diagnosis::{Code, Severity};
use alert_drill::pipeline::Notifier;
use alert_drill::report::{HopStatus, Report, Verdict};
use alert_drill::scenario::{Hop, Scenario};
use alert_drill::{Run, Strength};
use tokio_util::sync::CancellationToken;

use crate::Outcome;
use crate::place::{is_lab, turn};

/// A folder of a test's own, gone when it drops.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("alert-drill-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// The shipped scenario with another event pattern.
    fn scenario(&self, change: impl Fn(&str) -> String) -> PathBuf {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/security-group-change");
        std::fs::create_dir_all(self.0.join("notifier")).unwrap();
        for file in ["scenario.yaml", "notifier/Cargo.toml"] {
            std::fs::copy(shipped.join(file), self.0.join(file)).unwrap();
        }
        let pattern = std::fs::read_to_string(shipped.join("event-pattern.json")).unwrap();
        std::fs::write(self.0.join("event-pattern.json"), change(&pattern)).unwrap();
        self.0.clone()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn without(name: &str) -> impl Fn(&str) -> String {
    let name = format!("\"{name}\",");
    move |pattern| {
        assert!(pattern.contains(&name), "{pattern}");
        pattern.replace(&name, "")
    }
}

/// How long an alert may take that the test waits for, or waits for in vain: an emulator takes its time.
fn within(on_the_lab: Duration) -> Option<Duration> {
    Some(if is_lab() { on_the_lab } else { Duration::from_secs(6) })
}

/// The cause, where the target tells of each delivery; elsewhere the broken hop is all that can be said.
fn only_lab_tells(code: Code) -> Code {
    if is_lab() { code } else { Code::AlertMissing }
}

/// Where an alert ends that the function does not hand on: no probe stands at the function, so that only the lab tells it from the
/// channel behind it.
fn function_or_channel() -> Hop {
    if is_lab() { Hop::Function } else { Hop::Discord }
}

fn hops(report: &Report) -> Vec<(Hop, HopStatus)> {
    report.drills[0].hops.iter().map(|hop| (hop.hop, hop.status)).collect()
}

pub(crate) async fn every_shipped_drill_passes_and_leaves_nothing() -> Outcome {
    let (place, _turn) = turn().await;
    let report = Run::new(&Scenario::shipped()).on(place).all().execute().await.unwrap();
    report.assert_passed();
    assert_eq!(report.drills.len(), 8);
    let opened = report.drill("open-inbound-port").unwrap();
    for hop in &opened.hops {
        let (wanted, timed) = match hop.hop {
            _ if is_lab() => (HopStatus::Reached, true),
            // Made by the relay, run by the harness, and a mailbox that nobody reads: the report says so.
            Hop::Trail => (HopStatus::Synthesised, false),
            Hop::Function if hop.status == HopStatus::Reached => (HopStatus::Reached, false),
            Hop::Function => (HopStatus::Synthesised, false),
            Hop::Mail => (HopStatus::Unknown, false),
            Hop::Rule | Hop::Topic => (HopStatus::Reached, false),
            Hop::Api | Hop::Bus | Hop::Queue | Hop::Discord => (HopStatus::Reached, true),
        };
        assert_eq!((hop.status, hop.latency_ms.is_some()), (wanted, timed), "{hop:?}");
    }
    assert_eq!(opened.alerts.queue[0].matched_by, Strength::RequestId);
    assert_eq!(opened.alerts.discord[0].matched_by, Strength::EventId);
    for drill in &report.drills {
        assert!(drill.alerts.discord.len() <= 1, "{}: an alert of set-up or clean-up was counted", drill.name);
    }
    Ok(())
}

pub(crate) async fn every_shipped_drill_passes_in_four_lanes_and_keeps_its_place() -> Outcome {
    let (place, _turn) = turn().await;
    let scenario = Scenario::shipped();
    let report = Run::new(&scenario).on(place).all().jobs(4).execute().await.unwrap();
    report.assert_passed();
    let names: Vec<&str> = report.drills.iter().map(|drill| drill.name.as_str()).collect();
    let in_file: Vec<&str> = scenario.drills.iter().map(|drill| drill.name.as_str()).collect();
    assert_eq!(names, in_file);
    Ok(())
}

pub(crate) async fn drills_side_by_side_do_not_take_each_others_alerts() -> Outcome {
    let (place, _turn) = turn().await;
    let report = Run::new(&Scenario::shipped())
        .on(place)
        .drill("close-inbound-port")
        .repeat(12)
        .jobs(4)
        .execute()
        .await
        .unwrap();
    report.assert_passed();
    let mut events: Vec<&str> = report.drills.iter().map(|drill| drill.alerts.queue[0].event_id.as_str()).collect();
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), 12, "each drill has an event of its own");
    Ok(())
}

pub(crate) async fn a_pattern_without_the_name_breaks_at_the_rule() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = Folder::new("pattern");
    let scenario = Scenario::load(&folder.scenario(without("AuthorizeSecurityGroupIngress"))).unwrap();
    let report = Run::new(&scenario).on(place).timeout(within(Duration::from_millis(400))).execute().await.unwrap();
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.drills[0].broken_hop(), Some(Hop::Rule), "{:?}", hops(&report));
    for (hop, status) in hops(&report) {
        let wanted = match hop {
            Hop::Trail if !is_lab() => HopStatus::Synthesised,
            Hop::Api | Hop::Trail | Hop::Bus => HopStatus::Reached,
            Hop::Rule => HopStatus::Broken,
            Hop::Mail if !is_lab() => HopStatus::Unknown,
            _ => HopStatus::NotReached,
        };
        assert_eq!(status, wanted, "{hop}");
    }
    let finding = &report.findings[0];
    // Where the target does not tell, the rule as it stands does.
    assert_eq!((finding.code, finding.severity), (Code::RulePatternMismatch, Severity::Error));
    let evidence = finding.evidence.join("\n");
    assert!(evidence.contains("eventName") && evidence.contains("AuthorizeSecurityGroupIngress"), "{evidence}");
    assert!(report.cleanup.left_behind.is_empty());
    Ok(())
}

pub(crate) async fn an_advisory_drill_warns_and_does_not_fail_the_run() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = Folder::new("advisory");
    let workbook = |pattern: &str| {
        pattern.replace(",\n      \"ModifySecurityGroupRules\"", "").replace(", \"ModifySecurityGroupRules\"", "")
    };
    let path = folder.scenario(workbook);
    assert!(!std::fs::read_to_string(path.join("event-pattern.json")).unwrap().contains("Modify"));
    let scenario = Scenario::load(&path).unwrap();
    let run = Run::new(&scenario).on(place).drill("open-inbound-port").drill("edit-inbound-rule");
    let report = run.timeout(within(Duration::from_millis(1500))).execute().await.unwrap();
    assert_eq!(report.verdict, Verdict::Passed);
    assert_eq!(report.drill("edit-inbound-rule").unwrap().verdict, Verdict::Failed);
    assert_eq!(report.findings[0].severity, Severity::Warning);
    Ok(())
}

pub(crate) async fn a_function_that_dies_is_named_with_its_error() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = Folder::new("dies");
    let script = folder.script("bootstrap", "#!/bin/sh\nexit 3\n");
    let scenario = Scenario::shipped();
    let run =
        Run::new(&scenario).on(place).notifier(Notifier::File(script)).timeout(within(Duration::from_millis(1500)));
    let report = run.execute().await.unwrap();
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.drills[0].broken_hop(), Some(function_or_channel()), "{:?}", hops(&report));
    assert_eq!(report.drills[0].hop(Hop::Queue).unwrap().status, HopStatus::Reached, "the other branch is whole");
    assert_eq!(report.findings[0].code, only_lab_tells(Code::FunctionFailed));
    if is_lab() {
        assert!(report.findings[0].evidence[0].contains("exit status 3"), "{:?}", report.findings[0].evidence);
    }
    Ok(())
}

pub(crate) async fn a_function_that_never_answers_is_named_in_time_and_leaves_no_process() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = Folder::new("hangs");
    let marker = folder.0.join("process");
    let script = format!("#!/bin/sh\necho $$ >>'{}'\nexec sleep 600\n", marker.display());
    let script = folder.script("bootstrap", &script);
    let scenario = Scenario::shipped();
    let run = Run::new(&scenario).on(place).notifier(Notifier::File(script)).timeout(within(Duration::from_secs(1)));
    let report = run.execute().await.unwrap();
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.drills[0].broken_hop(), Some(function_or_channel()), "{:?}", hops(&report));
    assert_eq!(report.drills[0].hop(Hop::Queue).unwrap().status, HopStatus::Reached, "the other branch is whole");
    assert_eq!(
        (report.findings[0].code, report.findings[0].hop),
        (only_lab_tells(Code::FunctionUnanswered), function_or_channel())
    );
    assert!(report.duration_ms < 10_000.0, "it did not wait for the function: {} ms", report.duration_ms);
    assert_eq!(report.cleanup.left_behind, []);
    let processes = std::fs::read_to_string(marker).unwrap();
    assert_ne!(processes.lines().count(), 0, "the function was started");
    for process in processes.lines() {
        let asked = std::process::Command::new("kill").args(["-0", process]).output().unwrap();
        assert!(!asked.status.success(), "process {process} of the function is still there");
    }
    Ok(())
}

pub(crate) async fn a_notifier_that_is_missing_or_broken_is_an_error_and_not_a_failure() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = Folder::new("broken");
    let broken = folder.script("broken.zip", "PK this is no archive");
    let scenario = Scenario::shipped();
    for (path, words) in [(PathBuf::from("/nowhere/notifier"), "/nowhere/notifier"), (broken, "Could not unzip")] {
        let report = Run::new(&scenario).on(place.clone()).notifier(Notifier::File(path)).execute().await.unwrap();
        assert_eq!(report.verdict, Verdict::Error);
        assert_eq!(report.findings[0].code, Code::CouldNotProvision);
        assert!(report.findings[0].evidence[0].contains(words), "{:?}", report.findings[0].evidence);
        assert!(report.cleanup.left_behind.is_empty());
    }
    Ok(())
}

pub(crate) async fn an_interrupted_run_cleans_up() -> Outcome {
    let (place, _turn) = turn().await;
    let folder = Folder::new("interrupted");
    let script = folder.script("bootstrap", "#!/bin/sh\nexec sleep 600\n");
    let stop = CancellationToken::new();
    let interrupt = stop.clone();
    let scenario = Scenario::shipped();
    let run = Run::new(&scenario)
        .on(place)
        .notifier(Notifier::File(script))
        .timeout(Some(Duration::from_secs(60)))
        .stop_with(stop)
        // In the middle: the port is open, and the wait has begun.
        .on_event(move |event| {
            if matches!(event, alert_drill::RunEvent::Acted { .. }) {
                interrupt.cancel();
            }
        });
    let report = run.execute().await.unwrap();
    assert!(report.interrupted);
    assert_eq!(report.cleanup.left_behind, []);
    assert_eq!(alert_drill::Exit::of_report(&report), alert_drill::Exit::Interrupted);
    Ok(())
}
