//! EC2's records: the element names of its XML, lists under `items`, and what is special to each call.
//!
//! EC2 has two kinds of records. The older calls' have the names of the XML that EC2 once took as SOAP. The newer calls'
//! (those of groups' rules among them) stand in a wrapper, with the spelling of the request.

mod describe;
mod wrapped;

use serde_json::{Map, Value, json};

use super::tree::{Element, small_first};
use crate::gateway::params::Node;

/// Elements whose text is a number.
const NUMBERS: [&str; 23] = [
    "fromPort",
    "toPort",
    "code",
    "amiLaunchIndex",
    "deviceIndex",
    "networkCardIndex",
    "minCount",
    "maxCount",
    "coreCount",
    "threadsPerCore",
    "httpPutResponseHopLimit",
    "volumeSize",
    "iops",
    "maxResults",
    "availableIpAddressCount",
    "ipOwnerCount",
    "currentState",
    "previousState",
    "maxEntries",
    "version",
    "currentVersion",
    "previousVersion",
    "targetVersion",
];

/// Elements whose text is a time, which a record writes in milliseconds since 1970.
const TIMES: [&str; 3] = ["launchTime", "attachTime", "createTime"];

/// `requestParameters` of a call.
pub(super) fn request(operation: &str, params: &Node) -> Value {
    let members = match operation {
        "AuthorizeSecurityGroupIngress"
        | "AuthorizeSecurityGroupEgress"
        | "RevokeSecurityGroupIngress"
        | "RevokeSecurityGroupEgress"
        | "UpdateSecurityGroupRuleDescriptionsIngress"
        | "UpdateSecurityGroupRuleDescriptionsEgress" => group_rules(params),
        _ if wrapped::is_wrapped(operation) => return wrapped::request(operation, params),
        "RunInstances" => run_instances(params),
        "TerminateInstances" | "StartInstances" | "RebootInstances" => instances_set(params),
        "StopInstances" => {
            let mut members = instances_set(params);
            members["force"] = (params.text("Force") == Some("true")).into();
            members
        }
        "ModifyInstanceAttribute" | "ModifyNetworkInterfaceAttribute" => without_secrets(with_group_set(params)),
        "CreateNetworkInterface" => with_group_set(params),
        "CreateVpc" => {
            let mut members = generic(params);
            for (name, default) in
                [("instanceTenancy", "default".into()), ("amazonProvidedIpv6CidrBlock", false.into())]
            {
                if let Value::Object(members) = &mut members {
                    members.entry(name).or_insert(default);
                }
            }
            members
        }
        "CreateTags" | "DeleteTags" => json!({
            "resourcesSet": items(params, "ResourceId", |id| json!({ "resourceId": leaf(id) })),
            "tagSet": items(params, "Tag", tag),
        }),
        _ if operation.starts_with("Describe") => describe::request(operation, params),
        _ => generic(params),
    };
    with_dry_run(params, members)
}

/// A dry run is a parameter like others.
fn with_dry_run(params: &Node, mut members: Value) -> Value {
    if let (Some(text), Value::Object(members)) = (params.text("DryRun"), &mut members) {
        members.insert("DryRun".into(), (text == "true").into());
        members.shift_remove("dryRun");
    }
    members
}

/// The four calls that open and close, and the two that describe rules anew.
///
/// The flat form (`IpProtocol`, `FromPort`, `ToPort`, `CidrIp`) stands beside an empty `ipPermissions`.
fn group_rules(params: &Node) -> Value {
    let mut members = Map::new();
    for name in ["GroupId", "GroupName"] {
        if let Some(text) = params.text(name) {
            members.insert(small_first(name), text.into());
        }
    }
    members.insert("ipPermissions".into(), items(params, "IpPermissions", ip_permission));
    for name in ["IpProtocol", "CidrIp", "SourceSecurityGroupName", "SourceSecurityGroupOwnerId"] {
        if let Some(text) = params.text(name) {
            members.insert(small_first(name), text.into());
        }
    }
    for name in ["FromPort", "ToPort"] {
        if let Some(text) = params.text(name) {
            members.insert(small_first(name), number(text));
        }
    }
    if params.get("SecurityGroupRuleId").is_some() {
        let ids = items(params, "SecurityGroupRuleId", |id| json!({ "securityGroupRuleId": leaf(id) }));
        members.insert("securityGroupRuleIds".into(), ids);
    }
    if params.get("SecurityGroupRuleDescription").is_some() {
        members.insert("securityGroupRuleDescriptions".into(), items(params, "SecurityGroupRuleDescription", generic));
    }
    if params.get("TagSpecification").is_some() {
        members.insert("tagSpecificationSet".into(), items(params, "TagSpecification", tag_specification));
    }
    Value::Object(members)
}

