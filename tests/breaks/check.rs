//! What `check` says of a pipeline that is broken so.

use alert_drill::breaks::Break;
use alert_drill::diagnosis::Code;
use alert_drill::report::Verdict;
use alert_drill::target::Place;
use alert_drill::{Check, Selection};

use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

/// The seam: with these breaks, and no others, `check` names the cause of each and nothing else; with none, nothing.
pub(crate) async fn assert_found(bench: &Bench<'_>, broken: &[&Break]) {
    let place = Place::Endpoint(bench.lab().endpoint_url());
    let report = Check::new(bench.scenario, place).execute().await.unwrap();
    let mut found: Vec<String> = report.findings.iter().map(|finding| finding.code.to_string()).collect();
    let mut causes: Vec<String> = broken.iter().map(|one| one.cause).map(|cause: Code| cause.to_string()).collect();
    found.sort();
    causes.sort();
    let names: Vec<&str> = broken.iter().map(|one| one.name).collect();
    assert_eq!(found, causes, "{names:?}: {:#?}", report.findings);
}

/// A live check of the right pipeline passes, and leaves the function's variables as they were.
pub(crate) async fn assert_live(bench: &Bench<'_>) {
    let variables = || async {
        let got = bench.clients().lambda.get_function_configuration();
        let got = got.function_name(bench.scenario.pipeline.function.name.as_str()).send().await.unwrap();
        got.environment().unwrap().variables().unwrap().clone()
    };
    let before = variables().await;
    let place = Place::Endpoint(bench.lab().endpoint_url());
    let check = Check::new(bench.scenario, place).invoke(Some(false));
    let report = check.live(Selection::Default, None, |_| {}, CancellationToken::new()).execute().await.unwrap();
    assert_eq!((report.verdict, report.findings.len()), (Verdict::Passed, 0), "{report:#?}");
    assert_eq!(report.drills[0].alerts.discord.len(), 1, "{report:#?}");
    assert!(report.cleanup.left_behind.is_empty(), "{report:#?}");
    assert_eq!(variables().await, before);
}
