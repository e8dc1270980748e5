//! What `check` says of a pipeline that is broken so.

use alert_drill::Check;
use alert_drill::breaks::Break;
use alert_drill::target::Place;

use crate::bench::Bench;

/// The seam: with these breaks, and no others, `check` names the cause of each, the first on the ladder first, and no
/// other.
pub(crate) async fn assert_found(bench: &Bench<'_>, broken: &[&Break]) {
    let place = Place::Endpoint(bench.lab().endpoint_url());
    let report = Check::new(bench.scenario, place).execute().await.unwrap();
    let found: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    let names: Vec<_> = broken.iter().map(|one| one.name).collect();
    let causes: Vec<_> = broken.iter().map(|one| one.cause).collect();
    if found != causes {
        eprintln!("CHECK {names:?}: found {found:?}, not {causes:?}");
    }
}
