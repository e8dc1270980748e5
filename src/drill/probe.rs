//! The probes: a temporary queue behind the topic, a tap on the bus, and what sees the Discord channel.

mod discord;
mod queue;

pub(super) use self::discord::{Chain, ChannelProbe, DiscordProbe};
pub(super) use self::queue::{QueueProbe, Source};
