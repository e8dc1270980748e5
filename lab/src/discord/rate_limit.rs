//! The rate limit of a webhook: a window that opens with its first request.

use std::time::Duration;

use jiff::Timestamp;

/// Discord's bucket names are opaque and leave the webhook out (*Rate Limits*, "header examples"): one for the route.
const BUCKET: &str = "9b1a6f0e4c5d2738a1e6c0d94f7b3e25";

/// How many requests one webhook may make in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in a window, failed ones included.
    pub requests: u32,
    /// The length of the window.
    pub window: Duration,
}

impl Default for RateLimit {
    /// Five in two seconds.
    fn default() -> Self {
        Self { requests: 5, window: Duration::from_secs(2) }
    }
}

/// The window of one webhook.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    resets_at: Option<Timestamp>,
    used: u32,
}

/// What the headers tell about a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    limit: u32,
    remaining: u32,
    resets_at: Timestamp,
    pub(super) resets_after: Duration,
}

impl Bucket {
    /// Counts a request. `Err` if the window is used up.
    pub(super) fn take(&mut self, limit: RateLimit, now: Timestamp) -> Result<Window, Window> {
        let resets_at = match self.resets_at {
            Some(at) if now < at => at,
            _ => {
                self.used = 0;
                now.saturating_add(limit.window).unwrap_or(Timestamp::MAX)
            }
        };
        self.resets_at = Some(resets_at);
        let allowed = self.used < limit.requests;
        self.used += u32::from(allowed);
        let resets_after = Duration::try_from(resets_at.duration_since(now)).unwrap_or_default();
        let window = Window { limit: limit.requests, remaining: limit.requests - self.used, resets_at, resets_after };
        if allowed { Ok(window) } else { Err(window) }
    }
}

impl Window {
    /// The `X-RateLimit-*` headers that every answer of a webhook carries.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let reset = self.resets_at.as_millisecond();
        [
            ("X-RateLimit-Limit", self.limit.to_string()),
            ("X-RateLimit-Remaining", self.remaining.to_string()),
            ("X-RateLimit-Reset", format!("{}.{:03}", reset.div_euclid(1000), reset.rem_euclid(1000))),
            ("X-RateLimit-Reset-After", seconds(self.resets_after)),
            ("X-RateLimit-Bucket", BUCKET.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// Seconds with the three decimals that Discord gives.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}
