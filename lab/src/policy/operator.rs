//! The condition operators, by their names.
//!
//! Source: IAM User Guide, *IAM JSON policy elements: Condition operators* and *Single-valued vs. multivalued context
//! keys*.

use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;

/// How a key with several values is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier {
    /// `ForAllValues:` every value of the request matches; true when the request has none.
    ForAllValues,
    /// `ForAnyValue:` at least one value of the request matches; false when the request has none.
    ForAnyValue,
}

/// A condition operator with its qualifier and its `IfExists`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    pub(super) qualifier: Option<Qualifier>,
    pub(super) base: Base,
    pub(super) if_exists: bool,
}

/// An operator without its decorations: what it compares, and whether it then says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) name: &'static str,
    pub(super) test: Test,
    pub(super) negated: bool,
}

/// What one value of the policy and one value of the request are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Numeric(Order),
    Date(Order),
    Bool,
    Binary,
    Ip,
    Arn,
    Null,
}

/// The relation that the request's value has to the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(super) fn holds(self, seen_to_wanted: Ordering) -> bool {
        match self {
            Self::Equal => seen_to_wanted.is_eq(),
            Self::Less => seen_to_wanted.is_lt(),
            Self::LessOrEqual => seen_to_wanted.is_le(),
            Self::Greater => seen_to_wanted.is_gt(),
            Self::GreaterOrEqual => seen_to_wanted.is_ge(),
        }
    }
}

const fn base(name: &'static str, test: Test, negated: bool) -> Base {
    Base { name, test, negated }
}

const BASES: [Base; 27] = [
    base("StringEquals", Test::Equals, false),
    base("StringNotEquals", Test::Equals, true),
    base("StringEqualsIgnoreCase", Test::EqualsIgnoreCase, false),
    base("StringNotEqualsIgnoreCase", Test::EqualsIgnoreCase, true),
    base("StringLike", Test::Like, false),
    base("StringNotLike", Test::Like, true),
    base("NumericEquals", Test::Numeric(Order::Equal), false),
    base("NumericNotEquals", Test::Numeric(Order::Equal), true),
    base("NumericLessThan", Test::Numeric(Order::Less), false),
    base("NumericLessThanEquals", Test::Numeric(Order::LessOrEqual), false),
    base("NumericGreaterThan", Test::Numeric(Order::Greater), false),
    base("NumericGreaterThanEquals", Test::Numeric(Order::GreaterOrEqual), false),
    base("DateEquals", Test::Date(Order::Equal), false),
    base("DateNotEquals", Test::Date(Order::Equal), true),
    base("DateLessThan", Test::Date(Order::Less), false),
    base("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    base("DateGreaterThan", Test::Date(Order::Greater), false),
    base("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    base("Bool", Test::Bool, false),
    base("BinaryEquals", Test::Binary, false),
    base("IpAddress", Test::Ip, false),
    base("NotIpAddress", Test::Ip, true),
    base("ArnEquals", Test::Arn, false),
    base("ArnNotEquals", Test::Arn, true),
    base("ArnLike", Test::Arn, false),
    base("ArnNotLike", Test::Arn, true),
    base("Null", Test::Null, false),
];

impl Operator {
    /// The operator of this name, compared without regard to case; `None` when AWS has none of that name. `Null` takes
    /// neither `IfExists` nor a qualifier.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (qualifier, rest) = match name.split_once(':') {
            None => (None, name),
            Some((q, rest)) if q.eq_ignore_ascii_case("ForAllValues") => (Some(Qualifier::ForAllValues), rest),
            Some((q, rest)) if q.eq_ignore_ascii_case("ForAnyValue") => (Some(Qualifier::ForAnyValue), rest),
            Some(_) => return None,
        };
        let split = rest.len().checked_sub("IfExists".len()).filter(|at| rest.is_char_boundary(*at));
        let (rest, if_exists) = match split.map(|at| rest.split_at(at)) {
            Some((head, tail)) if tail.eq_ignore_ascii_case("IfExists") => (head, true),
            _ => (rest, false),
        };
        let base = *BASES.iter().find(|base| base.name.eq_ignore_ascii_case(rest))?;
        let decorated = qualifier.is_some() || if_exists;
        (base.test != Test::Null || !decorated).then_some(Self { qualifier, base, if_exists })
    }

    /// The qualifier, if the operator has one.
    #[must_use]
    pub fn qualifier(&self) -> Option<Qualifier> {
        self.qualifier
    }

    /// Whether the operator ends in `IfExists`: true when the request does not have the key.
    #[must_use]
    pub fn if_exists(&self) -> bool {
        self.if_exists
    }

    /// Whether the operator matches what does not equal (`StringNotEquals`, `NotIpAddress`, …). Such an operator is true
    /// when the request does not have the key.
    #[must_use]
    pub fn is_negated(&self) -> bool {
        self.base.negated
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qualifier = match self.qualifier {
            Some(Qualifier::ForAllValues) => "ForAllValues:",
            Some(Qualifier::ForAnyValue) => "ForAnyValue:",
            None => "",
        };
        write!(f, "{qualifier}{}{}", self.base.name, if self.if_exists { "IfExists" } else { "" })
    }
}

impl Serialize for Operator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
