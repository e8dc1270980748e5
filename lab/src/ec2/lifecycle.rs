//! `StartInstances`, `StopInstances`, `RebootInstances`, `TerminateInstances`: all of a call's instances or none.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instance::{Instance, State, StateItem, StateReason};
use super::interface::{NetworkInterface, public_address};
use super::region::Region;
use super::{Done, combination, dry_run_ends};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// Why an instance that a call stopped or terminated is not running.
const USER_INITIATED: StateReason = StateReason {
    code: "Client.UserInitiatedShutdown",
    message: "Client.UserInitiatedShutdown: User initiated shutdown",
};

/// `Force` and `SkipOsShutdown` say how a machine goes down; the lab's have nothing to shut down.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    instance_id: Vec<String>,
    hibernate: Option<bool>,
    #[serde(rename = "Force")]
    _force: Option<bool>,
    #[serde(rename = "SkipOsShutdown")]
    _skip_os_shutdown: Option<bool>,
    #[serde(rename = "AdditionalInfo")]
    _additional_info: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    instances_set: Vec<Change>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    instance_id: String,
    current_state: StateItem,
    previous_state: StateItem,
}

fn read(call: &Call, region: &Region) -> Result<Input, AwsError> {
    let mut input: Input = call.input()?;
    if input.instance_id.is_empty() {
        return Err(combination("No instances specified"));
    }
    if input.hibernate == Some(true) {
        return Err(call.unsupported_parameter("Hibernate"));
    }
    region.check_instances(&input.instance_id)?;
    let mut seen = std::collections::BTreeSet::new();
    input.instance_id.retain(|id| seen.insert(id.clone()));
    Ok(input)
}

/// Refuses the first instance that may not be touched.
fn check(region: &Region, ids: &[String], refusal: impl Fn(&Instance) -> Option<AwsError>) -> Result<(), AwsError> {
    let mut refusals = ids.iter().filter_map(|id| region.instances.get(id)).filter_map(refusal);
    refusals.next().map_or(Ok(()), Err)
}

/// Moves instances on: `shown` is what the answer says, `then` where the next call finds them.
fn change(
    call: &Call,
    region: &mut Region,
    ids: &[String],
    from: &[State],
    (shown, then): (State, State),
    reason: Option<StateReason>,
) -> Result<Reply, AwsError> {
    let mut instances_set = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(instance) = region.instances.get_mut(id) else { continue };
        let previous = instance.state;
        let moves = from.contains(&previous);
        if moves {
            instance.state = then;
            // A start leaves no trace of who asked for it.
            instance.transition = reason.as_ref().map(|_| initiated_at(call.time)).unwrap_or_default();
            instance.state_reason.clone_from(&reason);
        }
        instances_set.push(Change {
            instance_id: id.clone(),
            current_state: if moves { shown } else { previous }.into(),
            previous_state: previous.into(),
        });
    }
    call.reply(&Output { instances_set })
}

/// `User initiated (2026-11-24 03:00:00 GMT)`.
fn initiated_at(time: Timestamp) -> String {
    format!("User initiated ({})", time.strftime("%Y-%m-%d %H:%M:%S GMT"))
}

fn incorrect_state(instance: &Instance, verb: &str) -> AwsError {
    let message = format!(
        "The instance '{}' is not in a state from which it can be {verb}: it is {}.",
        instance.id,
        instance.state.name()
    );
    AwsError::bad_request("IncorrectInstanceState", message)
}

/// `StartInstances`. The instance gets a new public address, if it was launched with one.
pub(super) fn start(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input = read(call, region)?;
    dry_run_ends(input.dry_run)?;
    check(region, &input.instance_id, |one| (one.state == State::Terminated).then(|| incorrect_state(one, "started")))?;
    for id in &input.instance_id {
        with_primary(region, id, State::Stopped, |one| {
            one.public_address = one.wants_public_address.then(public_address);
        });
    }
    change(call, region, &input.instance_id, &[State::Stopped], (State::Pending, State::Running), None)
}

/// `StopInstances`. The instance loses its public address and keeps its groups.
pub(super) fn stop(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input = read(call, region)?;
    dry_run_ends(input.dry_run)?;
    check(region, &input.instance_id, |one| match one.state {
        State::Terminated => Some(incorrect_state(one, "stopped")),
        _ if one.disable_api_stop => Some(protected(one, "stopped", "disableApiStop")),
        _ => None,
    })?;
    for id in &input.instance_id {
        with_primary(region, id, State::Running, |one| one.public_address = None);
    }
    change(call, region, &input.instance_id, &[State::Running], (State::Stopping, State::Stopped), Some(USER_INITIATED))
}

/// `RebootInstances`. A machine that is not there has nothing to do for it.
pub(super) fn reboot(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input = read(call, region)?;
    dry_run_ends(input.dry_run)?;
    check(region, &input.instance_id, |one| (one.state != State::Running).then(|| incorrect_state(one, "rebooted")))?;
    call.reply(&Done::YES)
}

/// `TerminateInstances`. The groups are free at once.
pub(super) fn terminate(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input = read(call, region)?;
    dry_run_ends(input.dry_run)?;
    check(region, &input.instance_id, |one| {
        (one.disable_api_termination && one.state != State::Terminated)
            .then(|| protected(one, "terminated", "disableApiTermination"))
    })?;
    for id in &input.instance_id {
        release(region, id);
    }
    let from = [State::Running, State::Stopped];
    change(call, region, &input.instance_id, &from, (State::ShuttingDown, State::Terminated), Some(USER_INITIATED))
}

fn protected(instance: &Instance, verb: &str, attribute: &str) -> AwsError {
    let message = format!(
        "The instance '{}' may not be {verb}. Modify its '{attribute}' instance attribute and try again.",
        instance.id
    );
    AwsError::bad_request("OperationNotPermitted", message)
}

fn with_primary(region: &mut Region, id: &str, state: State, set: impl FnOnce(&mut NetworkInterface)) {
    let Some(instance) = region.instances.get(id).filter(|instance| instance.state == state) else { return };
    let Some(primary) = instance.interfaces.first() else { return };
    if let Some(interface) = region.interfaces.get_mut(primary) {
        set(interface);
    }
}

/// Takes interfaces and volumes from an instance. An interface that is to outlive it stays, attached to nothing.
fn release(region: &mut Region, id: &str) {
    let Some(instance) = region.instances.get_mut(id) else { return };
    let interfaces = std::mem::take(&mut instance.interfaces);
    for volume in std::mem::take(&mut instance.volumes) {
        region.tags.forget(&volume.id);
    }
    for id in interfaces {
        let Some(interface) = region.interfaces.get_mut(&id) else { continue };
        match interface.attachment.take() {
            Some(attachment) if !attachment.delete_on_termination => interface.public_address = None,
            _ => {
                region.interfaces.remove(&id);
                region.tags.forget(&id);
            }
        }
    }
}
