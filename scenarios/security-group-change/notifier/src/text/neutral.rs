//! Text of others, made harmless: no Markdown, no mentions, no links, no characters that hide or reorder.

/// The length in UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The value in an inline code span of one line, its inside at most `longest` long; `None` if nothing of it shows.
pub(super) fn code(value: &str, longest: usize) -> Option<String> {
    let clean: String =
        value.chars().map(|character| if character.is_control() { ' ' } else { tame(character) }).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| format!("`{}`", truncated(clean, longest)))
}

/// The text in a code block, its line breaks kept, the whole at most `longest` long; `None` if nothing of it shows.
pub(super) fn block(text: &str, longest: usize) -> Option<String> {
    const MARKS: usize = "```\n\n```".len();
    let keep = |character: char| match character {
        '\n' | '\t' => character,
        _ if character.is_control() => ' ',
        _ => tame(character),
    };
    let clean: String = text.replace("\r\n", "\n").chars().map(keep).collect();
    let clean = clean.trim_matches('\n');
    (!clean.trim().is_empty()).then(|| format!("```\n{}\n```", truncated(clean, longest.saturating_sub(MARKS))))
}

/// The text, cut between two characters and marked with an ellipsis if it is longer.
fn truncated(text: &str, longest: usize) -> String {
    if length(text) <= longest {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut room = longest.saturating_sub(1);
    for character in text.chars() {
        match room.checked_sub(character.len_utf16()) {
            Some(left) => room = left,
            None => break,
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// The back-tick would end the code span. Marks of direction and of no width could make a value look like another:
/// they show as what they are, not readable.
fn tame(character: char) -> char {
    match character {
        '`' => '\'',
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{061C}' | '\u{FEFF}' => {
            '\u{FFFD}'
        }
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_can_leave_its_code_span() {
        assert_eq!(code("a`b``c", 50).unwrap(), "`a'b''c`");
        assert_eq!(code("line\none\r\n@everyone", 50).unwrap(), "`line one  @everyone`");
        assert_eq!(code("gnp.\u{202E}exe", 50).unwrap(), "`gnp.\u{FFFD}exe`");
        assert_eq!(code(" \n", 50), None);
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(code("가나다라", 4).unwrap(), "`가나다라`");
        assert_eq!(code("가나다라마", 4).unwrap(), "`가나다…`");
        // Two UTF-16 units each: the third does not fit whole.
        assert_eq!(code("🚨🚨🚨", 5).unwrap(), "`🚨🚨…`");
    }

    #[test]
    fn a_block_keeps_its_lines_and_its_length() {
        assert_eq!(block("one\r\ntwo ```js", 50).unwrap(), "```\none\ntwo '''js\n```");
        assert_eq!(length(&block(&"가".repeat(100), 50).unwrap()), 50);
    }
}
