//! `CreateManagedPrefixList`, `ModifyManagedPrefixList`, `RestoreManagedPrefixListVersion` and `DeleteManagedPrefixList`:
//! customers' own lists.
//!
//! EC2 changes a list after it has answered. A change that it finds it cannot make is therefore no refusal: the list's
//! state says that it failed (`delete-failed`, `modify-failed`).

use serde::{Deserialize, Serialize};

use super::authorize::MOST_RULES;
use super::group::SecurityGroup;
use super::peer::Peer;
use super::prefix_list::{Entry, Family, ListItem, PrefixList, State, no_version};
use super::region::Region;
use super::resource_id::Kind;
use super::tag::{self, TagSpecification};
use super::{combination, dry_run_ends, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// The most entries that a list can be made for.
const LARGEST: i64 = 1000;

/// The most entries that one call can add or remove.
const MOST_ENTRIES_OF_CALL: usize = 100;

/// `Entry.N`, `AddEntry.N` and `RemoveEntry.N`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EntryInput {
    cidr: Option<String>,
    description: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    prefix_list: ListItem,
}

impl Output {
    /// The answer of a change, which shows it in progress.
    fn of(list: &PrefixList, region: &Region, state: State) -> Self {
        Self { prefix_list: ListItem::of(&PrefixList { state, state_message: None, ..list.clone() }, region) }
    }
}

impl Family {
    fn parse(text: &str) -> Result<Self, AwsError> {
        match text {
            "IPv4" => Ok(Self::Ipv4),
            "IPv6" => Ok(Self::Ipv6),
            other => Err(invalid_value(format!("Value ({other}) for parameter addressFamily is invalid."))),
        }
    }

    /// A range of this family, its host bits cleared.
    fn range(self, text: &str) -> Result<String, AwsError> {
        match self {
            Self::Ipv4 => Peer::ipv4(text),
            Self::Ipv6 => Peer::ipv6(text),
        }
        .map(|peer| peer.to_string())
    }
}

/// The entries of a call, checked, none twice.
fn checked(entries: &[EntryInput], family: Family) -> Result<Vec<Entry>, AwsError> {
    if entries.len() > MOST_ENTRIES_OF_CALL {
        let message = format!("The number of entries per request cannot exceeds limit ({MOST_ENTRIES_OF_CALL}).");
        return Err(invalid_value(message));
    }
    let mut checked: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries {
        let cidr = family.range(entry.cidr.as_deref().ok_or_else(|| missing("Cidr"))?)?;
        if entry.description.as_ref().is_some_and(|text| text.chars().count() > 255) {
            return Err(invalid_value("The description of an entry must have at most 255 characters."));
        }
        if checked.iter().any(|other| other.cidr == cidr) {
            return Err(invalid_value(format!("The entry {cidr} is specified more than once.")));
        }
        checked.push(Entry { cidr, description: entry.description.clone() });
    }
    Ok(checked)
}

fn checked_name(name: &str) -> Result<(), AwsError> {
    if name.is_empty() || name.chars().count() > 255 {
        return Err(invalid_value("The name of a prefix list must have 1 to 255 characters."));
    }
    if name.starts_with("com.amazonaws") {
        return Err(invalid_value("The name of a prefix list must not begin with com.amazonaws."));
    }
    Ok(())
}

fn checked_size(size: i64) -> Result<usize, AwsError> {
    match usize::try_from(size) {
        Ok(size) if (1..=LARGEST).contains(&i64::try_from(size).unwrap_or(i64::MAX)) => Ok(size),
        _ => Err(invalid_value(format!("Must specify a max size between 1 and {LARGEST}"))),
    }
}

fn check_fits(entries: &[Entry], size: usize) -> Result<(), AwsError> {
    if entries.len() <= size {
        return Ok(());
    }
    let message = "You've reached the maximum number of entries for the prefix list.";
    Err(AwsError::bad_request("PrefixListMaxEntriesExceeded", message))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    prefix_list_name: String,
    #[serde(default)]
    entry: Vec<EntryInput>,
    max_entries: i64,
    address_family: String,
    client_token: Option<String>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    dry_run: Option<bool>,
}

