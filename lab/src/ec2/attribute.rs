//! Attributes of instances, the groups that they wear above all: attaching a group makes no event of the security group
//! itself.

use serde::{Deserialize, Serialize};

use super::block_device::VolumeItem;
use super::instance::State;
use super::instance_type::is_instance_type;
use super::interface::WornGroup;
use super::interface_plan::check_group_count;
use super::region::Region;
use super::resource_id::Kind;
use super::{Done, combination, dry_run_ends, invalid_value, missing, one_of, user_data};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// A boolean attribute, under `Value`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Flag {
    pub(super) value: bool,
}

/// A text attribute, under `Value`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Text {
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InstanceInput {
    instance_id: String,
    /// The older form: the attribute's name here, its value in `Value`.
    attribute: Option<String>,
    value: Option<String>,
    #[serde(default)]
    group_id: Vec<String>,
    disable_api_termination: Option<Flag>,
    disable_api_stop: Option<Flag>,
    source_dest_check: Option<Flag>,
    ebs_optimized: Option<Flag>,
    instance_type: Option<Text>,
    user_data: Option<Text>,
    instance_initiated_shutdown_behavior: Option<Text>,
    dry_run: Option<bool>,
}

/// One change of an instance.
enum Change {
    Groups(Vec<String>),
    DisableApiTermination(bool),
    DisableApiStop(bool),
    SourceDestCheck(bool),
    EbsOptimized(bool),
    InstanceType(String),
    UserData(String),
    ShutdownBehavior(String),
}

impl InstanceInput {
    fn changes(&self, call: &Call) -> Result<Vec<Change>, AwsError> {
        let flag = |flag: &Option<Flag>| flag.as_ref().map(|flag| flag.value);
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
        let given = [
            (!self.group_id.is_empty()).then(|| Change::Groups(self.group_id.clone())),
            flag(&self.disable_api_termination).map(Change::DisableApiTermination),
            flag(&self.disable_api_stop).map(Change::DisableApiStop),
            flag(&self.source_dest_check).map(Change::SourceDestCheck),
            flag(&self.ebs_optimized).map(Change::EbsOptimized),
            text(&self.instance_type).map(Change::InstanceType),
            text(&self.user_data).map(Change::UserData),
            text(&self.instance_initiated_shutdown_behavior).map(Change::ShutdownBehavior),
        ];
        let mut changes: Vec<Change> = given.into_iter().flatten().collect();
        if let Some(name) = &self.attribute {
            changes.push(self.named(call, name)?);
        }
        match changes.len() {
            1 => Ok(changes),
            0 => Err(combination("No attributes specified.")),
            _ => Err(combination("Fields for multiple attribute types specified: only one may be modified at a time")),
        }
    }

    fn named(&self, call: &Call, name: &str) -> Result<Change, AwsError> {
        let value = self.value.clone().ok_or_else(|| missing("Value"))?;
        let flag = |value: &str| match value {
            "true" | "True" => Ok(true),
            "false" | "False" => Ok(false),
            other => Err(invalid_value(format!("Value ({other}) for parameter value is invalid."))),
        };
        Ok(match name {
            "disableApiTermination" => Change::DisableApiTermination(flag(&value)?),
            "disableApiStop" => Change::DisableApiStop(flag(&value)?),
            "sourceDestCheck" => Change::SourceDestCheck(flag(&value)?),
            "ebsOptimized" => Change::EbsOptimized(flag(&value)?),
            "instanceType" => Change::InstanceType(value),
            "userData" => Change::UserData(value),
            "instanceInitiatedShutdownBehavior" => Change::ShutdownBehavior(value),
            other => return Err(call.unsupported_parameter(&format!("Attribute={other}"))),
        })
    }
}

impl Change {
    /// Whether EC2 makes the change to a stopped instance only.
    const fn needs_stop(&self) -> bool {
        matches!(self, Self::InstanceType(_) | Self::UserData(_) | Self::EbsOptimized(_))
    }

