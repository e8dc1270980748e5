//! The wildcards of the policy language: `*` for any number of characters, `?` for exactly one.

/// One element of a pattern whose variables are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Literal(char),
    /// `*`
    Any,
    /// `?`
    One,
}

/// The tokens of a pattern without variables.
pub(super) fn tokens(pattern: &str) -> Vec<Token> {
    let token = |c| match c {
        '*' => Token::Any,
        '?' => Token::One,
        c => Token::Literal(c),
    };
    pattern.chars().map(token).collect()
}

/// Whether the whole text matches. Takes time proportional to pattern times text at worst, never more: a policy is a
/// stranger's input.
pub(super) fn matches(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut seen) = (0, 0);
    // The last `*`, and how much of the text it has swallowed: on a mismatch it swallows one character more.
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        match pattern.get(at) {
            Some(Token::Any) => {
                retry = Some((at, seen));
                at += 1;
            }
            Some(Token::One) => (at, seen) = (at + 1, seen + 1),
            Some(Token::Literal(c)) if *c == text[seen] => (at, seen) = (at + 1, seen + 1),
            _ => match retry {
                Some((star, swallowed)) => {
                    retry = Some((star, swallowed + 1));
                    (at, seen) = (star + 1, swallowed + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|token| *token == Token::Any)
}

/// As [`matches`], without regard to case.
pub(super) fn matches_ignoring_case(pattern: &[Token], text: &str) -> bool {
    let lower = |token: &Token| -> Vec<Token> {
        match token {
            Token::Literal(c) => c.to_lowercase().map(Token::Literal).collect(),
            wildcard => vec![*wildcard],
        }
    };
    // Per character, as for the pattern: `str::to_lowercase` treats a final sigma differently.
    let text: String = text.chars().flat_map(char::to_lowercase).collect();
    matches(&pattern.iter().flat_map(lower).collect::<Vec<_>>(), &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition itself, exponential and obvious.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(('*', rest)), _) => naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..])),
            (Some(('?', rest)), Some((_, tail))) => naive(rest, tail),
            (Some((c, rest)), Some((d, tail))) => c == d && naive(rest, tail),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?]{0,9}", text in "[ab]{0,9}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&tokens(&pattern), &text), naive(&p, &t));
        }

        #[test]
        fn a_text_matches_itself_in_any_case(text in "[^*?]{0,12}") {
            prop_assert!(matches(&tokens(&text), &text));
            let upper: String = text.chars().map(|c| c.to_ascii_uppercase()).collect();
            prop_assert!(matches_ignoring_case(&tokens(&text), &upper));
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        assert!(!matches(&tokens(&"a*".repeat(60)), &"a".repeat(50)));
        assert!(!matches(&tokens(&format!("{}b", "a*".repeat(40))), &"a".repeat(2000)));
    }
}
