//! Saying that an alarm is silent where people read: a message to a webhook of Discord or Slack.
//!
//! ```text
//! outcomes ─► message (redacted, in the channel's limits, mentions nobody) ─► post (bounded tries) ─► said on standard error if it fails
//! ```
//!
//! The webhook's address is a secret: whoever has it can post. It is in no message, error or debug output of this module.
//!
//! # Sources
//! - Discord, *Execute Webhook* (`content` of 2000 characters, `allowed_mentions`, `flags`) and *Rate Limits* (`retry_after`).
//! - Slack, *Sending messages using incoming webhooks*, *Formatting text* (the three characters that are escaped; `<!channel>`),
//!   *Rate limits* (`Retry-After`), *Changes to message truncation* (4000 characters).

mod message;
mod post;

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

pub(crate) use self::post::NotifyError;
use crate::outcome::Outcome;
use crate::redaction::Redaction;
use crate::report::Verdict;
use crate::text::Lang;

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Discord's.
    Discord,
    /// Slack's.
    Slack,
}

/// An address that was given and not looked at yet. Reading it fails never, because whoever reads command lines puts what he
/// could not read into his error.
#[derive(Clone)]
pub(crate) struct Address(String);

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

/// A webhook that messages can be posted to.
#[derive(Clone)]
pub(crate) struct Webhook {
    url: reqwest::Url,
    shape: Shape,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({}, {:?})", self.host(), self.shape)
    }
}

/// An address is none that can be posted to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidAddress {
    /// It is no URL.
    #[error(
        "what --notify (or ALERT_DRILL_NOTIFY_URL) gives is no http or https URL; it is not shown, because it may be a secret"
    )]
    NoUrl,
    /// Nobody knows what this host reads.
    #[error("{host} is neither Discord's nor Slack's: say with --notify-shape which form of message it reads")]
    NoShape {
        /// The host.
        host: String,
    },
}

impl Webhook {
    /// The webhook at an address. Discord and Slack are told apart by their hosts, unless `shape` says it.
    pub(crate) fn new(address: &Address, shape: Option<Shape>) -> Result<Self, InvalidAddress> {
        let url = reqwest::Url::parse(&address.0).map_err(|_| InvalidAddress::NoUrl)?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).ok_or(InvalidAddress::NoUrl)?;
        match shape.or_else(|| shape_of(host, url.path())) {
            Some(shape) => Ok(Self { shape, url }),
            None => Err(InvalidAddress::NoShape { host: host.to_owned() }),
        }
    }

    /// Tells people of runs that did not pass; of others it says nothing.
    pub(crate) async fn tell(&self, outcomes: &[Outcome], lang: Lang) -> Result<(), NotifyError> {
        let worth_saying: Vec<&Outcome> = outcomes.iter().filter(|outcome| is_worth_saying(outcome)).collect();
        if worth_saying.is_empty() {
            return Ok(());
        }
        let secrets = [self.url.as_str(), self.url.path()].map(str::to_owned);
        let redaction = secrets.into_iter().fold(Redaction::of_environment(), Redaction::and);
        let body = message::body(self.shape, &worth_saying, outcomes.len(), lang, &redaction);
        post::post(self, &body).await
    }

    /// The host, which is no secret.
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// Whether people have to hear of it: the alarm is silent, nobody knows whether it is, or something was left behind. Who
/// interrupted a run knows.
fn is_worth_saying(outcome: &Outcome) -> bool {
    let silent = matches!(outcome.verdict(), Verdict::Failed | Verdict::Error);
    silent && !outcome.is_interrupted() || outcome.left_behind() > 0
}

fn shape_of(host: &str, path: &str) -> Option<Shape> {
    let is_of = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'));
    if is_of("hooks.slack.com") || is_of("hooks.slack-gov.com") {
        return Some(Shape::Slack);
    }
    if is_of("discord.com") || is_of("discordapp.com") {
        // Discord's webhooks read Slack's form too, under this path.
        return Some(if path.ends_with("/slack") { Shape::Slack } else { Shape::Discord });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(url: &str) -> Result<Shape, InvalidAddress> {
        Webhook::new(&Address(url.to_owned()), None).map(|webhook| webhook.shape)
    }

    #[test]
    fn the_host_says_which_form_it_reads() {
        assert_eq!(shape("https://discord.com/api/webhooks/1/t"), Ok(Shape::Discord));
        assert_eq!(shape("https://canary.discord.com/api/webhooks/1/t"), Ok(Shape::Discord));
        assert_eq!(shape("https://discord.com/api/webhooks/1/t/slack"), Ok(Shape::Slack));
        assert_eq!(shape("https://hooks.slack.com/services/T/B/x"), Ok(Shape::Slack));
        for other in ["https://notdiscord.com/api/webhooks/1/t", "https://discord.com.example.net/s3cret"] {
            assert!(matches!(shape(other), Err(InvalidAddress::NoShape { .. })), "{other}");
        }
        for none in ["s3cret", "ftp://discord.com/s3cret", "mailto:s3cret@discord.com"] {
            assert_eq!(shape(none), Err(InvalidAddress::NoUrl), "{none}");
        }
    }

    #[test]
    fn no_form_of_the_address_is_in_an_error_or_in_debug_output() {
        let address = Address("https://example.net/hooks/s3cret?token=s3cret".to_owned());
        let error = Webhook::new(&address, None).unwrap_err();
        let webhook = Webhook::new(&address, Some(Shape::Slack)).unwrap();
        let said = format!("{address:?} {error} {error:?} {webhook:?}");
        assert!(said.contains("example.net") && !said.contains("s3cret"), "{said}");
    }
}
