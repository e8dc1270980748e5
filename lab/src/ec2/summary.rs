//! Groups and instances in short, as the lab's own page shows them.

use serde_json::{Value, json};

use super::Ec2;
use super::group::SecurityGroup;
use super::instance::Instance;
use super::peer::Peer;
use super::region::Region;
use super::rule::Rule;

impl Ec2 {
    /// Every security group in short, with its rules.
    pub(crate) fn group_summaries(&self) -> Vec<Value> {
        let mut groups = Vec::new();
        self.regions
            .for_each(|_, region| groups.extend(region.groups.values().map(|group| group_summary(group, region))));
        groups
    }

    /// Every instance in short.
    pub(crate) fn instance_summaries(&self) -> Vec<Value> {
        let mut instances = Vec::new();
        let mut add = |region: &Region| {
            let summaries = region.instances.values().map(|instance| instance_summary(instance, region));
            instances.extend(summaries);
        };
        self.regions.for_each(|_, region| add(region));
        instances
    }
}

fn group_summary(group: &SecurityGroup, region: &Region) -> Value {
    json!({
        "account": region.scope.account,
        "region": region.scope.region,
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "vpc_id": group.vpc_id,
        "is_default": group.is_default(),
        "rules": group.rules.iter().map(rule_summary).collect::<Vec<_>>(),
    })
}

fn rule_summary(rule: &Rule) -> Value {
    let (from_port, to_port) = rule.traffic.shown_ports();
    json!({
        "id": rule.id,
        "is_egress": rule.is_egress,
        "protocol": rule.traffic.protocol.to_string(),
        "from_port": from_port,
        "to_port": to_port,
        "peer": rule.peer.to_string(),
        "description": rule.description,
        // What an attacker uses is the way in; the way out is open in every new group.
        "is_open_to_the_world": !rule.is_egress && is_everyone(&rule.peer),
    })
}

fn is_everyone(peer: &Peer) -> bool {
    match peer {
        Peer::Ipv4(range) => range.prefix_len() == 0,
        Peer::Ipv6(range) => range.prefix_len() == 0,
        Peer::PrefixList(_) | Peer::Group(_) => false,
    }
}

fn instance_summary(instance: &Instance, region: &Region) -> Value {
    let name = region.tags.of(&instance.id).iter().find(|tag| tag.key == "Name").map(|tag| tag.value.clone());
    let groups: Vec<String> = instance.groups(region).into_iter().map(|group| group.group_id).collect();
    json!({
        "account": region.scope.account,
        "region": region.scope.region,
        "id": instance.id,
        "name": name,
        "type": instance.instance_type,
        "state": instance.state.name(),
        "groups": groups,
        "launched": instance.launched,
    })
}
