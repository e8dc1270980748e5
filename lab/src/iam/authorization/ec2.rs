//! EC2: every resource that a call names by its id, and what it makes.
//!
//! Source: *Actions, resources, and condition keys for Amazon EC2* in the Service Authorization Reference.

use super::Need;
use super::need::pass_role;
use crate::cloud::Cloud;
use crate::gateway::call::Call;
use crate::gateway::params::Node;

/// Ids by what they begin with, and the type in the ARN.
const TYPES: &[(&str, &str)] = &[
    ("sgr-", "security-group-rule"),
    ("sg-", "security-group"),
    ("i-", "instance"),
    ("vpc-", "vpc"),
    ("subnet-", "subnet"),
    ("eni-", "network-interface"),
    ("ami-", "image"),
    ("vol-", "volume"),
    ("snap-", "snapshot"),
    ("igw-", "internet-gateway"),
    ("rtb-", "route-table"),
    ("acl-", "network-acl"),
    ("eipalloc-", "elastic-ip"),
    ("key-", "key-pair"),
    ("nat-", "natgateway"),
    ("pl-", "prefix-list"),
    ("lt-", "launch-template"),
    ("fl-", "vpc-flow-log"),
    ("dopt-", "dhcp-options"),
    ("vpce-", "vpc-endpoint"),
];

/// What an operation makes: the types of the new resources, which have no id yet.
const MADE: &[(&str, &[&str])] = &[
    ("CreateSecurityGroup", &["security-group"]),
    ("CreateVpc", &["vpc"]),
    ("CreateSubnet", &["subnet"]),
    ("CreateNetworkInterface", &["network-interface"]),
    ("CreateInternetGateway", &["internet-gateway"]),
    ("CreateRouteTable", &["route-table"]),
    ("CreateNetworkAcl", &["network-acl"]),
    ("CreateKeyPair", &["key-pair"]),
    ("ImportKeyPair", &["key-pair"]),
    ("CreateVolume", &["volume"]),
    ("CreateSnapshot", &["snapshot"]),
    ("CreateFlowLogs", &["vpc-flow-log"]),
    ("CreateLaunchTemplate", &["launch-template"]),
    ("AllocateAddress", &["elastic-ip"]),
    ("RunInstances", &["instance", "network-interface", "volume"]),
];

pub(super) fn needs(cloud: &Cloud, call: &Call) -> Vec<Need> {
    let own = |resource: String| Need::own(call, resource).key("ec2:Region", Some(&call.scope.region));
    if call.operation.starts_with("Describe") || call.operation.starts_with("Get") {
        return vec![own("*".to_owned())];
    }
    let mut needs: Vec<Need> = Vec::new();
    let made = MADE.iter().find(|(operation, _)| *operation == call.operation).map_or(&[][..], |(_, types)| types);
    for kind in made {
        let need = own(call.scope.arn("ec2", format_args!("{kind}/*")));
        needs.push(match *kind {
            "instance" => need.key("ec2:InstanceType", call.params.text("InstanceType")),
            _ => need,
        });
    }
    for id in named(cloud, call) {
        let Some(arn) = arn(call, &id) else { continue };
        let mut need = own(arn);
        for (key, value) in cloud.ec2.tags_of(&call.scope, &id) {
            need = need.key(format!("ec2:ResourceTag/{key}"), Some(&value));
            need = need.key(format!("aws:ResourceTag/{key}"), Some(value));
        }
        let vpc = cloud.ec2.vpc_of(&call.scope, &id);
        needs.push(need.key("ec2:Vpc", vpc.map(|vpc| call.scope.arn("ec2", format_args!("vpc/{vpc}")))));
    }
    if needs.is_empty() {
        needs.push(own("*".to_owned()));
    }
    needs.extend(tagging(call));
    needs.extend(profile_role(cloud, call).map(|role| pass_role(&role, "ec2.amazonaws.com")));
    needs
}

/// The ids that the call names: directly, in lists, and in the interfaces of a launch. A group may be named by its name.
fn named(cloud: &Cloud, call: &Call) -> Vec<String> {
    let mut ids = Vec::new();
    if let Node::Branch(params) = &call.params {
        for (name, value) in params {
            match (name.as_str(), value) {
                (name, Node::Leaf(id)) if name.ends_with("Id") => ids.push(id.clone()),
                (name, list) if name.ends_with("Id") => ids.extend(texts(list)),
                ("NetworkInterface", list) => {
                    for interface in list.elements().unwrap_or_default() {
                        ids.extend(
                            ["SubnetId", "NetworkInterfaceId"]
                                .iter()
                                .filter_map(|name| interface.text(name))
                                .map(str::to_owned),
                        );
                        ids.extend(interface.get("SecurityGroupId").map(texts).unwrap_or_default());
                    }
                }
                ("GroupName", Node::Leaf(group)) if call.operation != "CreateSecurityGroup" => {
                    ids.extend(cloud.ec2.group_named(&call.scope, group));
                }
                ("SecurityGroup", list) => {
                    ids.extend(texts(list).iter().filter_map(|group| cloud.ec2.group_named(&call.scope, group)));
                }
                _ => {}
            }
        }
    }
    ids
}

fn texts(list: &Node) -> Vec<String> {
    let text = |node: &Node| match node {
        Node::Leaf(text) => Some(text.clone()),
        Node::Branch(_) => None,
    };
    list.elements().unwrap_or_default().into_iter().filter_map(text).collect()
}

fn arn(call: &Call, id: &str) -> Option<String> {
    let (_, kind) = TYPES.iter().find(|(prefix, _)| id.starts_with(prefix))?;
    // Images are nobody's: their ARNs have no account.
    Some(match *kind {
        "image" | "snapshot" => format!("arn:aws:ec2:{}::{kind}/{id}", call.scope.region),
        _ => call.scope.arn("ec2", format_args!("{kind}/{id}")),
    })
}

/// Tags on what is made are an action of their own.
fn tagging(call: &Call) -> Vec<Need> {
    let specifications = call.params.get("TagSpecification").and_then(Node::elements).unwrap_or_default();
    let types = specifications.into_iter().filter_map(|specification| specification.text("ResourceType"));
    let need = |kind| {
        let resource = call.scope.arn("ec2", format_args!("{kind}/*"));
        Need::new("ec2:CreateTags", resource).key("ec2:CreateAction", Some(&call.operation))
    };
    types.map(need).collect()
}

/// The role of the instance profile that a launch names.
fn profile_role(cloud: &Cloud, call: &Call) -> Option<String> {
    let profile = call.params.get("IamInstanceProfile")?;
    let name = profile.text("Name").or_else(|| profile.text("Arn")?.rsplit('/').next())?;
    cloud.iam.role_of_profile(&call.scope.account, name)
}
