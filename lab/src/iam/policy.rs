//! Managed policies: the account's own, and AWS's as far as the lab has them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::carrier::Kind;
use super::page::ListInput;
use super::tags::Tag;
use super::{Account, Iam, already_exists, delete_conflict, document, managed, name, no_such_entity, tags};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::policy::PolicyKind;
use crate::time;

/// How many characters a managed policy may have, white space apart.
pub(super) const LARGEST: usize = 6144;

/// A managed policy of the account's own.
#[derive(Debug)]
pub(super) struct ManagedPolicy {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) path: String,
    pub(super) description: Option<String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) tags: BTreeMap<String, String>,
    /// The number of the version that is in force.
    pub(super) default: u32,
    /// The highest number that was ever given: numbers are not used again.
    pub(super) latest: u32,
    pub(super) versions: BTreeMap<u32, Version>,
}

/// One version of a managed policy.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) text: String,
    pub(super) created: Timestamp,
}

impl ManagedPolicy {
    /// The document that is in force.
    pub(super) fn document(&self) -> &str {
        self.versions.get(&self.default).map_or("", |version| &version.text)
    }
}

impl Account {
    /// A policy of the account's own by its ARN, to change.
    pub(super) fn policy_to_change(&mut self, arn: &str) -> Result<&mut ManagedPolicy, AwsError> {
        check_arn(arn)?;
        if arn.starts_with(managed::PREFIX) {
            // Nobody but AWS may, whatever their policies say.
            return Err(AwsError::new(
                403,
                "AccessDenied",
                format!("The policy {arn} is AWS's own: nobody may change it."),
            ));
        }
        self.policies.get_mut(arn).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
    }

    /// The document of a managed policy that is in force, AWS's own included.
    pub(super) fn managed_document(&self, arn: &str) -> Option<&str> {
        match self.policies.get(arn) {
            Some(policy) => Some(policy.document()),
            None => managed::find(arn).ok().map(|policy| policy.document),
        }
    }

    /// Who has the policy attached: kind, name and unique id.
    pub(super) fn attached_to(&self, arn: &str) -> Vec<(Kind, &str, &str)> {
        let has = |attached: &[String]| attached.iter().any(|attached| attached == arn);
        let users = self.users.values().filter(|user| has(&user.policies.attached));
        let groups = self.groups.values().filter(|group| has(&group.policies.attached));
        let roles = self.roles.values().filter(|role| has(&role.policies.attached));
        let users = users.map(|user| (Kind::User, user.name.as_str(), user.id.as_str()));
        let groups = groups.map(|group| (Kind::Group, group.name.as_str(), group.id.as_str()));
        let roles = roles.map(|role| (Kind::Role, role.name.as_str(), role.id.as_str()));
        users.chain(groups).chain(roles).collect()
    }

    /// Whose permissions boundary the policy is: kind, name and unique id.
    pub(super) fn bounded_by(&self, arn: &str) -> Vec<(Kind, &str, &str)> {
        let users = self.users.values().filter(|user| user.boundary.as_deref() == Some(arn));
        let roles = self.roles.values().filter(|role| role.boundary.as_deref() == Some(arn));
        let users = users.map(|user| (Kind::User, user.name.as_str(), user.id.as_str()));
        users.chain(roles.map(|role| (Kind::Role, role.name.as_str(), role.id.as_str()))).collect()
    }

    fn describe(&self, arn: &str, policy: &ManagedPolicy) -> PolicyOutput {
        PolicyOutput {
            policy_name: policy.name.clone(),
            policy_id: policy.id.clone(),
            arn: arn.to_owned(),
            path: policy.path.clone(),
            default_version_id: format!("v{}", policy.default),
            attachment_count: self.attached_to(arn).len(),
            permissions_boundary_usage_count: self.bounded_by(arn).len(),
            is_attachable: true,
            description: policy.description.clone(),
            create_date: time::seconds(policy.created),
            update_date: time::seconds(policy.updated),
            tags: Some(tags::to_output(&policy.tags)),
        }
    }

