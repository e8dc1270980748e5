//! `Filter.N.Name` and `Filter.N.Value.M` of the describing calls.
//!
//! Filters are joined by and, the values of one filter by or. In a value `*` stands for any text, `?` for one character,
//! and a backslash takes the meaning from the character that follows.
//!
//! Source: "Filter your Amazon EC2 resources" in the EC2 user guide, and its "Error codes for the Amazon EC2 API".

use serde::Deserialize;

use super::region::Region;
use super::{invalid_value, missing};
use crate::gateway::error::AwsError;

/// How many filters a call may have, and how many values each of them.
const MOST_FILTERS: usize = 50;
const MOST_VALUES: usize = 200;

/// One filter of a call.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Filter {
    name: String,
    #[serde(default)]
    value: Vec<String>,
}

/// What a describing call can describe.
pub(super) trait Described {
    /// The filters that the resource has, besides those on tags.
    const FILTERS: &'static [&'static str];

    /// The id that the answers are ordered by and tags hang on.
    fn id(&self) -> &str;

    /// The values that a filter of [`Self::FILTERS`] is compared with; one that matches is enough.
    fn values(&self, filter: &str, region: &Region) -> Vec<String>;
}

/// Those of `items` that match all filters.
pub(super) fn select<'a, T: Described>(
    region: &Region,
    items: impl Iterator<Item = &'a T>,
    filters: &[Filter],
) -> Result<Vec<&'a T>, AwsError> {
    check::<T>(filters)?;
    Ok(items.filter(|item| filters.iter().all(|filter| matches(region, *item, filter))).collect())
}

/// Refuses filters that the resource does not have, by name.
pub(super) fn check<T: Described>(filters: &[Filter]) -> Result<(), AwsError> {
    let exceeded = |what: &str, most: usize| {
        let message = format!("The maximum number of {what} specified on a single call is {most}");
        Err(AwsError::bad_request("FilterLimitExceeded", message))
    };
    if filters.len() > MOST_FILTERS {
        return exceeded("filters", MOST_FILTERS);
    }
    if filters.iter().any(|filter| filter.value.len() > MOST_VALUES) {
        return exceeded("filter values", MOST_VALUES);
    }
    for filter in filters {
        let is_tag = filter.name.starts_with("tag:") || matches!(filter.name.as_str(), "tag-key" | "tag-value");
        if !is_tag && !T::FILTERS.contains(&filter.name.as_str()) {
            return Err(invalid_value(format!("The filter '{}' is invalid", filter.name)));
        }
        if filter.value.is_empty() {
            return Err(missing("Filter.Value"));
        }
    }
    Ok(())
}

fn matches<T: Described>(region: &Region, item: &T, filter: &Filter) -> bool {
    let tags = region.tags.of(item.id());
    let values = match filter.name.as_str() {
        "tag-key" => tags.iter().map(|tag| tag.key.clone()).collect(),
        "tag-value" => tags.iter().map(|tag| tag.value.clone()).collect(),
        name => match name.strip_prefix("tag:") {
            Some(key) => tags.iter().filter(|tag| tag.key == key).map(|tag| tag.value.clone()).collect(),
            None => item.values(name, region),
        },
    };
    filter.is_met_by(&values)
}

impl Filter {
    /// The filter's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the resource's values are compared with.
    pub(super) fn values(&self) -> &[String] {
        &self.value
    }

    /// Whether one of the resource's values matches one of the filter's.
    pub(super) fn is_met_by(&self, values: &[String]) -> bool {
        values.iter().any(|value| self.value.iter().any(|pattern| matches_pattern(pattern, value)))
    }
}

/// One character of a pattern, its backslashes resolved.
#[derive(Clone, Copy, PartialEq)]
enum Piece {
    Any,
    One,
    This(char),
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut chars = pattern.chars();
    let mut pieces = Vec::with_capacity(pattern.len());
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' => Piece::Any,
            '?' => Piece::One,
            '\\' => Piece::This(chars.next().unwrap_or('\\')),
            other => Piece::This(other),
        });
    }
    pieces
}

/// Goes back to the last star only, so that no pattern takes longer than its length times the text's.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pieces(pattern), text.chars().collect::<Vec<_>>());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Piece::Any) => {
                star = Some((p, t));
                p += 1;
            }
            Some(piece) if *piece == Piece::One || *piece == Piece::This(text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|piece| *piece == Piece::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_their_escapes() {
        for (pattern, text, wanted) in [
            ("web*", "web-1", true),
            ("web*", "a web", false),
            ("*-1", "web-1-1", true),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("*", "", true),
            ("", "a", false),
            (r"a\*b", "a*b", true),
            (r"a\*b", "axb", false),
            ("Web", "web", false),
            ("보안*", "보안그룹", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), wanted, "{pattern} {text}");
        }
    }
}
