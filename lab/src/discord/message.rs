//! The message: read from a body, held against Discord's limits, and stored as Discord's message object.

mod draft;
mod embed;
mod mentions;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::form::FormErrors;
use super::webhook::Webhook;

pub(super) use draft::Draft;

/// Longest `content`, in code points.
const CONTENT: usize = 2000;
/// Longest `username`, in code points.
const USERNAME: usize = 80;
/// Most embeds in a message.
const EMBEDS: usize = 10;

/// Who sends, and when.
#[derive(Clone, Copy)]
pub(super) struct Author<'a> {
    pub(super) webhook: &'a Webhook,
    pub(super) now: Timestamp,
}

/// A file of a multipart form: what the message shows of it.
#[derive(Clone, Debug)]
pub(super) struct File {
    filename: String,
    content_type: Option<String>,
    size: usize,
}

impl Draft {
    /// Discord's message object for a new message.
    pub(super) fn message(&self, author: Author<'_>, id: &str, attachment_ids: &[String]) -> Value {
        let Author { webhook, now } = author;
        let content = self.content.clone().unwrap_or_default();
        let mentions = mentions::of(&content, self.allowed_mentions.as_ref());
        let attachments: Vec<_> = self.files.iter().zip(attachment_ids).map(|(file, id)| file.object(id)).collect();
        json!({
            "type": 0,
            "content": content,
            "mentions": mentions.users,
            "mention_roles": mentions.roles,
            "attachments": attachments,
            "embeds": self.embeds.clone().unwrap_or_default(),
            "timestamp": timestamp(now),
            "edited_timestamp": null,
            "flags": self.flags,
            "components": [],
            "id": id,
            "channel_id": webhook.channel_id,
            "author": {
                "id": webhook.id,
                "username": self.username.as_ref().unwrap_or(&webhook.name),
                "avatar": null,
                "discriminator": "0000",
                "public_flags": 0,
                "flags": 0,
                "bot": true,
                "global_name": null,
            },
            "pinned": false,
            "mention_everyone": mentions.everyone,
            "tts": self.tts,
            "webhook_id": webhook.id,
        })
    }

    /// The stored message with this edit: absent fields stay, mentions are read anew.
    pub(super) fn edit(&self, message: &Value, now: Timestamp) -> Value {
        let mut edited = message.clone();
        if let Some(content) = &self.content {
            let mentions = mentions::of(content, self.allowed_mentions.as_ref());
            edited["content"] = json!(content);
            edited["mentions"] = json!(mentions.users);
            edited["mention_roles"] = json!(mentions.roles);
            edited["mention_everyone"] = json!(mentions.everyone);
        }
        if let Some(embeds) = &self.embeds {
            edited["embeds"] = json!(embeds);
        }
        edited["edited_timestamp"] = json!(timestamp(now));
        edited
    }
}

impl File {
    fn object(&self, id: &str) -> Value {
        let mut object = json!({ "id": id, "filename": self.filename, "size": self.size });
        if let Some(content_type) = &self.content_type {
            object["content_type"] = json!(content_type);
        }
        object
    }
}

/// Whether nothing of this stored message could be seen.
pub(super) fn is_empty(message: &Value) -> bool {
    let none = |key: &str| message[key].as_array().is_none_or(Vec::is_empty);
    message["content"].as_str().is_none_or(str::is_empty) && none("embeds") && none("attachments")
}

/// A webhook's name or a message's `username`, if Discord lets it be one.
pub(super) fn username(value: &Value, field: &str) -> Result<String, FormErrors> {
    let name = text(value).map_err(|message| FormErrors::at(&[field], "STRING_TYPE_CONVERT", message))?;
    let name = name.trim().to_owned();
    if !(1..=USERNAME).contains(&length(&name)) {
        let message = format!("Must be between 1 and {USERNAME} in length.");
        return Err(FormErrors::at(&[field], "BASE_TYPE_BAD_LENGTH", message));
    }
    let lower = name.to_lowercase();
    if let Some(part) = ["clyde", "discord"].into_iter().find(|part| lower.contains(part)) {
        let message = format!("Username cannot contain \"{part}\"");
        return Err(FormErrors::at(&[field], "USERNAME_INVALID_CONTAINS", message));
    }
    if let "everyone" | "here" = lower.as_str() {
        return Err(FormErrors::at(&[field], "USERNAME_INVALID", format!("Username cannot be \"{lower}\"")));
    }
    Ok(name)
}

/// The length as Discord counts it: code points.
fn length(text: &str) -> usize {
    text.chars().count()
}

/// A string field. Discord turns numbers and truth values into text and refuses lists and objects.
fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(if *truth { "True" } else { "False" }.to_owned()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(format!("Could not interpret \"{value}\" as string.")),
    }
}

/// Discord's form of a time: microseconds and an offset.
fn timestamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}

/// A field that is there and not null.
fn present<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).filter(|value| !value.is_null())
}
