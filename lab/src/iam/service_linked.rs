//! Service-linked roles: made for a service, changed by nobody but AWS.
//!
//! Source: *AWS services that work with IAM* and each service's chapter on its service-linked roles.

use serde::{Deserialize, Serialize};

use super::role::OneRole;
use super::{Iam, PolicySet, RoleState, document, no_such_entity};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;
use crate::policy::PolicyKind;

/// The services that have one, and its name.
const ROLES: &[(&str, &str)] = &[
    ("access-analyzer.amazonaws.com", "AWSServiceRoleForAccessAnalyzer"),
    ("apidestinations.events.amazonaws.com", "AWSServiceRoleForAmazonEventBridgeApiDestinations"),
    ("autoscaling.amazonaws.com", "AWSServiceRoleForAutoScaling"),
    ("cloudtrail.amazonaws.com", "AWSServiceRoleForCloudTrail"),
    ("config.amazonaws.com", "AWSServiceRoleForConfig"),
    ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
    ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
    ("events.amazonaws.com", "AWSServiceRoleForCloudWatchEvents"),
    ("guardduty.amazonaws.com", "AWSServiceRoleForAmazonGuardDuty"),
    ("inspector2.amazonaws.com", "AWSServiceRoleForAmazonInspector2"),
    ("organizations.amazonaws.com", "AWSServiceRoleForOrganizations"),
    ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
    ("securityhub.amazonaws.com", "AWSServiceRoleForSecurityHub"),
    ("spot.amazonaws.com", "AWSServiceRoleForEC2Spot"),
    ("spotfleet.amazonaws.com", "AWSServiceRoleForEC2SpotFleet"),
    ("ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM"),
    ("support.amazonaws.com", "AWSServiceRoleForSupport"),
    ("trustedadvisor.amazonaws.com", "AWSServiceRoleForTrustedAdvisor"),
];

/// The services whose role may be made several times, each with a suffix of the caller's.
const SUFFIXED: &[&str] = &["autoscaling.amazonaws.com"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreateInput {
    #[serde(rename = "AWSServiceName")]
    service: String,
    description: Option<String>,
    custom_suffix: Option<String>,
}

pub(super) fn create(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let CreateInput { service, description, custom_suffix } = call.input()?;
    let (_, name) = ROLES
        .iter()
        .find(|(known, _)| *known == service)
        .ok_or_else(|| AwsError::unsupported(format_args!("the service-linked role of {service} (if AWS has one)")))?;
    let name = match custom_suffix.filter(|suffix| !suffix.is_empty()) {
        None => (*name).to_owned(),
        Some(suffix) if SUFFIXED.contains(&service.as_str()) => format!("{name}_{suffix}"),
        Some(_) => {
            let message = format!("Custom suffix is not allowed for {service}");
            return Err(AwsError::bad_request("InvalidInput", message));
        }
    };
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":["{service}"]}},"Action":["sts:AssumeRole"]}}]}}"#
    );
    let role = RoleState {
        name: name.clone(),
        id: ids::iam("AROA"),
        path: format!("/aws-service-role/{service}/"),
        trust: document::parse(&trust, PolicyKind::Trust)?,
        description,
        max_session_seconds: 3600,
        created: call.time,
        tags: std::collections::BTreeMap::new(),
        policies: PolicySet::default(),
        boundary: None,
    };
    let output = role.output(&call.scope.account);
    iam.on_account(call, |account| {
        let key = name.to_ascii_lowercase();
        if account.roles.contains_key(&key) {
            let message =
                format!("Service role name {name} has been taken in this account, please try a different suffix.");
            return Err(AwsError::bad_request("InvalidInput", message));
        }
        account.roles.insert(key, role);
        Ok(())
    })?;
    call.reply(&OneRole { role: output })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    role_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteOutput {
    deletion_task_id: String,
}

/// AWS deletes it in a while; the lab at once, and the task has succeeded when it is asked for.
pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let DeleteInput { role_name } = call.input()?;
    let path = iam.on_account(call, |account| {
        let path = account.role(&role_name)?.path.clone();
        if !path.starts_with("/aws-service-role/") {
            return Err(no_such_entity(format!("The service-linked role with name {role_name} cannot be found.")));
        }
        account.roles.remove(&role_name.to_ascii_lowercase());
        Ok(path)
    })?;
    call.reply(&DeleteOutput { deletion_task_id: format!("task{path}{role_name}/{}", ids::uuid()) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StatusInput {
    deletion_task_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusOutput {
    status: &'static str,
}

pub(super) fn deletion_status(call: &Call) -> Result<Reply, AwsError> {
    let StatusInput { deletion_task_id } = call.input()?;
    if !deletion_task_id.starts_with("task/aws-service-role/") {
        return Err(AwsError::bad_request("InvalidInput", format!("Invalid task id: {deletion_task_id}")));
    }
    call.reply(&StatusOutput { status: "SUCCEEDED" })
}
