//! The report as JUnit's XML, which Jenkins, GitLab and GitHub's actions show as tests. A failure is the pipeline's, an error
//! is the harness's, and what the exit code does not count is neither.
//!
//! | in the report | in the document |
//! |---|---|
//! | the drills | a suite `SCENARIO on TARGET` |
//! | a drill, each run of it | a test, of the class `SCENARIO.TARGET.drills` |
//! | the pipeline as it stands | a suite `SCENARIO on TARGET: pipeline` |
//! | a hop of it | a test, of the class `SCENARIO.TARGET.pipeline` |
//! | what was left behind | a test `cleanup`, with an error |
//! | a run that came to no drill | a test `run`, with an error |
//! | no run at all | a suite `SCENARIO` with a test `run`, with an error |

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::groups::Group;
use super::{DrillReport, HopInspection, Inspection, NoRun, Report, Standing, Verdict, terminal, words};
use crate::diagnosis::{Code, Finding, Severity};
use crate::text::Lang;

/// The type of an error: what could not find out.
const HARNESS: &str = "harness";

/// The report as a document.
pub(super) fn document(report: &Report, lang: Lang) -> String {
    let pipeline = report.inspection.as_ref().map(|inspection| pipeline(report, inspection, lang));
    let drills = Some(drills(report, lang)).filter(|drills| !drills.test_cases.is_empty());
    with_suites(pipeline.into_iter().chain(drills), report.duration_ms)
}

/// The document of no run.
pub(super) fn no_run(no_run: &NoRun) -> String {
    let mut suite = TestSuite::new(clean(&no_run.scenario));
    suite.timestamp = no_run.started_at.to_string().parse().ok();
    suite.add_property(("place", clean(&no_run.place).as_str()));
    suite.add_test_case(case("run", &no_run.scenario, error(&no_run.reason, "")));
    with_suites([suite], 0.0)
}

/// A document with these suites.
fn with_suites(suites: impl IntoIterator<Item = TestSuite>, took_ms: f64) -> String {
    let mut document = quick_junit::Report::new("alert-drill");
    document.set_time(duration(took_ms));
    document.add_test_suites(suites);
    // It writes into a string, and every text of it can be written.
    let text = document.to_string().unwrap_or_else(|error| format!("<!-- {error} -->"));
    strict(&text)
}

/// Without the one attribute of the root that `quick-junit` writes and the schema of Jenkins' xUnit plug-in, which refuses what
/// it does not know, has no place for. The suites have it themselves.
fn strict(text: &str) -> String {
    const ATTRIBUTE: &str = " skipped=\"";
    let root = text.find("<testsuites").unwrap_or_default();
    let end = text[root..].find('>').map_or(text.len(), |end| root + end);
    let Some(start) = text[root..end].find(ATTRIBUTE).map(|start| root + start) else { return text.to_owned() };
    let value = start + ATTRIBUTE.len();
    let after = text[value..end].find('"').map_or(end, |quote| value + quote + 1);
    [&text[..start], &text[after..]].concat()
}

fn suite(report: &Report, name: String, took_ms: f64) -> TestSuite {
    let mut suite = TestSuite::new(clean(&name));
    // Its own form of time is asked for, which this text is.
    suite.timestamp = report.started_at.to_string().parse().ok();
    suite.set_time(duration(took_ms));
    let target = &report.target;
    for (name, value) in [
        ("run_id", &report.run_id),
        ("target", &target.kind.to_string()),
        ("product", &target.product),
        ("account", &target.account),
        ("region", &target.region),
    ] {
        suite.add_property((name, clean(value).as_str()));
    }
    if let Some(clock) = target.clock {
        suite.add_property(("clock_ms", clock.ms.to_string().as_str()));
    }
    if let Some(watch) = report.discord {
        suite.add_property(("discord", watch.as_str()));
    }
    suite
}

fn drills(report: &Report, lang: Lang) -> TestSuite {
    let took = report.drills.iter().map(|drill| drill.duration_ms).sum();
    let mut suite = suite(report, format!("{} on {}", report.scenario, report.target.kind), took);
    let class = format!("{}.{}.drills", report.scenario, report.target.kind);
    for group in Group::all(report) {
        for (number, drill) in &group.runs {
            let name = match group.is_repeated() {
                true => format!("{} (run {number} of {})", drill.name, group.runs.len()),
                false => drill.name.clone(),
            };
            let mut case = case(&name, &class, drill_status(drill, lang));
            case.set_time(duration(drill.duration_ms));
            case.set_system_out(clean(&drill_text(drill, lang)));
            suite.add_test_case(case);
        }
    }
    if let Some(error) = came_to_nothing(report, lang) {
        suite.add_test_case(case("run", &class, error));
    }
    if !report.cleanup.left_behind.is_empty() {
        let words = words::Words::of(lang);
        let left = report.cleanup.left_behind.iter();
        let list: Vec<String> = left.map(|left| format!("{} {}: {}", left.kind, left.id, left.reason)).collect();
        let headline = if report.cleanup.kept { words.kept } else { words.left };
        suite.add_test_case(case("cleanup", &class, error(headline, &list.join("\n"))));
    }
    suite
}

