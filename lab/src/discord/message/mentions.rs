//! Whom a message pings: what its text mentions, as far as `allowed_mentions` lets it (*Message Resource*, "Allowed
//! Mentions Object").

use serde_json::{Value, json};

use super::super::form::FormErrors;

/// How many users, and how many roles, may be listed.
const LISTED: usize = 100;

/// Whom a message pings.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    pub(super) everyone: bool,
    pub(super) roles: Vec<String>,
    pub(super) users: Vec<Value>,
}

/// Holds an `allowed_mentions` object against its rules.
pub(super) fn check(allowed: &Value, errors: &mut FormErrors) {
    let Value::Object(allowed) = allowed else {
        let message = "Only dictionaries may be used in a ModelType";
        return errors.push(&["allowed_mentions"], "MODEL_TYPE_CONVERT", message);
    };
    let parse = allowed.get("parse").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, kind) in parse.iter().enumerate() {
        if !["users", "roles", "everyone"].iter().any(|known| kind == known) {
            let path = ["allowed_mentions", "parse", &index.to_string()];
            errors.push(&path, "BASE_TYPE_CHOICES", "Value must be one of ('users', 'roles', 'everyone').");
        }
    }
    for kind in ["users", "roles"] {
        let listed = allowed.get(kind).and_then(Value::as_array).map_or(0, Vec::len);
        if listed > LISTED {
            let message = format!("Must be {LISTED} or fewer in length.");
            errors.push(&["allowed_mentions", kind], "BASE_TYPE_MAX_LENGTH", message);
        }
        if listed > 0 && parse.iter().any(|known| known == kind) {
            let message = format!("parse:[\"{kind}\"] and {kind}: [ids...] are mutually exclusive.");
            errors.push(&["allowed_mentions"], "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message);
        }
    }
}

/// Whom this text pings. Without `allowed_mentions`, everyone whom it mentions.
pub(super) fn of(content: &str, allowed: Option<&Value>) -> Mentions {
    let parses = |kind: &str| match allowed {
        None => true,
        Some(allowed) => allowed["parse"].as_array().is_some_and(|list| list.iter().any(|known| known == kind)),
    };
    let lists = |kind: &str, id: &str| {
        allowed.is_some_and(|allowed| allowed[kind].as_array().is_some_and(|list| list.iter().any(|known| known == id)))
    };
    let text = without_code(content);
    let everyone = parses("everyone") && (text.contains("@everyone") || text.contains("@here"));
    let mut mentions = Mentions { everyone, ..Mentions::default() };
    for (index, _) in text.match_indices("<@") {
        let Some((inside, _)) = text[index + 2..].split_once('>') else { continue };
        let (role, id) = match inside.strip_prefix('&') {
            Some(id) => (true, id),
            None => (false, inside.trim_start_matches('!')),
        };
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if !is_id {
            continue;
        }
        if role && (parses("roles") || lists("roles", id)) {
            mentions.roles.push(id.to_owned());
        } else if !role && (parses("users") || lists("users", id)) {
            mentions.users.push(json!({ "id": id }));
        }
    }
    mentions
}

/// The text without its code spans and blocks, in which Discord reads no mentions.
fn without_code(content: &str) -> String {
    let pieces: Vec<_> = content.split('`').collect();
    // An opening mark that nothing closes is a mark, and what follows it is text.
    let unclosed = (pieces.len() % 2 == 0).then(|| pieces.last().copied()).flatten();
    pieces.iter().step_by(2).copied().chain(unclosed).collect::<Vec<_>>().join(" ")
}