fn ip_permission(permission: &Node) -> Value {
    let mut members = Map::new();
    if let Some(protocol) = permission.text("IpProtocol") {
        members.insert("ipProtocol".into(), protocol.into());
    }
    for name in ["FromPort", "ToPort"] {
        if let Some(text) = permission.text(name) {
            members.insert(small_first(name), number(text));
        }
    }
    // `UserIdGroupPairs` is the API's later name for what the record still calls `groups`.
    let groups = if permission.get("Groups").is_some() { "Groups" } else { "UserIdGroupPairs" };
    members.insert("groups".into(), items(permission, groups, generic));
    members.insert("ipRanges".into(), items(permission, "IpRanges", generic));
    members.insert("ipv6Ranges".into(), items(permission, "Ipv6Ranges", generic));
    members.insert("prefixListIds".into(), items(permission, "PrefixListIds", generic));
    Value::Object(members)
}

fn run_instances(params: &Node) -> Value {
    let mut members = Map::new();
    let counted = |name| params.text(name).map_or(Value::from(1), number);
    members.insert(
        "instancesSet".into(),
        json!({ "items": [{
            "imageId": params.text("ImageId"),
            "minCount": counted("MinCount"),
            "maxCount": counted("MaxCount"),
        }] }),
    );
    if let Some(key) = params.text("KeyName") {
        members["instancesSet"]["items"][0]["keyName"] = key.into();
    }
    let groups = group_set(params);
    if groups.get("items").is_some() {
        members.insert("groupSet".into(), groups);
    }
    members.insert("blockDeviceMapping".into(), items(params, "BlockDeviceMapping", generic));
    members.insert("monitoring".into(), json!({ "enabled": false }));
    members.insert("disableApiTermination".into(), false.into());
    members.insert("disableApiStop".into(), false.into());
    if params.get("NetworkInterface").is_some() {
        members.insert("networkInterfaceSet".into(), items(params, "NetworkInterface", with_group_set));
    }
    const SAID_ABOVE: [&str; 7] =
        ["imageId", "minCount", "maxCount", "keyName", "networkInterface", "blockDeviceMapping", "dryRun"];
    if let Value::Object(rest) = without_secrets(without_groups(generic(params))) {
        members.extend(rest.into_iter().filter(|(name, _)| !SAID_ABOVE.contains(&name.as_str())));
    }
    Value::Object(members)
}

fn instances_set(params: &Node) -> Value {
    json!({ "instancesSet": items(params, "InstanceId", |id| json!({ "instanceId": leaf(id) })) })
}

/// User data may hold secrets: a record says only that there is some.
fn without_secrets(mut members: Value) -> Value {
    const REMOVED: &str = "<sensitiveDataRemoved>";
    if members.get("userData").is_some() {
        members["userData"] = REMOVED.into();
    }
    if members["attribute"] == "userData" {
        members["value"] = REMOVED.into();
    }
    members
}

/// The groups of a call, by id (`SecurityGroupId` or `GroupId`) and by name (`SecurityGroup`).
fn group_set(params: &Node) -> Value {
    let mut groups = Vec::new();
    for (name, field) in [("SecurityGroupId", "groupId"), ("GroupId", "groupId"), ("SecurityGroup", "groupName")] {
        for element in params.get(name).and_then(Node::elements).unwrap_or_default() {
            groups.push(json!({ field: leaf(element) }));
        }
    }
    of_items(groups)
}

/// The parameters with their groups, if there are any, as `groupSet`.
fn with_group_set(params: &Node) -> Value {
    let mut members = without_groups(generic(params));
    let groups = group_set(params);
    if groups.get("items").is_some() {
        members["groupSet"] = groups;
    }
    members
}

fn without_groups(mut members: Value) -> Value {
    if let Value::Object(members) = &mut members {
        for name in ["securityGroupId", "groupId", "securityGroup"] {
            members.shift_remove(name);
        }
    }
    members
}

fn tag_specification(specification: &Node) -> Value {
    let tags: Vec<Value> =
        specification.get("Tag").and_then(Node::elements).unwrap_or_default().into_iter().map(tag).collect();
    json!({ "resourceType": specification.text("ResourceType"), "tags": tags })
}

