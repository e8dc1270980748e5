//! Faults of Discord, which answers an alarm's last call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{self, FaultsError};
use crate::discord::{Fault, Scope};

/// How long a limited sender is to wait, unless the fault says.
const RETRY_AFTER: u64 = 1000;

/// A fault of the messages that are sent through webhooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscordFault {
    /// What goes wrong.
    pub fault: DiscordFaultKind,
    /// How many of the messages, from 0 to 1; without it and without `next`, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Only the next so many messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// How long the sender is told to wait by `rate_limited` and `blocked`; a second, unless it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// What goes wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscordFaultKind {
    /// 429 with `retry_after`, as the webhook's own limit answers.
    RateLimited,
    /// 429 without JSON: Cloudflare blocked the address.
    Blocked,
    /// 401 (50027).
    InvalidWebhookToken,
    /// 404 (10015): somebody deleted the webhook.
    UnknownWebhook,
    /// 500.
    InternalServerError,
    /// 502.
    BadGateway,
}

impl DiscordFault {
    /// A fault of every message.
    pub fn new(fault: DiscordFaultKind) -> Self {
        Self { fault, rate: None, next: None, milliseconds: None }
    }

    /// The same for a part of the messages.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// The same for the next messages alone.
    #[must_use]
    pub fn next(self, messages: u64) -> Self {
        Self { next: Some(messages), ..self }
    }

    pub(super) fn check(&self) -> Result<(), FaultsError> {
        error::check_share(self.rate, self.next)?;
        let waits = matches!(self.fault, DiscordFaultKind::RateLimited | DiscordFaultKind::Blocked);
        if waits || self.milliseconds.is_none() { Ok(()) } else { Err(FaultsError::NotADelay) }
    }

    /// The answer that it is.
    pub(super) fn answer(&self) -> Fault {
        let retry_after = Duration::from_millis(self.milliseconds.unwrap_or(RETRY_AFTER));
        match self.fault {
            DiscordFaultKind::RateLimited => Fault::RateLimited { retry_after, scope: Scope::User },
            DiscordFaultKind::Blocked => Fault::Blocked { retry_after },
            DiscordFaultKind::InvalidWebhookToken => Fault::InvalidWebhookToken,
            DiscordFaultKind::UnknownWebhook => Fault::UnknownWebhook,
            DiscordFaultKind::InternalServerError => Fault::InternalServerError,
            DiscordFaultKind::BadGateway => Fault::BadGateway,
        }
    }
}
