//! From the path to the answer: which webhook, which operation, what it changes.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::form::FormErrors;
use super::message::{self, Author, Draft};
use super::refusal::{Refusal, Scope};
use super::request::{Request, Response};
use super::snowflake::is_snowflake;
use super::{Exchange, Received, State, rate_limit};

/// What the path asks for.
#[derive(Debug, PartialEq, Eq)]
enum Route<'a> {
    Webhook {
        id: &'a str,
        token: &'a str,
    },
    Message {
        id: &'a str,
        token: &'a str,
        message: &'a str,
    },
    /// The messages of a channel, which a bot reads.
    Channel {
        channel: &'a str,
    },
}

/// An answer on its way: what [`Exchange`] tells of it beside the status.
struct Outcome {
    response: Response,
    message_id: Option<String>,
}

impl Outcome {
    fn of(response: Response) -> Self {
        Self { response, message_id: None }
    }

    fn of_message(response: Response, received: &Received) -> Self {
        Self { response, message_id: Some(received.id().to_owned()) }
    }
}

impl State {
    /// Answers a request and writes down the exchange.
    pub(super) fn answer(&mut self, request: &Request, now: Timestamp) -> Response {
        let (api_version, segments) = split(request.path(), self.default_api_version);
        let webhook_id = match segments.as_slice() {
            ["webhooks", id, ..] => Some((*id).to_owned()),
            _ => None,
        };
        let fault = match segments.as_slice() {
            ["webhooks", id, _] if request.method == "POST" => self.take_fault(id),
            _ => None,
        };
        let scripted = fault.is_some();
        let result = match fault {
            Some(refusal) => Err(refusal),
            None => self.dispatch(request, api_version, &segments, now),
        };
        let (mut response, refusal, message_id) = match result {
            Ok(outcome) => (outcome.response, None, outcome.message_id),
            Err(refusal) => (refusal.response(api_version), Some(refusal), None),
        };
        if !scripted {
            response.add_headers(std::mem::take(&mut self.pending_headers));
        }
        self.answered += 1;
        self.exchanges.push_back(Exchange {
            at: now,
            method: request.method.clone(),
            webhook_id,
            status: response.status,
            refusal,
            scripted,
            message_id,
        });
        response
    }

    pub(super) fn remove_webhook(&mut self, webhook_id: &str) -> bool {
        let before = self.webhooks.len();
        self.webhooks.retain(|entry| entry.webhook.id != webhook_id);
        self.webhooks.len() < before
    }

    fn take_fault(&mut self, webhook_id: &str) -> Option<Refusal> {
        let of_this = |(id, _): &(Option<String>, _)| id.as_deref().is_none_or(|id| id == webhook_id);
        let position = self.faults.iter().position(of_this)?;
        self.faults.remove(position).map(|(_, fault)| fault.refusal())
    }

    fn dispatch(
        &mut self,
        request: &Request,
        api_version: u8,
        segments: &[&str],
        now: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let route = route(segments)?;
        if !(6..=10).contains(&api_version) {
            return Err(Refusal::InvalidApiVersion);
        }
        let (id, token) = match route {
            Route::Webhook { id, token } | Route::Message { id, token, .. } => (id, token),
            Route::Channel { channel } => {
                return match request.method.as_str() {
                    "GET" => self.read_channel(request, channel, now).map(Outcome::of),
                    _ => Err(Refusal::NotBuilt("messages of a bot's own")),
                };
            }
        };
        let index = self.authorize(id, token)?;
        match (route, request.method.as_str()) {
            (Route::Webhook { .. }, "POST") => {
                self.count(index, now)?;
                self.execute(request, index, now)
            }
            (Route::Webhook { .. }, "GET") => {
                Ok(Outcome::of(Response::json(200, &self.webhooks[index].webhook.object())))
            }
            (Route::Webhook { .. }, "PATCH") => self.rename(request, index),
            (Route::Webhook { id, .. }, "DELETE") => {
                self.remove_webhook(id);
                Ok(Outcome::of(Response::empty(204)))
            }
            (Route::Message { id, message, .. }, "GET") => {
                let received = &self.messages[self.find_message(id, message)?];
                Ok(Outcome::of_message(Response::json(200, &received.message), received))
            }
            (Route::Message { id, message, .. }, "PATCH") => self.edit(request, id, message, now),
            (Route::Message { id, message, .. }, "DELETE") => {
                let index = self.find_message(id, message)?;
                Ok(Outcome::of_message(Response::empty(204), &self.messages.remove(index)))
            }
            _ => Err(Refusal::MethodNotAllowed),
        }
    }

