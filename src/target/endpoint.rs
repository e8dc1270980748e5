//! An endpoint that runs already: LocalStack, or whatever speaks AWS's protocols there.
//!
//! What it can do is found, not assumed: whether it makes CloudTrail's events itself, whether it has CloudTrail's API, whether
//! its bus takes `aws.*` events and hands them to a topic, and whether it enforces policies. An endpoint that makes no events
//! gets a [relay](crate::relay) in front of it, which the run's clients then call in the endpoint's place. Only a run tries
//! things out ([`open`]); whoever looks at somebody's pipeline reads ([`look_at`]), and so does whoever breaks it on purpose
//! ([`emulator_at`]).

mod probe;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

pub(crate) use self::probe::PREFIX as PROBE_PREFIX;
use self::probe::{Found, Probe};
use super::clients::{Clients, emulator};
use super::relayed::Relayed;
use super::role::{Role, called_by};
use super::waiting::Waiting;
use super::{Capabilities, Reach, Target, TargetError, account_of, plain_http};
use crate::scenario::TargetKind;
use crate::sdk;

/// How long an endpoint may take to say that it is there.
const HEALTH: Duration = Duration::from_secs(5);

/// How long it may take to say whose credentials these are, and whether it has CloudTrail. An emulator loads a service with
/// the first call of it.
const IDENTITY: Duration = Duration::from_secs(20);

/// What stands at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Product {
    /// `alert-drill lab`.
    Lab,
    /// LocalStack, with its version.
    LocalStack(String),
    /// Something else.
    Other,
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lab => f.write_str("alert-drill lab"),
            Self::LocalStack(version) => write!(f, "LocalStack {version}"),
            Self::Other => f.write_str("an emulator of another name"),
        }
    }
}

/// The clients of an endpoint that is known to be a lab or LocalStack, and its product's name. They call it directly, so
/// that what they do makes no events that it would not make by itself.
pub(crate) async fn emulator_at(
    url: &str,
    region: &str,
    account: &str,
    name: &str,
) -> Result<(Clients, String), TargetError> {
    let url = url.trim_end_matches('/');
    match product(url).await? {
        Product::Other => Err(TargetError::NoEmulator { endpoint: url.to_owned() }),
        product => Ok((Clients::new(&emulator(url, region, account, name)), product.to_string())),
    }
}

/// Opens the endpoint for a run: as the account's own user, or by the session of a role.
pub(super) async fn open(
    url: &str,
    region: &str,
    account: &str,
    role: Option<&Role>,
    run_id: &str,
) -> Result<Target, TargetError> {
    let mut target = look_at(url, region, account, role, run_id).await?;
    if !target.capabilities.emits_cloudtrail_events {
        let probe = Probe {
            clients: &target.clients,
            waiting: &target.waiting,
            endpoint: url,
            region,
            account: &target.account,
            run_id,
        };
        let Found { enforces_policies } = probe.try_out().await?;
        target.capabilities.accepts_aws_events = Some(true);
        target.capabilities.delivers_to_topics = Some(true);
        target.capabilities.enforces_policies = enforces_policies;
        let relayed = Relayed::start(url.trim_end_matches('/')).await?;
        let config = called_by(emulator(&relayed.endpoint_url(), region, account, run_id), role, run_id).await?;
        target.clients = Clients::measured(&config, &target.waiting);
        target.relay = Some(relayed);
    }
    Ok(target)
}

/// The endpoint itself, and what it can do.
pub(super) async fn look_at(
    url: &str,
    region: &str,
    account: &str,
    role: Option<&Role>,
    run_id: &str,
) -> Result<Target, TargetError> {
    let url = url.trim_end_matches('/');
    let waiting = Waiting::default();
    let product = {
        let _wait = waiting.begin();
        product(url).await?
    };
    let config = called_by(emulator(url, region, account, run_id), role, run_id).await?;
    let direct = Clients::measured(&config, &waiting);
    let emits = product == Product::Lab;
    let introduction = async {
        let account = account_of(&direct, url).await?;
        Ok((account, emits || direct.cloudtrail.describe_trails().send().await.is_ok()))
    };
    let introduced = tokio::time::timeout(IDENTITY, introduction).await;
    let (account, serves_cloudtrail) = introduced.unwrap_or_else(|_| {
        let reason = format!("no answer within {IDENTITY:?}");
        Err(TargetError::Identity { endpoint: url.to_owned(), reason })
    })?;
    let capabilities = Capabilities {
        emits_cloudtrail_events: emits,
        serves_cloudtrail,
        accepts_aws_events: emits.then_some(false),
        delivers_to_topics: emits.then_some(true),
        runs_functions: emits.then_some(true),
        enforces_policies: emits,
        reads_mail: false,
        explains_deliveries: false,
        reaches_harness: true,
    };
    Ok(Target {
        kind: if emits { TargetKind::Lab } else { TargetKind::Localstack },
        product: product.to_string(),
        endpoint_url: Some(url.to_owned()),
        clients: direct,
        region: region.to_owned(),
        account,
        capabilities,
        waiting,
        lab: None,
        relay: None,
        container: None,
        reach: Reach::from_here(),
    })
}

/// What answers at this address, and that anything does.
async fn product(url: &str) -> Result<Product, TargetError> {
    let builder = if url.starts_with("http://") { plain_http() } else { reqwest::Client::builder().no_proxy() };
    let client = builder.timeout(HEALTH).build();
    let client = client.map_err(|error| unreachable(url, &error))?;
    // LocalStack first: a path that it does not know makes it load its S3, which takes seconds.
    let health = page(&client, &format!("{url}/_localstack/health")).await.map_err(|error| unreachable(url, &error))?;
    if let Some(health) = health.filter(|health| health["services"].is_object()) {
        return Ok(Product::LocalStack(health["version"].as_str().unwrap_or("of an unknown version").to_owned()));
    }
    match page(&client, &format!("{url}/_lab/health")).await {
        Ok(Some(health)) if health["status"] == "running" && health["services"].is_array() => Ok(Product::Lab),
        _ => Ok(Product::Other),
    }
}

/// The JSON of a page; none where there is no such page.
async fn page(client: &reqwest::Client, url: &str) -> Result<Option<Value>, reqwest::Error> {
    let answer = client.get(url).send().await?;
    if !answer.status().is_success() {
        return Ok(None);
    }
    Ok(answer.json().await.ok())
}

fn unreachable(endpoint: &str, error: &reqwest::Error) -> TargetError {
    TargetError::Unreachable { endpoint: endpoint.to_owned(), reason: sdk::cause(error).to_string() }
}
