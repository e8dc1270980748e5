//! Regions and their Availability Zones.
//!
//! Source: "AWS Regions" and "AWS Availability Zones" in the AWS global infrastructure guide.

use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter};
use super::region::Region;
use super::{dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;

/// Name, prefix of the zone ids, letters of the zones, and whether an account must opt in.
const REGIONS: &[(&str, &str, &str, bool)] = &[
    ("af-south-1", "afs1", "abc", true),
    ("ap-east-1", "ape1", "abc", true),
    ("ap-northeast-1", "apne1", "acd", false),
    ("ap-northeast-2", "apne2", "abcd", false),
    ("ap-northeast-3", "apne3", "abc", false),
    ("ap-south-1", "aps1", "abc", false),
    ("ap-south-2", "aps2", "abc", true),
    ("ap-southeast-1", "apse1", "abc", false),
    ("ap-southeast-2", "apse2", "abc", false),
    ("ap-southeast-3", "apse3", "abc", true),
    ("ap-southeast-4", "apse4", "abc", true),
    ("ca-central-1", "cac1", "abd", false),
    ("ca-west-1", "caw1", "abc", true),
    ("eu-central-1", "euc1", "abc", false),
    ("eu-central-2", "euc2", "abc", true),
    ("eu-north-1", "eun1", "abc", false),
    ("eu-south-1", "eus1", "abc", true),
    ("eu-south-2", "eus2", "abc", true),
    ("eu-west-1", "euw1", "abc", false),
    ("eu-west-2", "euw2", "abc", false),
    ("eu-west-3", "euw3", "abc", false),
    ("il-central-1", "ilc1", "abc", true),
    ("me-central-1", "mec1", "abc", true),
    ("me-south-1", "mes1", "abc", true),
    ("sa-east-1", "sae1", "abc", false),
    ("us-east-1", "use1", "abcdef", false),
    ("us-east-2", "use2", "abc", false),
    ("us-west-1", "usw1", "ab", false),
    ("us-west-2", "usw2", "abcd", false),
];

/// An Availability Zone. Which id hides behind which letter differs between accounts; here the ids follow the letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    /// `ap-northeast-2a`.
    pub(super) name: String,
    /// `apne2-az1`.
    pub(super) id: String,
    region: String,
}

/// A Region's name as its zones' ids begin with it: `apse5` for `ap-southeast-5`.
fn abbreviated(region: &str) -> String {
    let short = |part: &str| match part {
        "northeast" => "ne".to_owned(),
        "northwest" => "nw".to_owned(),
        "southeast" => "se".to_owned(),
        "southwest" => "sw".to_owned(),
        "north" | "south" | "east" | "west" | "central" | "gov" => part[..1].to_owned(),
        other => other.to_owned(),
    };
    region.split('-').map(short).collect()
}