    fn describe_managed(&self, policy: &managed::AwsPolicy) -> PolicyOutput {
        let arn = policy.arn();
        PolicyOutput {
            policy_name: policy.name().to_owned(),
            policy_id: policy.id(),
            path: managed::path(&arn).to_owned(),
            default_version_id: managed::VERSION.to_owned(),
            attachment_count: self.attached_to(&arn).len(),
            permissions_boundary_usage_count: self.bounded_by(&arn).len(),
            is_attachable: true,
            description: None,
            create_date: managed::CREATED.to_owned(),
            update_date: managed::CREATED.to_owned(),
            tags: Some(Vec::new()),
            arn,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyOutput {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    description: Option<String>,
    create_date: String,
    update_date: String,
    tags: Option<Vec<Tag>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OnePolicy {
    policy: PolicyOutput,
}

/// Whether the text has the form of a policy's ARN.
pub(super) fn check_arn(arn: &str) -> Result<(), AwsError> {
    let entity = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(':'));
    match entity {
        Some((_, entity)) if entity.strip_prefix("policy/").is_some_and(|path| !path.is_empty()) => Ok(()),
        _ => Err(AwsError::bad_request("InvalidInput", format!("ARN {arn} is not valid."))),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    policy_name: String,
    policy_document: String,
    path: Option<String>,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: CreateInput = call.input()?;
    name::check(&input.policy_name, "policyName", 1..=128)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    name::check_path(&path)?;
    let tags = tags::from_input(input.tags)?;
    check_document(&input.policy_document)?;
    let arn = format!("arn:aws:iam::{}:policy{path}{}", call.scope.account, input.policy_name);
    let version = Version { text: input.policy_document, created: call.time };
    let policy = ManagedPolicy {
        name: input.policy_name,
        id: ids::iam("ANPA"),
        path,
        description: input.description.filter(|text| !text.is_empty()),
        created: call.time,
        updated: call.time,
        tags,
        default: 1,
        latest: 1,
        versions: BTreeMap::from([(1, version)]),
    };
    let policy = iam.on_account(call, |account| {
        // The name is unique in the account, whatever the path.
        if account.policies.values().any(|other| other.name.eq_ignore_ascii_case(&policy.name)) {
            let message = format!("A policy called {} already exists. Duplicate names are not allowed.", policy.name);
            return Err(already_exists(message));
        }
        // The answer does not say the description, nor speak of tags where there are none.
        let output = account.describe(&arn, &policy);
        account.policies.insert(arn, policy);
        let tags = output.tags.filter(|tags| !tags.is_empty());
        Ok(PolicyOutput { description: None, tags, ..output })
    })?;
    call.reply(&OnePolicy { policy })
}

/// Parses a document of a managed policy and checks its size.
pub(super) fn check_document(text: &str) -> Result<(), AwsError> {
    document::parse(text, PolicyKind::Identity)?;
    if document::size(text) > LARGEST {
        return Err(super::over_quota("PolicySize", LARGEST));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ArnInput {
    policy_arn: String,
}

pub(super) fn get(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let ArnInput { policy_arn: arn } = call.input()?;
    check_arn(&arn)?;
    let policy = iam.on_account(call, |account| match account.policies.get(&arn) {
        Some(policy) => Ok(account.describe(&arn, policy)),
        None if arn.starts_with(managed::PREFIX) => Ok(account.describe_managed(managed::find(&arn)?)),
        None => Err(no_such_entity(format!("Policy {arn} was not found."))),
    })?;
    call.reply(&OnePolicy { policy })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PoliciesInput {
    scope: Option<String>,
    only_attached: Option<bool>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PoliciesOutput {
    policies: Vec<PolicyOutput>,
    is_truncated: bool,
    marker: Option<String>,
}

/// AWS leaves descriptions and tags out of the listing.
pub(super) fn list(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: PoliciesInput = call.input()?;
    let scope = input.scope.as_deref().unwrap_or("All");
    one_of(scope, "scope", &["All", "AWS", "Local"])?;
    let usage = input.policy_usage_filter.as_deref().unwrap_or("Any");
    one_of(usage, "policyUsageFilter", &["Any", "PermissionsPolicy", "PermissionsBoundary"])?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let mut policies: Vec<PolicyOutput> = iam.on_account(call, |account| {
        let own = account.policies.iter().map(|(arn, policy)| account.describe(arn, policy));
        let aws = managed::ALL.iter().map(|policy| account.describe_managed(policy));
        let own = own.filter(|_| scope != "AWS");
        own.chain(aws.filter(|_| scope != "Local")).collect()
    });
    policies.retain(|policy| {
        let used = policy.attachment_count > 0 || policy.permissions_boundary_usage_count > 0;
        let by_usage = match usage {
            "PermissionsPolicy" => policy.attachment_count > 0,
            "PermissionsBoundary" => policy.permissions_boundary_usage_count > 0,
            _ => true,
        };
        policy.path.starts_with(prefix) && by_usage && (used || input.only_attached != Some(true))
    });
    policies.sort_by(|a, b| a.arn.cmp(&b.arn));
    let policies = policies.into_iter().map(|policy| PolicyOutput { description: None, tags: None, ..policy });
    let page = ListInput::page_only(input.marker, input.max_items);
    let (policies, marker) = page.page(policies, |policy| policy.arn.clone())?;
    call.reply(&PoliciesOutput { policies, is_truncated: marker.is_some(), marker })
}

fn one_of(value: &str, at: &str, set: &[&str]) -> Result<(), AwsError> {
    if set.contains(&value) {
        return Ok(());
    }
    let constraint = format!("Member must satisfy enum value set: [{}]", set.join(", "));
    Err(name::violated(value, at, &constraint))
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let ArnInput { policy_arn: arn } = call.input()?;
    iam.on_account(call, |account| {
        let versions = account.policy_to_change(&arn)?.versions.len();
        if !account.attached_to(&arn).is_empty() || !account.bounded_by(&arn).is_empty() {
            return Err(delete_conflict("Cannot delete a policy attached to entities."));
        }
        if versions > 1 {
            return Err(delete_conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        account.policies.remove(&arn);
        Ok(())
    })?;
    call.done()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EntitiesInput {
    policy_arn: String,
    entity_filter: Option<String>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyUser {
    user_name: String,
    user_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyGroup {
    group_name: String,
    group_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyRole {
    role_name: String,
    role_id: String,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntitiesOutput {
    policy_groups: Vec<PolicyGroup>,
    policy_users: Vec<PolicyUser>,
    policy_roles: Vec<PolicyRole>,
    is_truncated: bool,
}

/// All entities on one page: the lab's accounts are small.
pub(super) fn list_entities(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let input: EntitiesInput = call.input()?;
    for (given, parameter) in [(input.path_prefix.is_some(), "PathPrefix"), (input.marker.is_some(), "Marker")] {
        if given {
            return Err(call.unsupported_parameter(parameter));
        }
    }
    ListInput::page_only(None, input.max_items).page([(); 0], |()| String::new())?;
    let usage = input.policy_usage_filter.as_deref().unwrap_or("Any");
    one_of(usage, "policyUsageFilter", &["Any", "PermissionsPolicy", "PermissionsBoundary"])?;
    let filter = input.entity_filter.as_deref();
    if let Some(filter) = filter {
        let set = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
        one_of(filter, "entityFilter", &set)?;
    }
    let arn = input.policy_arn;
    check_arn(&arn)?;
    let output = iam.on_account(call, |account| {
        if account.managed_document(&arn).is_none() {
            return Err(no_such_entity(format!("Policy {arn} was not found.")));
        }
        let mut found = if usage == "PermissionsBoundary" { Vec::new() } else { account.attached_to(&arn) };
        if usage != "PermissionsPolicy" {
            found.extend(account.bounded_by(&arn));
        }
        let mut output = EntitiesOutput::default();
        for (kind, name, id) in found {
            let (name, id) = (name.to_owned(), id.to_owned());
            match kind {
                Kind::User if filter.is_none_or(|filter| filter == "User") => {
                    output.policy_users.push(PolicyUser { user_name: name, user_id: id });
                }
                Kind::Group if filter.is_none_or(|filter| filter == "Group") => {
                    output.policy_groups.push(PolicyGroup { group_name: name, group_id: id });
                }
                Kind::Role if filter.is_none_or(|filter| filter == "Role") => {
                    output.policy_roles.push(PolicyRole { role_name: name, role_id: id });
                }
                _ => {}
            }
        }
        Ok(output)
    })?;
    call.reply(&output)
}
