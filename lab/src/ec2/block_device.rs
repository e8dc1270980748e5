//! The volumes of an instance, as far as `RunInstances` makes them and `DescribeInstances` shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::missing;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::{ids, time};

/// Where the root volume of Amazon Linux is.
pub(super) const ROOT: &str = "/dev/xvda";

/// A volume that came with an instance and goes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Volume {
    pub(super) id: String,
    device: String,
    pub(super) delete_on_termination: bool,
    pub(super) attached: Timestamp,
    /// In GiB.
    pub(super) size: u32,
    pub(super) kind: VolumeType,
    pub(super) iops: Option<u32>,
    pub(super) throughput: Option<u32>,
    pub(super) encrypted: bool,
    pub(super) snapshot_id: String,
}

/// `BlockDeviceMapping.N`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Mapping {
    device_name: Option<String>,
    ebs: Option<Ebs>,
    no_device: Option<String>,
    virtual_name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Ebs {
    delete_on_termination: Option<bool>,
    volume_size: Option<u32>,
    volume_type: Option<VolumeType>,
    iops: Option<u32>,
    throughput: Option<u32>,
    encrypted: Option<bool>,
    #[serde(rename = "KmsKeyId")]
    _kms_key_id: Option<String>,
    snapshot_id: Option<String>,
}

/// What a volume is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum VolumeType {
    Standard,
    Io1,
    Io2,
    Gp2,
    #[default]
    Gp3,
    Sc1,
    St1,
}

/// Refuses mappings that the lab cannot make.
pub(super) fn check(call: &Call, mappings: &[Mapping]) -> Result<(), AwsError> {
    for mapping in mappings {
        if mapping.device_name.is_none() {
            return Err(missing("BlockDeviceMapping.DeviceName"));
        }
        if mapping.virtual_name.is_some() {
            return Err(call.unsupported_parameter("BlockDeviceMapping.VirtualName"));
        }
    }
    Ok(())
}

/// The volumes of a new instance: the root volume, and those that the mappings add.
pub(super) fn volumes(mappings: &[Mapping], now: Timestamp) -> Vec<Volume> {
    let volume = |device: &str, ebs: &Ebs| {
        let kind = ebs.volume_type.unwrap_or_default();
        Volume {
            id: ids::ec2("vol"),
            device: device.to_owned(),
            delete_on_termination: ebs.delete_on_termination.unwrap_or(true),
            attached: now,
            // As large as the image of Amazon Linux.
            size: ebs.volume_size.unwrap_or(8),
            kind,
            iops: ebs.iops.or((kind == VolumeType::Gp3).then_some(3000)),
            throughput: ebs.throughput.or((kind == VolumeType::Gp3).then_some(125)),
            encrypted: ebs.encrypted.unwrap_or(false),
            snapshot_id: ebs.snapshot_id.clone().unwrap_or_default(),
        }
    };
    let mapped = mappings.iter().filter(|mapping| mapping.no_device.is_none()).filter_map(|mapping| {
        let ebs = mapping.ebs.clone().unwrap_or_default();
        mapping.device_name.as_deref().map(|device| volume(device, &ebs))
    });
    let mut volumes: Vec<Volume> = mapped.collect();
    if !volumes.iter().any(|volume| volume.device == ROOT) {
        volumes.insert(0, volume(ROOT, &Ebs::default()));
    }
    volumes
}

/// A volume as an instance shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VolumeItem {
    device_name: String,
    ebs: EbsItem,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EbsItem {
    volume_id: String,
    status: &'static str,
    attach_time: String,
    delete_on_termination: bool,
}

impl VolumeItem {
    /// What EC2 shows of a volume.
    pub(super) fn of(volume: &Volume) -> Self {
        let ebs = EbsItem {
            volume_id: volume.id.clone(),
            status: "attached",
            attach_time: time::millis(volume.attached),
            delete_on_termination: volume.delete_on_termination,
        };
        Self { device_name: volume.device.clone(), ebs }
    }
}

impl VolumeType {
    /// Its name in the API.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Sc1 => "sc1",
            Self::St1 => "st1",
        }
    }
}

impl Volume {
    /// The device's name.
    pub(super) fn device(&self) -> &str {
        &self.device
    }
}
