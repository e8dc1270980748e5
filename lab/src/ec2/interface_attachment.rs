//! `AttachNetworkInterface` and `DetachNetworkInterface`: an interface brings its groups to an instance, and takes them
//! away again.

use serde::{Deserialize, Serialize};

use super::instance::State;
use super::interface::Attachment;
use super::region::Region;
use super::{Done, combination, dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttachInput {
    network_interface_id: String,
    instance_id: String,
    device_index: u32,
    network_card_index: Option<u32>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttachOutput {
    attachment_id: String,
    network_card_index: u32,
}

/// `AttachNetworkInterface`: to a running or a stopped instance of the same zone.
pub(super) fn attach(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: AttachInput = call.input()?;
    let interface = region.interface(&input.network_interface_id)?;
    region.check_instances(std::slice::from_ref(&input.instance_id))?;
    if input.network_card_index.is_some_and(|index| index != 0) {
        return Err(call.unsupported_parameter("NetworkCardIndex"));
    }
    dry_run_ends(input.dry_run)?;
    if interface.attachment.is_some() {
        return Err(in_use(&interface.id));
    }
    if let Some(instance) = region.instances.get(&input.instance_id) {
        if !matches!(instance.state, State::Running | State::Stopped) {
            let message = format!("Instance '{}' is not 'running' or 'stopped'.", instance.id);
            return Err(AwsError::bad_request("IncorrectState", message));
        }
        if instance.zone != interface.zone {
            return Err(combination(
                "You may not attach a network interface to an instance if they are not in the same availability zone",
            ));
        }
        let attached = instance.interfaces.iter().filter_map(|id| region.interfaces.get(id)?.attachment.as_ref());
        if attached.into_iter().any(|one| one.device_index == input.device_index) {
            let message = format!(
                "Instance '{}' already has an interface attached at device index '{}'.",
                instance.id, input.device_index
            );
            return Err(invalid_value(message));
        }
    }
    let attachment = Attachment {
        id: ids::ec2("eni-attach"),
        instance_id: input.instance_id.clone(),
        device_index: input.device_index,
        delete_on_termination: false,
        attached: call.time,
    };
    let attachment_id = attachment.id.clone();
    if let Some(interface) = region.interfaces.get_mut(&input.network_interface_id) {
        interface.attachment = Some(attachment);
    }
    if let Some(instance) = region.instances.get_mut(&input.instance_id) {
        instance.interfaces.push(input.network_interface_id);
    }
    call.reply(&AttachOutput { attachment_id, network_card_index: 0 })
}

/// The refusal of an interface that another instance has.
pub(super) fn in_use(id: &str) -> AwsError {
    AwsError::bad_request("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use."))
}

/// `Force` says how the instance is told; the lab's have nothing to be told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DetachInput {
    attachment_id: String,
    #[serde(rename = "Force")]
    _force: Option<bool>,
    dry_run: Option<bool>,
}

/// `DetachNetworkInterface`: any but the primary one.
pub(super) fn detach(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: DetachInput = call.input()?;
    let named = |one: &&Attachment| one.id == input.attachment_id;
    let found = region
        .interfaces
        .values()
        .find_map(|interface| Some((interface.id.clone(), interface.attachment.as_ref().filter(named)?.clone())));
    let (id, attachment) = found.ok_or_else(|| not_found(&input.attachment_id))?;
    dry_run_ends(input.dry_run)?;
    if attachment.device_index == 0 {
        let message = "The network interface at device index 0 and networkCard index 0 cannot be detached.";
        return Err(AwsError::bad_request("OperationNotPermitted", message));
    }
    if let Some(interface) = region.interfaces.get_mut(&id) {
        interface.attachment = None;
        interface.public_address = None;
    }
    if let Some(instance) = region.instances.get_mut(&attachment.instance_id) {
        instance.interfaces.retain(|one| *one != id);
    }
    call.reply(&Done::YES)
}

/// The refusal of an attachment that is not there.
pub(super) fn not_found(id: &str) -> AwsError {
    let message = format!("The networkInterface attachment '{id}' does not exist");
    AwsError::bad_request("InvalidAttachmentID.NotFound", message)
}
