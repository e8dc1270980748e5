//! Which security groups a record is about.

use serde_json::Value;

use super::json::{field, items, text, texts_with_prefix};

/// The groups, by id where the record has one, otherwise by name; in the record's order, each once.
pub(super) fn groups(record: &Value) -> Vec<String> {
    let request = &record["requestParameters"];
    let response = &record["responseElements"];
    let mut found = Vec::new();
    for source in [request, response].into_iter().chain(wrapped(request)) {
        // CreateSecurityGroup has its id in the response alone.
        add(&mut found, text(source, "groupId"));
    }
    if found.is_empty() {
        // A rule that is named by its id alone tells its group in the response.
        for set in ["securityGroupRuleSet", "revokedSecurityGroupRuleSet"] {
            items(response.get(set)).iter().for_each(|rule| add(&mut found, text(rule, "groupId")));
        }
    }
    if found.is_empty() {
        attached(request, &mut found);
    }
    if found.is_empty() {
        add(&mut found, text(request, "groupName"));
        wrapped(request).for_each(|wrapper| add(&mut found, text(wrapper, "groupName")));
    }
    if found.is_empty() {
        // An unknown shape: an id that might be that of a peer is better than none.
        for source in [request, response] {
            texts_with_prefix(source, "sg-").into_iter().for_each(|id| add(&mut found, Some(id)));
        }
    }
    found
}

/// The object inside `…Request`, which EC2's newer operations keep around their parameters.
fn wrapped(request: &Value) -> impl Iterator<Item = &Value> {
    let members = request.as_object().into_iter().flatten();
    members.filter(|(name, value)| name.ends_with("Request") && value.is_object()).map(|(_, value)| value)
}

/// The groups that an instance or a network interface gets: `groupSet`, also inside `networkInterfaceSet`.
fn attached(request: &Value, found: &mut Vec<String>) {
    let interfaces = items(request.get("networkInterfaceSet"));
    for holder in [request].into_iter().chain(interfaces) {
        for set in ["groupSet", "securityGroupSet", "securityGroupIdSet"] {
            for group in items(field(holder, set)) {
                let id = group.as_str().map(str::to_owned).or_else(|| text(group, "groupId"));
                add(found, id.or_else(|| text(group, "groupName")));
            }
        }
    }
}

fn add(found: &mut Vec<String>, group: Option<String>) {
    if let Some(group) = group
        && !found.contains(&group)
    {
        found.push(group);
    }
}
