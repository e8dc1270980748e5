//! How the instance metadata service answers, at launch and later.

use serde::{Deserialize, Serialize};

use super::region::Region;
use super::resource_id::Kind;
use super::{combination, dry_run_ends, invalid_value, one_of};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// `MetadataOptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataOptions {
    pub(super) state: &'static str,
    pub(super) http_tokens: String,
    pub(super) http_put_response_hop_limit: u32,
    pub(super) http_endpoint: String,
    /// Not in the API's model, and yet in every answer and record.
    pub(super) http_protocol_ipv4: &'static str,
    pub(super) http_protocol_ipv6: String,
    pub(super) instance_metadata_tags: String,
}

impl Default for MetadataOptions {
    /// What Amazon Linux 2023 asks for.
    fn default() -> Self {
        Self {
            state: "applied",
            http_tokens: "required".to_owned(),
            http_put_response_hop_limit: 2,
            http_endpoint: "enabled".to_owned(),
            http_protocol_ipv4: "enabled",
            http_protocol_ipv6: "disabled".to_owned(),
            instance_metadata_tags: "disabled".to_owned(),
        }
    }
}

/// The options of a call; what it does not say stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct MetadataInput {
    http_tokens: Option<String>,
    http_put_response_hop_limit: Option<u32>,
    http_endpoint: Option<String>,
    http_protocol_ipv6: Option<String>,
    instance_metadata_tags: Option<String>,
}

impl MetadataInput {
    fn is_empty(&self) -> bool {
        let texts = [&self.http_tokens, &self.http_endpoint, &self.http_protocol_ipv6, &self.instance_metadata_tags];
        self.http_put_response_hop_limit.is_none() && texts.iter().all(|text| text.is_none())
    }

    pub(super) fn applied_to(self, old: &MetadataOptions) -> Result<MetadataOptions, AwsError> {
        let hops = self.http_put_response_hop_limit.unwrap_or(old.http_put_response_hop_limit);
        if !(1..=64).contains(&hops) {
            let message = format!("Value ({hops}) for parameter HttpPutResponseHopLimit is invalid.");
            return Err(invalid_value(message));
        }
        let choose = |name: &str, given: Option<String>, old: &str, known: &[&str]| {
            one_of(name, Some(given.as_deref().unwrap_or(old)), known)
        };
        const ON_OR_OFF: [&str; 2] = ["enabled", "disabled"];
        Ok(MetadataOptions {
            state: "applied",
            http_tokens: choose("HttpTokens", self.http_tokens, &old.http_tokens, &["required", "optional"])?,
            http_put_response_hop_limit: hops,
            http_endpoint: choose("HttpEndpoint", self.http_endpoint, &old.http_endpoint, &ON_OR_OFF)?,
            http_protocol_ipv4: "enabled",
            http_protocol_ipv6: choose(
                "HttpProtocolIpv6",
                self.http_protocol_ipv6,
                &old.http_protocol_ipv6,
                &ON_OR_OFF,
            )?,
            instance_metadata_tags: choose(
                "InstanceMetadataTags",
                self.instance_metadata_tags,
                &old.instance_metadata_tags,
                &ON_OR_OFF,
            )?,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ModifyInput {
    instance_id: String,
    http_tokens: Option<String>,
    http_put_response_hop_limit: Option<u32>,
    http_endpoint: Option<String>,
    http_protocol_ipv6: Option<String>,
    instance_metadata_tags: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ModifyOutput {
    instance_id: String,
    instance_metadata_options: MetadataOptions,
}

/// `ModifyInstanceMetadataOptions`. The answer says `pending`; the next call finds it done.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: ModifyInput = call.input()?;
    let id = input.instance_id;
    region.check_instances(std::slice::from_ref(&id))?;
    let wanted = MetadataInput {
        http_tokens: input.http_tokens,
        http_put_response_hop_limit: input.http_put_response_hop_limit,
        http_endpoint: input.http_endpoint,
        http_protocol_ipv6: input.http_protocol_ipv6,
        instance_metadata_tags: input.instance_metadata_tags,
    };
    if wanted.is_empty() {
        return Err(combination("No attributes specified."));
    }
    let instance = region.instances.get_mut(&id).ok_or_else(|| Kind::Instance.not_found(&id))?;
    let options = wanted.applied_to(&instance.metadata)?;
    dry_run_ends(input.dry_run)?;
    instance.metadata = options.clone();
    let instance_metadata_options = MetadataOptions { state: "pending", ..options };
    call.reply(&ModifyOutput { instance_id: id, instance_metadata_options })
}
