//! Scripted answers: what Discord says on a bad day.

use std::time::Duration;

use super::refusal::{Refusal, Scope};

/// An answer to give instead of accepting the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429: wait this long. The shared egress addresses of a cloud meet it without having sent much.
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
        /// Which limit was exceeded.
        scope: Scope,
    },
    /// 429 without JSON: Cloudflare, in front of Discord, blocked the address ("error code: 1015").
    Blocked {
        /// How long to wait, in the `Retry-After` header alone.
        retry_after: Duration,
    },
    /// 400 (50006): as for a message without content.
    EmptyMessage,
    /// 401 (50027): as for a wrong token.
    InvalidWebhookToken,
    /// 404 (10015): as for a webhook that a person deleted.
    UnknownWebhook,
    /// 500: Discord itself failed.
    InternalServerError,
    /// 502: Discord's proxy got no answer.
    BadGateway,
}

impl Fault {
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Self::RateLimited { retry_after, scope } => Refusal::RateLimited { retry_after, scope },
            Self::Blocked { retry_after } => Refusal::Blocked { retry_after },
            Self::EmptyMessage => Refusal::EmptyMessage,
            Self::InvalidWebhookToken => Refusal::InvalidWebhookToken,
            Self::UnknownWebhook => Refusal::UnknownWebhook,
            Self::InternalServerError => Refusal::InternalServerError,
            Self::BadGateway => Refusal::BadGateway,
        }
    }
}
