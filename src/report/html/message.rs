//! A Discord message as HTML. Every text goes through [`Text`], which leaves no mark-up in it.

use std::fmt::{self, Display, Formatter};

use askama::filters::{Escaper as _, Html};

use crate::report::discord::{Block, Inline, Item};
use crate::text::kst;

/// A text, escaped: it can stand between tags and inside a quoted attribute.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Html.write_escaped_str(f, self.0)
    }
}

/// Blocks as HTML.
pub(super) struct Blocks<'a>(pub(super) &'a [Block]);

/// Parts of a line as HTML.
pub(super) struct Line<'a>(pub(super) &'a [Inline]);

// Both write tags of their own and escaped texts.
impl askama::filters::HtmlSafe for Blocks<'_> {}
impl askama::filters::HtmlSafe for Line<'_> {}

impl Display for Blocks<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|block| one_block(block, f))
    }
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| one_part(part, f))
    }
}

fn one_block(block: &Block, f: &mut Formatter<'_>) -> fmt::Result {
    match block {
        Block::Text(text) => write!(f, "<div class=\"line\">{}</div>", Line(text)),
        // The page has headings of its own: a message's are none of them.
        Block::Heading(level, text) => write!(f, "<p class=\"line big{level}\">{}</p>", Line(text)),
        Block::Subtext(text) => write!(f, "<p class=\"line small\">{}</p>", Line(text)),
        Block::Quote(inside) => write!(f, "<blockquote>{}</blockquote>", Blocks(inside)),
        Block::List(None, items) => write!(f, "<ul>{}</ul>", Items(items)),
        Block::List(Some(first), items) => write!(f, "<ol start=\"{first}\">{}</ol>", Items(items)),
        Block::Code(code) => write!(f, "<pre><code>{}</code></pre>", Text(code)),
    }
}

struct Items<'a>(&'a [Item]);

impl Display for Items<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut items = self.0.iter();
        items.try_for_each(|Item { text, below }| write!(f, "<li>{}{}</li>", Line(text), Blocks(below)))
    }
}

fn one_part(part: &Inline, f: &mut Formatter<'_>) -> fmt::Result {
    match part {
        Inline::Text(text) => Text(text).fmt(f),
        Inline::Code(code) => write!(f, "<code>{}</code>", Text(code)),
        Inline::Strong(inside) => write!(f, "<strong>{}</strong>", Line(inside)),
        Inline::Emphasis(inside) => write!(f, "<em>{}</em>", Line(inside)),
        Inline::Underline(inside) => write!(f, "<u>{}</u>", Line(inside)),
        Inline::Strike(inside) => write!(f, "<s>{}</s>", Line(inside)),
        // It can be focused, so that it can be uncovered without a mouse.
        Inline::Spoiler(inside) => write!(f, "<span class=\"spoiler\" tabindex=\"0\">{}</span>", Line(inside)),
        Inline::Link { url, inside } => {
            let url = Text(url);
            write!(f, "<a href=\"{url}\" rel=\"noopener noreferrer nofollow\">{}</a>", Line(inside))
        }
        Inline::Mention(name) => write!(f, "<span class=\"mention\">{}</span>", Text(name)),
        Inline::Time(time) => write!(f, "<time datetime=\"{time}\">{}</time>", kst(*time)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::discord::Message;

    fn shown(content: &str) -> String {
        Blocks(&Message::of(&json!({ "content": content })).content).to_string()
    }

    #[test]
    fn a_message_writes_no_tag_of_its_own() {
        let attack = r#"<img src=x onerror="hacked()">"#;
        for text in [
            attack.to_owned(),
            format!("**{attack}** _{attack}_ ||{attack}|| ~~{attack}~~"),
            format!("`{attack}`\n```\n{attack}\n```\n> {attack}\n# {attack}\n- {attack}\n1. {attack}\n-# {attack}"),
            format!("[{attack}](https://a.example/\"onclick=\"hacked())"),
            "https://a.example/\"onmouseover=\"hacked()".to_owned(),
        ] {
            let html = shown(&text);
            assert!(!html.contains("<img") && !html.contains("\"on"), "{html}");
            assert!(html.contains("hacked("), "it is shown as text: {html}");
        }
        assert!(!shown("[x](javascript:hacked())").contains("<a"));
    }

    #[test]
    fn what_discord_renders_is_rendered() {
        assert_eq!(shown(r"**Port 22**\nopen"), r#"<div class="line"><strong>Port 22</strong>\nopen</div>"#);
        assert_eq!(shown("- `a`\n  - b"), "<ul><li><code>a</code><ul><li>b</li></ul></li></ul>");
    }
}
