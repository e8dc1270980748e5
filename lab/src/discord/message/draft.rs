//! A message as the body gives it.

use serde_json::{Map, Value, json};

use super::super::form::FormErrors;
use super::super::multipart;
use super::super::refusal::Refusal;
use super::super::request::Request;
use super::{CONTENT, EMBEDS, File, embed, length, mentions, present, text, username};

/// The content types that a webhook takes.
const CONTENT_TYPES: &str = "{'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'}";

/// How many files a message has at the most.
const FILES: usize = 10;

/// What a body asks to be sent, checked.
#[derive(Debug, Default)]
pub(in super::super) struct Draft {
    pub(super) content: Option<String>,
    pub(super) username: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) allowed_mentions: Option<Value>,
    pub(super) tts: bool,
    pub(super) flags: u64,
    pub(super) files: Vec<File>,
}

impl Draft {
    /// Reads the body by its content type and checks every limit.
    pub(in super::super) fn parse(request: &Request) -> Result<Self, Refusal> {
        let content_type = request.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let (form, files) = match media_type.as_str() {
            "application/json" => (json_form(&request.body)?, Vec::new()),
            "application/x-www-form-urlencoded" => (encoded_form(&request.body), Vec::new()),
            "multipart/form-data" => multipart_form(content_type, &request.body)?,
            _ => {
                let message = format!("Expected \"Content-Type\" header to be one of {CONTENT_TYPES}.");
                return Err(Refusal::InvalidForm(FormErrors::at(&[], "CONTENT_TYPE_INVALID", message)));
            }
        };
        Self::check(&form, files)
    }

    /// Whether there is nothing to send.
    pub(in super::super) fn is_empty(&self) -> bool {
        self.content.as_ref().is_none_or(String::is_empty)
            && self.embeds.as_ref().is_none_or(Vec::is_empty)
            && self.files.is_empty()
    }

    /// The files of a multipart form.
    pub(in super::super) fn files(&self) -> &[File] {
        &self.files
    }

    fn check(form: &Map<String, Value>, files: Vec<File>) -> Result<Self, Refusal> {
        if present(form, "thread_name").is_some() {
            return Err(Refusal::ThreadOutsideForum);
        }
        for unsupported in ["poll", "components"] {
            if present(form, unsupported).is_some_and(|value| *value != json!([])) {
                return Err(Refusal::NotBuilt(if unsupported == "poll" { "polls" } else { "components" }));
            }
        }
        let mut errors = FormErrors::default();
        let draft = Self {
            content: present(form, "content").and_then(|value| content(value, &mut errors)),
            username: present(form, "username").and_then(|value| match username(value, "username") {
                Ok(name) => Some(name),
                Err(found) => {
                    found.errors().iter().for_each(|error| errors.push(&["username"], &error.code, &*error.message));
                    None
                }
            }),
            embeds: present(form, "embeds").and_then(|value| embeds(value, &mut errors)),
            allowed_mentions: present(form, "allowed_mentions").cloned(),
            tts: present(form, "tts").is_some_and(|value| *value == json!(true) || *value == json!("true")),
            flags: present(form, "flags").and_then(Value::as_u64).unwrap_or_default(),
            files,
        };
        if draft.files.len() > FILES {
            errors.push(&["attachments"], "BASE_TYPE_MAX_LENGTH", format!("Must be {FILES} or fewer in length."));
        }
        if let Some(allowed) = &draft.allowed_mentions {
            mentions::check(allowed, &mut errors);
        }
        if errors.is_empty() { Ok(draft) } else { Err(Refusal::InvalidForm(errors)) }
    }
}

fn content(value: &Value, errors: &mut FormErrors) -> Option<String> {
    match text(value) {
        Err(message) => errors.push(&["content"], "STRING_TYPE_CONVERT", message),
        Ok(text) if length(&text) > CONTENT => {
            errors.push(&["content"], "BASE_TYPE_MAX_LENGTH", format!("Must be {CONTENT} or fewer in length."));
        }
        Ok(text) => return Some(text.trim().to_owned()),
    }
    None
}

fn embeds(value: &Value, errors: &mut FormErrors) -> Option<Vec<Value>> {
    let Some(list) = value.as_array() else {
        errors.push(&["embeds"], "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        return None;
    };
    if list.len() > EMBEDS {
        errors.push(&["embeds"], "BASE_TYPE_MAX_LENGTH", format!("Must be {EMBEDS} or fewer in length."));
        return None;
    }
    Some(embed::check(list, errors))
}

fn json_form(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(form)) => Ok(form),
        Ok(_) => {
            let message = "Only dictionaries may be used in a DictType";
            Err(Refusal::InvalidForm(FormErrors::at(&[], "DICT_TYPE_CONVERT", message)))
        }
        Err(_) => Err(Refusal::InvalidJson),
    }
}

fn encoded_form(body: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), json!(value))).collect()
}

fn multipart_form(content_type: &str, body: &[u8]) -> Result<(Map<String, Value>, Vec<File>), Refusal> {
    // A form that cannot be taken apart has no fields: it is an empty message.
    let parts = multipart::boundary(content_type).and_then(|boundary| multipart::parts(body, &boundary));
    let parts = parts.ok_or(Refusal::EmptyMessage)?;
    let (mut fields, mut files, mut payload) = (Map::new(), Vec::new(), None);
    for part in &parts {
        match &part.filename {
            Some(filename) => files.push(File {
                filename: filename.clone(),
                content_type: part.content_type.clone(),
                size: part.body.len(),
            }),
            None if part.name == "payload_json" => payload = Some(payload_json(part.body)?),
            None => {
                fields.insert(part.name.clone(), json!(part.text()));
            }
        }
    }
    Ok((payload.unwrap_or(fields), files))
}

/// The text is that of `discord/discord-api-docs#4732`; the code's name is not documented.
fn payload_json(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body).map_err(|_| {
        let message = "Expected \"payload_json\" to be a valid JSON string.";
        Refusal::InvalidForm(FormErrors::at(&["payload_json"], "PAYLOAD_JSON_INVALID", message))
    })
}