fn tag(tag: &Node) -> Value {
    let key = tag.text("Key").unwrap_or_default();
    // `DeleteTags` may leave the value out.
    match tag.text("Value") {
        Some(value) => json!({ "key": key, "value": value }),
        None => json!({ "key": key }),
    }
}

/// A list of the request under `items`; an empty one is `{}`.
fn items(params: &Node, name: &str, element: impl Fn(&Node) -> Value) -> Value {
    of_items(params.get(name).and_then(Node::elements).unwrap_or_default().into_iter().map(element).collect())
}

fn of_items(elements: Vec<Value>) -> Value {
    if elements.is_empty() { json!({}) } else { json!({ "items": elements }) }
}

fn leaf(node: &Node) -> Value {
    match node {
        Node::Leaf(text) => text.clone().into(),
        Node::Branch(_) => generic(node),
    }
}

/// The parameters with a small first letter, numbers as numbers, lists under `items`.
fn generic(node: &Node) -> Value {
    match node {
        Node::Leaf(text) => text.clone().into(),
        Node::Branch(children) => match node.elements() {
            Some(elements) if !children.is_empty() => of_items(elements.into_iter().map(generic).collect()),
            _ => children
                .iter()
                .map(|(name, child)| match (name.as_str(), child) {
                    ("TagSpecification", _) => ("tagSpecificationSet".to_owned(), items(node, name, tag_specification)),
                    // The request says `GroupDescription` in the query and in the record alike.
                    (name, Node::Leaf(text)) => (small_first(name), scalar(&small_first(name), text)),
                    (name, child) => (small_first(name), generic(child)),
                })
                .collect(),
        },
    }
}

fn scalar(name: &str, text: &str) -> Value {
    match text {
        "true" => true.into(),
        "false" => false.into(),
        _ if NUMBERS.contains(&name) => number(text),
        _ if TIMES.contains(&name) => {
            text.parse::<jiff::Timestamp>().map_or_else(|_| text.into(), |time| time.as_millisecond().into())
        }
        _ => text.into(),
    }
}

fn number(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

/// `responseElements` of a call, from the XML of its answer.
pub(super) fn response(operation: &str, body: &[u8]) -> Value {
    let root = Element::parse(body);
    if wrapped::is_wrapped(operation) {
        return wrapped::response(operation, &root);
    }
    let mut members: Map<String, Value> = root.children.iter().filter_map(of_element).collect();
    if operation == "RunInstances" {
        let instances = members.get_mut("instancesSet").and_then(|set| set["items"].as_array_mut());
        instances.into_iter().flatten().for_each(as_launched);
    }
    if operation == "CreateKeyPair" {
        members.insert("keyMaterial".into(), "<sensitiveDataRemoved>".into());
    }
    Value::Object(members)
}

/// What records of a launch leave out of an instance, though its answer has it.
fn as_launched(instance: &mut Value) {
    if let Value::Object(members) = instance {
        members.shift_remove("platformDetails");
        members.shift_remove("usageOperation");
    }
    without_names(&mut instance["groupSet"]);
    for interface in instance["networkInterfaceSet"]["items"].as_array_mut().into_iter().flatten() {
        without_names(&mut interface["groupSet"]);
    }
}

fn without_names(groups: &mut Value) {
    for group in groups["items"].as_array_mut().into_iter().flatten() {
        if let Value::Object(group) = group {
            group.shift_remove("groupName");
        }
    }
}

/// An element as a member; an empty text leaves none.
fn of_element(element: &Element) -> Option<(String, Value)> {
    // `return` is a word of Java's, in which CloudTrail's records are made.
    let name = if element.name == "return" { "_return" } else { &element.name };
    Some((name.to_owned(), element_value(element)?))
}

fn element_value(element: &Element) -> Option<Value> {
    if element.children.is_empty() {
        let is_list = element.name.ends_with("Set") || element.name.ends_with("Mapping") || element.name.ends_with('s');
        return match element.text.as_str() {
            "" if is_list => Some(json!({})),
            "" => None,
            _ => Some(scalar(&element.name, &element.value())),
        };
    }
    if element.children.iter().all(|child| child.name == "item") {
        let elements: Vec<Value> = element.children.iter().filter_map(element_value).collect();
        // This list alone is not under `items`, in every record that has it.
        let items = if element.name == "privateIpAddressesSet" { "item" } else { "items" };
        return Some(json!({ items: elements }));
    }
    Some(Value::Object(element.children.iter().filter_map(of_element).collect()))
}
