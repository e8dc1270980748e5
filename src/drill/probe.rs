//! The probes: a temporary queue behind the topic, a tap on the bus, and the mocked webhook.

mod discord;
mod queue;

pub(super) use self::discord::{DiscordProbe, DiscordWatch};
pub(super) use self::queue::{QueueProbe, Source};
