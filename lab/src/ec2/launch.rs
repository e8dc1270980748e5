//! `RunInstances`: parameters first, then the instances, all or (if the subnet runs out of addresses) as many as fit.

use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;

use super::block_device::{Mapping, check, volumes};
use super::image;
use super::instance::{Instance, InstanceItem, Profile, Reservation, ReservationItem, State};
use super::instance_type::is_instance_type;
use super::interface::{Attachment, MOST_GROUPS, NetworkInterface};
use super::key_pair;
use super::metadata::{MetadataInput, MetadataOptions};
use super::region::Region;
use super::resource_id::Kind;
use super::subnet::Subnet;
use super::tag::{self, TagSpecification};
use super::{combination, dry_run_ends, invalid_value, missing};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::ids;

/// User data is limited to 16 KB before it is encoded.
const MOST_USER_DATA: usize = 16 * 1024;

/// The type of an instance whose launch names none.
const DEFAULT_TYPE: &str = "m1.small";

/// A launch that had a client token.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    params: Node,
    reservation_id: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    image_id: Option<String>,
    instance_type: Option<String>,
    min_count: i64,
    max_count: i64,
    key_name: Option<String>,
    #[serde(default)]
    security_group_id: Vec<String>,
    #[serde(default)]
    security_group: Vec<String>,
    subnet_id: Option<String>,
    private_ip_address: Option<Ipv4Addr>,
    #[serde(default)]
    network_interface: Vec<Interface>,
    user_data: Option<String>,
    #[serde(default)]
    block_device_mapping: Vec<Mapping>,
    monitoring: Option<Monitoring>,
    placement: Option<Placement>,
    iam_instance_profile: Option<ProfileInput>,
    client_token: Option<String>,
    #[serde(default)]
    tag_specification: Vec<TagSpecification>,
    disable_api_termination: Option<bool>,
    disable_api_stop: Option<bool>,
    instance_initiated_shutdown_behavior: Option<String>,
    ebs_optimized: Option<bool>,
    credit_specification: Option<CreditSpecification>,
    metadata_options: Option<MetadataInput>,
    hibernation_options: Option<HibernationOptions>,
    enclave_options: Option<EnclaveOptions>,
    dry_run: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Interface {
    device_index: Option<u32>,
    subnet_id: Option<String>,
    #[serde(default)]
    security_group_id: Vec<String>,
    description: Option<String>,
    private_ip_address: Option<Ipv4Addr>,
    delete_on_termination: Option<bool>,
    associate_public_ip_address: Option<bool>,
    interface_type: Option<String>,
    network_card_index: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Monitoring {
    enabled: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Placement {
    availability_zone: Option<String>,
    tenancy: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ProfileInput {
    arn: Option<String>,
    name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CreditSpecification {
    cpu_credits: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct HibernationOptions {
    configured: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EnclaveOptions {
    enabled: Option<bool>,
}

/// `RunInstances`.
pub(super) fn run(call: &Call, region: &mut Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    let checked = input.check(call, region)?;
    let tags = tag::of_specifications(
        &input.tag_specification,
        &[Kind::Instance, Kind::Volume, Kind::Interface].map(Kind::resource_type),
    )?;
    dry_run_ends(input.dry_run)?;
    if let Some(launch) = input.client_token.as_ref().and_then(|token| region.launches.get(token)) {
        if launch.params != call.params {
            let message = "Arguments on this idempotent request are inconsistent with arguments used in previous \
                               request(s).";
            return Err(AwsError::bad_request("IdempotentParameterMismatch", message));
        }
        return answer(call, region, &launch.reservation_id, None);
    }
    let count = checked.count(&input, region)?;
    let reservation = Reservation { id: ids::ec2("r"), instances: Vec::new() };
    let reservation_id = reservation.id.clone();
    region.reservations.insert(reservation_id.clone(), reservation);
    for index in 0..count {
        let instance = checked.launch(&input, region, &reservation_id, index, call.time);
        let put = |region: &mut Region, kind: Kind, id: &str| {
            region.tags.put(id, tags.get(kind.resource_type()).map_or(&[], Vec::as_slice));
        };
        put(region, Kind::Instance, &instance.id);
        instance.volumes.iter().for_each(|volume| put(region, Kind::Volume, &volume.id));
        instance.interfaces.iter().for_each(|id| put(region, Kind::Interface, id));
        if let Some(reservation) = region.reservations.get_mut(&reservation_id) {
            reservation.instances.push(instance.id.clone());
        }
        region.instances.insert(instance.id.clone(), instance);
    }
    if let Some(token) = input.client_token {
        let launch = Launch { params: call.params.clone(), reservation_id: reservation_id.clone() };
        region.launches.insert(token, launch);
    }
    answer(call, region, &reservation_id, Some(State::Pending))
}

/// The answer of a launch; `state` is the one to show, or each instance's own.
fn answer(call: &Call, region: &Region, reservation_id: &str, state: Option<State>) -> Result<Reply, AwsError> {
    let ids = region.reservations.get(reservation_id).map(|one| one.instances.as_slice()).unwrap_or_default();
    let instances = ids.iter().filter_map(|id| region.instances.get(id));
    call.reply(&ReservationItem {
        reservation_id: reservation_id.to_owned(),
        owner_id: region.scope.account.clone(),
        group_set: Vec::new(),
        instances_set: instances.map(|one| InstanceItem::of(one, state.unwrap_or(one.state), region)).collect(),
    })
}

/// What a launch comes down to once its parameters are checked.
struct Checked {
    image_id: String,
    architecture: &'static str,
    instance_type: String,
    tenancy: String,
    profile: Option<Profile>,
    metadata: MetadataOptions,
    shutdown_behavior: String,
    /// The primary one first.
    interfaces: Vec<CheckedInterface>,
}

struct CheckedInterface {
    subnet: Subnet,
    groups: Vec<String>,
    device_index: u32,
    description: String,
    address: Option<Ipv4Addr>,
    delete_on_termination: bool,
    is_public: bool,
}

impl Input {
    fn check(&self, call: &Call, region: &Region) -> Result<Checked, AwsError> {
        let image_id = self.image_id.as_deref().ok_or_else(|| missing("ImageId"))?;
        let image_id = image::resolve(&region.scope.region, image_id)?;
        self.check_counts()?;
        self.check_texts(region)?;
        self.check_unsupported(call)?;
        check(call, &self.block_device_mapping)?;
        let instance_type = self.instance_type.clone().unwrap_or_else(|| DEFAULT_TYPE.to_owned());
        if !is_instance_type(&instance_type) {
            return Err(invalid_value(format!("Invalid value '{instance_type}' for InstanceType.")));
        }
        let architecture = match image::find(&region.scope.region, &image_id) {
            Some(image) => image.architecture,
            None => "x86_64",
        };
        Ok(Checked {
            image_id,
            architecture,
            instance_type,
            tenancy: self.tenancy()?,
            profile: self.profile(region)?,
            metadata: self.metadata_options.clone().unwrap_or_default().applied_to(&MetadataOptions::default())?,
            shutdown_behavior: one_of(
                "instanceInitiatedShutdownBehavior",
                self.instance_initiated_shutdown_behavior.as_deref(),
                &["stop", "terminate"],
            )?,
            interfaces: self.interfaces(region)?,
        })
    }

    fn check_counts(&self) -> Result<(), AwsError> {
        for (name, count) in [("minCount", self.min_count), ("maxCount", self.max_count)] {
            if count < 1 {
                return Err(invalid_value(format!("Invalid value '{count}' for {name}. Must be greater than 0.")));
            }
        }
        if self.min_count > self.max_count {
            let message = format!(
                "Invalid value '{}' for minCount. It must not be greater than maxCount ({}).",
                self.min_count, self.max_count
            );
            return Err(invalid_value(message));
        }
        Ok(())
    }

    fn check_texts(&self, region: &Region) -> Result<(), AwsError> {
        if let Some(name) = self.key_name.as_ref().filter(|name| !region.key_pairs.contains_key(*name)) {
            return Err(key_pair::not_found(name));
        }
        if self.client_token.as_ref().is_some_and(|token| token.len() > 64 || !token.is_ascii()) {
            return Err(invalid_value("The client token must have at most 64 ASCII characters"));
        }
        check_user_data(self.user_data.as_deref())
    }

    /// What clients send without meaning it, and the lab does not have when they do.
    fn check_unsupported(&self, call: &Call) -> Result<(), AwsError> {
        if self.hibernation_options.as_ref().and_then(|one| one.configured) == Some(true) {
            return Err(call.unsupported_parameter("HibernationOptions.Configured"));
        }
        if self.enclave_options.as_ref().and_then(|one| one.enabled) == Some(true) {
            return Err(call.unsupported_parameter("EnclaveOptions.Enabled"));
        }
        if let Some(credits) = &self.credit_specification {
            one_of("cpuCredits", Some(&credits.cpu_credits), &["standard", "unlimited"])?;
        }
        for interface in &self.network_interface {
            if interface.interface_type.as_deref().is_some_and(|kind| kind != "interface") {
                return Err(call.unsupported_parameter("NetworkInterface.InterfaceType"));
            }
            if interface.network_card_index.is_some_and(|index| index != 0) {
                return Err(call.unsupported_parameter("NetworkInterface.NetworkCardIndex"));
            }
        }
        Ok(())
    }

    fn tenancy(&self) -> Result<String, AwsError> {
        let tenancy = self.placement.as_ref().and_then(|placement| placement.tenancy.as_deref());
        one_of("tenancy", tenancy.filter(|tenancy| !tenancy.is_empty()), &["default", "dedicated", "host"])
    }

    fn profile(&self, region: &Region) -> Result<Option<Profile>, AwsError> {
        let Some(profile) = &self.iam_instance_profile else { return Ok(None) };
        let arn = match (&profile.arn, &profile.name) {
            (Some(_), Some(_)) => {
                let message = "The parameter 'iamInstanceProfile.name' may not be used in combination with \
                               'iamInstanceProfile.arn'";
                return Err(combination(message));
            }
            (Some(arn), None) if arn.starts_with("arn:") && arn.contains(":instance-profile/") => arn.clone(),
            (Some(arn), None) => {
                let message = format!("Value ({arn}) for parameter iamInstanceProfile.arn is invalid.");
                return Err(invalid_value(message));
            }
            (None, Some(name)) => format!("arn:aws:iam::{}:instance-profile/{name}", region.scope.account),
            (None, None) => return Ok(None),
        };
        Ok(Some(Profile { arn, id: ids::iam("AIPA") }))
    }

    /// The interfaces of each instance: those that the call spells out, or one made of its own parameters.
    fn interfaces(&self, region: &Region) -> Result<Vec<CheckedInterface>, AwsError> {
        if self.network_interface.is_empty() {
            let by_subnet = self.subnet_id.is_some() && !self.security_group.is_empty();
            if by_subnet {
                return Err(combination("The parameter groupName cannot be used with the parameter subnet"));
            }
            let mut groups = self.security_group_id.clone();
            for name in &self.security_group {
                groups.push(region.group_named(name)?.id.clone());
            }
            let subnet = self.subnet(region, self.subnet_id.as_deref())?;
            let one = CheckedInterface {
                groups: checked_groups(region, groups, subnet)?,
                subnet: subnet.clone(),
                device_index: 0,
                description: String::new(),
                address: self.private_ip_address,
                delete_on_termination: true,
                is_public: subnet.maps_public_addresses,
            };
            return Ok(vec![one]);
        }
        if self.subnet_id.is_some() {
            return Err(combination(
                "Network interfaces and an instance-level subnet ID may not be specified on the same request",
            ));
        }
        if !self.security_group_id.is_empty() || !self.security_group.is_empty() {
            return Err(combination(
                "Network interfaces and an instance-level security groups may not be specified on the same request",
            ));
        }
        let mut interfaces = Vec::with_capacity(self.network_interface.len());
        for interface in &self.network_interface {
            interfaces.push(self.interface(region, interface)?);
        }
        interfaces.sort_by_key(|interface| interface.device_index);
        if interfaces.iter().zip(0..).any(|(interface, index)| interface.device_index != index) {
            return Err(invalid_value("Each network interface requires a device index of its own, from 0 on."));
        }
        Ok(interfaces)
    }

    fn interface(&self, region: &Region, interface: &Interface) -> Result<CheckedInterface, AwsError> {
        let device_index =
            interface.device_index.ok_or_else(|| invalid_value("Each network interface requires a device index."))?;
        let subnet = self.subnet(region, interface.subnet_id.as_deref())?;
        Ok(CheckedInterface {
            groups: checked_groups(region, interface.security_group_id.clone(), subnet)?,
            subnet: subnet.clone(),
            device_index,
            description: interface.description.clone().unwrap_or_default(),
            address: interface.private_ip_address,
            delete_on_termination: interface.delete_on_termination.unwrap_or(true),
            is_public: interface
                .associate_public_ip_address
                .unwrap_or(device_index == 0 && subnet.maps_public_addresses),
        })
    }

    /// The subnet that is named, or the default VPC's subnet in the zone that is asked for.
    fn subnet<'a>(&self, region: &'a Region, id: Option<&str>) -> Result<&'a Subnet, AwsError> {
        // Terraform sends it empty.
        let zone = self.placement.as_ref().and_then(|placement| placement.availability_zone.as_deref());
        let zone = zone.filter(|zone| !zone.is_empty());
        if let Some(id) = id {
            Kind::Subnet.check(id)?;
            let subnet = region.subnets.get(id).ok_or_else(|| Kind::Subnet.not_found(id))?;
            if zone.is_some_and(|zone| zone != subnet.zone) {
                let message = format!("The subnet '{id}' is not in the availability zone of the request");
                return Err(AwsError::bad_request("InvalidParameter", message));
            }
            return Ok(subnet);
        }
        let vpc = region.default_vpc()?;
        let mut subnets: Vec<&Subnet> = region.subnets.values().filter(|one| one.vpc_id == vpc.id).collect();
        subnets.sort_by(|a, b| a.zone.cmp(&b.zone));
        let found = subnets.into_iter().find(|one| zone.is_none_or(|zone| zone == one.zone));
        found.ok_or_else(|| invalid_value(format!("Invalid availability zone: [{}]", zone.unwrap_or_default())))
    }
}

/// The groups of an interface: those that are named, which must be in its VPC, or the VPC's default group.
fn checked_groups(region: &Region, ids: Vec<String>, subnet: &Subnet) -> Result<Vec<String>, AwsError> {
    let mut groups: Vec<String> = Vec::with_capacity(ids.len());
    for id in ids {
        if !region.is_usable_in(region.group(&id)?, &subnet.vpc_id) {
            let message = format!("Security group {id} and subnet {} belong to different networks.", subnet.id);
            return Err(AwsError::bad_request("InvalidParameter", message));
        }
        if !groups.contains(&id) {
            groups.push(id);
        }
    }
    if groups.is_empty() {
        let of_vpc = region.groups.values().find(|group| group.vpc_id == subnet.vpc_id && group.is_default());
        groups.extend(of_vpc.map(|group| group.id.clone()));
    }
    check_group_count(&groups)?;
    Ok(groups)
}

/// Refuses more groups than an interface can wear.
pub(super) fn check_group_count(groups: &[String]) -> Result<(), AwsError> {
    if groups.len() <= MOST_GROUPS {
        return Ok(());
    }
    let message = "The maximum number of security groups per interface has been reached.";
    Err(AwsError::bad_request("SecurityGroupsPerInterfaceLimitExceeded", message))
}

/// Refuses user data that is not base64 or too long.
pub(super) fn check_user_data(user_data: Option<&str>) -> Result<(), AwsError> {
    let Some(text) = user_data else { return Ok(()) };
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let Ok(data) = STANDARD.decode(compact) else {
        return Err(AwsError::bad_request("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data"));
    };
    if data.len() > MOST_USER_DATA {
        return Err(invalid_value(format!("User data is limited to {MOST_USER_DATA} bytes")));
    }
    Ok(())
}

/// A value of an enumeration, the first where none is given.
pub(super) fn one_of(name: &str, value: Option<&str>, known: &[&str]) -> Result<String, AwsError> {
    match value {
        None => Ok(known.first().copied().unwrap_or_default().to_owned()),
        Some(value) if known.contains(&value) => Ok(value.to_owned()),
        Some(value) => Err(invalid_value(format!("Value ({value}) for parameter {name} is invalid."))),
    }
}

/// A public address, out of the range for benchmarks (RFC 2544), which belongs to nobody.
pub(super) fn public_address() -> Ipv4Addr {
    Ipv4Addr::new(198, 18 + rand::random::<u8>() % 2, rand::random(), rand::random())
}

impl Checked {
    /// How many instances there will be: as many as are asked for and have addresses.
    fn count(&self, input: &Input, region: &Region) -> Result<usize, AwsError> {
        let [least, most] = [input.min_count, input.max_count].map(|count| usize::try_from(count).unwrap_or(0));
        let mut count = most;
        for interface in &self.interfaces {
            let subnet = &interface.subnet;
            if let Some(address) = interface.address {
                check_address(address, subnet, region, most)?;
            }
            let sharing = self.interfaces.iter().filter(|one| one.subnet.id == subnet.id).count().max(1);
            count = count.min(subnet.free_addresses(region).take(most.saturating_mul(sharing)).count() / sharing);
        }
        if count < least {
            let message = "The specified subnet does not have enough free addresses to satisfy the request.";
            return Err(AwsError::bad_request("InsufficientFreeAddressesInSubnet", message));
        }
        Ok(count)
    }

    fn launch(
        &self,
        input: &Input,
        region: &mut Region,
        reservation_id: &str,
        index: usize,
        now: Timestamp,
    ) -> Instance {
        let id = ids::ec2("i");
        let mut interfaces = Vec::with_capacity(self.interfaces.len());
        for wanted in &self.interfaces {
            let interface = wanted.attach(&id, region, now);
            interfaces.push(interface.id.clone());
            region.interfaces.insert(interface.id.clone(), interface);
        }
        let primary = self.interfaces.first().map(|one| &one.subnet);
        Instance {
            id,
            reservation_id: reservation_id.to_owned(),
            image_id: self.image_id.clone(),
            architecture: self.architecture,
            instance_type: self.instance_type.clone(),
            state: State::Running,
            state_reason: None,
            launched: now,
            launch_index: index,
            key_name: input.key_name.clone(),
            zone: primary.map(|one| one.zone.clone()).unwrap_or_default(),
            subnet_id: primary.map(|one| one.id.clone()).unwrap_or_default(),
            vpc_id: primary.map(|one| one.vpc_id.clone()).unwrap_or_default(),
            tenancy: self.tenancy.clone(),
            interfaces,
            volumes: volumes(&input.block_device_mapping, now),
            is_monitored: input.monitoring.as_ref().is_some_and(|monitoring| monitoring.enabled),
            ebs_optimized: input.ebs_optimized.unwrap_or(false),
            profile: self.profile.clone(),
            client_token: input.client_token.clone(),
            user_data: input.user_data.clone(),
            metadata: self.metadata.clone(),
            credits: credits(input, &self.instance_type),
            disable_api_termination: input.disable_api_termination.unwrap_or(false),
            disable_api_stop: input.disable_api_stop.unwrap_or(false),
            shutdown_behavior: self.shutdown_behavior.clone(),
        }
    }
}

/// Unlimited, unless the call or the oldest family says otherwise.
fn credits(input: &Input, instance_type: &str) -> String {
    let given = input.credit_specification.as_ref().map(|credits| credits.cpu_credits.clone());
    let default = if instance_type.starts_with("t2.") { "standard" } else { "unlimited" };
    given.unwrap_or_else(|| default.to_owned())
}

fn check_address(address: Ipv4Addr, subnet: &Subnet, region: &Region, count: usize) -> Result<(), AwsError> {
    if count > 1 {
        return Err(combination("The parameter privateIpAddress cannot be used with more than one instance"));
    }
    if !subnet.has(address) {
        let message = format!("Address {address} does not fall within the subnet's address range");
        return Err(invalid_value(message));
    }
    if region.interfaces.values().any(|one| one.subnet_id == subnet.id && one.address == address) {
        let message = format!("Address {address} is in use.");
        return Err(AwsError::bad_request("InvalidIPAddress.InUse", message));
    }
    Ok(())
}

impl CheckedInterface {
    fn attach(&self, instance_id: &str, region: &Region, now: Timestamp) -> NetworkInterface {
        // `Checked::count` made sure that there is one.
        let next = self.subnet.free_addresses(region).next();
        let mac: Vec<String> = (0..5).map(|_| ids::hex(2)).collect();
        NetworkInterface {
            id: ids::ec2("eni"),
            subnet_id: self.subnet.id.clone(),
            vpc_id: self.subnet.vpc_id.clone(),
            zone: self.subnet.zone.clone(),
            description: self.description.clone(),
            address: self.address.or(next).unwrap_or(Ipv4Addr::UNSPECIFIED),
            public_address: self.is_public.then(public_address),
            mac: format!("02:{}", mac.join(":")),
            groups: self.groups.clone(),
            source_dest_check: true,
            attachment: Some(Attachment {
                id: ids::ec2("eni-attach"),
                instance_id: instance_id.to_owned(),
                device_index: self.device_index,
                delete_on_termination: self.delete_on_termination,
                attached: now,
            }),
        }
    }
}
