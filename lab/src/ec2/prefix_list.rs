//! Prefix lists: named lists of address ranges that rules can name. AWS has some in every Region, and customers make their
//! own. A rule that names one counts as many times as the list can have entries.
//!
//! Source: "Work with customer-managed prefix lists" in the Amazon VPC user guide.

use serde::{Deserialize, Serialize};

use super::aws_prefix_list::lists_of;
use super::dry_run_ends;
use super::filter::{Described, Filter, select};
use super::page::page;
use super::peer::Peer;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// A list of address ranges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct PrefixList {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) family: Family,
    /// How many entries it can have, which is as how many rules one that names it counts.
    pub(super) size: usize,
    /// The entries of every version, the first version first.
    pub(super) versions: Vec<Vec<Entry>>,
    pub(super) state: State,
    pub(super) state_message: Option<String>,
    pub(super) is_aws: bool,
    /// Whether it belongs to a gateway endpoint, which the older describing call shows alone.
    pub(super) is_gateways: bool,
}

/// One range of a list, as its maker wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    pub(super) cidr: String,
    pub(super) description: Option<String>,
}

/// What kind of addresses a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum Family {
    #[serde(rename = "IPv4")]
    Ipv4,
    #[serde(rename = "IPv6")]
    Ipv6,
}

/// What became of the last change of a list. The answer of a change shows it in progress, the next call its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    CreateInProgress,
    CreateComplete,
    ModifyInProgress,
    ModifyComplete,
    ModifyFailed,
    RestoreInProgress,
    RestoreComplete,
    DeleteInProgress,
    DeleteFailed,
}

impl PrefixList {
    /// The number of the version in force.
    pub(super) fn version(&self) -> usize {
        self.versions.len()
    }

    /// The entries of the version in force.
    pub(super) fn entries(&self) -> &[Entry] {
        self.versions.last().map_or(&[], Vec::as_slice)
    }
}

impl Region {
    /// Every prefix list of the Region, AWS's and the account's.
    fn prefix_lists(&self) -> Vec<PrefixList> {
        lists_of(&self.scope.region).into_iter().chain(self.prefix_lists.values().cloned()).collect()
    }

    /// A prefix list by its id.
    pub(super) fn prefix_list(&self, id: &str) -> Result<PrefixList, AwsError> {
        Kind::PrefixList.check(id)?;
        let found = self.prefix_lists().into_iter().find(|list| list.id == id);
        found.ok_or_else(|| Kind::PrefixList.not_found(id))
    }

    /// As how many rules one that names this list counts.
    pub(super) fn weight_of_prefix_list(&self, id: &str) -> usize {
        self.prefix_list(id).map_or(1, |list| list.size)
    }

    /// The groups with a rule that names a prefix list.
    pub(super) fn groups_naming(&self, prefix_list_id: &str) -> impl Iterator<Item = &super::group::SecurityGroup> {
        let named = Peer::PrefixList(prefix_list_id.to_owned());
        self.groups.values().filter(move |group| group.rules.iter().any(|rule| rule.peer == named))
    }
}

impl Described for PrefixList {
    const FILTERS: &'static [&'static str] = &["owner-id", "prefix-list-id", "prefix-list-name"];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        vec![match filter {
            "owner-id" => owner(self, region),
            "prefix-list-id" => self.id.clone(),
            _ => self.name.clone(),
        }]
    }
}

fn owner(list: &PrefixList, region: &Region) -> String {
    if list.is_aws { "AWS".to_owned() } else { region.scope.account.clone() }
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
    cidr_set: Vec<String>,
    prefix_list_id: String,
    prefix_list_name: String,
}

/// A list as EC2 shows it; AWS's have neither size nor version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListItem {
    prefix_list_id: String,
    address_family: Family,
    state: State,
    state_message: Option<String>,
    prefix_list_arn: String,
    prefix_list_name: String,
    max_entries: Option<usize>,
    version: Option<usize>,
    tag_set: Vec<Tag>,
    owner_id: String,
}

impl ListItem {
    /// What EC2 shows of a list.
    pub(super) fn of(list: &PrefixList, region: &Region) -> Self {
        let arn = match list.is_aws {
            true => format!("arn:aws:ec2:{}:aws:prefix-list/{}", region.scope.region, list.id),
            false => region.arn(Kind::PrefixList, &list.id),
        };
        Self {
            prefix_list_id: list.id.clone(),
            address_family: list.family,
            state: list.state,
            state_message: list.state_message.clone(),
            prefix_list_arn: arn,
            prefix_list_name: list.name.clone(),
            max_entries: (!list.is_aws).then_some(list.size),
            version: (!list.is_aws).then_some(list.version()),
            tag_set: region.tags.of(&list.id).to_vec(),
            owner_id: owner(list, region),
        }
    }
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
    let mut lists = region.prefix_lists();
    lists.retain(|list| list.is_gateways);
    describe(call, region, (5, 1000), &lists, |list| GatewayItem {
        cidr_set: list.entries().iter().map(|entry| entry.cidr.clone()).collect(),
        prefix_list_id: list.id.clone(),
        prefix_list_name: list.name.clone(),
    })
}

/// `DescribeManagedPrefixLists`: AWS's and the account's.
pub(super) fn describe_managed(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    describe(call, region, (1, 100), &region.prefix_lists(), |list| ListItem::of(list, region))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EntriesInput {
    prefix_list_id: String,
    target_version: Option<usize>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntriesOutput {
    entry_set: Vec<Entry>,
    next_token: Option<String>,
}

impl Described for Entry {
    const FILTERS: &'static [&'static str] = &[];

    fn id(&self) -> &str {
        &self.cidr
    }

    fn values(&self, _: &str, _: &Region) -> Vec<String> {
        Vec::new()
    }
}

/// `GetManagedPrefixListEntries`, of the version in force or an earlier one.
pub(super) fn entries(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: EntriesInput = call.input()?;
    let list = region.prefix_list(&input.prefix_list_id)?;
    let version = input.target_version.unwrap_or(list.version());
    let entries =
        version.checked_sub(1).and_then(|index| list.versions.get(index)).ok_or_else(|| no_version(version))?;
    dry_run_ends(input.dry_run)?;
    let page = page(entries.iter().collect(), input.max_results, input.next_token.as_deref(), (1, 100))?;
    let entry_set = page.items.into_iter().cloned().collect();
    call.reply(&EntriesOutput { entry_set, next_token: page.next_token })
}

/// The refusal of a version that a list does not have.
pub(super) fn no_version(version: usize) -> AwsError {
    super::invalid_value(format!("The prefix list has no version {version}."))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AssociationsInput {
    prefix_list_id: String,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationsOutput {
    prefix_list_association_set: Vec<AssociationItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationItem {
    resource_id: String,
    resource_owner: String,
}

/// `GetManagedPrefixListAssociations`: the groups whose rules name the list.
pub(super) fn associations(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: AssociationsInput = call.input()?;
    let list = region.prefix_list(&input.prefix_list_id)?;
    dry_run_ends(input.dry_run)?;
    let groups = region.groups_naming(&list.id).collect();
    let page = page(groups, input.max_results, input.next_token.as_deref(), (5, 255))?;
    let item = |group: &super::group::SecurityGroup| AssociationItem {
        resource_id: group.id.clone(),
        resource_owner: region.scope.account.clone(),
    };
    let prefix_list_association_set = page.items.into_iter().map(item).collect();
    call.reply(&AssociationsOutput { prefix_list_association_set, next_token: page.next_token })
}
