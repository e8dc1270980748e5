//! Filter patterns for unstructured text: words, exact phrases, alternatives and exclusions.
//!
//! Source: *Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail* in the
//! CloudWatch Logs user guide. A term matches as a word: the guide asks for a regular expression to find it inside one.

use super::invalid;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;

/// A pattern: `ERROR "not found" -DEBUG`, or `?ERROR ?WARN`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// All of these.
    all: Vec<String>,
    /// One of these, if there is nothing in `all`: AWS reads over them beside other terms.
    any: Vec<String>,
    /// None of these.
    none: Vec<String>,
}

impl Filter {
    /// Reads a pattern; the empty one matches every event.
    pub(super) fn parse(call: &Call, pattern: &str) -> Result<Self, AwsError> {
        let pattern = pattern.trim();
        let unsupported = |what: &str| Err(call.unsupported_parameter(&format!("filterPattern ({what})")));
        match pattern.chars().next() {
            Some('{') => return unsupported("a pattern for JSON, { $.x = … }"),
            Some('[') => return unsupported("a pattern for space-delimited events, [a, b]"),
            _ if pattern.contains('%') && !pattern.contains('"') => return unsupported("a regular expression, %…%"),
            _ => {}
        }
        let mut filter = Self::default();
        let mut rest = pattern;
        while !rest.is_empty() {
            let (list, after) = match rest.chars().next() {
                Some('?') => (&mut filter.any, &rest[1..]),
                Some('-') => (&mut filter.none, &rest[1..]),
                _ => (&mut filter.all, rest),
            };
            let (term, after) = term(after)?;
            list.push(term);
            rest = after.trim_start();
        }
        Ok(filter)
    }

    /// Whether an event's message matches.
    pub(super) fn matches(&self, message: &str) -> bool {
        let has = |term: &String| contains_word(message, term);
        let alternatives = self.any.is_empty() || !self.all.is_empty() || self.any.iter().any(has);
        self.all.iter().all(has) && alternatives && !self.none.iter().any(has)
    }
}

/// Takes a term off the front: a phrase in quotes, or letters, digits and underscores.
fn term(text: &str) -> Result<(String, &str), AwsError> {
    let malformed = || invalid("Invalid filter pattern");
    if let Some(quoted) = text.strip_prefix('"') {
        let mut term = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if term.is_empty() => return Err(malformed()),
                '"' => return Ok((term, &quoted[at + 1..])),
                '\\' => term.extend(chars.next().map(|(_, escaped)| escaped)),
                other => term.push(other),
            }
        }
        return Err(malformed());
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (term, rest) = text.split_at(end);
    if term.is_empty() || !term.chars().all(is_word) {
        return Err(malformed());
    }
    Ok((term.to_owned(), rest))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether the term stands in the message without a letter or digit going on at either end of it.
fn contains_word(message: &str, term: &str) -> bool {
    let (first, last) = (term.chars().next().is_some_and(is_word), term.chars().next_back().is_some_and(is_word));
    message.match_indices(term).any(|(start, _)| {
        let before = message[..start].chars().next_back().is_some_and(is_word);
        let after = message[start + term.len()..].chars().next().is_some_and(is_word);
        let goes_on = (first && before) || (last && after);
        !goes_on
    })
}
