//! The languages of the output.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A language of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Lang {
    /// The language of a locale such as `ko_KR.UTF-8`; English for every other than Korean.
    pub fn of_locale(locale: &str) -> Self {
        if locale.starts_with("ko") { Self::Ko } else { Self::En }
    }

    /// One of two texts.
    pub fn choose<T>(self, english: T, korean: T) -> T {
        match self {
            Self::En => english,
            Self::Ko => korean,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.choose("en", "ko"))
    }
}

/// A time as people in the workshop read it: Korean time, to the second.
pub fn kst(time: Timestamp) -> String {
    // Korea has had no summer time since 1988: the fixed offset is right where the time-zone data is missing.
    let zone = TimeZone::get("Asia/Seoul").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(9)));
    time.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S KST").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kst_is_nine_hours_ahead() {
        assert_eq!(kst("2026-11-24T15:30:00.9Z".parse().unwrap()), "2026-11-25 00:30:00 KST");
    }

    #[test]
    fn the_locale_decides() {
        assert_eq!(Lang::of_locale("ko_KR.UTF-8"), Lang::Ko);
        assert_eq!(Lang::of_locale("C"), Lang::En);
    }
}
