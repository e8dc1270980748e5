//! The function is tried: a copy of it, on this machine, with records of every shape and with every answer that Discord has.
//!
//! The function's own package is fetched and runs in the lab's runtime, with the function's own environment but for the
//! webhook, which is that of a Discord of this process's own. So nothing is changed where the function stands, nobody in the
//! real channel hears anything, and its error comes back with type, message and trace. What the copy cannot have is what
//! surrounds the function: its role, its VPC, its layers.

mod verdict;

use std::sync::Arc;
use std::time::Duration;

use alert_drill_lab::Lab;
use alert_drill_lab::discord::{Fault, RateLimit, Scope};
use alert_drill_lab::lambda::{
    Credentials, Engine, EngineSettings, Function, FunctionConfig, InvokeRequest, LogEvent, Package,
    ReservedConcurrency, Runtime,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::diagnosis::{Change, GROUP_ID, Site};
use crate::inspection::{Fact, FunctionConfiguration, FunctionFacts, Names, Unknown, Way};
use crate::pipeline::sns_event;
use crate::report::Trial;
use crate::scenario::TargetKind;
use crate::sdk;
use crate::target::{Target, plain_http};
use crate::text::Lang;

pub(crate) use self::verdict::{Problem, problems};

const GET_FUNCTION: &str = "lambda:GetFunction";

/// How long fetching the package may take.
const FETCH: Duration = Duration::from_secs(60);

/// A try, and what is wrong with it.
pub(crate) struct Tried {
    pub(crate) trial: Trial,
    /// Whether an alarm has to ring in this circumstance.
    pub(crate) must_alert: bool,
    /// Whether it is a record of one shape, and Discord takes every message.
    pub(crate) is_shape: bool,
    pub(crate) problems: Vec<Problem>,
}

/// What the function is given and how Discord answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circumstance {
    /// A record of this shape; Discord takes the message.
    Shape(Change),
    /// Discord refuses the message so.
    Refusal(u16),
    /// A record so long that a message that takes all of it is longer than Discord takes.
    Long,
}

impl Circumstance {
    /// Every one that a function has to cope with.
    fn all() -> Vec<Self> {
        let shapes = Change::ALL.into_iter().filter(|change| change.has_own_shape()).map(Self::Shape);
        shapes.chain([Self::Long, Self::Refusal(429), Self::Refusal(404), Self::Refusal(500)]).collect()
    }

    fn change(self) -> Change {
        match self {
            Self::Shape(change) => change,
            Self::Refusal(_) | Self::Long => Change::AddInbound,
        }
    }

    fn words(self, lang: Lang) -> String {
        let change = self.change();
        match self {
            Self::Shape(_) => format!("{} ({})", change.event_name(), change.words(lang)),
            Self::Refusal(status) => {
                lang.choose(format!("Discord answers {status}"), format!("디스코드가 {status}(으)로 응답"))
            }
            Self::Long => lang.choose("a very long record".to_owned(), "아주 긴 이벤트".to_owned()),
        }
    }
}

/// Tries the function in every circumstance.
///
/// `way` makes the message, where what it makes is right: otherwise every record would show the rule's mistake again.
pub(crate) async fn all(
    target: &Target,
    facts: &FunctionFacts,
    way: Option<Way<'_>>,
    names: &Names,
    lang: Lang,
) -> Fact<Vec<Tried>> {
    let Ok(Some(configuration)) = &facts.configuration else {
        return Err(Unknown::here("lambda:GetFunctionConfiguration", "there is no function to try".to_owned()));
    };
    let package = fetch(target, facts).await?;
    let bench = Bench::new(target, facts, configuration, names, package).await?;
    let mut tried = Vec::new();
    for circumstance in Circumstance::all() {
        let Some(message) = message(target, way, circumstance) else { continue };
        tried.push(bench.one(circumstance, &message, lang).await?);
        // The rest would say the same.
        if tried.last().is_some_and(|one: &Tried| one.problems.iter().any(Problem::is_of_init)) {
            break;
        }
    }
    bench.stop().await;
    Ok(tried)
}