    /// The webhook of this id, if the token is its token.
    fn authorize(&self, id: &str, token: &str) -> Result<usize, Refusal> {
        if !is_snowflake(id) {
            let message = format!("Value \"{id}\" is not snowflake.");
            return Err(Refusal::InvalidForm(FormErrors::at(&["webhook_id"], "NUMBER_TYPE_COERCE", message)));
        }
        let index = self.webhooks.iter().position(|entry| entry.webhook.id == id).ok_or(Refusal::UnknownWebhook)?;
        if self.webhooks[index].webhook.token == token { Ok(index) } else { Err(Refusal::InvalidWebhookToken) }
    }

    /// Counts a sent message against the webhook's window, whatever becomes of it. Other routes have windows of their
    /// own in Discord; looking at a webhook must not use up what its alarms may send.
    fn count(&mut self, index: usize, now: Timestamp) -> Result<(), Refusal> {
        let window = self.webhooks[index].bucket.take(self.rate_limit, now);
        let (Ok(shown) | Err(shown)) = window;
        self.pending_headers = rate_limit::Window::headers(&shown);
        match window {
            Ok(_) => Ok(()),
            Err(window) => Err(Refusal::RateLimited { retry_after: window.resets_after, scope: Scope::User }),
        }
    }

    fn execute(&mut self, request: &Request, index: usize, now: Timestamp) -> Result<Outcome, Refusal> {
        if request.query("thread_id").is_some() {
            return Err(Refusal::UnknownChannel);
        }
        let draft = Draft::parse(request)?;
        if draft.is_empty() {
            return Err(Refusal::EmptyMessage);
        }
        let id = self.snowflakes.next(now);
        let attachment_ids: Vec<_> = draft.files().iter().map(|_| self.snowflakes.next(now)).collect();
        let webhook = &self.webhooks[index].webhook;
        let message = draft.message(Author { webhook, now }, &id, &attachment_ids);
        let response = match request.query("wait").as_deref() {
            Some("true" | "True" | "1") => Response::json(200, &message),
            _ => Response::empty(204),
        };
        let received = Received {
            at: now,
            webhook_id: webhook.id.clone(),
            message,
            body: request.body.clone(),
            headers: request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect(),
        };
        let outcome = Outcome::of_message(response, &received);
        self.messages.push(received);
        Ok(outcome)
    }

    fn edit(&mut self, request: &Request, id: &str, message: &str, now: Timestamp) -> Result<Outcome, Refusal> {
        let index = self.find_message(id, message)?;
        let draft = Draft::parse(request)?;
        let received = &mut self.messages[index];
        let edited = draft.edit(&received.message, now);
        if message::is_empty(&edited) {
            return Err(Refusal::EmptyMessage);
        }
        received.message = edited;
        Ok(Outcome::of_message(Response::json(200, &received.message), received))
    }

    fn rename(&mut self, request: &Request, index: usize) -> Result<Outcome, Refusal> {
        let body: Map<String, Value> = serde_json::from_slice(&request.body).map_err(|_| Refusal::InvalidJson)?;
        if let Some(name) = body.get("name") {
            let name = message::username(name, "name").map_err(Refusal::InvalidForm)?;
            self.webhooks[index].webhook.name = name;
        }
        Ok(Outcome::of(Response::json(200, &self.webhooks[index].webhook.object())))
    }

    fn find_message(&self, webhook_id: &str, message: &str) -> Result<usize, Refusal> {
        let of_this = |received: &Received| received.webhook_id == webhook_id && received.id() == message;
        self.messages.iter().position(of_this).ok_or(Refusal::UnknownMessage)
    }
}

/// The API version and the segments after it.
fn split(path: &str, default_version: u8) -> (u8, Vec<&str>) {
    let mut segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
    if segments.first() != Some(&"api") {
        return (default_version, Vec::new());
    }
    segments.remove(0);
    let version = segments.first().and_then(|segment| segment.strip_prefix('v')).and_then(|text| text.parse().ok());
    if version.is_some() {
        segments.remove(0);
    }
    (version.unwrap_or(default_version), segments)
}

fn route<'a>(segments: &[&'a str]) -> Result<Route<'a>, Refusal> {
    match *segments {
        // Without its token a webhook is a matter for bots.
        ["webhooks", _] => Err(Refusal::Unauthorized),
        ["webhooks", id, token] => Ok(Route::Webhook { id, token }),
        ["webhooks", id, token, "messages", message] => Ok(Route::Message { id, token, message }),
        ["channels", channel, "messages"] => Ok(Route::Channel { channel }),
        ["channels", ..] => Err(Refusal::NotBuilt("of channels anything but the list of their messages")),
        ["webhooks", _, _, "slack"] => Err(Refusal::NotBuilt("Slack-compatible webhooks (/slack)")),
        ["webhooks", _, _, "github"] => Err(Refusal::NotBuilt("GitHub-compatible webhooks (/github)")),
        _ => Err(Refusal::UnknownRoute),
    }
}
