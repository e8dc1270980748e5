//! Instances, and `DescribeInstances`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::block_device::{ROOT, Volume, VolumeItem};
use super::filter::{Described, Filter, select};
use super::interface::{InterfaceItem, NetworkInterface, WornGroup, private_dns_name, public_dns_name, worn_groups};
use super::page::page;
use super::region::Region;
use super::tag::Tag;
use super::{combination, dry_run_ends};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl State {
    const fn parts(self) -> (u16, &'static str) {
        match self {
            Self::Pending => (0, "pending"),
            Self::Running => (16, "running"),
            Self::ShuttingDown => (32, "shutting-down"),
            Self::Terminated => (48, "terminated"),
            Self::Stopping => (64, "stopping"),
            Self::Stopped => (80, "stopped"),
        }
    }

    /// `pending`, `running`, …
    pub(super) const fn name(self) -> &'static str {
        self.parts().1
    }
}

/// A state as EC2 shows it.
#[derive(Debug, Serialize)]
pub(super) struct StateItem {
    code: u16,
    name: &'static str,
}

impl From<State> for StateItem {
    fn from(state: State) -> Self {
        let (code, name) = state.parts();
        Self { code, name }
    }
}

/// What one `RunInstances` started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Reservation {
    pub(super) id: String,
    /// In the order of their launch indexes.
    pub(super) instances: Vec<String>,
}

/// An instance. It is a record only: nothing runs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) reservation_id: String,
    pub(super) image_id: String,
    pub(super) architecture: &'static str,
    pub(super) instance_type: String,
    pub(super) state: State,
    pub(super) state_reason: Option<StateReason>,
    pub(super) launched: Timestamp,
    pub(super) launch_index: usize,
    pub(super) key_name: Option<String>,
    pub(super) zone: String,
    pub(super) subnet_id: String,
    pub(super) vpc_id: String,
    pub(super) tenancy: String,
    /// The primary one first; none after termination.
    pub(super) interfaces: Vec<String>,
    pub(super) volumes: Vec<Volume>,
    pub(super) is_monitored: bool,
    pub(super) ebs_optimized: bool,
    pub(super) profile: Option<Profile>,
    pub(super) client_token: Option<String>,
    pub(super) user_data: Option<String>,
    pub(super) metadata: MetadataOptions,
    pub(super) disable_api_termination: bool,
    pub(super) disable_api_stop: bool,
    pub(super) shutdown_behavior: String,
}

/// Why an instance is in its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct StateReason {
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

/// The instance profile that an instance has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Profile {
    pub(super) arn: String,
    pub(super) id: String,
}

/// How the instance metadata service answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetadataOptions {
    pub(super) state: &'static str,
    pub(super) http_tokens: String,
    pub(super) http_put_response_hop_limit: u32,
    pub(super) http_endpoint: String,
    pub(super) http_protocol_ipv6: String,
    pub(super) instance_metadata_tags: String,
}

impl Instance {
    /// The interface that the instance got first.
    pub(super) fn primary<'a>(&self, region: &'a Region) -> Option<&'a NetworkInterface> {
        region.interfaces.get(self.interfaces.first()?)
    }

    /// The groups that the primary interface wears.
    pub(super) fn groups(&self, region: &Region) -> Vec<WornGroup> {
        self.primary(region).map(|interface| worn_groups(&interface.groups, region)).unwrap_or_default()
    }
}

