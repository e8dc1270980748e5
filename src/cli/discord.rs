//! How the Discord channel is watched, as it is asked for on the command line.
//!
//! The bot's token comes by the environment alone: what stands on a command line, others can read.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;

use crate::drill::{BotToken, DISCORD_API, DiscordWatch, DiscordWay, Live, Tunnel};
use crate::target::is_of_this_machine;

/// The variable that has the bot's token.
const TOKEN_VARIABLE: &str = "ALERT_DRILL_DISCORD_BOT_TOKEN";

/// Where the mock listens behind a tunnel, unless it is said.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4568);

#[derive(Clone, Debug, Args)]
pub(super) struct DiscordArgs {
    /// How the Discord channel is watched: the mock, where the function can reach this machine, unless this says otherwise;
    /// nobody, where it cannot. `live` needs a bot's token in ALERT_DRILL_DISCORD_BOT_TOKEN.
    #[arg(long, value_enum, value_name = "WAY")]
    discord: Option<DiscordWatch>,
    /// With --discord tunnel: the public URL that leads to the mocked webhook.
    #[arg(long, value_name = "URL")]
    discord_url: Option<String>,
    /// With --discord tunnel: where the mocked webhook listens, which is where the tunnel has to lead (127.0.0.1:4568).
    #[arg(long, value_name = "ADDR:PORT")]
    discord_listen: Option<SocketAddr>,
    /// Discord's API, in place of its own: a lab's.
    #[arg(long, value_name = "URL", env = "ALERT_DRILL_DISCORD_API", hide = true, default_value = DISCORD_API)]
    discord_api: String,
}

impl DiscordArgs {
    /// The way that is asked for. Nothing secret is in what is said where it cannot be gone.
    pub(super) fn way(&self) -> Result<DiscordWay, String> {
        self.way_with(std::env::var(TOKEN_VARIABLE).ok())
    }

    fn way_with(&self, token: Option<String>) -> Result<DiscordWay, String> {
        if self.discord != Some(DiscordWatch::Tunnel) && (self.discord_url.is_some() || self.discord_listen.is_some()) {
            return Err("--discord-url and --discord-listen are for --discord tunnel".to_owned());
        }
        Ok(match self.discord {
            None => DiscordWay::AsTargetAllows,
            Some(DiscordWatch::Mock) => DiscordWay::Mock,
            Some(DiscordWatch::Capture) => DiscordWay::Capture,
            Some(DiscordWatch::None) => DiscordWay::None,
            Some(DiscordWatch::Tunnel) => {
                let url = self.discord_url.as_deref();
                let url =
                    url.ok_or("--discord tunnel needs the public URL that leads to this machine: --discord-url")?;
                check_address("--discord-url", url)?;
                DiscordWay::Tunnel(Tunnel { url: url.to_owned(), listen: self.discord_listen.unwrap_or(LISTEN) })
            }
            Some(DiscordWatch::Live) => {
                let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
                let token = token.ok_or_else(|| {
                    format!("--discord live needs the token of a bot that may see the channel, in the variable {TOKEN_VARIABLE}")
                })?;
                check_address("ALERT_DRILL_DISCORD_API", &self.discord_api)?;
                DiscordWay::Live(Live { token: BotToken::new(token), api: self.discord_api.clone() })
            }
        })
    }

    /// Whether there is one address and one listener for it, so that there can be one place.
    pub(super) fn is_for_one_place(&self) -> bool {
        self.discord == Some(DiscordWatch::Tunnel)
    }

    /// Whether a public URL is made.
    pub(super) fn is_capture(&self) -> bool {
        self.discord == Some(DiscordWatch::Capture)
    }

    /// Whether the real channel is read back.
    pub(super) fn is_live(&self) -> bool {
        self.discord == Some(DiscordWatch::Live)
    }
}

/// Whether an address is one to which a webhook's or a bot's token may be sent.
fn check_address(name: &str, address: &str) -> Result<(), String> {
    // Without the address: somebody may have put a webhook's there.
    let url = reqwest::Url::parse(address).map_err(|error| format!("{name} is no address: {error}"))?;
    match url.scheme() {
        _ if !url.has_host() || url.query().is_some() || url.fragment().is_some() => {
            Err(format!("{name} is no address that a path can be added to"))
        }
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(format!("{name} has a user's name in it, which no function would send"))
        }
        "https" => Ok(()),
        "http" if is_of_this_machine(address) => Ok(()),
        _ => Err(format!("{name} has to begin with https://: a webhook's token is not sent there in the clear")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(discord: Option<DiscordWatch>, url: Option<&str>) -> DiscordArgs {
        DiscordArgs {
            discord,
            discord_url: url.map(str::to_owned),
            discord_listen: None,
            discord_api: DISCORD_API.to_owned(),
        }
    }

    #[test]
    fn what_a_way_takes_is_asked_for() {
        let refused =
            |discord, url, token: Option<&str>| args(discord, url).way_with(token.map(str::to_owned)).unwrap_err();
        assert!(refused(Some(DiscordWatch::Tunnel), None, None).contains("--discord-url"));
        assert!(refused(Some(DiscordWatch::Capture), Some("https://drill.example.com"), None).contains("are for"));
        assert!(refused(None, Some("https://drill.example.com"), None).contains("are for --discord tunnel"));
        for token in [None, Some(""), Some(" \n")] {
            assert!(refused(Some(DiscordWatch::Live), None, token).contains(TOKEN_VARIABLE));
        }
        for (url, why) in [
            ("http://drill.example.com", "has to begin with https://"),
            ("drill.example.com", "is no address"),
            ("https://me:s3cret@drill.example.com", "a user's name"),
            ("https://drill.example.com/?x=1", "a path can be added"),
        ] {
            let said = refused(Some(DiscordWatch::Tunnel), Some(url), None);
            assert!(said.contains(why) && !said.contains("s3cret"), "{url}: {said}");
        }
        let lab =
            DiscordArgs { discord_api: "http://192.0.2.1/api".to_owned(), ..args(Some(DiscordWatch::Live), None) };
        assert!(lab.way_with(Some("t".to_owned())).unwrap_err().contains("in the clear"));
    }

    #[test]
    fn a_tunnel_leads_to_this_machine_alone_unless_it_is_said() {
        let asked = args(Some(DiscordWatch::Tunnel), Some("http://127.0.0.1:1234"));
        let DiscordWay::Tunnel(tunnel) = asked.way_with(None).unwrap() else { panic!("no tunnel") };
        assert!(tunnel.listen.ip().is_loopback());
    }
}
