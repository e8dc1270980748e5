//! How a run sees what arrives in the Discord channel: the ways, and which of them a target allows.
//!
//! | way | the function posts to | who sees it | what of the pipeline is changed |
//! |---|---|---|---|
//! | mock | this machine | a Discord of the run's own | the function's webhook, for the time of the run |
//! | capture | a temporary function URL in the same account | the same Discord, by a temporary queue | the same |
//! | tunnel | a public address of the user's | the same Discord, behind that address | the same |
//! | live | the real channel, as always | whoever looks there: a bot reads it back | nothing |
//! | none | as always | nobody looks | nothing |
//!
//! The first three keep a drill out of the real channel, and find out that the function posts what Discord takes. The fourth
//! finds out that the real webhook and the real channel are there, too, and everybody in the channel sees the drill.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::target::Target;

/// Where Discord's API is.
///
/// Source: *API Reference*, "Base URL" and "API Versioning".
pub const DISCORD_API: &str = "https://discord.com/api/v10";

/// A way to see what arrives in the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum DiscordWatch {
    /// The function posts to a mocked webhook on this machine.
    Mock,
    /// The function posts to a temporary function URL, which forwards to a temporary queue.
    Capture,
    /// The function posts to a public URL of yours in front of the mocked webhook.
    Tunnel,
    /// The function posts to the real channel, and a bot reads it back.
    Live,
    /// Nobody looks.
    None,
}

impl DiscordWatch {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Capture => "capture",
            Self::Tunnel => "tunnel",
            Self::Live => "live",
            Self::None => "none",
        }
    }

    /// Whether the function posts somewhere else than it always does.
    pub fn changes_webhook(self) -> bool {
        matches!(self, Self::Mock | Self::Capture | Self::Tunnel)
    }
}

/// A way with all that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DiscordWay {
    /// The mock where what the target runs reaches this machine, and none where it does not.
    #[default]
    AsTargetAllows,
    /// See [`DiscordWatch::Mock`].
    Mock,
    /// See [`DiscordWatch::Capture`].
    Capture,
    /// See [`DiscordWatch::Tunnel`].
    Tunnel(Tunnel),
    /// See [`DiscordWatch::Live`].
    Live(Live),
    /// See [`DiscordWatch::None`].
    None,
}

/// A public address that leads to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The address, such as `https://drill.example.com`. What is behind its path is handed on.
    pub url: String,
    /// Where the mock listens, which is where the tunnel has to lead.
    pub listen: SocketAddr,
}

/// The real channel, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The token of a bot that may see the channel.
    pub token: BotToken,
    /// Discord's API: [`DISCORD_API`], but for a lab. The token is sent nowhere else.
    pub api: String,
}

/// The token of a bot, which is a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct BotToken(String);

impl BotToken {
    /// A token as Discord's developer portal shows it.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self) -> String {
        format!("Bot {}", self.0)
    }
}

impl fmt::Debug for BotToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BotToken(…)")
    }
}

/// Why the channel cannot be seen in the way that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwatchable {
    /// The target's functions cannot reach this machine.
    #[error(
        "the function runs in AWS and cannot reach a mocked webhook on this machine: --discord capture, tunnel and live watch \
         the channel there, and --discord none does without"
    )]
    OutOfReach,
    /// The target cannot give a function an address.
    #[error(
        "--discord capture needs a target that runs functions and gives them addresses, which AWS and the lab do: an emulator's \
         function reaches the mocked webhook on this machine as it is"
    )]
    NoAddresses,
    /// A public URL would stay.
    #[error("--discord capture makes a function URL that everybody can reach, which is not kept: leave --keep out")]
    Kept,
    /// There is no channel that a pipeline of the run's own would post to.
    #[error(
        "--discord live reads the channel of a pipeline that stands, so it goes with --adopt: one of the run's own has no \
         webhook, and is not handed anybody's"
    )]
    NoChannel,
}

impl DiscordWay {
    /// The way that a rehearsal takes in this one's place: the same calls of AWS, and none of Discord or of a tunnel.
    pub(super) fn rehearsed(watch: DiscordWatch) -> Self {
        match watch {
            DiscordWatch::Mock | DiscordWatch::Tunnel => Self::Mock,
            DiscordWatch::Capture => Self::Capture,
            DiscordWatch::Live | DiscordWatch::None => Self::None,
        }
    }

    /// The way that is taken on this target.
    pub(super) fn on(&self, target: &Target, adopts: bool, keeps: bool) -> Result<DiscordWatch, Unwatchable> {
        let reaches = target.capabilities.reaches_harness;
        match self {
            Self::AsTargetAllows if reaches => Ok(DiscordWatch::Mock),
            Self::AsTargetAllows | Self::None => Ok(DiscordWatch::None),
            Self::Mock if reaches => Ok(DiscordWatch::Mock),
            Self::Mock => Err(Unwatchable::OutOfReach),
            Self::Capture if keeps => Err(Unwatchable::Kept),
            Self::Capture if target.is_relayed() => Err(Unwatchable::NoAddresses),
            Self::Capture => Ok(DiscordWatch::Capture),
            Self::Tunnel(_) => Ok(DiscordWatch::Tunnel),
            Self::Live(_) if adopts => Ok(DiscordWatch::Live),
            Self::Live(_) => Err(Unwatchable::NoChannel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_nowhere() {
        let live = Live { token: BotToken::new("MTIz.abc.s3cret"), api: DISCORD_API.to_owned() };
        let shown = format!("{:?}", DiscordWay::Live(live));
        assert!(!shown.contains("s3cret") && shown.contains("BotToken(…)"), "{shown}");
    }
}
