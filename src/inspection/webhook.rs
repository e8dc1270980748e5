//! The webhook that a function posts to. It answers a GET without sending anything.
//!
//! Source: "Get Webhook with Token" in Discord's documentation of webhooks.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{WebhookAnswer, WebhookFacts};
use crate::sdk;
use crate::target::client_for;

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the webhook whose address is in this variable, or else in any other; none where no variable has one.
pub(super) async fn read(variables: &BTreeMap<String, String>, expected: &str) -> Option<WebhookFacts> {
    let (variable, value) = variables
        .get_key_value(expected)
        .filter(|(_, value)| !value.trim().is_empty())
        .or_else(|| variables.iter().find(|(_, value)| value.contains("/api/webhooks/")))?;
    let (shown, answer) = match address(value) {
        Ok(shown) => (shown, ask(value).await),
        Err(why) => (redacted(value), WebhookAnswer::Malformed(why)),
    };
    Some(WebhookFacts { variable: variable.clone(), shown, answer })
}

/// The address without its token; or why it is none.
fn address(value: &str) -> Result<String, String> {
    let url = reqwest::Url::parse(value).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("its scheme is {}", url.scheme()));
    }
    if value.trim() != value {
        return Err("a space or a line break stands around it".to_owned());
    }
    let parts: Vec<&str> = url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    // The API's version may stand between: /api/v10/webhooks/….
    let after = parts.iter().position(|part| *part == "webhooks").map(|at| &parts[at + 1..]);
    match after {
        Some([id, token]) if id.bytes().all(|byte| byte.is_ascii_digit()) && !token.is_empty() => Ok(redacted(value)),
        Some([_, _, "slack" | "github"]) => Err("it is the address for Slack's or GitHub's messages".to_owned()),
        Some([_]) => Err("its token is missing".to_owned()),
        _ => Err("its path is not /api/webhooks/ID/TOKEN".to_owned()),
    }
}

/// The value without anything that could be a secret: what stands before a host, and what stands behind the webhook's id.
fn redacted(value: &str) -> String {
    let Some((head, rest)) = value.split_once("/webhooks/") else {
        return format!("{} characters without /webhooks/", value.chars().count());
    };
    let id = rest.split('/').next().unwrap_or_default();
    match (head.split_once("://"), head.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}/webhooks/{id}/…"),
        _ => format!("{head}/webhooks/{id}/…"),
    }
}

async fn ask(url: &str) -> WebhookAnswer {
    let unreachable = |error: reqwest::Error| WebhookAnswer::Unreachable(sdk::cause(&error).to_string());
    let client = match client_for(url).timeout(PATIENCE).build() {
        Ok(client) => client,
        Err(error) => return unreachable(error),
    };
    match client.get(url).send().await {
        Ok(answer) => WebhookAnswer::Status(answer.status().as_u16()),
        Err(error) => unreachable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_token() {
        let shown = address("https://discord.com/api/webhooks/1234/s3cret-token").unwrap();
        assert_eq!(shown, "https://discord.com/api/webhooks/1234/…");
        assert_eq!(
            address("https://discord.com/api/v10/webhooks/1/t").unwrap(),
            "https://discord.com/api/v10/webhooks/1/…"
        );
    }

    #[test]
    fn what_is_no_address_is_told_why() {
        for (value, why) in [
            ("discord.com/api/webhooks/1/t", "relative URL without a base"),
            ("ftp://discord.com/api/webhooks/1/t", "its scheme is ftp"),
            ("https://discord.com/api/webhooks/1/t\n", "a space or a line break stands around it"),
            ("https://discord.com/api/webhooks/1", "its token is missing"),
            ("https://discord.com/api/webhooks/name/t", "its path is not /api/webhooks/ID/TOKEN"),
            ("https://discord.com/channels/1/2", "its path is not /api/webhooks/ID/TOKEN"),
        ] {
            assert_eq!(address(value).unwrap_err(), why, "{value}");
        }
    }

    #[test]
    fn nothing_secret_is_shown_of_what_is_malformed() {
        assert!(!redacted("https://user:pass@discord.com/api/webhooks/1/tok").contains("pass"));
        assert!(!redacted("discord.com/api/webhooks/1/tok/slack").contains("tok"));
        assert_eq!(redacted("s3cret-token-of-mine"), "20 characters without /webhooks/");
    }
}
