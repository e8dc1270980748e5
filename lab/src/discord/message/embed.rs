//! The limits of embeds (*Message Resource*, "Embed Limits"): each text's own, and 6000 for all of them together.

use serde_json::{Map, Value, json};

use super::super::form::FormErrors;
use super::{length, present, text};

/// Most code points in all embeds of a message.
const TOTAL: usize = 6000;
/// Most fields in an embed.
const FIELDS: usize = 25;
/// The largest colour.
const COLOR: u64 = 0xFF_FFFF;

/// The embeds as Discord stores them: `rich`, texts trimmed. What breaks a limit goes to `errors`.
pub(super) fn check(embeds: &[Value], errors: &mut FormErrors) -> Vec<Value> {
    let before = errors.errors().len();
    let mut total = 0;
    let mut stored = Vec::new();
    for (index, embed) in embeds.iter().enumerate() {
        let index = index.to_string();
        let mut checker = Checker { errors: &mut *errors, total: &mut total };
        match embed {
            Value::Object(embed) => stored.push(checker.embed(embed, &["embeds", &index])),
            _ => checker.not_an_object(&["embeds", &index]),
        }
    }
    if total > TOTAL && errors.errors().len() == before {
        errors.push(&["embeds"], "MAX_EMBED_SIZE_EXCEEDED", format!("Embed size exceeds maximum size of {TOTAL}"));
    }
    stored
}

struct Checker<'a> {
    errors: &'a mut FormErrors,
    total: &'a mut usize,
}

impl Checker<'_> {
    fn embed(&mut self, embed: &Map<String, Value>, path: &[&str]) -> Value {
        let mut stored = embed.clone();
        stored.insert("type".to_owned(), json!("rich"));
        for (key, limit) in [("title", 256), ("description", 4096)] {
            if let Some(value) = present(embed, key) {
                stored.insert(key.to_owned(), json!(self.text(value, limit, &join(path, &[key]))));
            }
        }
        for (key, name, limit) in [("footer", "text", 2048), ("author", "name", 256)] {
            if let Some(value) = present(embed, key).and_then(|part| part.get(name)) {
                stored[key][name] = json!(self.text(value, limit, &join(path, &[key, name])));
            }
        }
        if let Some(fields) = present(embed, "fields") {
            stored.insert("fields".to_owned(), json!(self.fields(fields, &join(path, &["fields"]))));
        }
        self.color(embed, path);
        self.timestamp(embed, path);
        self.urls(embed, path);
        Value::Object(stored)
    }

    fn fields(&mut self, fields: &Value, path: &[&str]) -> Vec<Value> {
        let Some(list) = fields.as_array() else {
            self.errors.push(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
            return Vec::new();
        };
        if list.len() > FIELDS {
            self.errors.push(path, "BASE_TYPE_MAX_LENGTH", format!("Must be {FIELDS} or fewer in length."));
            return Vec::new();
        }
        let mut stored = Vec::new();
        for (index, field) in list.iter().enumerate() {
            let index = index.to_string();
            let Value::Object(field) = field else {
                self.not_an_object(&join(path, &[&index]));
                continue;
            };
            let name = self.required(field, "name", 256, &join(path, &[&index, "name"]));
            let value = self.required(field, "value", 1024, &join(path, &[&index, "value"]));
            let inline = field.get("inline").and_then(Value::as_bool).unwrap_or_default();
            stored.push(json!({ "name": name, "value": value, "inline": inline }));
        }
        stored
    }

    /// A text that must be there and must not be white space alone.
    fn required(&mut self, field: &Map<String, Value>, key: &str, limit: usize, path: &[&str]) -> String {
        let text = present(field, key).map(|value| self.text(value, limit, path));
        if text.as_ref().is_none_or(|text| text.is_empty()) {
            self.errors.push(path, "BASE_TYPE_REQUIRED", "This field is required");
        }
        text.unwrap_or_default()
    }

    fn text(&mut self, value: &Value, limit: usize, path: &[&str]) -> String {
        match text(value) {
            Ok(text) => {
                let text = text.trim();
                *self.total += length(text);
                if length(text) > limit {
                    let message = format!("Must be {limit} or fewer in length.");
                    self.errors.push(path, "BASE_TYPE_MAX_LENGTH", message);
                }
                text.to_owned()
            }
            Err(message) => {
                self.errors.push(path, "STRING_TYPE_CONVERT", message);
                String::new()
            }
        }
    }

    fn color(&mut self, embed: &Map<String, Value>, path: &[&str]) {
        let Some(value) = present(embed, "color") else { return };
        let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        match number {
            Some(number) if number <= COLOR => {}
            Some(_) => {
                let message = format!("int value should be less than or equal to {COLOR}.");
                self.errors.push(&join(path, &["color"]), "NUMBER_TYPE_MAX", message);
            }
            None => {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let message = format!("Value \"{shown}\" is not int.");
                self.errors.push(&join(path, &["color"]), "NUMBER_TYPE_COERCE", message);
            }
        }
    }

    fn timestamp(&mut self, embed: &Map<String, Value>, path: &[&str]) {
        let Some(value) = present(embed, "timestamp") else { return };
        let parsed = value.as_str().is_some_and(|text| {
            text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok()
        });
        if !parsed {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let message = format!("Could not parse {shown}. Should be ISO8601.");
            self.errors.push(&join(path, &["timestamp"]), "DATE_TIME_TYPE_PARSE", message);
        }
    }

    fn urls(&mut self, embed: &Map<String, Value>, path: &[&str]) {
        let places: [&[&str]; 6] = [
            &["url"],
            &["image", "url"],
            &["thumbnail", "url"],
            &["author", "url"],
            &["author", "icon_url"],
            &["footer", "icon_url"],
        ];
        for place in places {
            let value = place.iter().try_fold(&Value::Null, |node, key| match node {
                Value::Null => present(embed, key),
                _ => node.get(key).filter(|value| !value.is_null()),
            });
            let Some(value) = value else { continue };
            let known = ["http://", "https://", "attachment://"];
            let well_formed = value.as_str().is_some_and(|url| {
                known.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
                    && !url.contains(char::is_whitespace)
            });
            if !well_formed {
                self.errors.push(&join(path, place), "URL_TYPE_INVALID_URL", "Not a well formed URL.");
            }
        }
    }

    fn not_an_object(&mut self, path: &[&str]) {
        self.errors.push(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
    }
}

fn join<'a>(path: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [path, rest].concat()
}