impl Described for Instance {
    const FILTERS: &'static [&'static str] = &[
        "architecture",
        "availability-zone",
        "block-device-mapping.device-name",
        "block-device-mapping.volume-id",
        "client-token",
        "dns-name",
        "group-id",
        "group-name",
        "iam-instance-profile.arn",
        "iam-instance-profile.id",
        "image-id",
        "instance-id",
        "instance-state-code",
        "instance-state-name",
        "instance-type",
        "instance.group-id",
        "instance.group-name",
        "ip-address",
        "key-name",
        "launch-index",
        "launch-time",
        "monitoring-state",
        "network-interface.group-id",
        "network-interface.group-name",
        "network-interface.network-interface-id",
        "network-interface.subnet-id",
        "network-interface.vpc-id",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "reservation-id",
        "root-device-name",
        "root-device-type",
        "subnet-id",
        "tenancy",
        "vpc-id",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, region: &Region) -> Vec<String> {
        let region_name = &region.scope.region;
        let primary = || self.primary(region).into_iter();
        let public = || self.primary(region).and_then(|interface| interface.public_address).into_iter();
        if let Some(name) = filter.strip_prefix("network-interface.") {
            let interfaces = self.interfaces.iter().filter_map(|id| region.interfaces.get(id));
            return interfaces.flat_map(|interface| interface.values(name, region)).collect();
        }
        match filter {
            "block-device-mapping.device-name" => self.volumes.iter().map(|one| one.device().to_owned()).collect(),
            "block-device-mapping.volume-id" => self.volumes.iter().map(|one| one.id.clone()).collect(),
            "client-token" => self.client_token.iter().cloned().collect(),
            "dns-name" => public().map(|address| public_dns_name(address, region_name)).collect(),
            "group-id" | "instance.group-id" => self.groups(region).into_iter().map(|one| one.group_id).collect(),
            "group-name" | "instance.group-name" => self.groups(region).into_iter().map(|one| one.group_name).collect(),
            "iam-instance-profile.arn" => self.profile.iter().map(|profile| profile.arn.clone()).collect(),
            "iam-instance-profile.id" => self.profile.iter().map(|profile| profile.id.clone()).collect(),
            "ip-address" => public().map(|address| address.to_string()).collect(),
            "key-name" => self.key_name.iter().cloned().collect(),
            "private-dns-name" => primary().map(|one| private_dns_name(one.address, region_name)).collect(),
            "private-ip-address" => primary().map(|one| one.address.to_string()).collect(),
            "subnet-id" => primary().map(|one| one.subnet_id.clone()).collect(),
            "vpc-id" => primary().map(|one| one.vpc_id.clone()).collect(),
            "architecture" => vec![self.architecture.to_owned()],
            "availability-zone" => vec![self.zone.clone()],
            "image-id" => vec![self.image_id.clone()],
            "instance-id" => vec![self.id.clone()],
            "instance-state-code" => vec![self.state.parts().0.to_string()],
            "instance-state-name" => vec![self.state.name().to_owned()],
            "instance-type" => vec![self.instance_type.clone()],
            "launch-index" => vec![self.launch_index.to_string()],
            "launch-time" => vec![time::millis(self.launched)],
            "monitoring-state" => vec![monitoring(self.is_monitored).to_owned()],
            "owner-id" => vec![region.scope.account.clone()],
            "reservation-id" => vec![self.reservation_id.clone()],
            "root-device-name" => vec![ROOT.to_owned()],
            "root-device-type" => vec!["ebs".to_owned()],
            _ => vec![self.tenancy.clone()],
        }
    }
}

fn monitoring(is_monitored: bool) -> &'static str {
    if is_monitored { "enabled" } else { "disabled" }
}

/// An instance as EC2 shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstanceItem {
    instance_id: String,
    image_id: String,
    instance_state: StateItem,
    private_dns_name: String,
    dns_name: String,
    reason: &'static str,
    key_name: Option<String>,
    ami_launch_index: usize,
    product_codes: Vec<String>,
    instance_type: String,
    launch_time: String,
    placement: Placement,
    monitoring: Monitoring,
    subnet_id: Option<String>,
    vpc_id: Option<String>,
    private_ip_address: Option<String>,
    ip_address: Option<String>,
    state_reason: Option<StateReason>,
    architecture: &'static str,
    root_device_type: &'static str,
    root_device_name: &'static str,
    block_device_mapping: Vec<VolumeItem>,
    virtualization_type: &'static str,
    hypervisor: &'static str,
    tag_set: Option<Vec<Tag>>,
    client_token: Option<String>,
    group_set: Vec<WornGroup>,
    source_dest_check: Option<bool>,
    network_interface_set: Vec<InterfaceItem>,
    iam_instance_profile: Option<Profile>,
    ebs_optimized: bool,
    ena_support: bool,
    metadata_options: MetadataOptions,
    platform_details: &'static str,
    usage_operation: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Placement {
    availability_zone: String,
    group_name: &'static str,
    tenancy: String,
}

#[derive(Debug, Serialize)]
struct Monitoring {
    state: &'static str,
}

