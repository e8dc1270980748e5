//! The errors of a form, in the tree in which Discord reports them.

use serde_json::{Map, Value, json};

/// Errors of a form: a code and a text at a path of keys and indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormErrors {
    errors: Vec<FormError>,
}

/// One error of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// Where: keys and indices, outermost first; empty for the form itself.
    pub path: Vec<String>,
    /// Discord's name for the kind of error, for example `BASE_TYPE_MAX_LENGTH`.
    pub code: String,
    /// Discord's text.
    pub message: String,
}

impl FormErrors {
    /// An error at one place.
    pub(super) fn at(path: &[&str], code: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.push(path, code, message);
        errors
    }

    pub(super) fn push(&mut self, path: &[&str], code: &str, message: impl Into<String>) {
        let path = path.iter().map(|&key| key.to_owned()).collect();
        self.errors.push(FormError { path, code: code.to_owned(), message: message.into() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The errors in the order in which they were found.
    #[must_use]
    pub fn errors(&self) -> &[FormError] {
        &self.errors
    }

    /// The `errors` object of API version 8 and later: nested by path, each leaf an `_errors` list.
    pub(super) fn nested(&self) -> Value {
        let mut root = Map::new();
        for error in &self.errors {
            let mut node = &mut root;
            for key in &error.path {
                let child = node.entry(key.clone()).or_insert_with(|| json!({}));
                let Value::Object(child) = child else { unreachable!("every node on a path is an object") };
                node = child;
            }
            let list = node.entry("_errors").or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                list.push(json!({ "code": error.code, "message": error.message }));
            }
        }
        Value::Object(root)
    }

    /// The body of API version 7 and earlier: for each field its texts, or, where the error is deeper, the keys below
    /// it, so that a bad first embed is just `{"embeds": ["0"]}`.
    pub(super) fn flat(&self) -> Value {
        let mut root = Map::new();
        for error in &self.errors {
            let key = error.path.first().map_or("_misc", String::as_str);
            let text = error.path.get(1).unwrap_or(&error.message);
            let list = root.entry(key).or_insert_with(|| json!([]));
            if let Value::Array(list) = list
                && !list.iter().any(|known| known == text)
            {
                list.push(json!(text));
            }
        }
        Value::Object(root)
    }
}