/// What the topic hands to the function; none where the rule cannot send anything for it.
fn message(target: &Target, way: Option<Way<'_>>, circumstance: Circumstance) -> Option<String> {
    let site = Site { account: &target.account, region: &target.region, group_id: GROUP_ID };
    let mut event = circumstance.change().event(&site);
    if circumstance == Circumstance::Long {
        event["detail"]["requestParameters"]["ipPermissions"]["items"] = long_list();
    }
    match way {
        Some(Way { rule, target }) => target.rendered(&event, rule).ok(),
        None => Some(event.to_string()),
    }
}

/// More rules than a message has room for.
fn long_list() -> Value {
    let rule = |port: u16| {
        json!({
            "ipProtocol": "tcp",
            "fromPort": port,
            "toPort": port,
            "groups": {},
            "ipRanges": { "items": [{ "cidrIp": "203.0.113.0/24", "description": "one of many rules added at once" }] },
            "ipv6Ranges": {},
            "prefixListIds": {},
        })
    };
    (8000..8060).map(rule).collect()
}

/// The function's package.
async fn fetch(target: &Target, facts: &FunctionFacts) -> Fact<Vec<u8>> {
    let got = target.clients.lambda.get_function().function_name(&facts.arn).send().await;
    let got = got.map_err(|error| Unknown::here(GET_FUNCTION, sdk::reason(&error)))?;
    let without = || Unknown::here(GET_FUNCTION, "no package (Code.Location): an image?".to_owned());
    let location = got.code().and_then(|code| code.location()).ok_or_else(without)?;
    // The address is signed, and not to be shown.
    let failed = |error: reqwest::Error| {
        let reason = format!("Code.Location: {}", sdk::cause(&error.without_url()));
        Unknown::here(GET_FUNCTION, reason)
    };
    let builder = if location.starts_with("http://") { plain_http() } else { reqwest::Client::builder() };
    let client = builder.timeout(FETCH).build().map_err(failed)?;
    let answer = client.get(location).send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
    Ok(answer.bytes().await.map_err(failed)?.to_vec())
}

/// The copy of the function, and the Discord that it posts to.
struct Bench {
    lab: Lab,
    engine: Engine,
    function: Arc<Function>,
    topic_arn: String,
    account: String,
    region: String,
    at_home: bool,
    _logs: mpsc::UnboundedReceiver<LogEvent>,
}

impl Bench {
    async fn new(
        target: &Target,
        facts: &FunctionFacts,
        configuration: &FunctionConfiguration,
        names: &Names,
        package: Vec<u8>,
    ) -> Fact<Self> {
        const HERE: &str = "the copy of the function";
        let runtime: Runtime =
            configuration.runtime.parse().map_err(|error| Unknown::here(HERE, format!("{error}")))?;
        let failed = |error: &dyn std::fmt::Display| Unknown::here(HERE, error.to_string());
        let lab = Lab::start().await.map_err(|error| failed(&error))?;
        let discord = lab.discord();
        discord.set_rate_limit(RateLimit { requests: u32::MAX, window: Duration::from_secs(1) });
        let (sink, logs) = mpsc::unbounded_channel();
        let engine = Engine::new(EngineSettings::default(), Arc::new(sink)).map_err(|error| failed(&error))?;
        let package = Package::unpack(&package).map_err(|error| failed(&error))?;
        let mut environment = configuration.variables.clone();
        // Where it has none, the one that it should have: what else is wrong with it shows only so.
        let variable = facts.webhook.as_ref().map_or(&names.webhook_variable, |webhook| &webhook.variable);
        environment.insert(variable.clone(), lab.discord_webhook_url());
        let name = configuration.name.clone();
        let config = FunctionConfig {
            arn: facts.arn.clone(),
            log_group: format!("/aws/lambda/{name}"),
            name,
            version: "$LATEST".to_owned(),
            region: target.region.clone(),
            account: target.account.clone(),
            runtime,
            handler: configuration.handler.clone(),
            timeout: Duration::from_secs(configuration.timeout_seconds.unsigned_abs().into()),
            memory_size: configuration.memory_mb.unsigned_abs(),
            environment,
            // None of anybody's: what the copy does elsewhere is nobody's wish.
            credentials: Credentials {
                access_key_id: target.account.clone(),
                secret_access_key: "alert-drill".to_owned(),
                session_token: String::new(),
            },
            endpoint_url: target.endpoint_url.clone().or_else(|| Some(lab.endpoint_url())),
        };
        let function = engine.deploy(config, Arc::new(package), &ReservedConcurrency::new(None));
        let topic_arn = format!("arn:aws:sns:{}:{}:tried", target.region, target.account);
        Ok(Self {
            lab,
            engine,
            function,
            topic_arn,
            account: target.account.clone(),
            region: target.region.clone(),
            at_home: target.kind == TargetKind::Lab,
            _logs: logs,
        })
    }

