//! `alert-drill permissions`.

use std::path::PathBuf;

use clap::Args;

use super::{account, fail, print};
use crate::context::Context;
use crate::drill::DiscordWatch;
use crate::exit::Exit;
use crate::permissions::{Permissions, Use};
use crate::scenario::{Region, Scenario};

#[derive(Debug, Args)]
pub(super) struct PermissionsArgs {
    /// The scenario whose names the policy has: a folder or a file. The shipped one where this is not given.
    scenario: Option<PathBuf>,
    /// For runs that drill a pipeline that stands (what is printed where nothing is said).
    #[arg(long, conflicts_with = "provision")]
    adopt: bool,
    /// For runs that build a pipeline of their own and remove it.
    #[arg(long)]
    provision: bool,
    /// How the runs watch the Discord channel. With `mock` and `tunnel`, the webhook of a function that stands is changed for the
    /// time of a run; with `capture`, a function and what it needs are made as well; with `live` and `none`, neither.
    #[arg(long, value_enum, value_name = "WAY", default_value_t = DiscordWatch::Mock)]
    discord: DiscordWatch,
    /// The account: its twelve digits. Any where this is not given.
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,
    /// The Region, in place of the scenario's.
    #[arg(long, value_name = "REGION")]
    region: Option<Region>,
    /// The id of the group that stands, sg-…, where drills open no other. Without it, the group has to carry the tag
    /// alert-drill:scenario with the scenario's name.
    #[arg(long, value_name = "ID", value_parser = group, conflicts_with = "provision")]
    group: Option<String>,
}

fn group(text: &str) -> Result<String, String> {
    let is_id =
        text.strip_prefix("sg-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_id { Ok(text.to_owned()) } else { Err("a policy names a group by its id, which begins with sg-".to_owned()) }
}

pub(super) fn execute(args: &PermissionsArgs, context: &Context) -> Exit {
    let loaded = args.scenario.as_deref().map_or_else(Scenario::built_in, Scenario::load);
    let scenario = match loaded {
        Ok(scenario) => scenario,
        Err(invalid) => return super::lint::refuse(&invalid, context),
    };
    if args.provision && args.discord == DiscordWatch::Live {
        return fail(Exit::Usage, &"--discord live reads the real channel of a pipeline that stands: with --adopt");
    }
    let policy = Permissions {
        scenario: &scenario,
        r#use: if args.provision { Use::Provision } else { Use::Adopt },
        discord: args.discord,
        account: args.account.as_deref().unwrap_or("*"),
        region: args.region.as_ref().unwrap_or(&scenario.region).as_str(),
        group: args.group.as_deref(),
    }
    .policy();
    match serde_json::to_string_pretty(&policy) {
        Ok(text) => print(format!("{text}\n").as_bytes()),
        Err(error) => fail(Exit::Internal, &error),
    }
}
