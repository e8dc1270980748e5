//! `wildcard`: `*` stands for any characters, `\*` and `\\` for themselves.
//!
//! Source: "Wildcard matching" in the EventBridge user guide.

use std::collections::HashSet;

use super::error::Reason;

/// A compiled wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    written: String,
    /// The literal pieces between the stars: one more than there are stars.
    pieces: Vec<String>,
}

impl Wildcard {
    pub(crate) fn parse(text: &str) -> Result<Self, Reason> {
        let mut pieces = vec![String::new()];
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            // AWS counts bytes of the quoted string, so the first character is at position 1.
            let position = at + 1;
            let literal = match (character, characters.peek().map(|(_, next)| *next)) {
                ('*', Some('*')) => return Err(Reason::ConsecutiveWildcards(position)),
                ('*', _) => {
                    pieces.push(String::new());
                    continue;
                }
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    characters.next();
                    escaped
                }
                ('\\', _) => return Err(Reason::InvalidEscape(position)),
                (other, _) => other,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        Ok(Self { written: text.to_owned(), pieces })
    }

    /// The wildcard as the pattern has it.
    pub fn written(&self) -> &str {
        &self.written
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == text);
        };
        let Some(rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
            return false;
        };
        // The leftmost place for each piece leaves the most room for the next.
        let mut rest = rest;
        for piece in middle {
            let Some(at) = rest.find(piece.as_str()) else { return false };
            rest = &rest[at + piece.len()..];
        }
        true
    }

    /// The characters with `None` for a star, in the quotes that AWS's matcher sees too.
    fn tokens(&self) -> Vec<Option<char>> {
        let mut tokens = vec![Some('"')];
        for (at, piece) in self.pieces.iter().enumerate() {
            if at > 0 {
                tokens.push(None);
            }
            tokens.extend(piece.chars().map(Some));
        }
        tokens.push(Some('"'));
        tokens
    }
}

/// How many prefixes of the wildcards of one field one value may match at the same time before AWS refuses the rule.
///
/// AWS names neither the number nor the measure. The measure is the one that `aws/event-ruler` documents ("complexity"), and
/// the number is the largest that refuses the example of the user guide, `*:*:*:*:*:event-bus/*`.
const COMPLEXITY_LIMIT: usize = 10;

/// The effort after which a set of wildcards counts as too complex: far beyond what passes the limit.
const SEARCH_LIMIT: usize = 16_384;

/// Whether AWS refuses these wildcards of one field together.
pub(crate) fn too_complex<'w>(wildcards: impl Iterator<Item = &'w Wildcard>) -> bool {
    let wildcards: Vec<_> = wildcards.map(Wildcard::tokens).collect();
    if wildcards.is_empty() {
        return false;
    }
    let mut alphabet: Vec<Option<char>> = wildcards.iter().flatten().copied().filter(Option::is_some).collect();
    alphabet.sort_unstable();
    alphabet.dedup();
    alphabet.push(None);
    let start: Vec<(usize, usize)> = (0..wildcards.len()).map(|wildcard| (wildcard, 0)).collect();
    let mut seen = HashSet::from([start.clone()]);
    let mut pending = vec![start];
    while let Some(active) = pending.pop() {
        for character in &alphabet {
            let next = step(&wildcards, &active, *character);
            if next.len() >= COMPLEXITY_LIMIT || seen.len() > SEARCH_LIMIT {
                return true;
            }
            if !next.is_empty() && seen.insert(next.clone()) {
                pending.push(next);
            }
        }
    }
    false
}

/// The prefixes (wildcard, number of tokens) that are matched once `character` follows; `None` is one that no wildcard names.
fn step(wildcards: &[Vec<Option<char>>], active: &[(usize, usize)], character: Option<char>) -> Vec<(usize, usize)> {
    let mut next = Vec::new();
    for &(wildcard, matched) in active {
        let tokens = &wildcards[wildcard];
        if matched > 0 && tokens[matched - 1].is_none() {
            next.push((wildcard, matched));
        }
        if tokens.get(matched).is_some_and(|token| token.is_some() && *token == character) {
            next.push((wildcard, matched + 1));
            if tokens.get(matched + 1) == Some(&None) {
                next.push((wildcard, matched + 2));
            }
        }
    }
    next.sort_unstable();
    next.dedup();
    next
}
