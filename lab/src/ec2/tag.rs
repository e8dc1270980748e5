//! Tags: on any resource, at its creation or later.
//!
//! Source: "Tag your Amazon EC2 resources" in the EC2 user guide, for the limits and the reserved prefix.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter, select};
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::{Done, dry_run_ends, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The most tags that a resource can have.
const MOST_TAGS: usize = 50;

/// A tag of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// A tag as a call writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TagInput {
    key: Option<String>,
    value: Option<String>,
}

/// `TagSpecification.N`: tags for what a call is about to create.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TagSpecification {
    resource_type: Option<String>,
    #[serde(default)]
    tag: Vec<TagInput>,
}

/// The tags of a Region's resources, in the order of their keys.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tags {
    by_resource: BTreeMap<String, Vec<Tag>>,
}

impl Tags {
    /// The tags of a resource.
    pub(super) fn of(&self, id: &str) -> &[Tag] {
        self.by_resource.get(id).map_or(&[], Vec::as_slice)
    }

    /// Adds tags to a resource; a key that is there already takes the new value.
    pub(super) fn put(&mut self, id: &str, tags: &[Tag]) {
        if tags.is_empty() {
            return;
        }
        let mut merged: BTreeMap<String, String> =
            self.of(id).iter().chain(tags).map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        let tags = std::mem::take(&mut merged).into_iter().map(|(key, value)| Tag { key, value }).collect();
        self.by_resource.insert(id.to_owned(), tags);
    }

    /// Forgets the tags of a resource that is gone.
    pub(super) fn forget(&mut self, id: &str) {
        self.by_resource.remove(id);
    }

    fn retain(&mut self, id: &str, keep: impl FnMut(&Tag) -> bool) {
        if let Some(tags) = self.by_resource.get_mut(id) {
            tags.retain(keep);
        }
    }

    fn rows(&self) -> Vec<TagRow> {
        let rows = self.by_resource.iter().flat_map(|(resource_id, tags)| {
            tags.iter().map(move |tag| TagRow {
                order: format!("{resource_id}\n{}", tag.key),
                resource_id: resource_id.clone(),
                resource_type: Kind::of(resource_id).map_or("", Kind::resource_type),
                tag: tag.clone(),
            })
        });
        rows.collect()
    }
}

