//! The real channel, read back by a bot.
//!
//! Only messages of the pipeline's own webhook count, and only those behind the newest one that stood there before: whatever
//! else is written in the channel is nobody's alert.
//!
//! **When** a message arrived is what Discord says by its id, which is its own clock. It is held between two moments of this
//! machine's clock: the call that did not show the message yet, and the answer that did. So the latency is wrong by the pause
//! between two calls at the most, whatever the clocks say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::Url;
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use super::channel_api::{ApiError, ChannelApi, MOST, WebhookObject, time_of};
use crate::drill::observation::{Observations, Sighting};
use crate::drill::way::Live;
use crate::pipeline::{PostsTo, ProvisionError, Site};

/// How long to wait between two calls: Discord's limits leave room for one a second.
const PAUSE: Duration = Duration::from_secs(1);

/// The same for a lab on this machine.
const PAUSE_AT_HOME: Duration = Duration::from_millis(50);

/// What a bot needs that gets messages without their content.
const INTENT: &str = "the bot's messages come without content: switch on its Message Content Intent in Discord's developer \
                      portal (Bot › Privileged Gateway Intents)";

/// The parts of a message that somebody can see.
const PARTS: [&str; 5] = ["embeds", "attachments", "components", "sticker_items", "message_snapshots"];

/// Reads the channel until it is dropped.
pub(in crate::drill) struct ChannelProbe {
    _reading: AbortOnDropHandle<()>,
}

impl ChannelProbe {
    /// Looks up what the pipeline posts to, and begins to read its channel.
    ///
    /// # Errors
    /// The webhook cannot be read or is not known, or the bot does not see the messages of its channel.
    pub(in crate::drill) async fn start(
        site: Site<'_>,
        live: &Live,
        posts_to: Option<&PostsTo>,
        observations: Arc<Observations>,
    ) -> Result<Self, ProvisionError> {
        let unread = |reason: String| ProvisionError::ChannelUnread { reason };
        let api = ChannelApi::new(&live.api, &live.token).map_err(unread)?;
        let address = address(posts_to, &api).map_err(unread)?;
        let looked_up = api.webhook(without_extras(&address)).await;
        let mut webhook = looked_up.map_err(|error| unread(unknown_webhook(&error)))?;
        if let Some(thread) = thread_of(&address) {
            webhook.channel_id = thread;
        }
        let newest = newest(site, &api, &webhook).await?;
        let reading = read(api, webhook, newest, observations);
        Ok(Self { _reading: AbortOnDropHandle::new(tokio::spawn(reading)) })
    }
}

/// The address of the webhook that the function has.
fn address(posts_to: Option<&PostsTo>, api: &ChannelApi) -> Result<Url, String> {
    let PostsTo { function, variable, url } = posts_to.ok_or("the pipeline has no function of its own")?;
    let Some(value) = url else { return Err(format!("the function {function} has no variable {variable}")) };
    let address = Url::parse(value.trim()).ok().filter(|url| url.has_host() && url.path().contains("/webhooks/"));
    let Some(address) = address else {
        return Err(format!(
            "the variable {variable} of the function {function} holds no webhook's address ({} characters): one that is \
             encrypted, or the name of a secret that the function looks up, cannot be read back (--discord capture and tunnel \
             need none)",
            value.chars().count()
        ));
    };
    if !api.serves(&address) {
        let host = address.host_str().unwrap_or_default();
        return Err(format!(
            "the variable {variable} of the function {function} leads to {host}, which is not Discord's"
        ));
    }
    Ok(address)
}

/// The webhook itself, whatever form of message the function sends there, and with whichever options.
fn without_extras(address: &Url) -> Url {
    let mut webhook = address.clone();
    webhook.set_query(None);
    let segments: Vec<&str> = address.path_segments().into_iter().flatten().collect();
    let id = segments.iter().position(|segment| *segment == "webhooks");
    // /webhooks/ID/TOKEN, and perhaps /slack or /github behind it.
    let end = id.map_or(segments.len(), |id| (id + 3).min(segments.len()));
    webhook.set_path(&segments[..end].join("/"));
    webhook
}

