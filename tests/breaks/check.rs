//! What `check` says of a pipeline that is broken so.

use alert_drill::Check;
use alert_drill::breaks::Break;
use alert_drill::diagnosis::Code;
use alert_drill::target::Place;

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
