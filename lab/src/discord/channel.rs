//! Reading a channel back, as a bot does.
//!
//! `GET /channels/{id}/messages` gives the newest first, 50 unless `limit` says otherwise, and at most 100. `after` gives those
//! next behind an id, `before` those next before it, `around` both; only one of the three at a time.
//!
//! Sources: *Message Resource*, "Get Channel Messages" (the permissions, and that without Read Message History the answer is an
//! empty list); *Gateway*, "Message Content Intent" (which fields come empty without it, and that this counts for the HTTP API
//! too). Discord publishes no limit of this route; what is held here is the one that it publishes for a bot as a whole, fifty
//! requests a second (*Rate Limits*).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::form::FormErrors;
use super::rate_limit::{RateLimit, Window};
use super::refusal::{Refusal, Scope};
use super::request::{Request, Response};
use super::snowflake::is_snowflake;
use super::{BotAccess, State};

/// How often a bot may read.
pub(super) const READS: RateLimit = RateLimit { requests: 50, window: Duration::from_secs(1) };

/// How many messages an answer has, unless the request says, and at the most.
const USUAL: usize = 50;
const MOST: usize = 100;

/// The fields that come empty without the intent, each with what stands in its place.
const CONTENT: [&str; 4] = ["content", "embeds", "attachments", "components"];

/// Which messages a request asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    after: Option<u64>,
    before: Option<u64>,
    around: Option<u64>,
    limit: usize,
}

impl Asked {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let snowflake = |name: &str| match request.query(name) {
            None => Ok(None),
            Some(text) => text.parse().ok().filter(|_| is_snowflake(&text)).map(Some).ok_or_else(|| {
                let message = format!("Value \"{text}\" is not snowflake.");
                Refusal::InvalidForm(FormErrors::at(&[name], "NUMBER_TYPE_COERCE", message))
            }),
        };
        let (after, before, around) = (snowflake("after")?, snowflake("before")?, snowflake("around")?);
        if [after, before, around].iter().flatten().count() > 1 {
            return Err(Refusal::NotBuilt("more than one of after, before and around, which Discord takes one of"));
        }
        let limit = match request.query("limit") {
            None => USUAL,
            Some(text) => {
                let limit = text.parse().map_err(|_| {
                    let message = format!("Value \"{text}\" is not int.");
                    Refusal::InvalidForm(FormErrors::at(&["limit"], "NUMBER_TYPE_COERCE", message))
                })?;
                if !(1..=MOST).contains(&limit) {
                    let (code, message) = match limit {
                        0 => ("NUMBER_TYPE_MIN", "int value should be greater than or equal to 1."),
                        _ => ("NUMBER_TYPE_MAX", "int value should be less than or equal to 100."),
                    };
                    return Err(Refusal::InvalidForm(FormErrors::at(&["limit"], code, message)));
                }
                limit
            }
        };
        Ok(Self { after, before, around, limit })
    }

    /// The messages that are asked for, of all of a channel, oldest first.
    fn of<'a>(&self, all: &[&'a Value]) -> Vec<&'a Value> {
        let at = |id: u64| all.partition_point(|message| id_of(message) < id);
        let (from, to) = match *self {
            Self { after: Some(id), .. } => {
                let from = at(id.saturating_add(1));
                (from, from.saturating_add(self.limit).min(all.len()))
            }
            Self { before: Some(id), .. } => {
                let to = at(id);
                (to.saturating_sub(self.limit), to)
            }
            Self { around: Some(id), .. } => {
                let from = at(id).saturating_sub(self.limit / 2);
                (from, from.saturating_add(self.limit).min(all.len()))
            }
            _ => (all.len().saturating_sub(self.limit), all.len()),
        };
        all[from..to].iter().rev().copied().collect()
    }
}