/// The thread of the channel that the function posts to, which is a channel of its own to whoever reads it.
fn thread_of(address: &Url) -> Option<String> {
    address.query_pairs().find(|(name, _)| name == "thread_id").map(|(_, thread)| thread.into_owned())
}

fn unknown_webhook(error: &ApiError) -> String {
    match error {
        ApiError::Refused { status: 401 | 404, message, .. } => {
            format!("Discord does not know the webhook that the function posts to ({message})")
        }
        other => format!("the webhook cannot be looked up: {other}"),
    }
}

/// The id of the newest message. A channel that shows none cannot be told from one that the bot may not read.
async fn newest(site: Site<'_>, api: &ChannelApi, webhook: &WebhookObject) -> Result<String, ProvisionError> {
    let unread = |reason: String| ProvisionError::ChannelUnread { reason };
    let page = loop {
        site.go_on()?;
        match api.messages(&webhook.channel_id, None).await {
            Err(ApiError::RateLimited(pause)) => tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = site.stop.cancelled() => {}
            },
            Err(error) => return Err(unread(unreadable(&error))),
            Ok(page) => break page,
        }
    };
    if page.messages.iter().any(|message| is_of(message, webhook) && is_hollow(message)) {
        return Err(unread(INTENT.to_owned()));
    }
    page.messages.first().and_then(|message| message["id"].as_str()).map(str::to_owned).ok_or_else(|| {
        let none = "the bot sees no message in the channel: either it lacks the permission Read Message History, or nobody has \
                    written there yet; give it the permission, and write one message";
        unread(none.to_owned())
    })
}

/// Why the channel cannot be read, and what would help.
fn unreadable(error: &ApiError) -> String {
    match error {
        ApiError::Refused { status: 401, .. } => format!("Discord does not know the bot's token: {error}"),
        ApiError::Refused { status: 403, .. } => {
            format!(
                "the bot may not see the channel (invite it, and give it View Channel and Read Message History): {error}"
            )
        }
        ApiError::Refused { status: 404, .. } => {
            format!("there is no such channel for the bot (invite it to the server of the channel): {error}")
        }
        other => other.to_string(),
    }
}

async fn read(api: ChannelApi, webhook: WebhookObject, newest: String, observations: Arc<Observations>) {
    let usual = if api.is_at_home() { PAUSE_AT_HOME } else { PAUSE };
    let (mut after, mut is_hollowed) = (newest, false);
    let mut not_there = Instant::now();
    let mut pause = Duration::ZERO;
    loop {
        tokio::time::sleep(pause).await;
        let asked = Instant::now();
        pause = match api.messages(&webhook.channel_id, Some(&after)).await {
            Ok(page) => {
                for message in page.messages.iter().rev() {
                    if let Some(id) = message["id"].as_str() {
                        id.clone_into(&mut after);
                    }
                    match is_of(message, &webhook) {
                        true if is_hollow(message) => is_hollowed = true,
                        true => see(message, not_there, &observations),
                        false => {}
                    }
                }
                observations.set_blind(is_hollowed.then(|| INTENT.to_owned()));
                not_there = asked;
                if page.messages.len() == MOST { page.pause } else { page.pause.max(usual) }
            }
            Err(ApiError::RateLimited(pause)) => pause,
            Err(error) => {
                observations.set_blind(Some(unreadable(&error)));
                PAUSE
            }
        };
    }
}

