//! The command line, as a user meets it: what is printed where, and which exit code ends it. Word by word, on the lab of a run's
//! own; what it does on another target is in the suite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

#[path = "cli/breaks.rs"]
mod breaks;
#[path = "cli/channel.rs"]
mod channel;
#[path = "cli/check.rs"]
mod check;
#[path = "cli/endpoint.rs"]
mod endpoint;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/lab.rs"]
mod lab;
#[path = "cli/matrix.rs"]
mod matrix;
#[path = "cli/metrics.rs"]
mod metrics;
#[path = "cli/notify.rs"]
mod notify;
#[path = "cli/package.rs"]
mod package;
#[path = "cli/permissions.rs"]
mod permissions;
#[path = "cli/plan.rs"]
mod plan;
#[path = "cli/run.rs"]
mod run;
#[path = "cli/scenario.rs"]
mod scenario;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/support.rs"]
mod support;
#[path = "cli/usage.rs"]
mod usage;
