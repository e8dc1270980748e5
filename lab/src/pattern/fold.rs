//! Letter case, as EventBridge ignores it.
//!
//! AWS looks at the pattern's text character by character: each stands for its own lower case and for its own upper case, and
//! for nothing else (`EqualsIgnoreCaseParser` of `aws/event-ruler`). So the comparison has a direction: `straße` accepts
//! `STRASSE`, since `ß` is `SS` in upper case, and not `strasse`; `ẞ` accepts `ß`, and `ß` does not accept `ẞ`.

/// Whether `text` is `pattern` in any letter case.
pub(super) fn equals(text: &str, pattern: &str) -> bool {
    from_the_front(text, pattern).contains(&text.len())
}

/// Whether `text` begins with `pattern` in any letter case.
pub(super) fn starts_with(text: &str, pattern: &str) -> bool {
    !from_the_front(text, pattern).is_empty()
}

/// Whether `text` ends with `pattern` in any letter case.
pub(super) fn ends_with(text: &str, pattern: &str) -> bool {
    let before = |at: usize, form: &str| text[..at].strip_suffix(form).map(str::len);
    !walk(text.len(), pattern.chars().rev(), before).is_empty()
}

/// Where `text` goes on after `pattern`: more than one place only if a character's two cases have different lengths.
fn from_the_front(text: &str, pattern: &str) -> Vec<usize> {
    let after = |at: usize, form: &str| text[at..].starts_with(form).then_some(at + form.len());
    walk(0, pattern.chars(), after)
}

fn walk(
    start: usize,
    characters: impl Iterator<Item = char>,
    step: impl Fn(usize, &str) -> Option<usize>,
) -> Vec<usize> {
    let mut places = vec![start];
    for character in characters {
        let forms = [character.to_lowercase().to_string(), character.to_uppercase().to_string()];
        let next = |at: &usize| forms.each_ref().map(|form| step(*at, form));
        places = places.iter().flat_map(next).flatten().collect();
        places.sort_unstable();
        places.dedup();
        if places.is_empty() {
            break;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::{ends_with, equals, starts_with};

    #[test]
    fn each_character_of_the_pattern_stands_for_its_two_cases() {
        for (pattern, text, wanted) in [
            ("alarm", "ALARM", true),
            ("ALARM", "alarm", true),
            ("aLaRm", "AlArM", true),
            ("alarm", "alarms", false),
            ("", "", true),
            ("", "a", false),
            ("경보", "경보", true),
            ("Größe", "GRÖSSE", true),
            ("Größe", "größe", true),
            ("Größe", "GRÖßE", true),
            ("Größe", "grösse", false),
            ("GRÖSSE", "größe", false),
            ("aßb", "asSb", false),
            ("\u{1e9e}", "ß", true),
            ("ß", "\u{1e9e}", false),
            // The Kelvin sign, which is a K in lower case only.
            ("\u{212a}", "k", true),
            ("k", "\u{212a}", false),
            // A letter that has a third case, which is neither of the two.
            ("\u{1c5}", "\u{1c4}", true),
            ("\u{1c5}", "\u{1c5}", false),
            ("ı", "I", true),
            ("I", "ı", false),
        ] {
            assert_eq!(equals(text, pattern), wanted, "{pattern} and {text}");
        }
    }

    #[test]
    fn an_affix_is_folded_alike_and_ends_between_characters() {
        assert!(starts_with("STRASSEN", "straße") && !starts_with("strassen", "straße"));
        assert!(ends_with("HAUPTSTRASSE", "straße") && !ends_with("Hauptstrasse", "straße"));
        assert!(starts_with("경보음", "경보") && ends_with("긴급경보", "경보"));
        assert!(starts_with("x", "") && ends_with("x", ""));
        assert!(!starts_with("a", "ab") && !ends_with("b", "ab"));
    }
}
