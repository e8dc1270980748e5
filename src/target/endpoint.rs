//! An endpoint that runs already: LocalStack, or whatever speaks AWS's protocols there.
//!
//! What it can do is found, not assumed: whether it makes CloudTrail's events itself, whether it has CloudTrail's API, and
//! whether its bus takes `aws.*` events. An endpoint that makes no events gets a [relay](crate::relay) in front of it, which
//! the run's clients then call in the endpoint's place.

use std::fmt;
use std::time::Duration;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::Value;

use super::clients::{Clients, emulator};
use super::{Capabilities, Reach, Target, TargetError, account_of, plain_http};
use crate::relay::{Relay, RelayConfig};
use crate::scenario::TargetKind;
use crate::sdk;

/// How long an endpoint may take to say that it is there.
const HEALTH: Duration = Duration::from_secs(5);

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

pub(super) async fn open(url: &str, region: &str, account: &str, run_id: &str) -> Result<Target, TargetError> {
    let mut target = look_at(url, region, account, run_id).await?;
    if !target.capabilities.emits_cloudtrail_events {
        takes_events(&target.clients, url).await?;
        let relay = Relay::start(RelayConfig::new(url.trim_end_matches('/')), |_| {}).await?;
        target.clients = Clients::new(&emulator(&relay.endpoint_url(), region, account, run_id));
        target.relay = Some(relay);
    }
    Ok(target)
}

/// The endpoint itself, and what it can do.
pub(super) async fn look_at(url: &str, region: &str, account: &str, run_id: &str) -> Result<Target, TargetError> {
    let url = url.trim_end_matches('/');
    let product = product(url).await?;
    let direct = Clients::new(&emulator(url, region, account, run_id));
    let account = account_of(&direct, url).await?;
    let emits = product == Product::Lab;
    let capabilities = Capabilities {
        emits_cloudtrail_events: emits,
        serves_cloudtrail: emits || direct.cloudtrail.describe_trails().send().await.is_ok(),
        enforces_policies: emits,
        reads_mail: false,
        explains_deliveries: false,
    };
    Ok(Target {
        kind: if emits { TargetKind::Lab } else { TargetKind::Localstack },
        product: product.to_string(),
        endpoint_url: Some(url.to_owned()),
        clients: direct,
        region: region.to_owned(),
        account,
        capabilities,
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

/// Whether the bus takes events of AWS's own services. AWS itself does not, and without CloudTrail nothing could be shown.
async fn takes_events(clients: &Clients, endpoint: &str) -> Result<(), TargetError> {
    let refused = |reason: String| TargetError::NoEvents { endpoint: endpoint.to_owned(), reason };
    let entry = PutEventsRequestEntry::builder()
        .source("aws.ec2")
        .detail_type("alert-drill asks whether this bus takes events of AWS's own services")
        .detail("{}")
        .build();
    let put = clients.events.put_events().entries(entry).send().await.map_err(|error| refused(sdk::reason(&error)))?;
    sdk::refused_event(&put).map_or(Ok(()), |(_, why)| Err(refused(why)))
}
