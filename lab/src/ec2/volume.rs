//! `DescribeVolumes`: the volumes of instances, which come and go with them.

use serde::{Deserialize, Serialize};

use super::block_device::Volume;
use super::dry_run_ends;
use super::filter::{Described, Filter, select};
use super::instance::Instance;
use super::page::page;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// A volume and the instance that it is attached to.
struct Attached<'a> {
    volume: &'a Volume,
    instance: &'a Instance,
}

impl Described for Attached<'_> {
    const FILTERS: &'static [&'static str] = &[
        "attachment.attach-time",
        "attachment.delete-on-termination",
        "attachment.device",
        "attachment.instance-id",
        "attachment.status",
        "availability-zone",
        "create-time",
        "encrypted",
        "size",
        "status",
        "volume-id",
        "volume-type",
    ];

    fn id(&self) -> &str {
        &self.volume.id
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        let volume = self.volume;
        vec![match filter {
            "attachment.attach-time" | "create-time" => time::millis(volume.attached),
            "attachment.delete-on-termination" => volume.delete_on_termination.to_string(),
            "attachment.device" => volume.device().to_owned(),
            "attachment.instance-id" => self.instance.id.clone(),
            "attachment.status" => "attached".to_owned(),
            "availability-zone" => self.instance.zone.clone(),
            "encrypted" => volume.encrypted.to_string(),
            "size" => volume.size.to_string(),
            "status" => "in-use".to_owned(),
            "volume-type" => volume.kind.name().to_owned(),
            _ => volume.id.clone(),
        }]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    #[serde(default)]
    volume_id: Vec<String>,
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
    volume_set: Vec<Item>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    volume_id: String,
    size: u32,
    snapshot_id: String,
    availability_zone: String,
    status: &'static str,
    create_time: String,
    attachment_set: [AttachmentItem; 1],
    tag_set: Vec<Tag>,
    volume_type: &'static str,
    iops: Option<u32>,
    throughput: Option<u32>,
    encrypted: bool,
    multi_attach_enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttachmentItem {
    volume_id: String,
    instance_id: String,
    device: String,
    status: &'static str,
    attach_time: String,
    delete_on_termination: bool,
}

/// `DescribeVolumes`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: Input = call.input()?;
    Kind::Volume.check_all(&input.volume_id)?;
    if let Some(absent) = input.volume_id.iter().find(|id| !region.exists(Kind::Volume, id)) {
        return Err(Kind::Volume.not_found(absent));
    }
    let of = |instance| Instance::volumes_of(instance).map(move |volume| Attached { volume, instance });
    let volumes: Vec<Attached<'_>> = region.instances.values().flat_map(of).collect();
    let volumes = volumes.iter().filter(|one| input.volume_id.is_empty() || input.volume_id.contains(&one.volume.id));
    let volumes = select(region, volumes, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(volumes, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let item = |one: &Attached<'_>| Item {
        volume_id: one.volume.id.clone(),
        size: one.volume.size,
        snapshot_id: one.volume.snapshot_id.clone(),
        availability_zone: one.instance.zone.clone(),
        status: "in-use",
        create_time: time::millis(one.volume.attached),
        attachment_set: [AttachmentItem {
            volume_id: one.volume.id.clone(),
            instance_id: one.instance.id.clone(),
            device: one.volume.device().to_owned(),
            status: "attached",
            attach_time: time::millis(one.volume.attached),
            delete_on_termination: one.volume.delete_on_termination,
        }],
        tag_set: region.tags.of(&one.volume.id).to_vec(),
        volume_type: one.volume.kind.name(),
        iops: one.volume.iops,
        throughput: one.volume.throughput,
        encrypted: one.volume.encrypted,
        multi_attach_enabled: false,
    };
    let volume_set = page.items.into_iter().map(item).collect();
    call.reply(&Output { volume_set, next_token: page.next_token })
}
