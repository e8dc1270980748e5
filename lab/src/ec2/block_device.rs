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
    delete_on_termination: bool,
    attached: Timestamp,
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

/// What a volume is like does not show in an instance, and the lab has no other view of volumes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Ebs {
    delete_on_termination: Option<bool>,
    #[serde(rename = "VolumeSize")]
    _volume_size: Option<u32>,
    #[serde(rename = "VolumeType")]
    _volume_type: Option<VolumeType>,
    #[serde(rename = "Iops")]
    _iops: Option<u32>,
    #[serde(rename = "Throughput")]
    _throughput: Option<u32>,
    #[serde(rename = "Encrypted")]
    _encrypted: Option<bool>,
    #[serde(rename = "KmsKeyId")]
    _kms_key_id: Option<String>,
    #[serde(rename = "SnapshotId")]
    _snapshot_id: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VolumeType {
    Standard,
    Io1,
    Io2,
    Gp2,
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
    let volume = |device: &str, delete_on_termination| Volume {
        id: ids::ec2("vol"),
        device: device.to_owned(),
        delete_on_termination,
        attached: now,
    };
    let mapped = mappings.iter().filter(|mapping| mapping.no_device.is_none()).filter_map(|mapping| {
        let delete = mapping.ebs.as_ref().and_then(|ebs| ebs.delete_on_termination).unwrap_or(true);
        mapping.device_name.as_deref().map(|device| volume(device, delete))
    });
    let mut volumes: Vec<Volume> = mapped.collect();
    if !volumes.iter().any(|volume| volume.device == ROOT) {
        volumes.insert(0, volume(ROOT, true));
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

impl Volume {
    /// The device's name.
    pub(super) fn device(&self) -> &str {
        &self.device
    }
}