/// `CreateManagedPrefixList`. A client token that made a list before makes none again.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    checked_name(&input.prefix_list_name)?;
    let family = Family::parse(&input.address_family)?;
    let size = checked_size(input.max_entries)?;
    let entries = checked(&input.entry, family)?;
    check_fits(&entries, size)?;
    let tags = tag::of_specification(&input.tag_specification, Kind::PrefixList.resource_type())?;
    dry_run_ends(input.dry_run)?;
    let earlier = input.client_token.as_ref().and_then(|token| region.prefix_list_tokens.get(token));
    if let Some(list) = earlier.and_then(|id| region.prefix_lists.get(id)) {
        return call.reply(&Output::of(list, region, list.state));
    }
    let list = PrefixList {
        id: ids::ec2("pl"),
        name: input.prefix_list_name,
        family,
        size,
        versions: vec![entries],
        state: State::CreateComplete,
        state_message: None,
        is_aws: false,
        is_gateways: false,
    };
    region.tags.put(&list.id, &tags);
    let output = Output::of(&list, region, State::CreateInProgress);
    if let Some(token) = input.client_token {
        region.prefix_list_tokens.insert(token, list.id.clone());
    }
    region.prefix_lists.insert(list.id.clone(), list);
    call.reply(&output)
}

/// A list that a call is to change: not one of AWS's.
fn own(region: &Region, id: &str) -> Result<PrefixList, AwsError> {
    let list = region.prefix_list(id)?;
    if list.is_aws {
        let message = format!("The prefix list '{id}' is managed by AWS and cannot be changed.");
        return Err(AwsError::bad_request("OperationNotPermitted", message));
    }
    Ok(list)
}

fn check_version(list: &PrefixList, current: Option<usize>) -> Result<(), AwsError> {
    if current.is_none_or(|version| version == list.version()) {
        return Ok(());
    }
    let message = "The prefix list has the incorrect version number.";
    Err(AwsError::bad_request("PrefixListVersionMismatch", message))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ModifyInput {
    prefix_list_id: String,
    current_version: Option<usize>,
    prefix_list_name: Option<String>,
    #[serde(default)]
    add_entry: Vec<EntryInput>,
    #[serde(default)]
    remove_entry: Vec<EntryInput>,
    max_entries: Option<i64>,
    dry_run: Option<bool>,
}

/// `ModifyManagedPrefixList`: entries, or size; and the name. New entries make a new version.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: ModifyInput = call.input()?;
    let mut list = own(region, &input.prefix_list_id)?;
    let has_entries = !input.add_entry.is_empty() || !input.remove_entry.is_empty();
    if input.max_entries.is_some() && has_entries {
        return Err(combination(
            "You cannot modify the entries and the maximum entries for the prefix list in the same request.",
        ));
    }
    if let Some(name) = input.prefix_list_name {
        checked_name(&name)?;
        list.name = name;
    }
    check_version(&list, input.current_version)?;
    let shown = list.clone();
    if has_entries {
        let entries = changed(&list, &input.add_entry, &input.remove_entry)?;
        check_fits(&entries, list.size)?;
        list.versions.push(entries);
        (list.state, list.state_message) = (State::ModifyComplete, None);
    }
    if let Some(size) = input.max_entries {
        let size = checked_size(size)?;
        check_fits(list.entries(), size)?;
        let before = list.size;
        list.size = size;
        (list.state, list.state_message) = match too_small(region, &list, before) {
            groups if groups.is_empty() => (State::ModifyComplete, None),
            groups => {
                list.size = before;
                let why = format!("These resources do not support the new maximum size: {}", groups.join(", "));
                (State::ModifyFailed, Some(why))
            }
        };
    }
    dry_run_ends(input.dry_run)?;
    let in_progress = has_entries || input.max_entries.is_some();
    let output = Output::of(&shown, region, if in_progress { State::ModifyInProgress } else { list.state });
    region.prefix_lists.insert(list.id.clone(), list);
    call.reply(&output)
}