/// The tags of a call, checked.
fn checked(tags: &[TagInput]) -> Result<Vec<Tag>, AwsError> {
    let mut keys = BTreeSet::new();
    let mut checked = Vec::with_capacity(tags.len());
    for tag in tags {
        let key = tag.key.clone().ok_or_else(|| missing("Tag.Key"))?;
        let value = tag.value.clone().unwrap_or_default();
        if key.is_empty() {
            return Err(invalid_value("Tag key cannot be null or empty"));
        }
        if key.chars().count() > 128 {
            return Err(invalid_value("Tag key exceeds the maximum length of 128 characters"));
        }
        if value.chars().count() > 256 {
            return Err(invalid_value("Tag value exceeds the maximum length of 256 characters"));
        }
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err(invalid_value("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if !keys.insert(key.clone()) {
            return Err(invalid_value(format!("Duplicate tag key '{key}' specified.")));
        }
        checked.push(Tag { key, value });
    }
    if checked.len() > MOST_TAGS {
        return Err(too_many());
    }
    Ok(checked)
}

fn too_many() -> AwsError {
    AwsError::bad_request("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
}

/// The tags that a call gives to what it creates, by resource type; only `types` can be tagged by it.
pub(super) fn of_specifications(
    specifications: &[TagSpecification],
    types: &[&'static str],
) -> Result<BTreeMap<&'static str, Vec<Tag>>, AwsError> {
    // The calls of instances have another code for this than those of networks.
    let code = if types.len() > 1 { "InvalidParameterValue" } else { "InvalidParameter" };
    let wrong = |message: String| AwsError::bad_request(code, message);
    let mut tags = BTreeMap::new();
    for specification in specifications {
        let named = specification.resource_type.as_deref();
        let named = named.ok_or_else(|| wrong("Tag specification resource type must have a value".to_owned()))?;
        let Some(known) = types.iter().find(|known| **known == named) else {
            let message = format!("'{named}' is not a valid taggable resource type for this operation.");
            return Err(wrong(message));
        };
        if specification.tag.is_empty() {
            return Err(wrong("Tag specification must have at least one tag".to_owned()));
        }
        if tags.insert(*known, checked(&specification.tag)?).is_some() {
            return Err(invalid_value(format!("Duplicate resource type '{named}' in the tag specifications.")));
        }
    }
    Ok(tags)
}

/// The tags that a call gives to the one kind of resource that it creates.
pub(super) fn of_specification(
    specifications: &[TagSpecification],
    resource_type: &'static str,
) -> Result<Vec<Tag>, AwsError> {
    Ok(of_specifications(specifications, &[resource_type])?.remove(resource_type).unwrap_or_default())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagsInput {
    #[serde(default)]
    resource_id: Vec<String>,
    #[serde(default)]
    tag: Vec<TagInput>,
    dry_run: Option<bool>,
}

/// `CreateTags`.
pub(super) fn create(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: TagsInput = call.input()?;
    if input.resource_id.is_empty() {
        return Err(missing("resourceIdSet"));
    }
    if input.tag.is_empty() {
        return Err(missing("tagSet"));
    }
    let tags = checked(&input.tag)?;
    for id in &input.resource_id {
        let kind = kind(id)?;
        if !region.exists(kind, id) {
            return Err(kind.not_found(id));
        }
        let kept = region.tags.of(id).iter().filter(|old| tags.iter().all(|new| new.key != old.key)).count();
        if kept + tags.len() > MOST_TAGS {
            return Err(too_many());
        }
    }
    dry_run_ends(input.dry_run)?;
    for id in &input.resource_id {
        region.tags.put(id, &tags);
    }
    call.reply(&Done::YES)
}

/// `DeleteTags`: without tags it deletes all, without a value it deletes the key whatever its value.
pub(super) fn delete(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: TagsInput = call.input()?;
    if input.resource_id.is_empty() {
        return Err(missing("resourceIdSet"));
    }
    for id in &input.resource_id {
        kind(id)?;
    }
    if input.tag.iter().any(|tag| tag.key.is_none()) {
        return Err(missing("Tag.Key"));
    }
    dry_run_ends(input.dry_run)?;
    let named = |tag: &Tag| {
        input.tag.iter().any(|wanted| {
            wanted.key.as_ref() == Some(&tag.key) && wanted.value.as_ref().is_none_or(|value| *value == tag.value)
        })
    };
    for id in &input.resource_id {
        region.tags.retain(id, |tag| !input.tag.is_empty() && !named(tag));
    }
    call.reply(&Done::YES)
}

fn kind(id: &str) -> Result<Kind, AwsError> {
    Kind::of(id).ok_or_else(|| AwsError::bad_request("InvalidID", format!("The ID '{id}' is not valid")))
}

#[derive(Debug)]
struct TagRow {
    order: String,
    resource_id: String,
    resource_type: &'static str,
    tag: Tag,
}

impl Described for TagRow {
    const FILTERS: &'static [&'static str] = &["key", "resource-id", "resource-type", "value"];

    fn id(&self) -> &str {
        &self.order
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        match filter {
            "key" => vec![self.tag.key.clone()],
            "resource-id" => vec![self.resource_id.clone()],
            "resource-type" => vec![self.resource_type.to_owned()],
            _ => vec![self.tag.value.clone()],
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    tag_set: Vec<TagItem>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TagItem {
    resource_id: String,
    resource_type: &'static str,
    key: String,
    value: String,
}

/// `DescribeTags`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let mut rows = region.tags.rows();
    // `tag:KEY` means here the tag itself, not another one of the same resource.
    let (of_key, rest): (Vec<_>, Vec<_>) =
        input.filter.into_iter().partition(|filter| filter.name().starts_with("tag:"));
    rows.retain(|row| {
        of_key.iter().all(|filter| {
            filter.name().strip_prefix("tag:") == Some(&row.tag.key)
                && filter.is_met_by(std::slice::from_ref(&row.tag.value))
        })
    });
    let rows = select(region, rows.iter(), &rest)?;
    dry_run_ends(input.dry_run)?;
    let page = page(rows, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let tag_set = page.items.into_iter().map(|row| TagItem {
        resource_id: row.resource_id.clone(),
        resource_type: row.resource_type,
        key: row.tag.key.clone(),
        value: row.tag.value.clone(),
    });
    call.reply(&DescribeOutput { tag_set: tag_set.collect(), next_token: page.next_token })
}
