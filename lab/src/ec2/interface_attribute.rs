//! Attributes of interfaces: the groups that they wear above all.

use serde::{Deserialize, Serialize};

use super::attribute::{Flag, Text, check_groups, unique};
use super::interface::{AttachmentItem, InterfaceItem, WornGroup, worn_groups};
use super::region::Region;
use super::{Done, combination, dry_run_ends, interface_attachment, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ModifyInput {
    network_interface_id: String,
    #[serde(default)]
    security_group_id: Vec<String>,
    description: Option<Text>,
    source_dest_check: Option<Flag>,
    attachment: Option<AttachmentInput>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttachmentInput {
    attachment_id: Option<String>,
    delete_on_termination: Option<bool>,
}

/// `ModifyNetworkInterfaceAttribute`: one attribute at a time.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: ModifyInput = call.input()?;
    let id = &input.network_interface_id;
    let interface = region.interface(id)?;
    let given = [
        !input.security_group_id.is_empty(),
        input.description.is_some(),
        input.source_dest_check.is_some(),
        input.attachment.is_some(),
    ];
    match given.into_iter().filter(|is_given| *is_given).count() {
        1 => {}
        0 => return Err(combination("No attributes specified.")),
        _ => {
            return Err(combination(
                "Fields for multiple attribute types specified: only one may be modified at a time",
            ));
        }
    }
    check_groups(region, &input.security_group_id, &interface.vpc_id)?;
    if let Some(wanted) = &input.attachment {
        let is_there = interface.attachment.as_ref().is_some_and(|one| Some(&one.id) == wanted.attachment_id.as_ref());
        if !is_there {
            let id = wanted.attachment_id.as_deref().ok_or_else(|| missing("Attachment.AttachmentId"))?;
            return Err(interface_attachment::not_found(id));
        }
    }
    dry_run_ends(input.dry_run)?;
    if let Some(interface) = region.interfaces.get_mut(id) {
        if !input.security_group_id.is_empty() {
            interface.groups = unique(input.security_group_id);
        }
        if let Some(description) = input.description {
            interface.description = description.value;
        }
        if let Some(check) = input.source_dest_check {
            interface.source_dest_check = check.value;
        }
        let delete = input.attachment.and_then(|wanted| wanted.delete_on_termination);
        if let (Some(attachment), Some(delete)) = (&mut interface.attachment, delete) {
            attachment.delete_on_termination = delete;
        }
    }
    call.reply(&Done::YES)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    network_interface_id: String,
    attribute: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    network_interface_id: String,
    attachment: Option<AttachmentItem>,
    description: Option<ValueItem>,
    group_set: Option<Vec<WornGroup>>,
    source_dest_check: Option<ValueItem>,
    associate_public_ip_address: Option<bool>,
}

#[derive(Serialize)]
struct ValueItem {
    value: String,
}

/// `DescribeNetworkInterfaceAttribute`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let interface = region.interface(&input.network_interface_id)?;
    let mut output = DescribeOutput { network_interface_id: interface.id.clone(), ..DescribeOutput::default() };
    let value = |value: String| Some(ValueItem { value });
    match input.attribute.as_deref().ok_or_else(|| missing("attribute"))? {
        "attachment" => output.attachment = InterfaceItem::of(interface, region).into_attachment(),
        "description" => output.description = value(interface.description.clone()),
        "groupSet" => output.group_set = Some(worn_groups(&interface.groups, region)),
        "sourceDestCheck" => output.source_dest_check = value(interface.source_dest_check.to_string()),
        "associatePublicIpAddress" => output.associate_public_ip_address = Some(interface.wants_public_address),
        other => return Err(invalid_value(format!("Value ({other}) for parameter attribute is invalid."))),
    }
    dry_run_ends(input.dry_run)?;
    call.reply(&output)
}
