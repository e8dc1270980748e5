//! Discord's verdict on what a function posts, and what a drill makes of it: what Discord takes is an alert, and what it
//! refuses is evidence.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alert_drill_lab::discord::{Discord, RateLimit, Request, Response, Webhook};
use jiff::Timestamp;

use crate::drill::observation::{Observations, Sighting};

/// A Discord of the run's own with one webhook.
pub(super) struct Judge {
    discord: Discord,
    webhook: Webhook,
    observations: Arc<Observations>,
}

impl Judge {
    pub(super) fn new(channel: &str, observations: Arc<Observations>) -> Self {
        let discord = Discord::new();
        // The real limit is 5 messages in 2 seconds, and drills side by side would wait for each other.
        discord.set_rate_limit(RateLimit { requests: u32::MAX, window: Duration::from_secs(1) });
        let webhook = discord.add_webhook(channel);
        Self { discord, webhook, observations }
    }

    pub(super) fn webhook(&self) -> &Webhook {
        &self.webhook
    }

    /// Says that something was lost on the way here.
    pub(super) fn lose(&self, what: String) {
        self.observations.lose(what);
    }

    /// Answers as Discord does, and enters what arrived.
    pub(super) fn judge(&self, request: &Request) -> Response {
        let (at, time) = (Instant::now(), Timestamp::now());
        let (answer, posted) = self.discord.receive(request);
        match posted {
            Some(message) => {
                let content = message.content().to_owned();
                let message = Arc::new(message.message);
                self.observations.saw_at(at, time, Sighting::Discord { content, message });
            }
            None if request.method == "POST" && answer.status >= 400 => {
                let text = String::from_utf8_lossy(&request.body).into_owned();
                let said = answer.json_body();
                let refusal = format!("{} {}", answer.status, said["message"].as_str().unwrap_or("without a reason"));
                self.observations.saw_at(at, time, Sighting::Refused { text, refusal });
            }
            None => {}
        }
        answer
    }
}
