//! The settings, from the environment.

use std::fmt;

use reqwest::Url;

/// The variable with the webhook's URL.
pub const WEBHOOK_VARIABLE: &str = "DISCORD_WEBHOOK_URL";
/// The variable with the language.
pub const LANGUAGE_VARIABLE: &str = "ALERT_LANGUAGE";

/// What Lambda sets for every function, and `lambda_runtime` cannot start without.
const LAMBDA_VARIABLES: [&str; 4] = [
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// The language of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Korean.
    #[default]
    Korean,
    /// English.
    English,
}

/// Where to send and in which language.
#[derive(Clone, Debug)]
pub struct Config {
    /// The webhook.
    pub webhook: WebhookUrl,
    /// The language.
    pub language: Language,
}

/// A webhook's URL. It is a secret: neither `Debug` nor any error shows it.
#[derive(Clone)]
pub struct WebhookUrl(Url);

/// A setting that cannot work.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No URL.
    #[error(
        "{WEBHOOK_VARIABLE} is not set: put the Discord channel's webhook URL into the function's environment variables"
    )]
    MissingWebhook,
    /// A URL that is none of a Discord webhook.
    #[error(
        "{WEBHOOK_VARIABLE} is not a Discord webhook URL: {0}; it must look like https://discord.com/api/webhooks/<id>/<token>"
    )]
    MalformedWebhook(&'static str),
    /// An unknown language.
    #[error("{LANGUAGE_VARIABLE} is \"{0}\"; it must be ko or en")]
    UnknownLanguage(String),
    /// Not inside Lambda.
    #[error("{0} is not set: this program runs as an AWS Lambda function")]
    NotInLambda(&'static str),
    /// Lambda's own variable is not what it must be.
    #[error("AWS_LAMBDA_FUNCTION_MEMORY_SIZE is not a number")]
    MalformedMemorySize,
}

impl Config {
    /// Reads the settings; `variable` gives the value of an environment variable.
    ///
    /// # Errors
    /// What is missing or malformed. The error never shows the webhook's URL.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let webhook = variable(WEBHOOK_VARIABLE).filter(|value| !value.trim().is_empty());
        let webhook = WebhookUrl::parse(&webhook.ok_or(ConfigError::MissingWebhook)?)?;
        let language = match variable(LANGUAGE_VARIABLE).as_deref().map(str::trim) {
            None | Some("") => Language::default(),
            Some(value) => Language::parse(value)?,
        };
        if let Some(missing) = LAMBDA_VARIABLES.into_iter().find(|name| variable(name).is_none()) {
            return Err(ConfigError::NotInLambda(missing));
        }
        if variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").is_some_and(|size| size.parse::<i32>().is_err()) {
            return Err(ConfigError::MalformedMemorySize);
        }
        Ok(Self { webhook, language })
    }
}

impl Language {
    fn parse(value: &str) -> Result<Self, ConfigError> {
        match value.to_ascii_lowercase().as_str() {
            "ko" => Ok(Self::Korean),
            "en" => Ok(Self::English),
            _ => Err(ConfigError::UnknownLanguage(value.to_owned())),
        }
    }
}

