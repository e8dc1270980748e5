//! Discord's incoming webhooks, as far as an alarm meets them.
//!
//! One state machine without any HTTP server in it: [`Discord::handle`] takes a [`Request`] and gives a [`Response`].
//! Two hosts serve it, the lab's own server and the harness's mock, so that a message that Discord would refuse is
//! refused in both, in Discord's own words.
//!
//! ```
//! use alert_drill_lab::discord::{Discord, Request};
//!
//! let discord = Discord::new();
//! let webhook = discord.add_webhook("securitygroup-alarm");
//! let answer = discord.handle(&Request::post_json(&webhook.path(), r#"{"content": "port 22 is open"}"#));
//! assert_eq!(answer.status, 204);
//! assert_eq!(discord.messages(&webhook.id)[0].content(), "port 22 is open");
//! ```
//!
//! # What it does
//! | route | answer |
//! |---|---|
//! | `POST /api/webhooks/{id}/{token}` | 204; 200 and the message with `?wait=true` |
//! | `GET`, `PATCH`, `DELETE /api/webhooks/{id}/{token}` | the webhook; the webhook with its new name; 204 |
//! | `GET`, `PATCH`, `DELETE …/messages/{message}` | the message; the edited message; 204 |
//! | `GET /api/channels/{id}/messages` | to a bot: the channel's messages, newest first, 50 unless `limit` says otherwise |
//! | anything else | Discord's 404, `{"message": "404: Not Found", "code": 0}` |
//!
//! Each route also exists under `/api/v6` to `/api/v10`. Slack- and GitHub-compatible webhooks, threads, polls and
//! components are not built; asking for the first two answers 501 and says so. So does what else a bot may do.
//!
//! # Sources
//! - Routes, `wait`, and multipart: Discord, *Webhook Resource* (`developers/resources/webhook`).
//! - Limits of embeds, 6000 for all embeds of a message, trimmed text: Discord, *Message Resource*, embed limits.
//! - Lengths are counted in **Unicode code points**, not UTF-16 units: a Discord engineer in
//!   `discord/discord-api-docs#1315` ("Our API uses Python 3, so the API calculates length based on the number of
//!   codepoints").
//! - Codes: *Opcodes and Status Codes* (10015, 10008, 50006, 50027, 50035, 50109); the texts of the form errors are
//!   those that users report in `discord/discord-api-docs`.
//! - Rate limits: *Rate Limits*; five requests in two seconds a webhook, failed ones included, as measured by the
//!   Discord webhooks guide (`birdie0.github.io/discord-webhooks-guide/other/rate_limits.html`).

mod bot;
mod channel;
mod fault;
mod form;
mod message;
mod multipart;
mod rate_limit;
mod refusal;
mod request;
mod route;
mod snowflake;
mod webhook;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

pub use bot::{Bot, BotAccess};
pub use fault::Fault;
pub use form::{FormError, FormErrors};
pub use rate_limit::RateLimit;
pub use refusal::{Refusal, Scope};
pub use request::{Request, Response};
pub use webhook::Webhook;

use crate::cloud::Limits;
use bot::Member;
use snowflake::Snowflakes;
use webhook::Entry;

/// The API version that a path without a version gets, unless [`Discord::set_default_api_version`] says otherwise.
pub const DEFAULT_API_VERSION: u8 = 10;

/// How many bytes the bodies of the kept messages have together, at the most; the oldest messages go first.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// Where the time comes from; tests give their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A Discord with webhooks. Clones share one state.
#[derive(Clone)]
pub struct Discord {
    clock: Clock,
    state: Arc<Mutex<State>>,
    exchanges: watch::Sender<usize>,
}

/// A message as Discord would store it, and the request that brought it.
#[derive(Clone)]
pub struct Received {
    /// When the request arrived.
    pub at: Timestamp,
    /// The id of the webhook that it was sent through.
    pub webhook_id: String,
    /// Discord's message object, edits included.
    pub message: Value,
    /// The body as it was sent.
    pub body: Bytes,
    /// The request's headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// One request and how it was answered, refused ones included. It never holds a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When the request arrived.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The webhook's id as the path gave it, if the path had one. It need not exist.
    pub webhook_id: Option<String>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// Why it was refused; `None` if it was not.
    pub refusal: Option<Refusal>,
    /// Whether the answer was scripted by [`Discord::answer_next`].
    pub scripted: bool,
    /// The id of the message that it made, read, changed or removed.
    pub message_id: Option<String>,
}

#[derive(Default)]
struct State {
    snowflakes: Snowflakes,
    webhooks: Vec<Entry>,
    /// The bots that are members of every channel's server.
    members: Vec<Member>,
    messages: Vec<Received>,
    exchanges: VecDeque<Exchange>,
    /// How many exchanges there were so far, those that are no longer kept included.
    answered: u64,
    faults: VecDeque<(Option<String>, Fault)>,
    rate_limit: RateLimit,
    /// How often a bot may read.
    read_limit: RateLimit,
    /// The rate-limit headers of the request that is being answered.
    pending_headers: Vec<(String, String)>,
    default_api_version: u8,
    /// How many messages are kept, and a tenth of how many exchanges; the oldest go first.
    most: usize,
}

