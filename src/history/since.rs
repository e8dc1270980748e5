//! How far back to look: `7d`, `12h`, or a day.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// From when on entries count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since {
    /// So long ago.
    Ago(Span),
    /// Since then.
    At(Timestamp),
}

impl Since {
    /// The time that it is.
    pub(crate) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            // A span that is longer than time itself lets everything through.
            Self::Ago(span) => {
                now.to_zoned_datetime(TimeZone::UTC).checked_sub(span).map_or(Timestamp::MIN, |zoned| zoned.timestamp())
            }
        }
    }
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Ok(Self::At(time));
        }
        if let Some(midnight) = text.parse::<Date>().ok().and_then(|day| day.to_zoned_datetime(TimeZone::UTC).ok()) {
            return Ok(Self::At(midnight.timestamp()));
        }
        match text.parse::<Span>() {
            Ok(span) if span.is_positive() => Ok(Self::Ago(span)),
            _ => Err("a length of time such as 12h, 7d or 4w, or a day such as 2026-11-01 (UTC) is wanted".to_owned()),
        }
    }
}
