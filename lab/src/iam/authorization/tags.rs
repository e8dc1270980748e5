//! The tags that a call sets: what `aws:RequestTag/KEY` and `aws:TagKeys` are.

use serde_json::Value;

use super::need::body;
use crate::gateway::call::Call;
use crate::gateway::params::Node;
use crate::gateway::service::Protocol;

/// The tags of the call, from whichever protocol. An untagging call has keys alone.
pub(super) fn of_request(call: &Call) -> Vec<(String, String)> {
    match call.service.protocol() {
        Protocol::Ec2Query => of_ec2(&call.params),
        Protocol::Query => {
            let mut tags = of_list(call.params.get("Tags"));
            tags.extend(keys(call.params.get("TagKeys")));
            tags
        }
        Protocol::Json { .. } | Protocol::RestJson => {
            let body = body(call);
            let tags = ["Tags", "tags", "TagsList"].iter().find_map(|name| body.get(*name));
            tags.map(of_json).unwrap_or_default()
        }
        // The lab's CloudWatch tags nothing.
        Protocol::RestXml | Protocol::RpcV2Cbor => Vec::new(),
    }
}

fn of_ec2(params: &Node) -> Vec<(String, String)> {
    let mut tags = of_list(params.get("Tag"));
    let specifications = params.get("TagSpecification").and_then(Node::elements).unwrap_or_default();
    for specification in specifications {
        tags.extend(of_list(specification.get("Tag")));
    }
    tags
}

fn of_list(list: Option<&Node>) -> Vec<(String, String)> {
    let tags = list.and_then(Node::elements).unwrap_or_default();
    let tag = |tag: &Node| Some((tag.text("Key")?.to_owned(), tag.text("Value").unwrap_or_default().to_owned()));
    tags.into_iter().filter_map(tag).collect()
}

fn keys(list: Option<&Node>) -> Vec<(String, String)> {
    let keys = list.and_then(Node::elements).unwrap_or_default();
    let key = |key: &Node| match key {
        Node::Leaf(key) => Some((key.clone(), String::new())),
        Node::Branch(_) => None,
    };
    keys.into_iter().filter_map(key).collect()
}

fn of_json(tags: &Value) -> Vec<(String, String)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    match tags {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), text(Some(value)))).collect(),
        Value::Array(list) => {
            let key = |tag: &Value| tag.get("Key").or(tag.get("key")).and_then(Value::as_str).map(str::to_owned);
            let value = |tag: &Value| text(tag.get("Value").or(tag.get("value")));
            list.iter().filter_map(|tag| Some((key(tag)?, value(tag)))).collect()
        }
        _ => Vec::new(),
    }
}
