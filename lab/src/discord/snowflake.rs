//! Discord's ids: milliseconds since 2015, worker, process, and a counter (*API Reference*, "Snowflakes").

use jiff::Timestamp;

/// The first second of 2015 in milliseconds of the Unix epoch.
const DISCORD_EPOCH: i64 = 1_420_070_400_000;

/// Gives ids that are never given twice, in the order of time.
#[derive(Debug, Default)]
pub(super) struct Snowflakes {
    last: u64,
}

impl Snowflakes {
    pub(super) fn next(&mut self, now: Timestamp) -> String {
        let milliseconds = u64::try_from(now.as_millisecond() - DISCORD_EPOCH).unwrap_or_default();
        // A clock that stands still or goes back must not give an id again.
        self.last = (milliseconds << 22).max(self.last + 1);
        self.last.to_string()
    }
}

/// Whether Discord would read this as an id.
pub(super) fn is_snowflake(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}
