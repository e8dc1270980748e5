//! Instances, and `DescribeInstances`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::block_device::{ROOT, Volume, VolumeItem};
use super::cpu::CpuOptions;
use super::filter::{Described, Filter, select};
use super::interface::{InterfaceItem, NetworkInterface, WornGroup, private_dns_name, public_dns_name, worn_groups};
use super::metadata::MetadataOptions;
use super::page::page;
use super::region::Region;
use super::tag::Tag;
use super::{combination, dry_run_ends, filter_names};
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
    /// Who moved it to its state, and when, in EC2's words.
    pub(super) transition: String,
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
    /// How a burstable type earns CPU credits.
    pub(super) credits: String,
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

impl Instance {
    /// The values of filters on settings: those of each instance, and those that all of the lab's have alike.
    fn values_of_settings(&self, filter: &str, region: &Region) -> Vec<String> {
        let profile = || self.profile.iter().filter_map(|profile| Some(profile.arn.rsplit_once('/')?.1.to_owned()));
        let reason = |text: fn(&StateReason) -> &'static str| self.state_reason.iter().map(text).map(str::to_owned);
        let value = match filter {
            "block-device-mapping.attach-time" => {
                return self.volumes.iter().map(|volume| time::millis(volume.attached)).collect();
            }
            "block-device-mapping.delete-on-termination" => {
                return self.volumes.iter().map(|volume| volume.delete_on_termination.to_string()).collect();
            }
            "block-device-mapping.status" => return self.volumes.iter().map(|_| "attached".to_owned()).collect(),
            "iam-instance-profile.name" => return profile().collect(),
            "reason" if self.transition.is_empty() => return Vec::new(),
            "reason" => self.transition.clone(),
            "state-reason-message" => return reason(|reason| reason.message).collect(),
            "state-reason-code" => return reason(|reason| reason.code).collect(),
            "source-dest-check" => {
                return self.primary(region).iter().map(|one| one.source_dest_check.to_string()).collect();
            }
            "metadata-options.http-endpoint" => self.metadata.http_endpoint.clone(),
            "metadata-options.http-protocol-ipv4" => self.metadata.http_protocol_ipv4.to_owned(),
            "metadata-options.http-protocol-ipv6" => self.metadata.http_protocol_ipv6.clone(),
            "metadata-options.http-put-response-hop-limit" => self.metadata.http_put_response_hop_limit.to_string(),
            "metadata-options.http-tokens" => self.metadata.http_tokens.clone(),
            "metadata-options.instance-metadata-tags" => self.metadata.instance_metadata_tags.clone(),
            "metadata-options.state" => self.metadata.state.to_owned(),
            "capacity-reservation-specification.capacity-reservation-preference" => "open".to_owned(),
            "current-instance-boot-mode" => "uefi".to_owned(),
            "ena-support" => "true".to_owned(),
            "hypervisor" => "xen".to_owned(),
            "maintenance-options.auto-recovery" => "default".to_owned(),
            "platform-details" => "Linux/UNIX".to_owned(),
            "private-dns-name-options.hostname-type" => "ip-name".to_owned(),
            "usage-operation" => "RunInstances".to_owned(),
            "virtualization-type" => "hvm".to_owned(),
            "enclave-options.enabled"
            | "hibernation-options.configured"
            | "operator.managed"
            | "private-dns-name-options.enable-resource-name-dns-a-record"
            | "private-dns-name-options.enable-resource-name-dns-aaaa-record" => "false".to_owned(),
            _ => return Vec::new(),
        };
        vec![value]
    }

    /// The volumes that it has.
    pub(super) fn volumes_of(instance: &Self) -> impl Iterator<Item = &Volume> {
        instance.volumes.iter()
    }

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
    const FILTERS: &'static [&'static str] = filter_names::INSTANCE;

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
            "launch-time" => vec![time::millis(to_the_second(self.launched))],
            "monitoring-state" => vec![monitoring(self.is_monitored).to_owned()],
            "owner-id" => vec![region.scope.account.clone()],
            "reservation-id" => vec![self.reservation_id.clone()],
            "root-device-name" => vec![ROOT.to_owned()],
            "root-device-type" => vec!["ebs".to_owned()],
            "tenancy" => vec![self.tenancy.clone()],
            name => self.values_of_settings(name, region),
        }
    }
}