/// What the ladder shows, and what was found of it where that is no failure.
fn drill_text(drill: &DrillReport, lang: Lang) -> String {
    let ladder = terminal::plain_ladder(drill, lang);
    if drill.required || drill.verdict == Verdict::Passed {
        return ladder;
    }
    // It decides nothing, so it is no failure; yet it is to be seen.
    let headline = format!("{}: {}", words::Words::of(lang).advisory, words::verdict(drill.verdict, lang));
    format!("{headline}\n{ladder}{}", findings_text(drill.findings.iter(), lang))
}

fn drill_status(drill: &DrillReport, lang: Lang) -> TestCaseStatus {
    let reason = drill.reason.as_deref().unwrap_or_default();
    match drill.verdict {
        Verdict::Skipped => {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(clean(reason));
            skipped
        }
        Verdict::Failed if drill.required => {
            let code = drill.findings.first().map(|finding| finding.code.to_string());
            let text = format!("{}{}", terminal::plain_ladder(drill, lang), findings_text(drill.findings.iter(), lang));
            failure(reason, &code.unwrap_or_default(), &text)
        }
        Verdict::Error if drill.required => error(reason, &findings_text(drill.findings.iter(), lang)),
        Verdict::Passed | Verdict::Failed | Verdict::Error => TestCaseStatus::success(),
    }
}

/// The error of a run that came to no drill, or that ended before all of them; none where the drills say it themselves.
fn came_to_nothing(report: &Report, lang: Lang) -> Option<TestCaseStatus> {
    let of_run = [Code::CouldNotProvision, Code::TargetEnded];
    let found: Vec<&Finding> = report.findings.iter().filter(|finding| of_run.contains(&finding.code)).collect();
    if let Some(first) = found.first() {
        return Some(error(&first.message, &findings_text(found.iter().copied(), lang)));
    }
    let is_told = report.drills.iter().any(|drill| drill.required && drill.verdict == Verdict::Error);
    if report.interrupted && !is_told {
        return Some(error(words::Words::of(lang).interrupted, ""));
    }
    let nothing = report.drills.is_empty() && report.inspection.is_none();
    nothing.then(|| error(words::headline(report, lang), ""))
}

fn pipeline(report: &Report, inspection: &Inspection, lang: Lang) -> TestSuite {
    let took = if report.drills.is_empty() { report.duration_ms } else { 0.0 };
    let mut suite = suite(report, format!("{} on {}: pipeline", report.scenario, report.target.kind), took);
    let class = format!("{}.{}.pipeline", report.scenario, report.target.kind);
    for hop in &inspection.hops {
        let mut case = case(hop.hop.as_str(), &class, hop_status(report, hop, lang));
        let warnings = report.findings.iter().filter(|one| one.hop == hop.hop && one.severity == Severity::Warning);
        let text = format!("{}\n{}", seen(hop), findings_text(warnings, lang));
        if !text.trim().is_empty() {
            case.set_system_out(clean(text.trim_end()));
        }
        suite.add_test_case(case);
    }
    suite
}

fn hop_status(report: &Report, hop: &HopInspection, lang: Lang) -> TestCaseStatus {
    let wrong = || report.findings.iter().filter(|one| one.hop == hop.hop && one.severity == Severity::Error);
    if let (Standing::Wrong, Some(first)) = (hop.standing, wrong().next()) {
        return failure(&first.message, &first.code.to_string(), &findings_text(wrong(), lang));
    }
    let unknown = |one: &&super::UnknownCheck| !one.incapable;
    if let Some(first) = hop.unknown.iter().find(unknown) {
        return error(&format!("{}: {}", first.code, first.reason), &seen(hop));
    }
    if hop.seen.is_empty() && hop.standing != Standing::Warned {
        let mut skipped = TestCaseStatus::skipped();
        let why = hop.unknown.first().map(|one| one.reason.clone());
        skipped.set_message(clean(
            &why.unwrap_or_else(|| lang.choose("there is nothing to look at", "살펴볼 것이 없습니다").to_owned()),
        ));
        return skipped;
    }
    TestCaseStatus::success()
}

/// What was seen of a hop, and what could not be.
fn seen(hop: &HopInspection) -> String {
    let unknown = hop.unknown.iter().map(|one| format!("? {}: {}", one.code, one.reason));
    hop.seen.iter().cloned().chain(unknown).collect::<Vec<_>>().join("\n")
}

fn findings_text<'a>(findings: impl Iterator<Item = &'a Finding>, lang: Lang) -> String {
    findings.map(|finding| terminal::plain_finding(finding, lang)).collect()
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(clean(name), status);
    case.set_classname(clean(class));
    case
}

fn failure(message: &str, kind: &str, text: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Failure, message, kind, text)
}

fn error(message: &str, text: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Error, message, HARNESS, text)
}

fn non_success(kind: NonSuccessKind, message: &str, of: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    // An attribute has no lines: the first has to say it.
    status.set_message(clean(message.lines().next().unwrap_or_default()));
    status.set_type(clean(of));
    status.set_description(clean(if text.is_empty() { message } else { text }));
    status
}

/// Without the two characters that XML cannot have and `quick-junit` lets through.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

fn duration(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or_default()
}
