//! IAM and STS.
//!
//! Source: *Actions, resources, and condition keys for AWS Identity and Access Management* and *… AWS Security Token
//! Service* in the Service Authorization Reference.

use super::Need;
use super::need::pass_role;
use crate::cloud::Cloud;
use crate::gateway::call::Call;
use crate::identity::Caller;

pub(super) fn needs(cloud: &Cloud, call: &Call) -> Vec<Need> {
    let params = &call.params;
    let account = &call.scope.account;
    let iam = &cloud.iam;
    let path = params.text("Path").unwrap_or("/");
    let arn = |kind: &str, known: Option<String>, name: &str| {
        known.unwrap_or_else(|| format!("arn:aws:iam::{account}:{kind}{path}{name}"))
    };
    let own = |resource: String| Need::own(call, resource);
    let named = |name: &str| params.text(name);
    let operation = call.operation.as_str();

    let need = if let (true, Some(name)) = (operation.contains("InstanceProfile"), named("InstanceProfileName")) {
        own(arn("instance-profile", iam.profile_arn(account, name), name))
    } else if let Some(name) = named("RoleName") {
        own(arn("role", iam.role_arn(account, name), name))
    } else if let Some(name) = named("GroupName") {
        own(arn("group", iam.group_arn(account, name), name))
    } else if let Some(name) = named("UserName") {
        own(arn("user", iam.user_arn(account, name), name))
    } else if let Some(source) = named("PolicySourceArn") {
        own(source.to_owned())
    } else if let Some(policy) = named("PolicyArn") {
        own(policy.to_owned())
    } else if let (true, Some(name)) = (operation.contains("Policy"), named("PolicyName")) {
        own(arn("policy", None, name))
    } else {
        own(unnamed(call))
    };
    let need = need
        .key("iam:PolicyARN", named("PolicyArn"))
        .key("iam:PermissionsBoundary", named("PermissionsBoundary"))
        .key("iam:AWSServiceName", named("AWSServiceName"));
    let mut needs = vec![need];
    if operation == "AddRoleToInstanceProfile"
        && let Some(name) = named("RoleName")
    {
        needs.push(pass_role(&arn("role", iam.role_arn(account, name), name), "ec2.amazonaws.com"));
    }
    needs
}

/// What a call is about that names nothing: the caller itself, or all of a kind, as IAM writes it in its refusals.
fn unnamed(call: &Call) -> String {
    let account = &call.scope.account;
    let of = |kind: &str| format!("arn:aws:iam::{account}:{kind}/");
    match (call.operation.as_str(), &call.identity.principal) {
        ("ListUsers", _) => of("user"),
        ("ListRoles", _) => of("role"),
        ("ListGroups", _) => of("group"),
        ("ListInstanceProfiles", _) => of("instance-profile"),
        ("ListPolicies", _) => "policy path /".to_owned(),
        ("CreateServiceLinkedRole", _) => {
            let service = call.params.text("AWSServiceName").unwrap_or_default();
            format!("arn:aws:iam::{account}:role/aws-service-role/{service}/*")
        }
        (
            "GetUser" | "CreateAccessKey" | "ListAccessKeys" | "UpdateAccessKey" | "DeleteAccessKey",
            Caller::User { .. },
        ) => call.identity.arn(),
        _ => "*".to_owned(),
    }
}

/// Who one is, and a session of one's own, everyone may ask for.
pub(super) fn needs_of_sts(call: &Call) -> Vec<Need> {
    match call.operation.as_str() {
        "AssumeRole" => {
            let role = call.params.text("RoleArn").unwrap_or("*");
            let need = |action: &str| {
                Need::new(action, role)
                    .key("sts:ExternalId", call.params.text("ExternalId"))
                    .key("sts:RoleSessionName", call.params.text("RoleSessionName"))
                    .key("sts:SourceIdentity", call.params.text("SourceIdentity"))
            };
            let mut needs = vec![need("sts:AssumeRole")];
            if call.params.get("Tags").is_some() {
                needs.push(need("sts:TagSession"));
            }
            if call.params.text("SourceIdentity").is_some() {
                needs.push(need("sts:SetSourceIdentity"));
            }
            needs
        }
        "GetCallerIdentity" | "GetSessionToken" => Vec::new(),
        _ => vec![Need::own(call, "*")],
    }
}