impl WebhookUrl {
    /// Reads a webhook's URL: `http` or `https`, any host (a proxy or a stand-in has its own), a path that ends in
    /// `webhooks/{id}/{token}`. White space around it, as pasting leaves it, is dropped.
    ///
    /// # Errors
    /// What is wrong, without the URL.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let mut url = Url::parse(text.trim()).map_err(|_| ConfigError::MalformedWebhook("it is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ConfigError::MalformedWebhook("it does not begin with https://"));
        }
        let segments: Vec<_> = url.path_segments().into_iter().flatten().collect();
        match segments.as_slice() {
            [.., "slack" | "github"] => {
                return Err(ConfigError::MalformedWebhook("it ends in /slack or /github, which take other messages"));
            }
            [.., "webhooks", id, token] if is_id(id) && !token.is_empty() => {}
            [.., "webhooks", id, _] if !is_id(id) => {
                return Err(ConfigError::MalformedWebhook("the part after /webhooks/ is not a number"));
            }
            [.., "webhooks", _] => return Err(ConfigError::MalformedWebhook("the token is missing")),
            _ => return Err(ConfigError::MalformedWebhook("its path is not that of a webhook")),
        }
        // Without `wait`, Discord answers 204 even for a message that it then fails to store (Webhook Resource).
        let kept: Vec<_> = url
            .query_pairs()
            .filter(|(name, _)| name != "wait")
            .map(|(n, v)| (n.into_owned(), v.into_owned()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept).append_pair("wait", "true");
        Ok(Self(url))
    }

    /// The URL, for sending alone.
    pub(crate) fn secret(&self) -> &Url {
        &self.0
    }

    /// Whether sending needs TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The secret half of the URL, to strike it from what others say.
    pub(crate) fn token(&self) -> &str {
        self.0.path_segments().into_iter().flatten().next_back().unwrap_or_default()
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({}, …)", self.0.host_str().unwrap_or_default())
    }
}

fn is_id(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(webhook: Option<&str>, language: Option<&str>) -> Result<Config, ConfigError> {
        Config::from_env(|name| match name {
            WEBHOOK_VARIABLE => webhook.map(str::to_owned),
            LANGUAGE_VARIABLE => language.map(str::to_owned),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" => Some("128".to_owned()),
            _ => Some("set".to_owned()),
        })
    }

    #[test]
    fn a_webhook_is_taken_as_it_is_pasted() {
        let config = read(Some(" https://discord.com/api/webhooks/123/secret-token\n"), None).unwrap();
        assert_eq!(config.webhook.secret().as_str(), "https://discord.com/api/webhooks/123/secret-token?wait=true");
        assert_eq!(config.language, Language::Korean);
        let threaded =
            read(Some("http://127.0.0.1:80/api/v10/webhooks/1/t?thread_id=5&wait=false"), Some("EN")).unwrap();
        assert_eq!(threaded.webhook.secret().query(), Some("thread_id=5&wait=true"));
        assert_eq!(threaded.language, Language::English);
    }

    #[test]
    fn what_is_no_webhook_is_named_and_not_shown() {
        for url in [
            "<webhook URL here> secret-token",
            "discord.com/api/webhooks/123/secret-token",
            "https://discord.com/api/webhooks/123/secret-token/slack",
            "https://discord.com/api/webhooks/abc/secret-token",
            "https://discord.com/api/webhooks/123",
            "https://discord.com/channels/123/secret-token",
            "ftp://discord.com/api/webhooks/123/secret-token",
        ] {
            let error = read(Some(url), None).unwrap_err();
            assert!(matches!(error, ConfigError::MalformedWebhook(_)), "{url}");
            assert!(!error.to_string().contains("secret-token"), "{error}");
        }
        for nothing in [None, Some(""), Some(" \n")] {
            assert_eq!(read(nothing, None).unwrap_err(), ConfigError::MissingWebhook);
        }
    }

    #[test]
    fn an_unknown_language_and_a_missing_lambda_are_named() {
        let url = "https://discord.com/api/webhooks/1/t";
        assert_eq!(read(Some(url), Some("fr")).unwrap_err(), ConfigError::UnknownLanguage("fr".to_owned()));
        let outside = Config::from_env(|name| (name == WEBHOOK_VARIABLE).then(|| url.to_owned()));
        assert_eq!(outside.unwrap_err(), ConfigError::NotInLambda("AWS_LAMBDA_RUNTIME_API"));
    }

    #[test]
    fn the_url_is_not_in_the_debug_output() {
        let config = read(Some("https://discord.com/api/webhooks/123/secret-token"), None).unwrap();
        assert!(!format!("{config:?}").contains("secret-token"));
    }
}