    fn check(&self, region: &Region, vpc_id: &str) -> Result<(), AwsError> {
        match self {
            Self::Groups(ids) => check_groups(region, ids, vpc_id),
            Self::InstanceType(kind) if !is_instance_type(kind) => {
                Err(invalid_value(format!("Invalid value '{kind}' for InstanceType.")))
            }
            Self::UserData(data) => user_data::check(Some(data)),
            Self::ShutdownBehavior(value) => {
                one_of("instanceInitiatedShutdownBehavior", Some(value), &["stop", "terminate"]).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

/// Refuses groups that an interface of the VPC cannot wear.
pub(super) fn check_groups(region: &Region, ids: &[String], vpc_id: &str) -> Result<(), AwsError> {
    for id in ids {
        if !region.is_usable_in(region.group(id)?, vpc_id) {
            let message = "You have specified two resources that belong to different networks.";
            return Err(AwsError::bad_request("InvalidGroup.NotFound", message));
        }
    }
    check_group_count(ids)
}

/// `ModifyInstanceAttribute`: one attribute at a time.
pub(super) fn modify(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: InstanceInput = call.input()?;
    let id = &input.instance_id;
    region.check_instances(std::slice::from_ref(id))?;
    let changes = input.changes(call)?;
    let Some(instance) = region.instances.get(id) else { return Err(Kind::Instance.not_found(id)) };
    changes.iter().try_for_each(|change| change.check(region, &instance.vpc_id))?;
    dry_run_ends(input.dry_run)?;
    let incorrect = |message: String| Err(AwsError::bad_request("IncorrectInstanceState", message));
    if instance.state == State::Terminated {
        return incorrect(format!("The instance '{id}' is terminated."));
    }
    if instance.state != State::Stopped && changes.iter().any(Change::needs_stop) {
        return incorrect(format!("The instance '{id}' is not in the 'stopped' state."));
    }
    if matches!(changes.as_slice(), [Change::Groups(_) | Change::SourceDestCheck(_)]) && instance.interfaces.len() > 1 {
        let message = format!(
            "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the operation instead."
        );
        return Err(AwsError::bad_request("InvalidInstanceID", message));
    }
    for change in changes {
        apply(region, id, change);
    }
    call.reply(&Done::YES)
}

fn apply(region: &mut Region, id: &str, change: Change) {
    let Some(instance) = region.instances.get_mut(id) else { return };
    let interface = instance.interfaces.first().and_then(|id| region.interfaces.get_mut(id));
    match (change, interface) {
        (Change::Groups(groups), Some(interface)) => interface.groups = unique(groups),
        (Change::SourceDestCheck(value), Some(interface)) => interface.source_dest_check = value,
        (Change::Groups(_) | Change::SourceDestCheck(_), None) => {}
        (Change::DisableApiTermination(value), _) => instance.disable_api_termination = value,
        (Change::DisableApiStop(value), _) => instance.disable_api_stop = value,
        (Change::EbsOptimized(value), _) => instance.ebs_optimized = value,
        (Change::InstanceType(value), _) => instance.instance_type = value,
        (Change::UserData(value), _) => instance.user_data = Some(value),
        (Change::ShutdownBehavior(value), _) => instance.shutdown_behavior = value,
    }
}

/// The ids without those that come a second time.
pub(super) fn unique(ids: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(ids.len());
    for id in ids {
        if !kept.contains(&id) {
            kept.push(id);
        }
    }
    kept
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    instance_id: String,
    attribute: String,
    dry_run: Option<bool>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    instance_id: String,
    group_set: Option<Vec<WornGroup>>,
    disable_api_termination: Option<ValueItem>,
    disable_api_stop: Option<ValueItem>,
    ebs_optimized: Option<ValueItem>,
    ena_support: Option<ValueItem>,
    instance_initiated_shutdown_behavior: Option<ValueItem>,
    instance_type: Option<ValueItem>,
    root_device_name: Option<ValueItem>,
    source_dest_check: Option<ValueItem>,
    user_data: Option<UserDataItem>,
    kernel: Option<Nothing>,
    ramdisk: Option<Nothing>,
    sriov_net_support: Option<ValueItem>,
    product_codes: Option<[(); 0]>,
    enclave_options: Option<Enabled>,
    block_device_mapping: Option<Vec<VolumeItem>>,
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

/// An attribute that the lab's instances never have.
#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct ValueItem {
    value: String,
}

/// An instance without user data has the element, and nothing in it.
#[derive(Serialize)]
struct UserDataItem {
    value: Option<String>,
}

/// `DescribeInstanceAttribute`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let id = &input.instance_id;
    region.check_instances(std::slice::from_ref(id))?;
    let Some(instance) = region.instances.get(id) else { return Err(Kind::Instance.not_found(id)) };
    let mut output = DescribeOutput { instance_id: id.clone(), ..DescribeOutput::default() };
    let value = |value: &dyn ToString| Some(ValueItem { value: value.to_string() });
    match input.attribute.as_str() {
        "groupSet" => output.group_set = Some(instance.groups(region)),
        "disableApiTermination" => output.disable_api_termination = value(&instance.disable_api_termination),
        "disableApiStop" => output.disable_api_stop = value(&instance.disable_api_stop),
        "ebsOptimized" => output.ebs_optimized = value(&instance.ebs_optimized),
        "enaSupport" => output.ena_support = value(&true),
        "instanceInitiatedShutdownBehavior" => {
            output.instance_initiated_shutdown_behavior = value(&instance.shutdown_behavior);
        }
        "instanceType" => output.instance_type = value(&instance.instance_type),
        "rootDeviceName" => output.root_device_name = value(&super::block_device::ROOT),
        "sourceDestCheck" => {
            let is_checked = instance.primary(region).is_none_or(|interface| interface.source_dest_check);
            output.source_dest_check = value(&is_checked);
        }
        "kernel" => output.kernel = Some(Nothing {}),
        "ramdisk" => output.ramdisk = Some(Nothing {}),
        "sriovNetSupport" => output.sriov_net_support = value(&"simple"),
        "productCodes" => output.product_codes = Some([]),
        "enclaveOptions" => output.enclave_options = Some(Enabled { enabled: false }),
        "blockDeviceMapping" => {
            output.block_device_mapping = Some(instance.volumes.iter().map(VolumeItem::of).collect());
        }
        "userData" => output.user_data = Some(UserDataItem { value: instance.user_data.clone() }),
        other => return Err(call.unsupported_parameter(&format!("Attribute={other}"))),
    }
    dry_run_ends(input.dry_run)?;
    call.reply(&output)
}
