//! The scenario's Lambda function: one Discord message for each SNS message of a security-group change.
//!
//! The way of a message: [`event`] takes the SNS messages out of the Lambda event, [`record`] reads the facts out of
//! the CloudTrail record in it, [`text`] says them within Discord's limits, [`channel`] sends them. The first three are
//! pure. What is not a CloudTrail record becomes a message too ([`record::Alert::Plain`]): an alarm that reads only
//! what it expects is silent on the day that matters.
//!
//! # Settings
//! | variable | meaning |
//! |---|---|
//! | `DISCORD_WEBHOOK_URL` | the webhook's URL; required. It is a secret: it is in no log and no error |
//! | `ALERT_LANGUAGE` | `ko` (the default) or `en` |
//!
//! A setting that cannot work ends the start with an INIT error, so that Lambda shows it on the first invocation and
//! not at the first alert that is lost.
//!
//! # When Discord does not take a message
//! - **429**: waits as long as Discord says and repeats, while the invocation's time allows.
//! - **Anything else**: the invocation fails after the event's other messages were sent, and Lambda invokes again (twice,
//!   for the asynchronous invocations of SNS).
//!
//! **Duplicates.** Lambda's retries carry the same request id. What was delivered in an invocation that failed is
//! remembered by request id and position, so that a retry in the same execution environment sends the rest alone.
//! In a new environment everything is sent again, and so it is when Discord accepted a message but its answer was lost:
//! better twice than not at all. The event id at the end of each message tells that two are one.
//!
//! # The event id
//! Each message ends with the record's `eventID`: the one value that finds the record again, in CloudTrail's event
//! history and in whatever checks that the alert arrived. (`requestID` is on every record of one request, and the
//! caller alone knows it.)

pub mod channel;
pub mod config;
pub mod event;
pub mod handler;
mod init;
pub mod record;
pub mod text;

use std::process::ExitCode;

pub use config::{Config, Language};
pub use handler::Notifier;

/// Runs the function until Lambda ends it, on a runtime of its own; the whole of the binary, and of any other binary
/// that can play the function's part.
///
/// It reads the settings and the Runtime API's address (`AWS_LAMBDA_RUNTIME_API`) from the environment. The exit code
/// is a failure if the start failed; the reason is on standard error and with the Runtime API.
#[must_use]
pub fn main() -> ExitCode {
    // One thread: Lambda gives an invocation at a time, and a thread pool costs start-up time.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("notifier: the asynchronous runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("notifier: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The same inside a runtime that already runs.
///
/// # Errors
/// A setting is missing or cannot work (reported to the Runtime API as an INIT error), or the Runtime API broke off.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    let config = match Config::from_env(|name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => {
            init::report(&error).await;
            return Err(error.into());
        }
    };
    let notifier = Notifier::new(config);
    let notifier = &notifier;
    lambda_runtime::run(lambda_runtime::service_fn(move |event| notifier.invoke(event))).await
}
