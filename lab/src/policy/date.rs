//! The dates of conditions.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// One of the W3C's forms of ISO 8601 (`2026`, `2026-11`, `2026-11-24`, or with a time and an offset), or epoch seconds.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let midnight = |date: Date| TimeZone::UTC.to_timestamp(date.into()).ok();
    if let Ok(date) = text.parse::<Date>() {
        return midnight(date);
    }
    match (text.len(), text.split_once('-')) {
        // Four digits are a year; the epoch's first two hours are nobody's condition.
        (4, None) => midnight(Date::new(text.parse().ok()?, 1, 1).ok()?),
        (7, Some((year, month))) => midnight(Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?),
        _ => {
            let seconds = text.trim().parse().ok().filter(|number: &f64| number.is_finite())?;
            Timestamp::from_nanosecond((seconds * 1e9) as i128).ok()
        }
    }
}

/// Whether IAM takes a text for a date: it takes years and seconds of any sign, and anything with a `T` after a number. One that is
/// no [`moment`] is before none, after none, and equal to none.
pub(crate) fn could_be(text: &str) -> bool {
    let number = text.trim_start_matches('-');
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    match number.as_bytes().get(digits) {
        None => text.parse::<i64>().is_ok(),
        Some(b'T' | b't') => digits > 0,
        Some(b'-') => is_calendar_date(text),
        Some(_) => false,
    }
}

fn is_calendar_date(text: &str) -> bool {
    let (date, time) = text.split_once(['T', 't']).map_or((text, None), |(date, time)| (date, Some(time)));
    let parts: Vec<Option<u32>> = date.split('-').map(|part| part.parse().ok()).collect();
    let is_date = match parts.as_slice() {
        [Some(_), Some(1..=12)] | [Some(_), Some(1..=12), Some(1..=31)] => date.find('-') == Some(4),
        _ => false,
    };
    is_date && time.is_none_or(has_a_zone_of_two_digits)
}

/// An offset is `Z`, two digits, or two and two; more than nine decimals of a second are too many.
fn has_a_zone_of_two_digits(time: &str) -> bool {
    let Some(at) = time.find(['+', '-', 'Z', 'z']) else { return true };
    let (clock, zone) = time.split_at(at);
    let decimals = clock.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits: Vec<usize> = zone[1..].split(':').map(str::len).collect();
    decimals <= 9 && (zone.len() == 1 || matches!(digits.as_slice(), [2] | [2, 2]))
}
