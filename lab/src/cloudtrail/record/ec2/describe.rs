//! The describing calls: their lists of ids are sets under names of their own, and are there even when they are empty.

use serde_json::{Map, Value, json};

use super::{generic, items, leaf, number};
use crate::cloudtrail::record::tree::small_first;
use crate::gateway::params::Node;

/// A list of the request: its name there, its name in the record, and that of an element's only member.
type Set = (&'static str, &'static str, &'static str);

/// The lists of each call.
const SETS: &[(&str, &[Set])] = &[
    ("DescribeAccountAttributes", &[("AttributeName", "accountAttributeNameSet", "attributeName"), FILTERS]),
    (
        "DescribeAvailabilityZones",
        &[("ZoneName", "availabilityZoneSet", "zoneName"), ("ZoneId", "availabilityZoneIdSet", "zoneId")],
    ),
    (
        "DescribeImages",
        &[
            ("ExecutableBy", "executableBySet", "user"),
            ("ImageId", "imagesSet", "imageId"),
            ("Owner", "ownersSet", "owner"),
            FILTERS,
        ],
    ),
    ("DescribeInstanceStatus", &[("InstanceId", "instancesSet", "instanceId"), FILTERS]),
    ("DescribeInstances", &[("InstanceId", "instancesSet", "instanceId"), FILTERS]),
    ("DescribeKeyPairs", &[("KeyName", "keySet", "keyName"), FILTERS]),
    ("DescribeNetworkInterfaces", &[("NetworkInterfaceId", "networkInterfaceIdSet", "networkInterfaceId"), FILTERS]),
    ("DescribePrefixLists", &[("PrefixListId", "prefixListIds", "prefixListId"), FILTERS]),
    ("DescribeRegions", &[("RegionName", "regionSet", "regionName")]),
    (
        "DescribeSecurityGroups",
        &[("GroupName", "securityGroupSet", "groupName"), ("GroupId", "securityGroupIdSet", "groupId"), FILTERS],
    ),
    ("DescribeSubnets", &[("SubnetId", "subnetSet", "subnetId"), FILTERS]),
    ("DescribeTags", &[FILTERS]),
    ("DescribeVolumes", &[("VolumeId", "volumeSet", "volumeId"), FILTERS]),
    ("DescribeVpcs", &[("VpcId", "vpcSet", "vpcId"), FILTERS]),
];

const FILTERS: Set = ("Filter", "filterSet", "");

/// What a call says of itself even where its caller does not.
const FLAGS: &[(&str, &str)] =
    &[("DescribeInstanceStatus", "includeAllInstances"), ("DescribeKeyPairs", "includePublicKey")];

pub(super) fn request(operation: &str, params: &Node) -> Value {
    let sets = SETS.iter().find(|(name, _)| *name == operation).map_or(&[][..], |(_, sets)| sets);
    let mut members = Map::new();
    for (sent, name, member) in sets {
        let set = match *sent {
            "Filter" => items(params, "Filter", filter),
            sent => items(params, sent, |element| json!({ *member: leaf(element) })),
        };
        members.insert((*name).into(), set);
    }
    if let Some((_, flag)) = FLAGS.iter().find(|(name, _)| *name == operation) {
        members.insert((*flag).into(), false.into());
    }
    let said = |name: &str| name == "filter" || sets.iter().any(|(sent, ..)| small_first(sent) == name);
    if let Value::Object(rest) = generic(params) {
        members.extend(rest.into_iter().filter(|(name, _)| !said(name)));
    }
    if params.get("Filter").is_some() && !members.contains_key("filterSet") {
        members.insert("filterSet".into(), items(params, "Filter", filter));
    }
    if let Some(text) = params.text("MaxResults") {
        members.insert("maxResults".into(), number(text));
    }
    Value::Object(members)
}

fn filter(filter: &Node) -> Value {
    json!({
        "name": filter.text("Name"),
        "valueSet": items(filter, "Value", |value| json!({ "value": leaf(value) })),
    })
}