/// The zones of a Region; one that is not in the table (a newer one) has three.
pub(super) fn zones_of(region: &str) -> Vec<Zone> {
    let known = REGIONS.iter().find(|(name, ..)| *name == region);
    let (prefix, letters) = match known {
        Some((_, prefix, letters, _)) => ((*prefix).to_owned(), *letters),
        None => (abbreviated(region), "abc"),
    };
    let zone = |(position, letter): (usize, char)| Zone {
        name: format!("{region}{letter}"),
        // This Region had three zones once: the second one's id is the third.
        id: format!("{prefix}-az{}", if prefix == "usw1" && position == 1 { 3 } else { position + 1 }),
        region: region.to_owned(),
    };
    letters.chars().enumerate().map(zone).collect()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RegionsInput {
    #[serde(default)]
    region_name: Vec<String>,
    all_regions: Option<bool>,
    #[serde(default)]
    filter: Vec<Filter>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegionsOutput {
    region_info: Vec<RegionItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegionItem {
    region_name: &'static str,
    region_endpoint: String,
    opt_in_status: &'static str,
}

/// `DescribeRegions`: those that a new account can use, those that are named, or all.
pub(super) fn describe_regions(call: &Call) -> Result<Reply, AwsError> {
    let input: RegionsInput = call.input()?;
    for name in &input.region_name {
        if !REGIONS.iter().any(|(known, ..)| known == name) {
            return Err(invalid_value(format!("Invalid region names provided: {name}")));
        }
    }
    let known = ["endpoint", "opt-in-status", "region-name"];
    if let Some(filter) = input.filter.iter().find(|filter| !known.contains(&filter.name())) {
        return Err(invalid_value(format!("The filter '{}' is invalid", filter.name())));
    }
    dry_run_ends(input.dry_run)?;
    let all = input.all_regions == Some(true);
    let items = REGIONS.iter().map(|(name, _, _, is_opt_in)| RegionItem {
        region_name: name,
        region_endpoint: format!("ec2.{name}.amazonaws.com"),
        opt_in_status: if *is_opt_in { "not-opted-in" } else { "opt-in-not-required" },
    });
    let is_wanted = |item: &RegionItem| {
        (all || !input.region_name.is_empty() || item.opt_in_status == "opt-in-not-required")
            && (input.region_name.is_empty() || input.region_name.iter().any(|name| name == item.region_name))
            && input.filter.iter().all(|filter| {
                let value = match filter.name() {
                    "endpoint" => item.region_endpoint.as_str(),
                    "opt-in-status" => item.opt_in_status,
                    _ => item.region_name,
                };
                filter.is_met_by(&[value.to_owned()])
            })
    };
    call.reply(&RegionsOutput { region_info: items.filter(is_wanted).collect() })
}

impl Described for Zone {
    const FILTERS: &'static [&'static str] = &[
        "group-name",
        "message",
        "opt-in-status",
        "parent-zone-id",
        "parent-zone-name",
        "region-name",
        "state",
        "zone-id",
        "zone-name",
        "zone-type",
    ];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        zone_values(self, filter)
    }
}

fn zone_values(zone: &Zone, filter: &str) -> Vec<String> {
    let value = match filter {
        "group-name" => format!("{}-zg-1", zone.region),
        "opt-in-status" => "opt-in-not-required".to_owned(),
        "region-name" => zone.region.clone(),
        "state" => "available".to_owned(),
        "zone-id" => zone.id.clone(),
        "zone-name" => zone.name.clone(),
        "zone-type" => "availability-zone".to_owned(),
        // A zone of the first kind has neither parent nor message.
        _ => return Vec::new(),
    };
    vec![value]
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ZonesInput {
    #[serde(default)]
    zone_name: Vec<String>,
    #[serde(default)]
    zone_id: Vec<String>,
    // Local and Wavelength Zones, which the lab has none of.
    #[serde(rename = "AllAvailabilityZones")]
    _all_availability_zones: Option<bool>,
    #[serde(default)]
    filter: Vec<Filter>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ZonesOutput {
    availability_zone_info: Vec<ZoneItem>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ZoneItem {
    zone_name: String,
    zone_id: String,
    region_name: String,
    zone_state: &'static str,
    opt_in_status: &'static str,
    group_name: String,
    network_border_group: String,
    zone_type: &'static str,
    message_set: Vec<String>,
}

/// `DescribeAvailabilityZones`.
pub(super) fn describe_zones(call: &Call) -> Result<Reply, AwsError> {
    let input: ZonesInput = call.input()?;
    let zones = zones_of(&call.scope.region);
    if let Some(name) = input.zone_name.iter().find(|name| !zones.iter().any(|zone| zone.name == **name)) {
        return Err(invalid_value(format!("Invalid availability zone: [{name}]")));
    }
    if let Some(id) = input.zone_id.iter().find(|id| !zones.iter().any(|zone| zone.id == **id)) {
        return Err(invalid_value(format!("Invalid availability zone-id: [{id}]")));
    }
    super::filter::check::<Zone>(&input.filter)?;
    dry_run_ends(input.dry_run)?;
    let is_wanted = |zone: &Zone| {
        (input.zone_name.is_empty() || input.zone_name.contains(&zone.name))
            && (input.zone_id.is_empty() || input.zone_id.contains(&zone.id))
            && input.filter.iter().all(|filter| filter.is_met_by(&zone_values(zone, filter.name())))
    };
    let items = zones.into_iter().filter(is_wanted).map(|zone| ZoneItem {
        group_name: format!("{}-zg-1", zone.region),
        network_border_group: zone.region.clone(),
        zone_name: zone.name,
        zone_id: zone.id,
        region_name: zone.region,
        zone_state: "available",
        opt_in_status: "opt-in-not-required",
        zone_type: "availability-zone",
        message_set: Vec::new(),
    });
    call.reply(&ZonesOutput { availability_zone_info: items.collect() })
}
