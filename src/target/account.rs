//! A real account as a target: the credentials that the SDK finds, and nothing else of the environment.
//!
//! It is opened only where the credentials are those of the account that was named. An endpoint in place of AWS's own is there
//! to prove this target on a lab: it is treated as AWS in every way, and asked for nothing that AWS does not have. Over plain
//! HTTP it has to be on this machine, because a session's token travels with each call.

use std::net::IpAddr;
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::retry::RetryConfig;

use super::clients::{AGENT, Clients, http_client, timeouts};
use super::role::{Role, called_by};
use super::waiting::Waiting;
use super::{Capabilities, Reach, Target, TargetError, account_of};
use crate::scenario::TargetKind;

/// How often a call is made before it counts as failed. A drill that gives up early leaves a port open.
const ATTEMPTS: u32 = 10;

/// The longest pause before an attempt.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// The first pause, where the endpoint is on this machine and nobody else is kept waiting.
const PAUSE_AT_HOME: Duration = Duration::from_millis(10);

/// A real account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealAccount {
    /// Its number, which the credentials must be of.
    pub id: String,
    /// An endpoint in place of AWS's own, to prove the target with.
    pub endpoint_url: Option<String>,
}

pub(super) async fn open(
    asked: &RealAccount,
    region: &str,
    role: Option<&Role>,
    name: &str,
) -> Result<Target, TargetError> {
    let endpoint_url = asked.endpoint_url.as_deref().map(|url| url.trim_end_matches('/'));
    let is_at_home = match endpoint_url.map(is_of_this_machine) {
        Some(false) if endpoint_url.is_some_and(|url| !url.starts_with("https://")) => {
            return Err(TargetError::PlainEndpoint { endpoint: endpoint_url.unwrap_or_default().to_owned() });
        }
        at_home => at_home.unwrap_or_default(),
    };
    // Each partition has its own ARNs, and the pipeline's are written for the first.
    if ["cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"].iter().any(|prefix| region.starts_with(prefix)) {
        return Err(TargetError::Partition { region: region.to_owned() });
    }
    let waiting = Waiting::default();
    let config = called_by(config(endpoint_url, region, name, is_at_home).await, role, name).await?;
    let clients = Clients::measured(&config, &waiting);
    let account = account_of(&clients, endpoint_url.unwrap_or("AWS")).await?;
    if account != asked.id {
        return Err(TargetError::OtherAccount { wanted: asked.id.clone(), found: account });
    }
    Ok(Target {
        kind: TargetKind::Aws,
        product: "AWS".to_owned(),
        endpoint_url: endpoint_url.map(str::to_owned),
        clients,
        region: region.to_owned(),
        account,
        capabilities: Capabilities { reaches_harness: is_at_home, ..Capabilities::of_aws() },
        waiting,
        lab: None,
        relay: None,
        container: None,
        reach: Reach::from_here(),
    })
}

/// The configuration of the clients. An endpoint of the environment (`AWS_ENDPOINT_URL`) is not followed: whoever says
/// `--target aws` means AWS.
async fn config(endpoint_url: Option<&str>, region: &str, name: &str, is_at_home: bool) -> SdkConfig {
    let own_region = Region::new(region.to_owned());
    let chain = DefaultCredentialsChain::builder().region(own_region.clone()).build().await;
    let mut retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_max_backoff(LONGEST_PAUSE);
    if is_at_home {
        retries = retries.with_initial_backoff(PAUSE_AT_HOME);
    }
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(own_region)
        .timeout_config(timeouts())
        .retry_config(retries)
        .credentials_provider(SharedCredentialsProvider::new(chain))
        .http_client(http_client(endpoint_url));
    builder.set_endpoint_url(endpoint_url.map(str::to_owned));
    if let Ok(name) = AppName::new(format!("{AGENT}{name}")) {
        builder = builder.app_name(name);
    }
    builder.build()
}

/// Whether an address is one of this machine's own.
pub(crate) fn is_of_this_machine(url: &str) -> bool {
    let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.is_some_and(|host| {
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_of_this_machine_by_its_address() {
        for url in ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566", "https://127.0.0.2"] {
            assert!(is_of_this_machine(url), "{url}");
        }
        for url in
            ["http://192.0.2.1:4566", "https://sts.amazonaws.com", "127.0.0.1:4566", "http://localhost.evil.example"]
        {
            assert!(!is_of_this_machine(url), "{url}");
        }
    }
}
