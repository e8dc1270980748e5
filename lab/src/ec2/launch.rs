//! `RunInstances`: parameters first, then the instances, all or (if the subnet runs out of addresses) as many as fit.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::Deserialize;

use super::block_device::{Mapping, check, volumes};
use super::image;
use super::instance::{Instance, InstanceItem, Profile, Reservation, ReservationItem, State};
use super::instance_type::is_instance_type;
use super::key_pair;
use super::launch_interface::{self, Interfaces, OfLaunch};
use super::metadata::{MetadataInput, MetadataOptions};
use super::region::Region;
use super::resource_id::Kind;
use super::tag::{self, TagSpecification};
use super::{combination, dry_run_ends, invalid_value, missing, one_of, user_data};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::ids;

/// How many instances there may be in a Region at once. AWS counts their processors, by family, and has a quota for each.
const MOST_INSTANCES: usize = 1000;

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
    network_interface: Vec<launch_interface::Input>,
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
        let made = instance.interfaces.iter().filter(|id| checked.interfaces.makes(id));
        made.for_each(|id| put(region, Kind::Interface, id));
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
    interfaces: Interfaces,
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
            interfaces: self.interfaces(call, region)?,
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
        user_data::check(self.user_data.as_deref())
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

    fn interfaces(&self, call: &Call, region: &Region) -> Result<Interfaces, AwsError> {
        // Terraform sends the zone empty.
        let zone = self.placement.as_ref().and_then(|placement| placement.availability_zone.as_deref());
        let launch = OfLaunch {
            subnet_id: self.subnet_id.as_deref(),
            security_group_id: &self.security_group_id,
            security_group: &self.security_group,
            private_ip_address: self.private_ip_address,
            zone: zone.filter(|zone| !zone.is_empty()),
        };
        Interfaces::of(call, region, &self.network_interface, &launch)
    }
}

impl Checked {
    /// How many instances there will be: as many as are asked for and have addresses.
    fn count(&self, input: &Input, region: &Region) -> Result<usize, AwsError> {
        let [least, most] = [input.min_count, input.max_count].map(|count| usize::try_from(count).unwrap_or(0));
        let count = self.interfaces.count(region, (least, most))?;
        let running = region.instances.values().filter(|one| one.state != State::Terminated).count();
        if running.saturating_add(least) > MOST_INSTANCES {
            let message = format!(
                "You have requested more instances ({}) than your current instance limit of {MOST_INSTANCES} allows for the \
                 specified instance type.",
                running.saturating_add(least)
            );
            return Err(AwsError::bad_request("InstanceLimitExceeded", message));
        }
        Ok(count.min(MOST_INSTANCES.saturating_sub(running)))
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
        let interfaces = self.interfaces.attach(&id, region, now);
        let (zone, subnet_id, vpc_id) = self.interfaces.place();
        Instance {
            id,
            reservation_id: reservation_id.to_owned(),
            image_id: self.image_id.clone(),
            architecture: self.architecture,
            instance_type: self.instance_type.clone(),
            state: State::Running,
            state_reason: None,
            transition: String::new(),
            launched: now,
            launch_index: index,
            key_name: input.key_name.clone(),
            zone,
            subnet_id,
            vpc_id,
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
