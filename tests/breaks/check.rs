//! What `check` says of a pipeline that is broken so.

use alert_drill::Check;
use alert_drill::breaks::Break;
use alert_drill::diagnosis::Code;
use alert_drill::target::Place;

use crate::bench::Bench;

/// The causes that `check` does not name: it does not run the function, and looks at no queue. A name goes from here as
/// soon as it does: the tests fail until then.
const UNSEEN: &[&str] = &[
    "queue-policy-removed",
    "queue-filter-attributes",
    "queue-filter-body",
    // It follows the rule to the other topic, and finds that nobody subscribed there.
    "rule-target-other-topic",
    "function-syntax-error",
    "function-name-error",
    "function-module-missing",
    "function-variable-missing",
    "function-wrong-handler",
    "function-wrong-module",
    "function-reads-event-itself",
    "function-message-not-decoded",
    "function-times-out",
    "function-fails-on-other-shapes",
    "function-swallows-refusal",
    "message-literal-newlines",
    "message-utc-as-kst",
    "message-without-group",
    "message-group-missing-on-modify",
    "message-too-long",
    "message-twice",
];

/// The seam: with these breaks, and no others, `check` names the cause of each and nothing else; with none, nothing.
pub(crate) async fn assert_found(bench: &Bench<'_>, broken: &[&Break]) {
    let place = Place::Endpoint(bench.lab().endpoint_url());
    let report = Check::new(bench.scenario, place).execute().await.unwrap();
    let mut found: Vec<String> = report.findings.iter().map(|finding| finding.code.to_string()).collect();
    let seen = broken.iter().filter(|one| !UNSEEN.contains(&one.name));
    let mut causes: Vec<String> = seen.map(|one| one.cause).map(|cause: Code| cause.to_string()).collect();
    found.sort();
    causes.sort();
    if broken.len() == 1 && causes.is_empty() {
        assert_ne!(found, [broken[0].cause.to_string()], "{} is seen now: take it from the list", broken[0].name);
        return;
    }
    let names: Vec<&str> = broken.iter().map(|one| one.name).collect();
    assert_eq!(found, causes, "{names:?}: {:#?}", report.findings);
}
