//! The prefix lists that AWS manages: rules can name them, and some count as more than one rule.
//!
//! Source: "AWS-managed prefix lists" in the Amazon VPC user guide. The ids of `ap-northeast-2` and `us-east-1` are real
//! ones; those of other Regions, and the addresses of all, are the lab's own.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::dry_run_ends;
use super::filter::{Described, Filter, select};
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// A list of address ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrefixList {
    pub(super) id: String,
    name: String,
    cidr: &'static str,
    /// As how many rules one that names the list counts.
    pub(super) weight: usize,
    /// Whether it belongs to a gateway endpoint, which the older describing call shows alone.
    is_gateways: bool,
}

/// Name, weight, addresses, whether it is a gateway's, and the ids in `ap-northeast-2` and `us-east-1`.
type Entry = (&'static str, usize, &'static str, bool, [&'static str; 2]);

const LISTS: [Entry; 4] = [
    ("REGION.s3", 1, "52.219.60.0/23", true, ["pl-78a54011", "pl-63a5400a"]),
    ("REGION.dynamodb", 1, "52.94.6.0/23", true, ["pl-48a54021", "pl-02cd2c6b"]),
    ("global.cloudfront.origin-facing", 55, "130.176.0.0/17", false, ["pl-22a6434b", "pl-3b927c52"]),
    ("REGION.route53-healthchecks", 25, "15.177.0.0/18", false, ["", ""]),
];

/// The lists of a Region.
pub(super) fn lists_of(region: &str) -> Vec<PrefixList> {
    let list = |&(name, weight, cidr, is_gateways, [seoul, virginia]): &Entry| {
        let name = format!("com.amazonaws.{}", name.replace("REGION", region));
        let known = match region {
            "ap-northeast-2" => seoul,
            "us-east-1" => virginia,
            _ => "",
        };
        let made = || {
            let digest = Sha256::digest(format!("{region}/{name}"));
            let digits: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            format!("pl-{digits}")
        };
        let id = if known.is_empty() { made() } else { known.to_owned() };
        PrefixList { id, name, cidr, weight, is_gateways }
    };
    LISTS.iter().map(list).collect()
}

/// As how many rules one that names this list counts.
pub(super) fn weight_of(region: &str, id: &str) -> usize {
    lists_of(region).iter().find(|list| list.id == id).map_or(1, |list| list.weight)
}

impl Described for PrefixList {
    const FILTERS: &'static [&'static str] = &["owner-id", "prefix-list-id", "prefix-list-name"];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        vec![match filter {
            "owner-id" => "AWS".to_owned(),
            "prefix-list-id" => self.id.clone(),
            _ => self.name.clone(),
        }]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    prefix_list_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output<T> {
    prefix_list_set: Vec<T>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GatewayItem {
    cidr_set: Vec<&'static str>,
    prefix_list_id: String,
    prefix_list_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagedItem {
    prefix_list_id: String,
    address_family: &'static str,
    state: &'static str,
    prefix_list_arn: String,
    prefix_list_name: String,
    tag_set: Vec<Tag>,
    owner_id: &'static str,
}

fn describe<T: Serialize>(
    call: &Call,
    region: &Region,
    (least, most): (i64, i64),
    lists: &[PrefixList],
    show: impl Fn(&PrefixList) -> T,
) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let wanted = &input.prefix_list_id;
    Kind::PrefixList.check_all(wanted)?;
    if let Some(absent) = wanted.iter().find(|id| lists.iter().all(|list| list.id != **id)) {
        return Err(Kind::PrefixList.not_found(absent));
    }
    let lists = lists.iter().filter(|list| wanted.is_empty() || wanted.contains(&list.id));
    let lists = select(region, lists, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(lists, input.max_results, input.next_token.as_deref(), (least, most))?;
    let prefix_list_set = page.items.into_iter().map(show).collect();
    call.reply(&Output { prefix_list_set, next_token: page.next_token })
}

/// `DescribePrefixLists`: those of gateway endpoints, with their addresses.
pub(super) fn describe_gateways(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let mut lists = lists_of(&region.scope.region);
    lists.retain(|list| list.is_gateways);
    describe(call, region, (5, 1000), &lists, |list| GatewayItem {
        cidr_set: vec![list.cidr],
        prefix_list_id: list.id.clone(),
        prefix_list_name: list.name.clone(),
    })
}

/// `DescribeManagedPrefixLists`: all of AWS's. Customers have none of their own in the lab.
pub(super) fn describe_managed(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    describe(call, region, (1, 100), &lists_of(&region.scope.region), |list| ManagedItem {
        prefix_list_id: list.id.clone(),
        address_family: "IPv4",
        state: "create-complete",
        prefix_list_arn: format!("arn:aws:ec2:{}:aws:prefix-list/{}", region.scope.region, list.id),
        prefix_list_name: list.name.clone(),
        tag_set: Vec::new(),
        owner_id: "AWS",
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EntriesInput {
    prefix_list_id: String,
    #[serde(rename = "TargetVersion")]
    _target_version: Option<i64>,
    #[serde(rename = "MaxResults")]
    _max_results: Option<i64>,
    #[serde(rename = "NextToken")]
    _next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntriesOutput {
    entry_set: Vec<EntryItem>,
}

#[derive(Serialize)]
struct EntryItem {
    cidr: &'static str,
}

/// `GetManagedPrefixListEntries`.
pub(super) fn entries(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: EntriesInput = call.input()?;
    Kind::PrefixList.check(&input.prefix_list_id)?;
    let lists = lists_of(&region.scope.region);
    let list = lists.iter().find(|list| list.id == input.prefix_list_id);
    let list = list.ok_or_else(|| Kind::PrefixList.not_found(&input.prefix_list_id))?;
    dry_run_ends(input.dry_run)?;
    call.reply(&EntriesOutput { entry_set: vec![EntryItem { cidr: list.cidr }] })
}