    async fn one(&self, circumstance: Circumstance, message: &str, lang: Lang) -> Fact<Tried> {
        let discord = self.lab.discord();
        if let Circumstance::Refusal(status) = circumstance {
            // One: a function that tries again is right to.
            discord.answer_next(fault(status));
        }
        let before = discord.exchanges().len();
        let known = self.messages().len();
        let request = InvokeRequest::new(self.notification(message).to_string());
        let outcome = self.function.invoke(request).await;
        let outcome = outcome.map_err(|error| Unknown::here("the copy of the function", error.to_string()))?;
        let exchanges = discord.exchanges().split_off(before);
        let messages = self.messages().split_off(known);
        if let Circumstance::Refusal(_) = circumstance {
            discord.forget_faults();
        }
        let answer = String::from_utf8_lossy(&outcome.payload).into_owned();
        let failed = outcome.function_error.is_some();
        let problems = problems(&verdict::Seen {
            circumstance,
            failed,
            answer: &answer,
            note: outcome.note.as_deref(),
            log: &String::from_utf8_lossy(&outcome.log_tail),
            exchanges: &exchanges,
            messages: &messages,
            at_home: self.at_home,
            account: &self.account,
            region: &self.region,
        });
        let trial = Trial {
            shape: circumstance.words(lang),
            discord_status: exchanges.last().map(|exchange| exchange.status),
            failed,
            answer,
            messages,
            problems: problems.iter().map(|problem| problem.words(lang)).collect(),
        };
        let is_shape = matches!(circumstance, Circumstance::Shape(_));
        Ok(Tried { trial, must_alert: circumstance.change().must_alert(), is_shape, problems })
    }

    /// The texts of all messages so far.
    fn messages(&self) -> Vec<String> {
        let discord = self.lab.discord();
        let webhooks = discord.webhooks();
        let received = webhooks.iter().flat_map(|webhook| discord.messages(&webhook.id));
        received.map(|message| text(&message.message)).collect()
    }

    /// The event that SNS gives the function.
    fn notification(&self, message: &str) -> Value {
        sns_event(&json!({
            "MessageId": "6f2a1c4e-7d3b-5e1f-9a86-2c4d0b7e5f13",
            "TopicArn": self.topic_arn,
            "Message": message,
            "Timestamp": "2026-03-14T16:02:19.000Z",
            "SignatureVersion": "1",
        }))
    }

    async fn stop(self) {
        self.engine.shutdown().await;
        self.lab.stop().await;
    }
}

/// Everything that a message says: its text, and that of its embeds.
fn text(message: &Value) -> String {
    let part = |value: &Value| value.as_str().map(str::to_owned);
    let mut parts: Vec<String> = part(&message["content"]).into_iter().collect();
    for embed in message["embeds"].as_array().into_iter().flatten() {
        parts.extend(["title", "description"].iter().filter_map(|name| part(&embed[*name])));
        for field in embed["fields"].as_array().into_iter().flatten() {
            let (name, value) = (part(&field["name"]), part(&field["value"]));
            parts.push(format!("{}: {}", name.unwrap_or_default(), value.unwrap_or_default()));
        }
        parts.extend(part(&embed["footer"]["text"]));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn fault(status: u16) -> Fault {
    match status {
        429 => Fault::RateLimited { retry_after: Duration::from_millis(300), scope: Scope::User },
        404 => Fault::UnknownWebhook,
        _ => Fault::InternalServerError,
    }
}