/// EC2 knows when an instance was launched to the second.
fn to_the_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
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
    current_instance_boot_mode: &'static str,
    instance_state: StateItem,
    private_dns_name: String,
    dns_name: String,
    reason: String,
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
    cpu_options: CpuOptions,
    capacity_reservation_specification: CapacityReservation,
    hibernation_options: Hibernation,
    enclave_options: Enclave,
    metadata_options: MetadataOptions,
    maintenance_options: Maintenance,
    private_dns_name_options: PrivateDnsNames,
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
#[serde(rename_all = "camelCase")]
struct CapacityReservation {
    capacity_reservation_preference: &'static str,
}

#[derive(Debug, Serialize)]
struct Hibernation {
    configured: bool,
}

#[derive(Debug, Serialize)]
struct Enclave {
    enabled: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Maintenance {
    auto_recovery: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PrivateDnsNames {
    hostname_type: &'static str,
    #[serde(rename = "enableResourceNameDnsARecord")]
    a_record: bool,
    #[serde(rename = "enableResourceNameDnsAAAARecord")]
    aaaa_record: bool,
}

#[derive(Debug, Serialize)]
struct Monitoring {
    state: &'static str,
}

impl InstanceItem {
    /// What EC2 shows of an instance; `state` is the one to show, which in the answer that starts it is `pending`: there is
    /// no public address and no volume yet, and the interface is just being attached.
    pub(super) fn of(instance: &Instance, state: State, region: &Region) -> Self {
        let region_name = &region.scope.region;
        let primary = instance.primary(region);
        let is_starting = state == State::Pending;
        let public = primary.and_then(|interface| interface.public_address).filter(|_| !is_starting);
        let interfaces = instance.interfaces.iter().filter_map(|id| region.interfaces.get(id));
        let tags = region.tags.of(&instance.id);
        let interfaces = interfaces.map(|one| {
            let item = InterfaceItem::of(one, region).at_instance();
            if is_starting { item.just_attached() } else { item }
        });
        let volumes = instance.volumes.iter().filter(|_| !is_starting);
        let metadata_state = if is_starting { "pending" } else { instance.metadata.state };
        let pending = StateReason { code: "pending", message: "pending" };
        Self {
            instance_id: instance.id.clone(),
            image_id: instance.image_id.clone(),
            current_instance_boot_mode: "uefi",
            instance_state: state.into(),
            private_dns_name: primary.map(|one| private_dns_name(one.address, region_name)).unwrap_or_default(),
            dns_name: public.map(|address| public_dns_name(address, region_name)).unwrap_or_default(),
            reason: instance.transition.clone(),
            key_name: instance.key_name.clone(),
            ami_launch_index: instance.launch_index,
            product_codes: Vec::new(),
            instance_type: instance.instance_type.clone(),
            launch_time: time::millis(to_the_second(instance.launched)),
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
            state_reason: if is_starting { Some(pending) } else { instance.state_reason.clone() },
            architecture: instance.architecture,
            root_device_type: "ebs",
            root_device_name: ROOT,
            block_device_mapping: volumes.map(VolumeItem::of).collect(),
            virtualization_type: "hvm",
            hypervisor: "xen",
            tag_set: (!tags.is_empty()).then(|| tags.to_vec()),
            client_token: instance.client_token.clone(),
            group_set: instance.groups(region),
            source_dest_check: primary.map(|one| one.source_dest_check),
            network_interface_set: interfaces.collect(),
            iam_instance_profile: instance.profile.clone(),
            ebs_optimized: instance.ebs_optimized,
            ena_support: true,
            cpu_options: CpuOptions::of(&instance.instance_type),
            capacity_reservation_specification: CapacityReservation { capacity_reservation_preference: "open" },
            hibernation_options: Hibernation { configured: false },
            enclave_options: Enclave { enabled: false },
            metadata_options: MetadataOptions { state: metadata_state, ..instance.metadata.clone() },
            maintenance_options: Maintenance { auto_recovery: "default" },
            private_dns_name_options: PrivateDnsNames { hostname_type: "ip-name", a_record: false, aaaa_record: false },
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