impl State {
    fn trim(&mut self) {
        let mut surplus = self.messages.len().saturating_sub(self.most);
        // A message keeps its body as it was sent, files included.
        let mut bytes: usize = self.messages.iter().skip(surplus).map(|message| message.body.len()).sum();
        while bytes > MOST_BYTES {
            bytes -= self.messages[surplus].body.len();
            surplus += 1;
        }
        self.messages.drain(..surplus);
        while self.exchanges.len() > self.most.saturating_mul(10) {
            self.exchanges.pop_front();
        }
    }
}

impl Discord {
    /// A Discord without webhooks, on the machine's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(Arc::new(Timestamp::now))
    }

    /// The same on a clock of the caller's: it gives the ids, the timestamps and the rate-limit windows.
    #[must_use]
    pub fn with_clock(clock: Clock) -> Self {
        let most = Limits::default().discord_messages;
        let state =
            State { default_api_version: DEFAULT_API_VERSION, most, read_limit: channel::READS, ..State::default() };
        Self { clock, state: Arc::new(Mutex::new(state)), exchanges: watch::Sender::new(0) }
    }

    /// Keeps the newest `most` messages from now on, and ten times as many exchanges.
    pub fn keep(&self, most: usize) {
        let mut state = self.state();
        state.most = most;
        state.trim();
    }

    /// The channels and how many messages stand in each. Tokens are left out.
    pub(crate) fn snapshot(&self) -> Value {
        let state = self.state();
        let channel = |entry: &Entry| {
            let id = &entry.webhook.id;
            let messages = state.messages.iter().filter(|message| message.webhook_id == *id).count();
            json!({ "channel": entry.webhook.channel, "webhook_id": id, "messages": messages })
        };
        state.webhooks.iter().map(channel).collect()
    }

    /// Makes everything as it was when there were this webhook and this bot alone: messages, exchanges, faults and others of
    /// them are gone. The webhook, its URL unchanged, is as it was made, and so is the bot with its token.
    pub(crate) fn reset(&self, webhook: &Webhook, bot: &Bot) {
        let mut state = self.state();
        *state = State {
            snowflakes: std::mem::take(&mut state.snowflakes),
            webhooks: vec![Entry::new(webhook.clone())],
            members: vec![Member::new(bot.clone())],
            default_api_version: DEFAULT_API_VERSION,
            read_limit: channel::READS,
            most: state.most,
            ..State::default()
        };
    }

    /// Makes a channel with an incoming webhook and returns the webhook. Two calls with one name make two channels.
    #[must_use]
    pub fn add_webhook(&self, channel: &str) -> Webhook {
        let now = (self.clock)();
        let mut state = self.state();
        let webhook = Webhook::generate(channel, || state.snowflakes.next(now));
        state.webhooks.push(Entry::new(webhook.clone()));
        webhook
    }

    /// Makes a bot that may see every channel.
    #[must_use]
    pub fn add_bot(&self) -> Bot {
        let now = (self.clock)();
        let mut state = self.state();
        let bot = Bot::generate(state.snowflakes.next(now));
        state.members.push(Member::new(bot.clone()));
        bot
    }

    /// The bots, oldest first.
    #[must_use]
    pub fn bots(&self) -> Vec<Bot> {
        self.state().members.iter().map(|member| member.bot.clone()).collect()
    }

    /// What this bot may see from now on.
    pub fn set_bot_access(&self, bot_id: &str, access: BotAccess) {
        let mut state = self.state();
        state.members.iter_mut().filter(|member| member.bot.id == bot_id).for_each(|member| member.access = access);
    }

    /// How many times a bot may read channels in how long: 50 times a second, unless this says otherwise. Counters start anew.
    pub fn set_read_limit(&self, read_limit: RateLimit) {
        let mut state = self.state();
        state.read_limit = read_limit;
        for member in &mut state.members {
            member.bucket = rate_limit::Bucket::default();
        }
    }

    /// Removes the webhook, as a person does in the channel's settings: its URL answers 404 (10015) from now on.
    /// Returns whether there was one.
    pub fn remove_webhook(&self, webhook_id: &str) -> bool {
        self.state().remove_webhook(webhook_id)
    }

    /// The webhooks, oldest first.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.state().webhooks.iter().map(|entry| entry.webhook.clone()).collect()
    }

    /// The messages that stand in the channel of this webhook, oldest first; `id` is the webhook's or the channel's.
    #[must_use]
    pub fn messages(&self, id: &str) -> Vec<Received> {
        let of_channel = |received: &&Received| received.webhook_id == id || received.message["channel_id"] == id;
        self.state().messages.iter().filter(of_channel).cloned().collect()
    }

    /// Every request so far with its answer, oldest first.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.state().exchanges.iter().cloned().collect()
    }

    /// The requests that are kept, at most `most` of them, from the one with this number on (the first has 0): each with the
    /// message that it was about, as it stands now. And the number of the first of them.
    pub(crate) fn exchanges_since(&self, number: u64, most: usize) -> (u64, Vec<(Exchange, Option<Received>)>) {
        let state = self.state();
        let message = |exchange: &Exchange| {
            let id = exchange.message_id.as_deref()?;
            state.messages.iter().rev().find(|message| message.id() == id).cloned()
        };
        let oldest = state.answered.saturating_sub(state.exchanges.len() as u64);
        let first = number.max(oldest);
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        let exchanges = state.exchanges.iter().skip(skipped).take(most);
        (first, exchanges.map(|exchange| (exchange.clone(), message(exchange))).collect())
    }

    /// How many requests there were so far.
    pub(crate) fn exchange_count(&self) -> u64 {
        self.state().answered
    }

    /// Answers the next message that is sent through any webhook with this fault. Faults queue up.
    pub fn answer_next(&self, fault: Fault) {
        self.state().faults.push_back((None, fault));
    }

    /// Answers the next message that is sent through this webhook with this fault. Faults queue up.
    pub fn answer_next_of(&self, webhook_id: &str, fault: Fault) {
        self.state().faults.push_back((Some(webhook_id.to_owned()), fault));
    }

    /// Forgets the faults that no message has met yet.
    pub fn forget_faults(&self) {
        self.state().faults.clear();
    }

    /// How many requests a webhook may make in how long. Counters start anew.
    pub fn set_rate_limit(&self, rate_limit: RateLimit) {
        let mut state = self.state();
        state.rate_limit = rate_limit;
        for entry in &mut state.webhooks {
            entry.bucket = rate_limit::Bucket::default();
        }
    }

    /// The API version of paths without one. It decides the shape of form errors (nested from version 8 on) and the
    /// unit of `retry_after` (milliseconds before version 8).
    ///
    /// The default is [`DEFAULT_API_VERSION`]. Up to 2025 users reported the flat errors of version 6 from the URL
    /// that Discord's "copy webhook URL" button gives (`{"embeds": ["0"]}`); Discord's reference no longer names a
    /// default version.
    pub fn set_default_api_version(&self, version: u8) {
        self.state().default_api_version = version;
    }

    /// Changes each time a request was answered; the value is the number of answers. Whatever the answer changed is
    /// there to be read before the change shows.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<usize> {
        self.exchanges.subscribe()
    }

    /// Waits for a message that the condition holds for, those that are already there included. It waits without a
    /// limit: put a timeout around it.
    pub async fn message(&self, condition: impl Fn(&Received) -> bool) -> Received {
        let mut changes = self.subscribe();
        loop {
            changes.mark_unchanged();
            if let Some(found) = self.state().messages.iter().find(|received| condition(received)) {
                return found.clone();
            }
            // The sender lives in `self`, so that the channel cannot be closed here.
            let _ = changes.changed().await;
        }
    }

    /// Answers one request as Discord does.
    #[must_use]
    pub fn handle(&self, request: &Request) -> Response {
        self.receive(request).0
    }

    /// Answers one request as Discord does, and says which message it posted, if it did.
    #[must_use]
    pub fn receive(&self, request: &Request) -> (Response, Option<Received>) {
        let now = (self.clock)();
        let mut state = self.state();
        let response = state.answer(request, now);
        // The lock is still held: the last exchange is this one's.
        let posted = state.exchanges.back().filter(|exchange| exchange.method == "POST");
        let posted = posted.and_then(|exchange| exchange.message_id.clone());
        let posted = posted.and_then(|id| state.messages.iter().rev().find(|message| message.id() == id).cloned());
        state.trim();
        drop(state);
        self.exchanges.send_modify(|count| *count += 1);
        (response, posted)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before the next one starts: a panic elsewhere leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Discord {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Discord")
            .field("webhooks", &state.webhooks.iter().map(|entry| &entry.webhook).collect::<Vec<_>>())
            .field("messages", &state.messages.len())
            .field("exchanges", &state.exchanges.len())
            .finish_non_exhaustive()
    }
}

impl Received {
    /// The message's text; empty for a message of embeds alone.
    #[must_use]
    pub fn content(&self) -> &str {
        self.message["content"].as_str().unwrap_or_default()
    }

    /// The message's id, a snowflake.
    #[must_use]
    pub fn id(&self) -> &str {
        self.message["id"].as_str().unwrap_or_default()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("at", &self.at).field("message", &self.message).finish_non_exhaustive()
    }
}
