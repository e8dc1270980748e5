//! A webhook, and what the state keeps beside it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::rate_limit::Bucket;

/// An incoming webhook. Its token lets anyone post, so it is never in the `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The webhook's id, a snowflake.
    pub id: String,
    /// The secret half of its URL: 68 characters.
    pub token: String,
    /// The channel that it posts to.
    pub channel_id: String,
    /// The name of that channel.
    pub channel: String,
    /// The server ("guild") of that channel.
    pub guild_id: String,
    /// The name that its messages carry unless they bring their own.
    pub name: String,
}

impl Webhook {
    pub(super) fn generate(channel: &str, mut id: impl FnMut() -> String) -> Self {
        // 51 bytes make the 68 characters that Discord's tokens have.
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 51]>());
        Self {
            guild_id: id(),
            channel_id: id(),
            id: id(),
            token,
            channel: channel.to_owned(),
            // The name that Discord's settings give a new webhook.
            name: "Captain Hook".to_owned(),
        }
    }

    /// The path of its URL, token included: `/api/webhooks/{id}/{token}`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/api/webhooks/{}/{}", self.id, self.token)
    }

    /// Its URL on this origin, for example `https://discord.com`. **The URL is a secret.**
    #[must_use]
    pub fn url(&self, origin: &str) -> String {
        format!("{}{}", origin.trim_end_matches('/'), self.path())
    }

    /// Discord's webhook object, as its own token may see it.
    pub(super) fn object(&self) -> Value {
        json!({
            "application_id": null,
            "avatar": null,
            "channel_id": self.channel_id,
            "guild_id": self.guild_id,
            "id": self.id,
            "name": self.name,
            "type": 1,
            "token": self.token,
            "url": self.url("https://discord.com"),
        })
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("channel_id", &self.channel_id)
            .field("channel", &self.channel)
            .field("guild_id", &self.guild_id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A webhook and its rate-limit window.
pub(super) struct Entry {
    pub(super) webhook: Webhook,
    pub(super) bucket: Bucket,
}

impl Entry {
    pub(super) fn new(webhook: Webhook) -> Self {
        Self { webhook, bucket: Bucket::default() }
    }
}
