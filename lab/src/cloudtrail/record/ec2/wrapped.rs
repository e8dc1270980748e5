//! The newer calls, whose records keep the spelling of the request and of the answer, inside a wrapper.

use serde_json::{Map, Value, json};

use super::scalar;
use crate::cloudtrail::record::tree::{Element, small_first};
use crate::gateway::params::Node;
use crate::gateway::service::Service;

/// Calls whose records are wrapped, as far as the lab has them.
const WRAPPED: [&str; 19] = [
    "AssociateSecurityGroupVpc",
    "CreateManagedPrefixList",
    "DeleteManagedPrefixList",
    "DescribeInstanceCreditSpecifications",
    "DescribeInstanceTypeOfferings",
    "DescribeInstanceTypes",
    "DescribeManagedPrefixLists",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroupVpcAssociations",
    "DisassociateSecurityGroupVpc",
    "GetManagedPrefixListAssociations",
    "GetManagedPrefixListEntries",
    "GetSecurityGroupsForVpc",
    "ModifyInstanceCreditSpecification",
    "ModifyInstanceMaintenanceOptions",
    "ModifyInstanceMetadataOptions",
    "ModifyManagedPrefixList",
    "ModifySecurityGroupRules",
    "RestoreManagedPrefixListVersion",
];

pub(super) fn is_wrapped(operation: &str) -> bool {
    WRAPPED.contains(&operation)
}

pub(super) fn request(operation: &str, params: &Node) -> Value {
    json!({ format!("{operation}Request"): as_sent(params) })
}

/// The parameters with the spelling of the request; a list of one is an object, a longer one an array.
fn as_sent(node: &Node) -> Value {
    match node {
        Node::Leaf(text) => text.clone().into(),
        Node::Branch(children) => match node.elements() {
            Some(elements) if !children.is_empty() => {
                let one = elements.len() == 1;
                let mut sent: Vec<Value> = elements.into_iter().zip(1..).map(element).collect();
                if one { sent.pop().unwrap_or_default() } else { sent.into() }
            }
            _ => children.iter().map(|(name, child)| (name.clone(), member(name, child))).collect(),
        },
    }
}

/// An element of a list, with its number as `tag`; one that is a text has the text as `content`.
fn element((element, position): (&Node, usize)) -> Value {
    let mut members = match as_sent(element) {
        Value::Object(members) => members,
        content => Map::from_iter([("content".to_owned(), content)]),
    };
    members.insert("tag".into(), position.into());
    Value::Object(members)
}

fn member(name: &str, child: &Node) -> Value {
    match child {
        Node::Leaf(text) => scalar(&small_first(name), text),
        Node::Branch(_) => as_sent(child),
    }
}

pub(super) fn response(operation: &str, root: &Element) -> Value {
    let mut members = Map::from_iter([("xmlns".to_owned(), Service::Ec2.xml_namespace().into())]);
    members.extend(root.children.iter().map(|child| (child.name.clone(), answered(child))));
    json!({ format!("{operation}Response"): members })
}

/// An element of the answer: a list of one is an object, a longer one an array.
fn answered(element: &Element) -> Value {
    if element.children.is_empty() {
        return scalar(&element.name, &element.value());
    }
    if element.children.iter().all(|child| child.name == "item") {
        let mut items: Vec<Value> = element.children.iter().map(answered).collect();
        let items = if items.len() == 1 { items.pop().unwrap_or_default() } else { items.into() };
        return json!({ "item": items });
    }
    Value::Object(element.children.iter().map(|child| (child.name.clone(), answered(child))).collect())
}
