//! How far this machine's clock is from the target's: measured by every answer, which has a `Date`.
//!
//! A `Date` has whole seconds. It was written between the request's way out and the answer's way in, so each answer says that the
//! target's clock is ahead by no less than `Date − received` and by less than `Date + 1 s − sent`. What holds for all answers is
//! what those ranges have in common; a quick answer narrows it most. Where an answer contradicts the others, a clock was set, and
//! only that answer counts from then on.
//!
//! The times that a target writes (an event's, a notification's) are taken by this into the time of this machine, and the lease's
//! end, which several machines read, is told in the target's time. A difference that is within the uncertainty is none.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What a `Date` leaves out.
const RESOLUTION_MS: i64 = 1_000;

/// AWS refuses what was signed further away from its own time.
///
/// Source: *Signing AWS API requests* in the IAM User Guide: the signature is to be received within five minutes of its time.
const REFUSED_MS: i64 = 5 * 60 * 1_000;

/// The target's clock, as seen from here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<Mutex<Option<Range>>>);

/// By how many milliseconds the target's clock is ahead: no less, no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    least: i64,
    most: i64,
}

/// How far the target's clock is from this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Skew {
    /// By how many milliseconds it is ahead; negative where it is behind.
    pub ms: i64,
    /// By how many milliseconds that may be wrong, either way.
    pub uncertainty_ms: i64,
}

impl Skew {
    /// Whether there is a difference at all.
    pub fn matters(self) -> bool {
        self.ms.abs() > self.uncertainty_ms
    }

    /// Whether AWS refuses what this machine signs.
    pub fn is_refused(self) -> bool {
        self.ms.abs() - self.uncertainty_ms > REFUSED_MS
    }
}

impl Range {
    fn of(sent: Timestamp, received: Timestamp, date: Timestamp) -> Self {
        let date = date.as_millisecond();
        Self { least: date - received.as_millisecond(), most: date + RESOLUTION_MS - sent.as_millisecond() }
    }

    /// What both say; what the newer one says, where they contradict each other.
    fn and(self, newer: Self) -> Self {
        let both = Self { least: self.least.max(newer.least), most: self.most.min(newer.most) };
        if both.least <= both.most { both } else { newer }
    }

    fn skew(self) -> Skew {
        Skew { ms: i64::midpoint(self.least, self.most), uncertainty_ms: (self.most - self.least + 1) / 2 }
    }
}

impl Clock {
    /// Takes in the `Date` of an answer.
    pub(super) fn answered(&self, sent: Timestamp, received: Timestamp, date: &str) {
        let Ok(date) = jiff::fmt::rfc2822::parse(date) else { return };
        let range = Range::of(sent, received, date.timestamp());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or(range, |known| known.and(range)));
    }

    /// How far it is from this machine's; none before the first answer.
    pub(crate) fn skew(&self) -> Option<Skew> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).map(Range::skew)
    }

    /// By how much it is ahead, as far as that is known to be anything.
    fn ahead(&self) -> SignedDuration {
        let skew = self.skew().filter(|skew| skew.matters());
        SignedDuration::from_millis(skew.map_or(0, |skew| skew.ms))
    }

    /// The target's time.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.ahead()).unwrap_or(now)
    }

    /// A time that the target wrote, in this machine's.
    pub(crate) fn here(&self, written: Timestamp) -> Timestamp {
        written.checked_sub(self.ahead()).unwrap_or(written)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;

    use super::*;

    /// An answer of a clock that is ahead by so much: sent at `sent`, written after `there`, received after `back` more.
    fn answer(clock: &Clock, ahead: i64, sent: i64, there: i64, back: i64) {
        let at = |ms: i64| Timestamp::from_millisecond(ms).unwrap();
        let date = Timestamp::from_second((sent + there + ahead).div_euclid(1_000)).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        clock.answered(at(sent), at(sent + there + back), &date);
    }

    const START: i64 = 1_795_000_000_000;

    #[test]
    fn one_answer_says_it_to_the_second_and_what_is_within_it_is_no_difference() {
        let clock = Clock::default();
        assert_eq!(clock.skew(), None);
        answer(&clock, 0, START + 400, 5, 5);
        let skew = clock.skew().unwrap();
        assert!(!skew.matters() && !skew.is_refused(), "{skew:?}");
        let clock = Clock::default();
        answer(&clock, 90_000, START + 400, 5, 5);
        let skew = clock.skew().unwrap();
        assert!(skew.matters() && !skew.is_refused() && (skew.ms - 90_000).abs() <= skew.uncertainty_ms, "{skew:?}");
        assert!(skew.uncertainty_ms <= 510, "{skew:?}");
        let written = Timestamp::from_millisecond(START).unwrap();
        assert_eq!(clock.here(written).as_millisecond(), START - skew.ms);
        let clock = Clock::default();
        answer(&clock, -400_000, START, 5, 5);
        assert!(clock.skew().unwrap().is_refused());
    }

    #[test]
    fn what_it_says_is_true_of_every_clock_and_many_answers_say_it_closely() {
        let mut random = rand::rng();
        for _ in 0..500 {
            let (clock, ahead) = (Clock::default(), random.random_range(-1_000_000..1_000_000_i64));
            let mut sent = START + random.random_range(0..1_000_i64);
            for _ in 0..60 {
                answer(&clock, ahead, sent, random.random_range(0..40), random.random_range(0..40));
                sent += random.random_range(1..2_000_i64);
                let skew = clock.skew().unwrap();
                assert!((skew.ms - ahead).abs() <= skew.uncertainty_ms, "{ahead}: {skew:?}");
            }
            let skew = clock.skew().unwrap();
            assert!(skew.uncertainty_ms <= 300, "{ahead}: {skew:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_is_measured_anew() {
        let clock = Clock::default();
        answer(&clock, 0, START, 5, 5);
        answer(&clock, 60_000, START + 10_000, 5, 5);
        let skew = clock.skew().unwrap();
        assert!((skew.ms - 60_000).abs() <= skew.uncertainty_ms, "{skew:?}");
        clock.answered(Timestamp::now(), Timestamp::now(), "no date");
        assert_eq!(clock.skew(), Some(skew));
    }
}
