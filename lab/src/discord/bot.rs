//! A bot, as far as reading a channel goes: its token, and what it may see.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::rate_limit::Bucket;

/// A bot that is a member of the server. Its token is never in the `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct Bot {
    /// The id of its user, a snowflake.
    pub id: String,
    /// What it signs in with: `Authorization: Bot {token}`. **It is a secret.**
    pub token: String,
}

/// What a bot may see. All of it, unless a test says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BotAccess {
    /// The permission View Channel: without it a channel is refused with 403 (50001).
    pub view_channel: bool,
    /// The permission Read Message History: without it a channel shows no messages, and says no more.
    pub read_message_history: bool,
    /// The privileged intent Message Content: without it what others write comes empty.
    pub message_content: bool,
}

impl Default for BotAccess {
    fn default() -> Self {
        Self { view_channel: true, read_message_history: true, message_content: true }
    }
}

impl Bot {
    pub(super) fn generate(id: String) -> Self {
        // Three parts, as Discord's tokens have: the id, a time, a signature.
        let random = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (time, signature) = (rand::random::<[u8; 4]>(), rand::random::<[u8; 28]>());
        let token = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(&id), random(&time), random(&signature));
        Self { id, token }
    }
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A bot, what it may see, and its rate-limit window.
pub(super) struct Member {
    pub(super) bot: Bot,
    pub(super) access: BotAccess,
    pub(super) bucket: Bucket,
}

impl Member {
    pub(super) fn new(bot: Bot) -> Self {
        Self { bot, access: BotAccess::default(), bucket: Bucket::default() }
    }
}
