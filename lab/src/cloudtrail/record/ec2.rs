//! EC2's records: the element names of its XML, lists under `items`, and what is special to each call.

use serde_json::{Map, Value, json};

use super::tree::{Element, small_first};
use crate::gateway::params::Node;

/// Elements whose text is a number.
const NUMBERS: [&str; 18] = [
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
        // This call alone keeps its wrapper and the spelling of the request.
        "ModifySecurityGroupRules" => {
            let mut inner = match as_sent(params) {
                Value::Object(members) => members,
                _ => Map::new(),
            };
            inner.shift_remove("DryRun");
            json!({ "ModifySecurityGroupRulesRequest": inner })
        }
        "RunInstances" => run_instances(params),
        "TerminateInstances" | "StartInstances" | "StopInstances" => {
            json!({ "instancesSet": items(params, "InstanceId", |id| json!({ "instanceId": leaf(id) })) })
        }
        "ModifyInstanceAttribute" | "ModifyNetworkInterfaceAttribute" => with_group_set(params, generic(params)),
        "CreateTags" | "DeleteTags" => json!({
            "resourcesSet": items(params, "ResourceId", |id| json!({ "resourceId": leaf(id) })),
            "tagSet": items(params, "Tag", tag),
        }),
        _ if operation.starts_with("Describe") => describe(operation, params),
        _ => generic(params),
    };
    with_dry_run(params, members)
}

/// A dry run is a parameter like others; the wrapped call alone has had it removed.
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
    members.insert("groupSet".into(), group_set(params));
    for name in ["InstanceType", "SubnetId", "ClientToken", "KeyName", "PrivateIpAddress"] {
        if let Some(text) = params.text(name) {
            members.insert(small_first(name), text.into());
        }
    }
    members.insert("blockDeviceMapping".into(), json!({}));
    members.insert("monitoring".into(), json!({ "enabled": false }));
    members.insert("disableApiTermination".into(), false.into());
    members.insert("disableApiStop".into(), false.into());
    if params.get("NetworkInterface").is_some() {
        let interface = |interface: &Node| with_group_set(interface, generic(interface));
        members.insert("networkInterfaceSet".into(), items(params, "NetworkInterface", interface));
    }
    if params.get("TagSpecification").is_some() {
        members.insert("tagSpecificationSet".into(), items(params, "TagSpecification", tag_specification));
    }
    Value::Object(members)
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

fn with_group_set(params: &Node, mut members: Value) -> Value {
    if let Value::Object(members) = &mut members {
        for name in ["securityGroupId", "groupId", "securityGroup"] {
            members.shift_remove(name);
        }
        members.insert("groupSet".into(), group_set(params));
    }
    members
}

/// The describing calls: their id lists are `…Set`, their filters `filterSet`.
fn describe(operation: &str, params: &Node) -> Value {
    let mut members = Map::new();
    if operation == "DescribeSecurityGroups" {
        members
            .insert("securityGroupSet".into(), items(params, "GroupName", |name| json!({ "groupName": leaf(name) })));
        members.insert("securityGroupIdSet".into(), items(params, "GroupId", |id| json!({ "groupId": leaf(id) })));
    } else if operation == "DescribeInstances" {
        members.insert("instancesSet".into(), items(params, "InstanceId", |id| json!({ "instanceId": leaf(id) })));
    } else if let Value::Object(rest) = generic(params) {
        members.extend(rest.into_iter().filter(|(name, _)| name != "filter"));
    }
    members.insert("filterSet".into(), items(params, "Filter", filter));
    for name in ["MaxResults", "NextToken"] {
        if let Some(text) = params.text(name) {
            members.insert(small_first(name), if name == "MaxResults" { number(text) } else { text.into() });
        }
    }
    Value::Object(members)
}

fn filter(filter: &Node) -> Value {
    json!({
        "name": filter.text("Name"),
        "valueSet": items(filter, "Value", |value| json!({ "value": leaf(value) })),
    })
}

fn tag_specification(specification: &Node) -> Value {
    let tags: Vec<Value> =
        specification.get("Tag").and_then(Node::elements).unwrap_or_default().into_iter().map(tag).collect();
    json!({ "resourceType": specification.text("ResourceType"), "tags": tags })
}

fn tag(tag: &Node) -> Value {
    json!({ "key": tag.text("Key"), "value": tag.text("Value").unwrap_or_default() })
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

/// The parameters with the spelling of the request; a list of one is an object, a longer one an array.
fn as_sent(node: &Node) -> Value {
    match node {
        Node::Leaf(text) => text.clone().into(),
        Node::Branch(children) => match node.elements() {
            Some(elements) if !children.is_empty() => {
                let one = elements.len() == 1;
                let mut sent: Vec<Value> = elements
                    .into_iter()
                    .enumerate()
                    .map(|(position, element)| {
                        let mut element = as_sent(element);
                        if let Value::Object(members) = &mut element {
                            members.insert("tag".into(), (position + 1).into());
                        }
                        element
                    })
                    .collect();
                if one { sent.pop().unwrap_or_default() } else { sent.into() }
            }
            _ => children.iter().map(|(name, child)| (name.clone(), sent_scalar(name, as_sent(child)))).collect(),
        },
    }
}

fn sent_scalar(name: &str, value: Value) -> Value {
    match &value {
        Value::String(text) => scalar(&small_first(name), text),
        _ => value,
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
    let mut members: Map<String, Value> = root.children.iter().map(of_element).collect();
    if operation == "ModifySecurityGroupRules" {
        let done = members.shift_remove("_return").unwrap_or(Value::Bool(true));
        members.shift_remove("requestId");
        let request_id = root.child("requestId").map(Element::value);
        return json!({ "ModifySecurityGroupRulesResponse": { "return": done, "requestId": request_id } });
    }
    Value::Object(members)
}

fn of_element(element: &Element) -> (String, Value) {
    // `return` is a word of Java's, in which CloudTrail's records are made.
    let name = if element.name == "return" { "_return" } else { &element.name };
    (name.to_owned(), element_value(element))
}

fn element_value(element: &Element) -> Value {
    if element.children.is_empty() {
        let is_list = element.name.ends_with("Set") || element.name.ends_with("Mapping") || element.name.ends_with('s');
        return match element.text.as_str() {
            "" if is_list => json!({}),
            _ => scalar(&element.name, &element.value()),
        };
    }
    if element.children.iter().all(|child| child.name == "item") {
        return json!({ "items": element.children.iter().map(element_value).collect::<Vec<_>>() });
    }
    Value::Object(element.children.iter().map(of_element).collect())
}
