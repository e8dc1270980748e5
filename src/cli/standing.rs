//! Where something stands already: an emulator at its address, or a real account.

use alert_drill_lab::identity::DEFAULT_ACCOUNT;
use clap::{Args, ValueEnum};

use super::{account, account_of_key};
use crate::target::{Place, RealAccount};

/// Where an emulator usually is.
const EMULATOR: &str = "http://127.0.0.1:4566";

/// A target that is not found by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TargetArg {
    /// A real account.
    Aws,
}

#[derive(Debug, Args)]
pub(super) struct StandingArgs {
    /// Where: a lab or an emulator such as LocalStack; http://127.0.0.1:4566 where neither this nor --target is given.
    #[arg(long, value_name = "URL", env = "ALERT_DRILL_ENDPOINT_URL")]
    endpoint_url: Option<String>,
    /// Where: a real account.
    #[arg(long, value_enum)]
    target: Option<TargetArg>,
    /// Whose account: its twelve digits. On an emulator, those of AWS_ACCESS_KEY_ID, if it has twelve, where this is not given.
    #[arg(long, value_name = "ACCOUNT", value_parser = account, required_if_eq("target", "aws"))]
    account: Option<String>,
    /// The Region; on an emulator, the scenario's (ap-northeast-2) where this is not given.
    #[arg(long, value_name = "REGION", required_if_eq("target", "aws"))]
    region: Option<String>,
}

impl StandingArgs {
    /// The place.
    pub(super) fn place(&self) -> Place {
        match self.target {
            Some(TargetArg::Aws) => {
                Place::Account(RealAccount { id: self.account(), endpoint_url: self.endpoint_url.clone() })
            }
            None => Place::Endpoint(self.endpoint_url.clone().unwrap_or_else(|| EMULATOR.to_owned())),
        }
    }

    /// The account. With `--target aws` the command line has it.
    pub(super) fn account(&self) -> String {
        self.account.clone().or_else(account_of_key).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned())
    }

    /// The Region, where it was given.
    pub(super) fn region(&self) -> Option<String> {
        self.region.clone()
    }
}