fn id_of(message: &Value) -> u64 {
    message["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default()
}

impl State {
    /// Answers who reads a channel.
    pub(super) fn read_channel(
        &mut self,
        request: &Request,
        channel: &str,
        now: Timestamp,
    ) -> Result<Response, Refusal> {
        let limit = self.read_limit;
        let token = request.header("authorization").and_then(|value| value.strip_prefix("Bot "));
        let member = token.and_then(|token| self.members.iter_mut().find(|member| member.bot.token == token));
        let member = member.ok_or(Refusal::Unauthorized)?;
        let window = member.bucket.take(limit, now);
        let (Ok(shown) | Err(shown)) = window;
        self.pending_headers = Window::headers(&shown);
        let access = member.access;
        if let Err(window) = window {
            return Err(Refusal::RateLimited { retry_after: window.resets_after, scope: Scope::User });
        }
        if !is_snowflake(channel) {
            let message = format!("Value \"{channel}\" is not snowflake.");
            return Err(Refusal::InvalidForm(FormErrors::at(&["channel_id"], "NUMBER_TYPE_COERCE", message)));
        }
        if !self.webhooks.iter().any(|entry| entry.webhook.channel_id == channel) {
            return Err(Refusal::UnknownChannel);
        }
        if !access.view_channel {
            return Err(Refusal::MissingAccess);
        }
        let asked = Asked::read(request)?;
        let all: Vec<&Value> = match access.read_message_history {
            true => self.messages.iter().map(|received| &received.message).collect(),
            false => Vec::new(),
        };
        let all: Vec<&Value> = all.into_iter().filter(|message| message["channel_id"] == channel).collect();
        let messages: Vec<Value> = asked.of(&all).into_iter().map(|message| as_seen(message, access)).collect();
        Ok(Response::json(200, &Value::Array(messages)))
    }
}

/// A message as a bot with this access sees it: a webhook's is never the bot's own.
fn as_seen(message: &Value, access: BotAccess) -> Value {
    let mut seen = message.clone();
    if !access.message_content {
        for name in CONTENT {
            seen[name] = if name == "content" { json!("") } else { json!([]) };
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discord::{Bot, Discord, Webhook};

    /// A channel with so many messages, and a bot that may see everything.
    fn channel(messages: usize) -> (Discord, Webhook, Bot) {
        let discord = Discord::new();
        discord.set_rate_limit(RateLimit { requests: u32::MAX, window: Duration::from_secs(1) });
        let (webhook, bot) = (discord.add_webhook("alarm"), discord.add_bot());
        for number in 0..messages {
            let posted = discord
                .handle(&Request::post_json(&webhook.path(), json!({ "content": number.to_string() }).to_string()));
            assert_eq!(posted.status, 204);
        }
        (discord, webhook, bot)
    }

    fn read(discord: &Discord, channel: &str, query: &str, authorization: &str) -> Response {
        let target = format!("/api/v10/channels/{channel}/messages{query}");
        discord.handle(&Request::new("GET", &target).with_header("authorization", authorization))
    }

    fn contents(response: &Response) -> Vec<String> {
        assert_eq!(response.status, 200, "{:?}", response.json_body());
        let text = |message: &Value| message["content"].as_str().unwrap().to_owned();
        response.json_body().as_array().unwrap().iter().map(text).collect()
    }

    #[test]
    fn the_newest_come_first_and_the_cursors_mean_what_they_say() {
        let (discord, webhook, bot) = channel(120);
        let authorization = format!("Bot {}", bot.token);
        let get = |query: &str| contents(&read(&discord, &webhook.channel_id, query, &authorization));
        let range = |from: usize, to: usize| (from..to).rev().map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(get(""), range(70, 120));
        assert_eq!(get("?limit=100"), range(20, 120));
        let id = discord.messages(&webhook.id)[10].id().to_owned();
        assert_eq!(get(&format!("?after={id}&limit=3")), range(11, 14), "those next behind it");
        assert_eq!(get(&format!("?before={id}&limit=3")), range(7, 10));
        assert_eq!(get(&format!("?around={id}&limit=3")), range(9, 12));
        assert_eq!(get("?after=0&limit=1"), range(0, 1));
        let newest = discord.messages(&webhook.id)[119].id().to_owned();
        assert_eq!(get(&format!("?after={newest}")), Vec::<String>::new());
    }

    #[test]
    fn only_a_bot_that_may_see_a_channel_reads_it() {
        let (discord, webhook, bot) = channel(1);
        let authorization = format!("Bot {}", bot.token);
        let get = |authorization: &str| read(&discord, &webhook.channel_id, "", authorization);
        let refused = |response: Response| (response.status, response.json_body()["code"].as_u64().unwrap());
        for wrong in ["", "Bot wrong", &bot.token, &format!("Bearer {}", bot.token)] {
            assert_eq!(refused(get(wrong)), (401, 0), "{wrong}");
        }
        assert_eq!(refused(read(&discord, "1", "", &authorization)), (404, 10003));
        assert_eq!(refused(read(&discord, "alarm", "", &authorization)), (400, 50035));
        for query in ["?limit=0", "?limit=101", "?limit=x", "?after=x"] {
            assert_eq!(refused(read(&discord, &webhook.channel_id, query, &authorization)), (400, 50035), "{query}");
        }
        assert_eq!(read(&discord, &webhook.channel_id, "?after=1&before=2", &authorization).status, 501);
        discord.set_bot_access(&bot.id, BotAccess { message_content: false, ..BotAccess::default() });
        assert_eq!(contents(&get(&authorization)), [""], "the content is somebody else's");
        discord.set_bot_access(&bot.id, BotAccess { read_message_history: false, ..BotAccess::default() });
        assert_eq!(contents(&get(&authorization)), Vec::<String>::new());
        discord.set_bot_access(&bot.id, BotAccess { view_channel: false, ..BotAccess::default() });
        assert_eq!(refused(get(&authorization)), (403, 50001));
        assert_eq!(discord.messages(&webhook.id)[0].content(), "0", "what stands there is as it was");
    }

    #[test]
    fn a_bot_that_reads_too_often_waits() {
        let (discord, webhook, bot) = channel(0);
        discord.set_read_limit(RateLimit { requests: 1, window: Duration::from_secs(60) });
        let authorization = format!("Bot {}", bot.token);
        let first = read(&discord, &webhook.channel_id, "", &authorization);
        assert_eq!((first.status, first.header("x-ratelimit-remaining")), (200, Some("0")));
        let second = read(&discord, &webhook.channel_id, "", &authorization);
        assert_eq!(second.status, 429);
        assert!(second.json_body()["retry_after"].as_f64().unwrap() > 50.0);
    }
}
