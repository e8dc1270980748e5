//! A Discord message as its readers see it: what Discord's client makes of the message object, as a tree.
//!
//! ```text
//! message object ─► Message ─┬─ content, embeds ─► blocks (quote, heading, list, code) ─► inlines (bold, link, …)
//!                            └─ author, files
//! ```
//! Sources: "Message Object" and "Embed Object" in Discord's developer documentation, "Markdown Text 101" and "Message
//! Formatting" for what is rendered. What Discord does not know stays text: the two characters `\n` are no line break.

mod block;
mod inline;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde_json::Value;

use crate::redaction;

/// How deep marks and quotes may stand in each other. What is deeper stays text.
const DEEPEST: usize = 12;

/// A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Message {
    /// Who it is from: the webhook's name, or the one that it gave itself.
    pub(super) author: String,
    pub(super) sent_at: Option<Timestamp>,
    pub(super) is_edited: bool,
    pub(super) content: Vec<Block>,
    pub(super) embeds: Vec<Embed>,
    /// The names of the files with it.
    pub(super) files: Vec<String>,
}

/// A box below a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Embed {
    /// The colour of its left edge, red, green and blue.
    pub(super) color: Option<u32>,
    pub(super) author: Vec<Inline>,
    pub(super) title: Vec<Inline>,
    pub(super) description: Vec<Block>,
    pub(super) fields: Vec<Field>,
    /// The addresses of its pictures. They are named, and not loaded.
    pub(super) images: Vec<String>,
    pub(super) footer: Option<String>,
    pub(super) timestamp: Option<Timestamp>,
}

/// A field of an embed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: Vec<Inline>,
    pub(super) value: Vec<Block>,
    /// Whether it stands beside others: up to three in a row.
    pub(super) is_inline: bool,
}

/// A part of a text that has lines of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Block {
    /// Lines, with their breaks.
    Text(Vec<Inline>),
    /// The largest has 1, the smallest 3.
    Heading(u8, Vec<Inline>),
    /// Small grey text.
    Subtext(Vec<Inline>),
    Quote(Vec<Self>),
    /// The number of the first item, where it is a list of numbers.
    List(Option<u32>, Vec<Item>),
    /// Nothing in it means anything.
    Code(String),
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) text: Vec<Inline>,
    /// Lists of items that stand deeper.
    pub(super) below: Vec<Block>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Inline {
    Text(String),
    Code(String),
    Strong(Vec<Self>),
    Emphasis(Vec<Self>),
    Underline(Vec<Self>),
    Strike(Vec<Self>),
    /// Hidden until its reader asks.
    Spoiler(Vec<Self>),
    Link {
        url: String,
        inside: Vec<Self>,
    },
    /// Of a user, a role, a channel, or of everyone.
    Mention(String),
    Time(Timestamp),
}

impl Message {
    /// What readers see of this message object.
    pub(super) fn of(message: &Value) -> Self {
        let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
        Self {
            author: text(&message["author"]["username"]),
            sent_at: time(&message["timestamp"]),
            is_edited: message["edited_timestamp"].is_string(),
            content: blocks(&message["content"]),
            embeds: list(&message["embeds"]).iter().map(Embed::of).collect(),
            files: list(&message["attachments"]).iter().map(|file| text(&file["filename"])).collect(),
        }
    }
}

impl Embed {
    fn of(embed: &Value) -> Self {
        let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        let images = ["image", "thumbnail"].into_iter().map(|name| text(&embed[name]["url"]));
        Self {
            color: embed["color"]
                .as_u64()
                .and_then(|color| u32::try_from(color).ok())
                .filter(|color| *color <= 0xFF_FFFF),
            author: linked(vec![Inline::Text(text(&embed["author"]["name"]))], &embed["author"]["url"]),
            title: linked(inline::parse(&text(&embed["title"])), &embed["url"]),
            description: blocks(&embed["description"]),
            fields: fields.iter().map(Field::of).collect(),
            images: images.filter(|url| !url.is_empty()).collect(),
            footer: Some(text(&embed["footer"]["text"])).filter(|text| !text.is_empty()),
            timestamp: time(&embed["timestamp"]),
        }
    }

    /// The fields as they stand side by side.
    pub(super) fn rows(&self) -> Vec<&[Field]> {
        let together = |one: &Field, next: &Field| one.is_inline && next.is_inline;
        self.fields.chunk_by(together).flat_map(|row| row.chunks(3)).collect()
    }
}

impl Field {
    fn of(field: &Value) -> Self {
        Self {
            name: inline::parse(&text(&field["name"])),
            value: blocks(&field["value"]),
            is_inline: field["inline"] == true,
        }
    }
}

/// A text without what is secret in it: cut out before marks take it apart.
fn text(value: &Value) -> String {
    redaction::without_tokens(value.as_str().unwrap_or_default()).into_owned()
}

fn blocks(value: &Value) -> Vec<Block> {
    block::parse(&text(value))
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// The text as a link, where there is an address; nothing where there is no text.
fn linked(inside: Vec<Inline>, url: &Value) -> Vec<Inline> {
    if inside.iter().all(|part| matches!(part, Inline::Text(text) if text.is_empty())) {
        return Vec::new();
    }
    match url.as_str().filter(|url| inline::is_address(url)) {
        Some(url) => vec![Inline::Link { url: redaction::without_tokens(url).into_owned(), inside }],
        None => inside,
    }
}

/// Everything that a message object says, as it was sent: its text, and that of its embeds.
pub(crate) fn plain(message: &Value) -> String {
    let part = |value: &Value| value.as_str().map(str::to_owned);
    let mut parts: Vec<String> = part(&message["content"]).into_iter().collect();
    for embed in message["embeds"].as_array().into_iter().flatten() {
        parts.extend(["title", "description"].iter().filter_map(|name| part(&embed[*name])));
        for field in embed["fields"].as_array().into_iter().flatten() {
            let (name, value) = (part(&field["name"]), part(&field["value"]));
            parts.push(format!("{}: {}", name.unwrap_or_default(), value.unwrap_or_default()));
        }
        parts.extend(part(&embed["footer"]["text"]));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}
