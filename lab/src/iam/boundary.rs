//! Permissions boundaries: the managed policy beyond which a user or a role can do nothing.

use serde::{Deserialize, Serialize};

use super::carrier::{Kind, check_attachable};
use super::{Account, Iam};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// The boundary as users and roles are shown with it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttachedBoundary {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

pub(super) fn output(boundary: Option<&String>) -> Option<AttachedBoundary> {
    boundary.map(|arn| AttachedBoundary { permissions_boundary_type: "Policy", permissions_boundary_arn: arn.clone() })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutInput {
    #[serde(alias = "UserName", alias = "RoleName")]
    name: String,
    permissions_boundary: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteInput {
    #[serde(alias = "UserName", alias = "RoleName")]
    name: String,
}

pub(super) fn put(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let PutInput { name, permissions_boundary } = call.input()?;
    iam.on_account(call, |account| {
        check_attachable(account, &permissions_boundary)?;
        *boundary_of(account, kind, &name)? = Some(permissions_boundary);
        Ok::<_, AwsError>(())
    })?;
    call.done()
}

pub(super) fn delete(iam: &Iam, call: &Call) -> Result<Reply, AwsError> {
    let kind = Kind::of(call);
    kind.check(call)?;
    let DeleteInput { name } = call.input()?;
    iam.on_account(call, |account| {
        let boundary = boundary_of(account, kind, &name)?.take();
        boundary.map(|_| ()).ok_or_else(|| {
            super::no_such_entity(format!("The {} with name {name} has no permissions boundary.", kind.noun()))
        })
    })?;
    call.done()
}

fn boundary_of<'a>(account: &'a mut Account, kind: Kind, name: &str) -> Result<&'a mut Option<String>, AwsError> {
    match kind {
        Kind::Role => Ok(&mut account.role_to_change(name)?.boundary),
        Kind::User | Kind::Group => Ok(&mut account.user(name)?.boundary),
    }
}