/// The entries once some are removed and others added; a range that is there already takes the new description.
fn changed(list: &PrefixList, add: &[EntryInput], remove: &[EntryInput]) -> Result<Vec<Entry>, AwsError> {
    let (add, remove) = (checked(add, list.family)?, checked(remove, list.family)?);
    let mut entries = list.entries().to_vec();
    for gone in &remove {
        let Some(position) = entries.iter().position(|entry| entry.cidr == gone.cidr) else {
            let message = format!("The prefix list entry ({}) does not exist.", gone.cidr);
            return Err(AwsError::bad_request("InvalidPrefixListModification", message));
        };
        entries.remove(position);
    }
    for new in add {
        match entries.iter_mut().find(|entry| entry.cidr == new.cidr) {
            Some(entry) if *entry == new => {
                let message = format!("The prefix list entry ({}) already exists.", new.cidr);
                return Err(AwsError::bad_request("InvalidPrefixListModification", message));
            }
            Some(entry) => *entry = new,
            None => entries.push(new),
        }
    }
    Ok(entries)
}

/// The groups that would have too many rules with a list of its new size; the first ten, as EC2 names them.
fn too_small(region: &Region, list: &PrefixList, before: usize) -> Vec<String> {
    let named = Peer::PrefixList(list.id.clone());
    let weight = |group: &SecurityGroup, is_egress: bool| {
        let naming = group.rules_of(is_egress).filter(|rule| rule.peer == named).count();
        super::authorize::weight(region, group.rules_of(is_egress)) - naming * before + naming * list.size
    };
    let overflows = |group: &&SecurityGroup| [false, true].iter().any(|egress| weight(group, *egress) > MOST_RULES);
    region.groups_naming(&list.id).filter(overflows).take(10).map(|group| group.id.clone()).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RestoreInput {
    prefix_list_id: String,
    previous_version: usize,
    current_version: usize,
    dry_run: Option<bool>,
}

/// `RestoreManagedPrefixListVersion`: the entries of an earlier version, as a new one.
pub(super) fn restore(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: RestoreInput = call.input()?;
    let mut list = own(region, &input.prefix_list_id)?;
    check_version(&list, Some(input.current_version))?;
    let index = input.previous_version.checked_sub(1);
    let entries = index.and_then(|index| list.versions.get(index)).cloned();
    let entries = entries.ok_or_else(|| no_version(input.previous_version))?;
    check_fits(&entries, list.size)?;
    dry_run_ends(input.dry_run)?;
    let output = Output::of(&list, region, State::RestoreInProgress);
    list.versions.push(entries);
    (list.state, list.state_message) = (State::RestoreComplete, None);
    region.prefix_lists.insert(list.id.clone(), list);
    call.reply(&output)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    prefix_list_id: String,
    dry_run: Option<bool>,
}

/// `DeleteManagedPrefixList`: it fails after the answer while a rule names the list.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DeleteInput = call.input()?;
    let mut list = own(region, &input.prefix_list_id)?;
    dry_run_ends(input.dry_run)?;
    let output = Output::of(&list, region, State::DeleteInProgress);
    let users: Vec<String> = region.groups_naming(&list.id).map(|group| group.id.clone()).collect();
    if users.is_empty() {
        region.prefix_lists.remove(&list.id);
        region.tags.forget(&list.id);
    } else {
        list.state = State::DeleteFailed;
        list.state_message = Some(format!("The prefix list is in use by these resources: {}", users.join(", ")));
        region.prefix_lists.insert(list.id.clone(), list);
    }
    call.reply(&output)
}
