//! Pages of a listing.

use serde::Deserialize;

use super::name;
use crate::gateway::error::AwsError;

/// The parameters that listings take.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ListInput {
    pub(super) path_prefix: Option<String>,
    pub(super) role_name: Option<String>,
    pub(super) user_name: Option<String>,
    pub(super) group_name: Option<String>,
    pub(super) policy_arn: Option<String>,
    pub(super) instance_profile_name: Option<String>,
    pub(super) marker: Option<String>,
    pub(super) max_items: Option<usize>,
}

impl ListInput {
    /// A page of a listing whose other parameters are read elsewhere.
    pub(super) fn page_only(marker: Option<String>, max_items: Option<usize>) -> Self {
        Self { marker, max_items, ..Self::default() }
    }

    /// The name of the role that the listing is of.
    pub(super) fn role_name(&self) -> Result<&str, AwsError> {
        self.role_name.as_deref().ok_or_else(|| missing("RoleName"))
    }

    /// The name of the group that the listing is of.
    pub(super) fn group_name(&self) -> Result<&str, AwsError> {
        self.group_name.as_deref().ok_or_else(|| missing("GroupName"))
    }

    /// The name of the user that the listing is of.
    pub(super) fn user_name(&self) -> Result<&str, AwsError> {
        self.user_name.as_deref().ok_or_else(|| missing("UserName"))
    }

    /// The ARN of the policy that the listing is of.
    pub(super) fn policy_arn(&self) -> Result<&str, AwsError> {
        self.policy_arn.as_deref().ok_or_else(|| missing("PolicyArn"))
    }

    /// The name of the user, group or role that the listing is of.
    pub(super) fn carrier(&self) -> &str {
        let name = self.user_name.as_deref().or(self.group_name.as_deref()).or(self.role_name.as_deref());
        name.unwrap_or_default()
    }

    /// The items of this page, and the marker of the next one. A marker is the key of the last item before.
    pub(super) fn page<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Option<String>), AwsError> {
        let limit = self.max_items.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            let constraint = "Member must have value between 1 and 1000";
            return Err(name::violated(&limit.to_string(), "maxItems", constraint));
        }
        let mut rest = items.into_iter().filter(|item| self.marker.as_ref().is_none_or(|marker| key(item) > *marker));
        let page: Vec<T> = rest.by_ref().take(limit).collect();
        let marker = rest.next().and_then(|_| page.last().map(key));
        Ok((page, marker))
    }
}

/// A parameter that a call cannot do without.
pub(super) fn missing(parameter: &str) -> AwsError {
    AwsError::bad_request("ValidationError", format!("The parameter {parameter} is missing"))
}
