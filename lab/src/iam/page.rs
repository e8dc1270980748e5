//! Pages of a listing.

use serde::Deserialize;

use super::name;
use crate::gateway::error::AwsError;

/// The parameters that every listing takes.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ListInput {
    pub(super) path_prefix: Option<String>,
    pub(super) role_name: Option<String>,
    pub(super) user_name: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

impl ListInput {
    /// The name of the role that the listing is of.
    pub(super) fn role_name(&self) -> Result<&str, AwsError> {
        self.role_name
            .as_deref()
            .ok_or_else(|| AwsError::bad_request("ValidationError", "The parameter RoleName is missing"))
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