impl InstanceItem {
    /// What EC2 shows of an instance; `state` is the one to show, which in the answer that starts it is `pending`.
    pub(super) fn of(instance: &Instance, state: State, region: &Region) -> Self {
        let region_name = &region.scope.region;
        let primary = instance.primary(region);
        let public = primary.and_then(|interface| interface.public_address);
        let interfaces = instance.interfaces.iter().filter_map(|id| region.interfaces.get(id));
        let tags = region.tags.of(&instance.id);
        let pending = StateReason { code: "pending", message: "pending" };
        Self {
            instance_id: instance.id.clone(),
            image_id: instance.image_id.clone(),
            instance_state: state.into(),
            private_dns_name: primary.map(|one| private_dns_name(one.address, region_name)).unwrap_or_default(),
            dns_name: public.map(|address| public_dns_name(address, region_name)).unwrap_or_default(),
            reason: instance.state_reason.as_ref().map_or("", |reason| reason.message),
            key_name: instance.key_name.clone(),
            ami_launch_index: instance.launch_index,
            product_codes: Vec::new(),
            instance_type: instance.instance_type.clone(),
            launch_time: time::millis(instance.launched),
            placement: Placement {
                availability_zone: instance.zone.clone(),
                group_name: "",
                tenancy: instance.tenancy.clone(),
            },
            monitoring: Monitoring { state: monitoring(instance.is_monitored) },
            subnet_id: primary.map(|_| instance.subnet_id.clone()),
            vpc_id: primary.map(|_| instance.vpc_id.clone()),
            private_ip_address: primary.map(|one| one.address.to_string()),
            ip_address: public.map(|address| address.to_string()),
            state_reason: if state == State::Pending { Some(pending) } else { instance.state_reason.clone() },
            architecture: instance.architecture,
            root_device_type: "ebs",
            root_device_name: ROOT,
            block_device_mapping: instance.volumes.iter().map(VolumeItem::of).collect(),
            virtualization_type: "hvm",
            hypervisor: "xen",
            tag_set: (!tags.is_empty()).then(|| tags.to_vec()),
            client_token: instance.client_token.clone(),
            group_set: instance.groups(region),
            source_dest_check: primary.map(|one| one.source_dest_check),
            network_interface_set: interfaces.map(|one| InterfaceItem::of(one, region).at_instance()).collect(),
            iam_instance_profile: instance.profile.clone(),
            ebs_optimized: instance.ebs_optimized,
            ena_support: true,
            metadata_options: instance.metadata.clone(),
            platform_details: "Linux/UNIX",
            usage_operation: "RunInstances",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    instance_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    #[serde(rename = "IncludeManagedResources")]
    _include_managed_resources: Option<bool>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    reservation_set: Vec<ReservationItem>,
    next_token: Option<String>,
}

/// A launch with those of its instances that are to be shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReservationItem {
    pub(super) reservation_id: String,
    pub(super) owner_id: String,
    /// Groups of EC2-Classic, of which there are none any more.
    pub(super) group_set: Vec<WornGroup>,
    pub(super) instances_set: Vec<InstanceItem>,
}

/// `DescribeInstances`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let wanted = &input.instance_id;
    if !wanted.is_empty() && input.max_results.is_some() {
        return Err(combination("The parameter instancesSet cannot be used with the parameter maxResults"));
    }
    region.check_instances(wanted)?;
    let instances = region.instances.values().filter(|one| wanted.is_empty() || wanted.contains(&one.id));
    let instances = select(region, instances, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(instances, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let mut reservation_set: Vec<ReservationItem> = Vec::new();
    for instance in page.items {
        let item = InstanceItem::of(instance, instance.state, region);
        match reservation_set.iter_mut().find(|one| one.reservation_id == instance.reservation_id) {
            Some(reservation) => reservation.instances_set.push(item),
            None => reservation_set.push(ReservationItem {
                reservation_id: instance.reservation_id.clone(),
                owner_id: region.scope.account.clone(),
                group_set: Vec::new(),
                instances_set: vec![item],
            }),
        }
    }
    for reservation in &mut reservation_set {
        reservation.instances_set.sort_by_key(|instance| instance.ami_launch_index);
    }
    call.reply(&Output { reservation_set, next_token: page.next_token })
}
