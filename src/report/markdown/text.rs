//! Texts of others in Markdown: nothing in them means anything.

/// A text in a line. Marks are escaped, and a mention reaches nobody.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '$' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' if characters.peek().is_some_and(|next| next.is_alphanumeric()) => out.push_str("@<!-- -->"),
            '\n' | '\r' => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// A text in the cell of a table: a long one breaks only where it has spaces.
pub(super) fn cell(text: &str) -> String {
    inline(text.trim())
}

/// A text that people may have to copy, in a cell of a table, where a bar in code too has to be escaped.
pub(super) fn cell_code(text: &str) -> String {
    code(text).replace('|', r"\|")
}

/// A text that people may have to copy, in a line.
pub(super) fn code(text: &str) -> String {
    let marks = "`".repeat(longest_run(text) + 1);
    let text = text.replace(['\n', '\r'], " ");
    // A space sets a backtick at its end apart.
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{marks}{space}{text}{space}{marks}")
}

/// A text of several lines as it is, in a block that it cannot end.
pub(super) fn fenced(text: &str, language: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// A text between HTML's tags.
pub(super) fn html(text: &str) -> String {
    inline(text)
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_cannot_be_left() {
        assert_eq!(fenced("a", "text"), "```text\na\n```\n");
        assert_eq!(fenced("```\n# out\n````", "text"), "`````text\n```\n# out\n````\n`````\n");
    }

    #[test]
    fn a_line_means_nothing_and_calls_nobody() {
        assert_eq!(inline("a|b <img> **x** _y_ [z](w)\n# q"), r"a\|b &lt;img&gt; \*\*x\*\* \_y\_ \[z\](w) \# q");
        assert_eq!(inline("@everyone, a@b.example, @ noon"), "@<!-- -->everyone, a@<!-- -->b.example, @ noon");
    }

    #[test]
    fn code_holds_backticks_and_bars() {
        assert_eq!(code("a`b|c"), "``a`b|c``");
        assert_eq!(cell_code("a`b|c"), r"``a`b\|c``");
        assert_eq!(code("`a`"), "`` `a` ``");
    }
}
