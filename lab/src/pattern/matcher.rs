//! One entry of a field's array: what it accepts, and how it says so.

use std::fmt;
use std::net::IpAddr;

use serde_json::{Number, Value};

use super::cidr::{Cidr, parse_address};
use super::fold;
use super::number::{ExactNumber, NumericRange};
use super::wildcard::Wildcard;

/// What one entry of a field's array accepts. Its `Display` says it in plain words.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Matcher {
    /// This string. A string that is an IP address also accepts other spellings of the address.
    String(ExactString),
    /// This number, however it is spelled.
    Number(ExactNumber),
    /// `true` or `false`
    Bool(bool),
    /// `null`: the field is there, and is null.
    Null,
    /// A string that begins so.
    Prefix(Affix),
    /// A string that ends so.
    Suffix(Affix),
    /// This string, whatever its letter case.
    EqualsIgnoreCase(String),
    /// A string of this form.
    Wildcard(Wildcard),
    /// An address of this range.
    Cidr(Cidr),
    /// A number of this range.
    Numeric(NumericRange),
    /// The field is there (`true`), or not (`false`). Only leaves count: an object or an empty array is not there.
    Exists(bool),
    /// Anything else, of any type, null included. A field that is not there is nothing, so it is refused.
    AnythingBut(AnythingBut),
}

/// A string that a pattern names by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactString {
    text: String,
    address: Option<IpAddr>,
}

impl ExactString {
    pub(crate) fn new(text: String) -> Self {
        Self { address: parse_address(&text), text }
    }

    /// The string as the pattern has it.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn matches(&self, text: &str) -> bool {
        self.text == text || (self.address.is_some() && self.address == parse_address(text))
    }
}

/// The operand of `prefix` or `suffix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affix {
    /// The characters.
    pub text: String,
    /// Whether it was written `{"equals-ignore-case": …}`.
    pub ignore_case: bool,
}

/// What `anything-but` keeps out.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AnythingBut {
    /// These strings.
    Strings(Vec<String>),
    /// These numbers.
    Numbers(Vec<ExactNumber>),
    /// Strings that begin with one of these.
    Prefixes(Vec<String>),
    /// Strings that end with one of these.
    Suffixes(Vec<String>),
    /// These strings, whatever their letter case.
    IgnoreCase(Vec<String>),
    /// Strings of these forms.
    Wildcards(Vec<Wildcard>),
}

impl Matcher {
    /// Whether a leaf of the event with this value satisfies the matcher.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Exists(wanted), _) => *wanted,
            (Self::AnythingBut(but), _) => !but.keeps_out(value),
            (Self::Null, Value::Null) => true,
            (Self::Bool(wanted), Value::Bool(found)) => wanted == found,
            (Self::Number(wanted), Value::Number(found)) => wanted.equals(found),
            (Self::Numeric(range), Value::Number(found)) => range.contains(found),
            (_, Value::String(text)) => self.accepts_string(text),
            _ => false,
        }
    }

    fn accepts_string(&self, text: &str) -> bool {
        match self {
            Self::String(wanted) => wanted.matches(text),
            Self::Prefix(affix) if affix.ignore_case => fold::starts_with(text, &affix.text),
            Self::Prefix(affix) => text.starts_with(&affix.text),
            Self::Suffix(affix) if affix.ignore_case => fold::ends_with(text, &affix.text),
            Self::Suffix(affix) => text.ends_with(&affix.text),
            Self::EqualsIgnoreCase(wanted) => fold::equals(text, wanted),
            Self::Wildcard(wildcard) => wildcard.matches(text),
            Self::Cidr(cidr) => cidr.contains(text),
            _ => false,
        }
    }

    /// Whether the matcher accepts a field that is not there.
    pub(crate) fn accepts_absence(&self) -> bool {
        matches!(self, Self::Exists(false))
    }

    /// The string that an exact matcher names, in either letter case.
    pub(crate) fn exact_text(&self) -> Option<&str> {
        match self {
            Self::String(wanted) => Some(&wanted.text),
            Self::EqualsIgnoreCase(wanted) => Some(wanted),
            _ => None,
        }
    }

    pub(crate) fn wildcards(&self) -> &[Wildcard] {
        match self {
            Self::Wildcard(wildcard) => std::slice::from_ref(wildcard),
            Self::AnythingBut(AnythingBut::Wildcards(wildcards)) => wildcards,
            _ => &[],
        }
    }
}

