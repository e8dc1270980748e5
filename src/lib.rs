//! alert-drill is a fire drill for cloud alarms. It performs the action that an alarm is there for, proves that the alert
//! arrives where people read it, and when it does not, says which link of the chain broke.
//!
//! # In your own tests
//! ```no_run
//! // Lets this test binary play the Lambda function too; write it once at the top of the file.
//! alert_drill::notifier!();
//!
//! #[tokio::test]
//! async fn the_alarm_rings() -> Result<(), alert_drill::RunError> {
//!     let scenario = alert_drill::scenario::Scenario::shipped();
//!     let report = alert_drill::Run::new(&scenario).drill("open-inbound-port").execute().await?;
//!     report.assert_passed();
//!     Ok(())
//! }
//! ```
//!
//! # How it is made
//! ```text
//! scenario ──► target ──► pipeline ──► drill ──► diagnosis ──► report
//!  (what)     (where)    (build it)   (act, and  (facts and    (terminal, JSON,
//!                                      observe)   evidence)     HTML, JUnit, Markdown)
//! ```
//! Arrows point one way only: [`scenario`] knows nothing of the rest, and nothing knows the command line.

pub mod breaks;
mod check;
mod cli;
mod context;
pub mod diagnosis;
mod drill;
mod entry;
mod exit;
mod grant;
mod history;
mod inspection;
mod journal;
mod matrix;
mod metrics;
mod notify;
mod outcome;
pub mod permissions;
pub mod pipeline;
pub mod plan;
mod redaction;
pub mod relay;
pub mod report;
pub mod scenario;
mod sdk;
mod signal;
pub mod sweep;
pub mod target;
mod text;
mod trial;

pub use alert_drill_lab as lab;

pub use check::Check;
pub use cli::{Cli, Output};
pub use context::Context;
pub use drill::{
    BotToken, Consent, DISCORD_API, DiscordWatch, DiscordWay, Live, Refusal, Run, RunError, RunEvent, Selection,
    Strength, Tunnel, Unwatchable,
};
#[doc(hidden)]
pub use entry::enter_from_test;
pub use entry::enter_if_asked;
pub use exit::Exit;
pub use inspection::Names;
pub use journal::JournalError;
pub use text::{Lang, kst};
