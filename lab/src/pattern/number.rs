//! Numbers as EventBridge compares them.
//!
//! Source: "Numeric matching" in <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>:
//! from -5.0e9 to 5.0e9 inclusive, six digits right of the decimal point. Within these bounds 1, 1.0 and 1e0 are one number.

use serde_json::Number;

use super::error::Reason;

const LIMIT: f64 = 5e9;
const MICRO: f64 = 1e6;

/// A number in millionths: exact within AWS's bounds, so that two spellings of a number are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Comparable(i64);

impl Comparable {
    /// The number in millionths, or why AWS cannot compare it.
    pub(crate) fn new(number: &Number) -> Result<Self, Reason> {
        // Integers first: a double would hide the difference between neighbours far outside the bounds.
        if let Some(integer) = number.as_i64() {
            return if integer.unsigned_abs() <= 5_000_000_000 {
                Ok(Self(integer * 1_000_000))
            } else {
                Err(Reason::NumberOutOfRange)
            };
        }
        let value = number.as_f64().filter(|value| value.abs() <= LIMIT).ok_or(Reason::NumberOutOfRange)?;
        let millionths = (value * MICRO).round();
        if millionths / MICRO == value {
            #[expect(clippy::cast_possible_truncation, reason = "at most 5e15, a whole number")]
            Ok(Self(millionths as i64))
        } else {
            Err(Reason::NumberTooPrecise)
        }
    }
}

/// A number that a pattern names by itself. One that AWS cannot compare (an account id) is equal only to itself as written.
#[derive(Debug, Clone, PartialEq)]
pub struct ExactNumber {
    written: Number,
    comparable: Option<Comparable>,
}

impl ExactNumber {
    pub(crate) fn new(number: Number) -> Self {
        Self { comparable: Comparable::new(&number).ok(), written: number }
    }

    /// The number as the pattern has it.
    pub fn written(&self) -> &Number {
        &self.written
    }

    pub(crate) fn equals(&self, other: &Number) -> bool {
        match (self.comparable, Comparable::new(other).ok()) {
            (Some(mine), Some(theirs)) => mine == theirs,
            (None, None) => self.written == *other,
            _ => false,
        }
    }
}

/// One end of a numeric range.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    written: Number,
    at: Comparable,
    inclusive: bool,
}

impl Bound {
    /// The number as the pattern has it.
    pub fn written(&self) -> &Number {
        &self.written
    }

    /// Whether the number itself belongs to the range.
    pub fn is_inclusive(&self) -> bool {
        self.inclusive
    }
}

/// What a `numeric` matcher accepts: all numbers between two optional ends.
#[derive(Debug, Clone, PartialEq)]
pub struct NumericRange {
    lower: Option<Bound>,
    upper: Option<Bound>,
}

impl NumericRange {
    pub(crate) fn equal(number: &Number) -> Result<Self, Reason> {
        let end = bound(number, true)?;
        Ok(Self { lower: Some(end.clone()), upper: Some(end) })
    }

    pub(crate) fn above(number: &Number, inclusive: bool) -> Result<Self, Reason> {
        Ok(Self { lower: Some(bound(number, inclusive)?), upper: None })
    }

    pub(crate) fn below(number: &Number, inclusive: bool) -> Result<Self, Reason> {
        Ok(Self { lower: None, upper: Some(bound(number, inclusive)?) })
    }

    /// A range with two ends. AWS refuses ends that are equal, even when both are inclusive.
    pub(crate) fn between(lower: (&Number, bool), upper: (&Number, bool)) -> Result<Self, Reason> {
        let (lower, upper) = (bound(lower.0, lower.1)?, bound(upper.0, upper.1)?);
        if lower.at >= upper.at {
            return Err(Reason::BottomNotBelowTop);
        }
        Ok(Self { lower: Some(lower), upper: Some(upper) })
    }

    /// The lower end, if there is one.
    pub fn lower(&self) -> Option<&Bound> {
        self.lower.as_ref()
    }

    /// The upper end, if there is one.
    pub fn upper(&self) -> Option<&Bound> {
        self.upper.as_ref()
    }

    pub(crate) fn contains(&self, number: &Number) -> bool {
        let Ok(number) = Comparable::new(number) else { return false };
        let above = self.lower.as_ref().is_none_or(|end| number > end.at || (end.inclusive && number == end.at));
        let below = self.upper.as_ref().is_none_or(|end| number < end.at || (end.inclusive && number == end.at));
        above && below
    }

    pub(crate) fn is_equality(&self) -> bool {
        matches!((&self.lower, &self.upper), (Some(lower), Some(upper)) if lower.at == upper.at)
    }
}

fn bound(number: &Number, inclusive: bool) -> Result<Bound, Reason> {
    Ok(Bound { written: number.clone(), at: Comparable::new(number)?, inclusive })
}
