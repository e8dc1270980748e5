//! Cross-origin requests to a function URL: Lambda answers the preflight itself and adds the headers to every answer.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderName,
    HeaderValue, VARY,
};
use serde::{Deserialize, Serialize};

use super::super::name::invalid;
use crate::gateway::error::AwsError;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow_headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow_origins: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expose_headers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
}

impl Cors {
    pub(super) fn check(&self) -> Result<(), AwsError> {
        // OPTIONS has seven letters: preflights are Lambda's own.
        if let Some(method) = self.allow_methods.iter().find(|method| method.len() > 6) {
            let constraint = "Member must satisfy constraint: [Member must have length less than or equal to 6, Member must \
                              have length greater than or equal to 0, Member must satisfy regular expression pattern: .*]";
            return Err(invalid(&format!("[{method}]"), "cors.allowMethods", constraint));
        }
        match self.max_age {
            Some(seconds) if seconds > 86_400 => {
                let constraint = "Member must have value less than or equal to 86400";
                Err(invalid(&seconds.to_string(), "cors.maxAge", constraint))
            }
            _ => Ok(()),
        }
    }

    /// Adds what lets the origin's scripts read the answer; nothing for an origin that is not allowed.
    pub(super) fn add(&self, headers: &mut HeaderMap, origin: &str) {
        let is_any = self.allow_origins.iter().any(|allowed| allowed == "*");
        if !is_any && !self.allow_origins.iter().any(|allowed| allowed == origin) {
            return;
        }
        // A wildcard does not go with credentials.
        let allowed = if is_any && self.allow_credentials != Some(true) { "*" } else { origin };
        set(headers, ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        set(headers, VARY, "Origin");
        if self.allow_credentials == Some(true) {
            set(headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers.join(","));
    }

    /// What a preflight is answered with beside that.
    pub(super) fn add_preflight(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            return;
        }
        set(headers, ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods.join(","));
        set(headers, ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers.join(","));
        if let Some(seconds) = self.max_age {
            set(headers, ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
    }
}

/// Replaces a header; an empty value sets none.
fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}
