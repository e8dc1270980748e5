//! What sees the Discord channel, one file a way (see [`DiscordWatch`](crate::DiscordWatch)).
//!
//! ```text
//! mock, tunnel   function ─► (tunnel ─►) this machine ────────────────────────► judge ─► observations
//! capture        function ─► function URL ─► temporary queue ─► this machine ─► judge ─► observations
//! live           function ─► the real channel ◄─ a bot, again and again ───────────────► observations
//! ```

mod capture;
mod channel_api;
mod judge;
mod live;
mod mock;

use std::sync::Arc;

use self::capture::Capture;
pub(in crate::drill) use self::capture::Chain;
pub(in crate::drill) use self::live::ChannelProbe;
use self::mock::Mock;
use crate::drill::observation::Observations;
use crate::drill::way::{DiscordWatch, DiscordWay};
use crate::pipeline::{ProvisionError, Site, WebhookUrls};
use crate::target::Reach;

/// What the function posts to for the time of a run; it sees until it is dropped.
pub(in crate::drill) enum DiscordProbe {
    /// A mock on this machine, perhaps behind a tunnel.
    Mock(Mock),
    /// A function URL in the account.
    Capture(Capture),
}

impl DiscordProbe {
    /// Starts what the function is to post to; none where it posts where it always does. `watch` is what `way` comes to on this
    /// target.
    pub(in crate::drill) async fn start(
        site: Site<'_>,
        watch: DiscordWatch,
        way: &DiscordWay,
        observations: Arc<Observations>,
    ) -> Result<Option<Self>, ProvisionError> {
        let channel = site.scenario.pipeline.channel.name.as_str();
        match (watch, way) {
            (DiscordWatch::Mock, _) => {
                let mock = Mock::start(channel, observations, site.target.reach()).await;
                let mock = mock.map_err(|error| ProvisionError::invalid("listening", "the mocked webhook", error))?;
                Ok(Some(Self::Mock(mock)))
            }
            (DiscordWatch::Tunnel, DiscordWay::Tunnel(tunnel)) => {
                let reach = Reach::behind(tunnel.listen, &tunnel.url);
                let mock = Mock::start(channel, observations, &reach).await;
                let mock = mock.map_err(|error| ProvisionError::invalid("listening", tunnel.listen, error))?;
                mock.check_tunnel(&tunnel.url).await?;
                Ok(Some(Self::Mock(mock)))
            }
            (DiscordWatch::Capture, _) => Ok(Some(Self::Capture(Capture::start(site, channel, observations).await?))),
            (DiscordWatch::Tunnel | DiscordWatch::Live | DiscordWatch::None, _) => Ok(None),
        }
    }

    /// The way by which what is posted comes here, where it is one that can lose something.
    pub(in crate::drill) fn chain(&self) -> Option<&Chain> {
        match self {
            Self::Mock(_) => None,
            Self::Capture(capture) => Some(capture.chain()),
        }
    }

    /// What the function posts to.
    pub(in crate::drill) fn webhook_urls(&self) -> WebhookUrls {
        match self {
            Self::Mock(mock) => mock.webhook_urls(),
            Self::Capture(capture) => capture.webhook_urls(),
        }
    }
}
