//! Why Discord refuses, and the answer that it gives.

use std::time::Duration;

use serde_json::{Value, json};

use super::DEFAULT_API_VERSION;
use super::form::FormErrors;
use super::rate_limit::seconds;
use super::request::Response;

/// A reason to refuse a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 404, code 0: no such route.
    UnknownRoute,
    /// 405, code 0: the route has no such method.
    MethodNotAllowed,
    /// 400 (50041): an API version that Discord has discontinued or never had.
    InvalidApiVersion,
    /// 401, code 0: the route needs a bot's token.
    Unauthorized,
    /// 404 (10015): there is no such webhook, or no longer.
    UnknownWebhook,
    /// 404 (10008): there is no such message of this webhook.
    UnknownMessage,
    /// 404 (10003): there is no such channel; `thread_id` names none.
    UnknownChannel,
    /// 403 (50001): the bot may not see the channel.
    MissingAccess,
    /// 401 (50027): the webhook exists, the token is not its token.
    InvalidWebhookToken,
    /// 400 (50006): neither content nor embeds nor files, or only white space.
    EmptyMessage,
    /// 400 (50109): the body is not JSON.
    InvalidJson,
    /// 400 (50035): a field breaks a limit.
    InvalidForm(FormErrors),
    /// 400 (220003): `thread_name` outside a forum channel.
    ThreadOutsideForum,
    /// 429: too many requests.
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
        /// Which limit.
        scope: Scope,
    },
    /// 429 from Cloudflare, without JSON.
    Blocked {
        /// How long to wait.
        retry_after: Duration,
    },
    /// 500: Discord failed.
    InternalServerError,
    /// 502: Discord's proxy got no answer.
    BadGateway,
    /// 501: Discord has this, this one has not.
    NotBuilt(&'static str),
}

/// Which rate limit was exceeded (`X-RateLimit-Scope`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This webhook's own.
    User,
    /// The caller's over all routes.
    Global,
    /// That of the channel, which others share.
    Shared,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Global => "global",
            Self::Shared => "shared",
        }
    }
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::InvalidApiVersion
            | Self::EmptyMessage
            | Self::InvalidJson
            | Self::InvalidForm(_)
            | Self::ThreadOutsideForum => 400,
            Self::Unauthorized | Self::InvalidWebhookToken => 401,
            Self::MissingAccess => 403,
            Self::UnknownRoute | Self::UnknownWebhook | Self::UnknownMessage | Self::UnknownChannel => 404,
            Self::MethodNotAllowed => 405,
            Self::RateLimited { .. } | Self::Blocked { .. } => 429,
            Self::InternalServerError => 500,
            Self::NotBuilt(_) => 501,
            Self::BadGateway => 502,
        }
    }

    /// Discord's own error code; 0 where it has none.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::UnknownChannel => 10003,
            Self::UnknownMessage => 10008,
            Self::UnknownWebhook => 10015,
            Self::MissingAccess => 50001,
            Self::EmptyMessage => 50006,
            Self::InvalidWebhookToken => 50027,
            Self::InvalidForm(_) => 50035,
            Self::InvalidApiVersion => 50041,
            Self::InvalidJson => 50109,
            Self::ThreadOutsideForum => 220_003,
            Self::UnknownRoute
            | Self::MethodNotAllowed
            | Self::Unauthorized
            | Self::RateLimited { .. }
            | Self::Blocked { .. }
            | Self::InternalServerError
            | Self::BadGateway
            | Self::NotBuilt(_) => 0,
        }
    }

    /// Discord's text.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::UnknownRoute => "404: Not Found",
            Self::MethodNotAllowed => "405: Method Not Allowed",
            Self::InvalidApiVersion => "Invalid API version",
            Self::Unauthorized => "401: Unauthorized",
            Self::UnknownWebhook => "Unknown Webhook",
            Self::UnknownMessage => "Unknown Message",
            Self::UnknownChannel => "Unknown Channel",
            Self::MissingAccess => "Missing Access",
            Self::InvalidWebhookToken => "Invalid Webhook Token",
            Self::EmptyMessage => "Cannot send an empty message",
            Self::InvalidJson => "The request body contains invalid JSON.",
            Self::InvalidForm(_) => "Invalid Form Body",
            Self::ThreadOutsideForum => "Webhooks can only create threads in forum channels",
            Self::RateLimited { .. } => "You are being rate limited.",
            Self::Blocked { .. } => "error code: 1015",
            Self::InternalServerError => "500: Internal Server Error",
            Self::BadGateway => "502: Bad Gateway",
            Self::NotBuilt(what) => return format!("the lab's Discord does not have {what}"),
        }
        .to_owned()
    }

    /// The answer in the form of this API version.
    pub(super) fn response(&self, api_version: u8) -> Response {
        let status = self.status();
        let mut response = match self {
            Self::Blocked { .. } => Response::text(status, "error code: 1015"),
            Self::InvalidForm(errors) if api_version < 8 => Response::json(status, &errors.flat()),
            _ => Response::json(status, &self.body(api_version)),
        };
        if let Self::RateLimited { retry_after, .. } | Self::Blocked { retry_after } = self {
            let whole_seconds = retry_after.as_millis().div_ceil(1000);
            let value = if api_version < 8 { retry_after.as_millis() } else { whole_seconds };
            response.set_header("Retry-After", value.to_string());
        }
        if let Self::RateLimited { retry_after, scope } = self {
            response.set_header("X-RateLimit-Scope", scope.name().to_owned());
            response.set_header("X-RateLimit-Reset-After", seconds(*retry_after));
            if *scope == Scope::Global {
                response.set_header("X-RateLimit-Global", "true".to_owned());
            }
        }
        response
    }

    /// The body of the answer as a person reads it.
    pub(crate) fn shown(&self) -> Value {
        match self {
            Self::Blocked { .. } => self.message().into(),
            _ => self.body(DEFAULT_API_VERSION),
        }
    }

    fn body(&self, api_version: u8) -> Value {
        let (message, code) = (self.message(), self.code());
        match self {
            // Before version 8 the unit was the millisecond (change log of version 8).
            Self::RateLimited { retry_after, scope } if api_version < 8 => {
                let retry_after = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
                json!({ "message": message, "retry_after": retry_after, "global": *scope == Scope::Global })
            }
            Self::RateLimited { retry_after, scope } => {
                let retry_after = retry_after.as_millis() as f64 / 1000.0;
                json!({ "message": message, "retry_after": retry_after, "global": *scope == Scope::Global })
            }
            Self::InvalidForm(errors) => json!({ "message": message, "code": code, "errors": errors.nested() }),
            _ => json!({ "message": message, "code": code }),
        }
    }
}
