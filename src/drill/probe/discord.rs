//! The mocked webhook: Discord's behaviour as the lab has it, served by wiremock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alert_drill_lab::discord::{self, Discord, Webhook};
use jiff::Timestamp;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::drill::observation::{Observations, Sighting};
use crate::pipeline::WebhookUrls;
use crate::target::{Reach, Target};

/// How a run sees what arrives in the Discord channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::drill) enum DiscordWatch {
    /// The function posts to a mocked webhook of the run's own.
    Mock,
    /// Nobody looks: the function posts where it always does, and whether a message came is not known.
    Unwatched,
}

impl DiscordWatch {
    /// The way that this target allows.
    pub(in crate::drill) fn of(target: &Target) -> Self {
        if target.capabilities.reaches_harness { Self::Mock } else { Self::Unwatched }
    }
}

/// A Discord of the run's own with one webhook.
pub(in crate::drill) struct DiscordProbe {
    server: MockServer,
    webhook: Webhook,
    from_target: String,
}

impl DiscordProbe {
    /// Starts the mock at a free port, where what the target runs can reach it.
    pub(in crate::drill) async fn start(
        channel: &str,
        observations: Arc<Observations>,
        reach: &Reach,
    ) -> std::io::Result<Self> {
        let discord = Discord::new();
        // The real limit is 5 messages in 2 seconds, and drills side by side would wait for each other.
        discord.set_rate_limit(discord::RateLimit { requests: u32::MAX, window: Duration::from_secs(1) });
        let webhook = discord.add_webhook(channel);
        let listener = reach.listener()?;
        let from_target = reach.url(listener.local_addr()?);
        let server = MockServer::builder().listener(listener).disable_request_recording().start().await;
        Mock::given(|_: &Request| true).respond_with(Responder { discord, observations }).mount(&server).await;
        Ok(Self { server, webhook, from_target })
    }

    /// What the function posts to.
    pub(in crate::drill) fn webhook_urls(&self) -> WebhookUrls {
        WebhookUrls {
            from_target: self.webhook.url(&self.from_target),
            from_here: self.webhook.url(&self.server.uri()),
        }
    }
}

struct Responder {
    discord: Discord,
    observations: Arc<Observations>,
}

impl Respond for Responder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let (at, time) = (Instant::now(), Timestamp::now());
        let headers = request.headers.iter().filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?)));
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut asked = discord::Request::new(request.method.as_str(), &format!("{}{query}", request.url.path()))
            .with_body(request.body.clone());
        for (name, value) in headers {
            asked = asked.with_header(&name, value);
        }
        let (answer, posted) = self.discord.receive(&asked);
        if let Some(message) = posted {
            let content = message.content().to_owned();
            let message = Arc::new(message.message);
            self.observations.saw_at(at, time, Sighting::Discord { content, message });
        }
        let mut response = ResponseTemplate::new(answer.status);
        for (name, value) in &answer.headers {
            response = response.append_header(name.as_str(), value.as_str());
        }
        response.set_body_bytes(answer.body.to_vec())
    }
}