/// Enters a message that was not there yet at a moment, and is now.
fn see(message: &Value, not_there: Instant, observations: &Observations) {
    let (now, seen) = (Instant::now(), Timestamp::now());
    let time = message["id"].as_str().and_then(time_of).unwrap_or(seen);
    let ago = Duration::try_from(seen.duration_since(time)).unwrap_or_default();
    let at = now.checked_sub(ago).unwrap_or(now).clamp(not_there.min(now), now);
    let content = message["content"].as_str().unwrap_or_default().to_owned();
    observations.saw_at(at, time, Sighting::Discord { content, message: Arc::new(message.clone()) });
}

fn is_of(message: &Value, webhook: &WebhookObject) -> bool {
    message["webhook_id"] == webhook.id.as_str()
}

/// Whether nothing of a message can be seen, which Discord lets nobody post.
fn is_hollow(message: &Value) -> bool {
    let is_empty = |name: &str| message[name].as_array().is_none_or(Vec::is_empty);
    message["content"].as_str().is_none_or(str::is_empty)
        && PARTS.into_iter().all(is_empty)
        && message["poll"].is_null()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drill::way::BotToken;

    #[test]
    fn what_the_function_has_is_an_address_of_discords_or_said_to_be_none() {
        let api = ChannelApi::new("https://discord.com/api/v10", &BotToken::new("t")).unwrap();
        let posts_to = |url: Option<&str>| PostsTo {
            function: "f".to_owned(),
            variable: "HOOK".to_owned(),
            url: url.map(str::to_owned),
        };
        let read = |url: Option<&str>| address(Some(&posts_to(url)), &api);
        assert!(read(Some("https://discord.com/api/webhooks/1/t0ken\n")).is_ok());
        for (url, why) in [
            (None, "has no variable HOOK"),
            (Some("AQICAHhSecretCiphertext=="), "holds no webhook's address (25 characters)"),
            (Some("arn:aws:secretsmanager:ap-northeast-2:1:secret:hook"), "holds no webhook's address"),
            (Some("https://hooks.example.com/webhooks/1/t0ken"), "leads to hooks.example.com, which is not Discord's"),
        ] {
            let refused = read(url).unwrap_err();
            assert!(refused.contains(why) && !refused.contains("t0ken") && !refused.contains("Secret"), "{refused}");
        }
    }

    #[test]
    fn a_webhook_is_looked_up_as_it_is_and_read_where_it_posts() {
        let address = Url::parse("https://discord.com/api/v10/webhooks/1/t0ken/slack?wait=true&thread_id=42").unwrap();
        assert_eq!(without_extras(&address).as_str(), "https://discord.com/api/v10/webhooks/1/t0ken");
        assert_eq!(thread_of(&address).as_deref(), Some("42"));
        let plain = Url::parse("https://discord.com/api/webhooks/1/t0ken").unwrap();
        assert_eq!((without_extras(&plain), thread_of(&plain)), (plain, None));
    }

    #[test]
    fn a_message_is_no_older_than_the_call_that_did_not_show_it() {
        let observations = Observations::new();
        let not_there = Instant::now();
        // Discord's clock is a year behind, and an hour ahead.
        let id = |time: Timestamp| ((time.as_millisecond() - 1_420_070_400_000) << 22).to_string();
        let now = Timestamp::now();
        for time in [now - Duration::from_secs(365 * 86_400), now + Duration::from_secs(3600)] {
            see(&json!({ "id": id(time), "content": "x" }), not_there, &observations);
        }
        let seen = observations.since(0);
        assert!(seen.iter().all(|seen| (not_there..=Instant::now()).contains(&seen.at)), "{seen:?}");
        assert!(seen[0].at < seen[1].at || seen[0].at == not_there, "{seen:?}");
    }

    #[test]
    fn a_message_without_anything_to_see_is_hollow() {
        assert!(is_hollow(&json!({ "content": "", "embeds": [], "attachments": [], "components": [] })));
        for visible in
            [json!({ "content": "x" }), json!({ "content": "", "embeds": [{}] }), json!({ "content": "", "poll": {} })]
        {
            assert!(!is_hollow(&visible), "{visible}");
        }
    }
}
