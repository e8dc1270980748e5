//! Tags of users, roles, policies and instance profiles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::page::{self, ListInput};
use super::{Account, Iam, name};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// How many tags a resource has at most.
const MOST_TAGS: usize = 50;

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    pub(super) value: String,
}

/// The tags of a new resource.
pub(super) fn from_input(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, AwsError> {
    if tags.len() > MOST_TAGS {
        return Err(too_many(tags.iter().map(|tag| tag.key.as_str()), "tags"));
    }
    let mut map = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (Tag { key, value }, position) in tags.into_iter().zip(1..) {
        check(&key, &format!("tags.{position}.member.key"), 1..=128)?;
        check(&value, &format!("tags.{position}.member.value"), 0..=256)?;
        let is_new = seen.insert(key.to_lowercase());
        map.insert(key, value);
        if !is_new {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(AwsError::bad_request("InvalidInput", message));
        }
    }
    Ok(map)
}

fn too_many<'a>(keys: impl Iterator<Item = &'a str>, at: &str) -> AwsError {
    let keys: Vec<&str> = keys.collect();
    let constraint = format!("Member must have length less than or equal to {MOST_TAGS}");
    name::violated(&format!("[{}]", keys.join(", ")), at, &constraint)
}

/// Refuses a key or a value that is too long, or has characters other than letters, digits, spaces and `_.:/=+-@`.
fn check(text: &str, at: &str, lengths: std::ops::RangeInclusive<usize>) -> Result<(), AwsError> {
    let constraint = match text.chars().count() {
        length if length < *lengths.start() => "Member must have length greater than or equal to 1".to_owned(),
        length if length > *lengths.end() => format!("Member must have length less than or equal to {}", lengths.end()),
        _ if text.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c)) => return Ok(()),
        _ => "Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*".to_owned(),
    };
    Err(name::violated(text, at, &constraint))
}

pub(super) fn to_output(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// What a call is about: the operation's name says which of the parameters names it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TagInput {
    role_name: Option<String>,
    user_name: Option<String>,
    policy_arn: Option<String>,
    instance_profile_name: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// Which resource the tags are of, and its name or ARN.
enum Target<'a> {
    Role(&'a str),
    User(&'a str),
    Policy(&'a str),
    InstanceProfile(&'a str),
}

impl<'a> Target<'a> {
    fn of(
        call: &Call,
        role: Option<&'a str>,
        user: Option<&'a str>,
        policy: Option<&'a str>,
        profile: Option<&'a str>,
    ) -> Result<Self, AwsError> {
        let operation = call.operation.as_str();
        if operation.contains("Role") {
            role.map(Self::Role).ok_or_else(|| page::missing("RoleName"))
        } else if operation.contains("User") {
            user.map(Self::User).ok_or_else(|| page::missing("UserName"))
        } else if operation.contains("Policy") {
            policy.map(Self::Policy).ok_or_else(|| page::missing("PolicyArn"))
        } else {
            profile.map(Self::InstanceProfile).ok_or_else(|| page::missing("InstanceProfileName"))
        }
    }

    fn tags(self, account: &mut Account) -> Result<&mut BTreeMap<String, String>, AwsError> {
        match self {
            Self::Role(name) => Ok(&mut account.role(name)?.tags),
            Self::User(name) => Ok(&mut account.user(name)?.tags),
            Self::Policy(arn) => Ok(&mut account.policy_to_change(arn)?.tags),
            Self::InstanceProfile(name) => Ok(&mut account.profile(name)?.tags),
        }
    }
}

impl TagInput {
    fn target(&self, call: &Call) -> Result<Target<'_>, AwsError> {
        let (role, user) = (self.role_name.as_deref(), self.user_name.as_deref());
        Target::of(call, role, user, self.policy_arn.as_deref(), self.instance_profile_name.as_deref())
    }
}

pub(super) fn tag(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let mut input: TagInput = call.input()?;
    let new = from_input(std::mem::take(&mut input.tags))?;
    iam.on_account(call, |account| {
        let tags = input.target(call)?.tags(account)?;
        let mut all = tags.clone();
        all.extend(new);
        if all.len() > MOST_TAGS {
            return Err(AwsError::new(409, "LimitExceeded", "The number of tags has reached the maximum limit."));
        }
        *tags = all;
        Ok(())
    })?;
    call.done()
}

pub(super) fn untag(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: TagInput = call.input()?;
    if input.tag_keys.len() > MOST_TAGS {
        return Err(too_many(input.tag_keys.iter().map(String::as_str), "tagKeys"));
    }
    for key in &input.tag_keys {
        check(key, "tagKeys", 1..=128)?;
    }
    iam.on_account(call, |account| {
        input.target(call)?.tags(account)?.retain(|key, _| !input.tag_keys.contains(key));
        Ok::<_, AwsError>(())
    })?;
    call.done()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagsOutput {
    tags: Vec<Tag>,
    is_truncated: bool,
    marker: Option<String>,
}

pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: ListInput = call.input()?;
    let tags = iam.on_account(call, |account| {
        let (role, user) = (input.role_name.as_deref(), input.user_name.as_deref());
        let (policy, profile) = (input.policy_arn.as_deref(), input.instance_profile_name.as_deref());
        Ok::<_, AwsError>(to_output(Target::of(call, role, user, policy, profile)?.tags(account)?))
    })?;
    let (tags, marker) = input.page(tags, |tag| tag.key.clone())?;
    call.reply(&TagsOutput { tags, is_truncated: marker.is_some(), marker })
}
