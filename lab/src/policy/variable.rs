//! Policy variables: `${aws:PrincipalTag/team, 'none'}` in a resource or in a string or ARN condition, 2012-10-17 only.
//!
//! Source: IAM User Guide, *IAM policy elements: Variables and tags*.

use super::request::RequestContext;
use super::wildcard::Token;

/// A policy value that may hold wildcards and variables, as it was written and in parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Token(Token),
    Variable { key: String, default: Option<String> },
}

/// The variable that the request gives no single value for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unresolved(pub(super) String);

/// Which of the language's features are alive in a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    pub(super) wildcards: bool,
    pub(super) variables: bool,
}

impl Template {
    pub(super) fn parse(source: &str, features: Features) -> Self {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            if features.variables
                && let Some((part, after)) = variable(rest)
            {
                parts.push(part);
                rest = after;
                continue;
            }
            let token = match c {
                '*' if features.wildcards => Token::Any,
                '?' if features.wildcards => Token::One,
                c => Token::Literal(c),
            };
            parts.push(Part::Token(token));
            rest = &rest[c.len_utf8()..];
        }
        Self { source: source.to_owned(), parts }
    }

    /// The value as the policy has it.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The pattern for this request. A variable's value is literal text, wildcards in it included.
    pub(super) fn resolve(&self, request: &RequestContext) -> Result<Vec<Token>, Unresolved> {
        let mut tokens = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                Part::Token(token) => tokens.push(*token),
                Part::Variable { key, default } => {
                    // Multivalued keys cannot be variables: "Single-valued vs. multivalued context keys".
                    let value = match (request.values(key), default) {
                        (Some([value]), _) => value,
                        (_, Some(default)) => default,
                        (_, None) => return Err(Unresolved(key.clone())),
                    };
                    tokens.extend(value.chars().map(Token::Literal));
                }
            }
        }
        Ok(tokens)
    }
}

/// The variable that `text` begins with, and what follows it. Anything that is not a whole variable is literal text.
fn variable(text: &str) -> Option<(Part, &str)> {
    let (body, after) = text.strip_prefix("${")?.split_once('}')?;
    let part = match body {
        "*" | "?" | "$" => Part::Token(Token::Literal(body.chars().next()?)),
        _ => match body.split_once(',') {
            None => Part::Variable { key: body.trim().to_owned(), default: None },
            Some((key, default)) => {
                let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                Part::Variable { key: key.trim().to_owned(), default: Some(default.to_owned()) }
            }
        },
    };
    Some((part, after))
}