impl AnythingBut {
    fn keeps_out(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Numbers(numbers), Value::Number(found)) => numbers.iter().any(|number| number.equals(found)),
            (Self::Strings(strings), Value::String(text)) => strings.contains(text),
            (Self::Prefixes(prefixes), Value::String(text)) => prefixes.iter().any(|prefix| text.starts_with(prefix)),
            (Self::Suffixes(suffixes), Value::String(text)) => suffixes.iter().any(|suffix| text.ends_with(suffix)),
            (Self::IgnoreCase(strings), Value::String(text)) => strings.iter().any(|one| fold::equals(text, one)),
            (Self::Wildcards(wildcards), Value::String(text)) => wildcards.iter().any(|one| one.matches(text)),
            _ => false,
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(wanted) => write!(f, "{}", quoted(&wanted.text)),
            Self::Number(wanted) => write!(f, "the number {}", wanted.written()),
            Self::Bool(wanted) => write!(f, "{wanted}"),
            Self::Null => f.write_str("null"),
            Self::Prefix(affix) => {
                write!(f, "a string that begins with {}{}", quoted(&affix.text), case_note(affix.ignore_case))
            }
            Self::Suffix(affix) => {
                write!(f, "a string that ends with {}{}", quoted(&affix.text), case_note(affix.ignore_case))
            }
            Self::EqualsIgnoreCase(wanted) => write!(f, "{}{}", quoted(wanted), case_note(true)),
            Self::Wildcard(wildcard) => write!(f, "a string of the form {}", quoted(wildcard.written())),
            Self::Cidr(cidr) => write!(f, "an IP address in {}", cidr.written()),
            Self::Numeric(range) => write!(f, "{range}"),
            Self::Exists(true) => f.write_str("any value"),
            Self::Exists(false) => f.write_str("no such field"),
            Self::AnythingBut(but) => write!(f, "{but}"),
        }
    }
}

impl fmt::Display for AnythingBut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quotes = |texts: &[String]| listed(texts.iter().map(|text| quoted(text)));
        match self {
            Self::Strings(strings) => write!(f, "anything but {}", quotes(strings)),
            Self::Numbers(numbers) => {
                write!(f, "anything but {}", listed(numbers.iter().map(|number| number.written().to_string())))
            }
            Self::Prefixes(prefixes) => write!(f, "anything but a string that begins with {}", quotes(prefixes)),
            Self::Suffixes(suffixes) => write!(f, "anything but a string that ends with {}", quotes(suffixes)),
            Self::IgnoreCase(strings) => write!(f, "anything but {}{}", quotes(strings), case_note(true)),
            Self::Wildcards(wildcards) => {
                let forms = listed(wildcards.iter().map(|wildcard| quoted(wildcard.written())));
                write!(f, "anything but a string of the form {forms}")
            }
        }
    }
}

impl fmt::Display for NumericRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = self.lower().map(|end| (if end.is_inclusive() { ">=" } else { ">" }, end.written()));
        let upper = self.upper().map(|end| (if end.is_inclusive() { "<=" } else { "<" }, end.written()));
        match (lower, upper) {
            (Some((_, number)), _) if self.is_equality() => write!(f, "the number {number}"),
            (Some((above, low)), Some((below, high))) => write!(f, "a number {above} {low} and {below} {high}"),
            (Some((sign, number)), None) | (None, Some((sign, number))) => write!(f, "a number {sign} {number}"),
            (None, None) => f.write_str("a number"),
        }
    }
}

fn case_note(ignore_case: bool) -> &'static str {
    if ignore_case { " in any letter case" } else { "" }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// "a", "a or b", "a, b or c".
pub(crate) fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

impl From<Number> for ExactNumber {
    fn from(number: Number) -> Self {
        Self::new(number)
    }
}
