//! What outlives a run: a line of the history, the metrics, a notification.

use std::path::PathBuf;

use clap::Args;

use super::fail;
use crate::exit::Exit;
use crate::history::{self, Entry};
use crate::metrics;
use crate::notify::{Address, InvalidAddress, Shape, Webhook};
use crate::outcome::Outcome;
use crate::text::Lang;

/// Where a scheduled run leaves what it found out.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Scheduled runs")]
pub(super) struct RecordArgs {
    /// Append the result to this file, one line of JSON for each run; `alert-drill history` reads it.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Put the result into this file in Prometheus's text format, for the textfile collector of node_exporter.
    #[arg(long, value_name = "FILE")]
    metrics_file: Option<PathBuf>,
    /// Post to this webhook of Discord or Slack when the alarm is silent, when nobody could find out, and when something was
    /// left behind. Others can read a command line: better give it in the environment.
    #[arg(long, value_name = "URL", env = "ALERT_DRILL_NOTIFY_URL", hide_env_values = true)]
    notify: Option<Address>,
    /// The form of message that the webhook reads, where its host does not say so.
    #[arg(long, value_enum, requires = "notify")]
    notify_shape: Option<Shape>,
}

impl RecordArgs {
    /// Whether a file was asked for.
    pub(super) fn is_file_asked(&self) -> bool {
        self.history.is_some() || self.metrics_file.is_some()
    }

    /// Finds out what would fail at the end anyway, before anything is touched.
    pub(super) fn check(&self) -> Result<(), Exit> {
        if let Some(file) = &self.history {
            history::open(file).map_err(|error| fail(Exit::CouldNotRun, &error))?;
        }
        if let Some(file) = &self.metrics_file {
            metrics::check(file).map_err(|error| fail(Exit::CouldNotRun, &error))?;
        }
        self.webhook().map(|_| ()).map_err(|error| fail(Exit::Usage, &error))
    }

    /// Records how the runs ended. What cannot be written is said, and takes a pass away, as a report that cannot be written
    /// does; a failure stays one. A notification that does not arrive changes nothing.
    pub(super) async fn record(&self, outcomes: &[Outcome], exit: Exit, lang: Lang) -> Exit {
        let mut written = true;
        if let Some(file) = self.history.clone() {
            let entries: Vec<Entry> = outcomes.iter().map(Entry::from).collect();
            // It may wait for another run's lock.
            let appended = tokio::task::spawn_blocking(move || history::append(&file, &entries)).await;
            written &= match appended {
                Ok(Ok(())) => true,
                Ok(Err(error)) => say(&error),
                Err(ended) => say(&ended),
            };
        }
        if let Some(Err(error)) = self.metrics_file.as_deref().map(|file| metrics::write(file, outcomes)) {
            written = say(&error);
        }
        if let Ok(Some(webhook)) = self.webhook()
            && let Err(error) = webhook.tell(outcomes, lang).await
        {
            say(&error);
        }
        if written || exit != Exit::Passed { exit } else { Exit::CouldNotRun }
    }

    fn webhook(&self) -> Result<Option<Webhook>, InvalidAddress> {
        self.notify.as_ref().map(|address| Webhook::new(address, self.notify_shape)).transpose()
    }
}

/// Says what could not be written.
fn say(error: &dyn std::fmt::Display) -> bool {
    fail(Exit::CouldNotRun, error);
    false
}
