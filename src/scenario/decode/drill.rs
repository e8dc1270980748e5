//! The decoders of the drills.

use super::super::drill::{
    Action, Alert, DeleteGroup, DescribeGroups, Drill, EditInboundRule, Expect, Hop, InboundRule, OutboundRule,
    RuleState, Silence,
};
use super::super::names::DrillName;
use super::super::permission::{Cidr, Ports, Protocol};
use super::super::yaml::{Kind, Node};
use super::{Decoder, DrillPlaces, Drills, Fields};

pub(super) fn drills(d: &mut Decoder<'_>, node: &Node) -> Option<Drills> {
    let items = d.items(node)?;
    let mut all = Some(Vec::new());
    let mut names: Vec<String> = Vec::new();
    let mut places = Vec::new();
    for item in items {
        let written = written_name(item);
        if let Some((name, bytes)) = written {
            if names.iter().any(|other| other == name) {
                d.mistake_with(bytes, format!("two drills are named `{name}`"), "give each drill a name of its own");
                all = None;
            }
            names.push(name.to_owned());
        }
        match drill(d, item) {
            Some((drill, place)) => {
                places.push(place);
                if let Some(all) = &mut all {
                    all.push(drill);
                }
            }
            None => all = None,
        }
    }
    Some(Drills { drills: all, names, places })
}

fn written_name(item: &Node) -> Option<(&str, std::ops::Range<usize>)> {
    let name = item.get("name")?;
    match &name.kind {
        Kind::Scalar { text, .. } => Some((text, name.bytes.clone())),
        _ => None,
    }
}

fn drill(d: &mut Decoder<'_>, node: &Node) -> Option<(Drill, DrillPlaces)> {
    let mut fields = Fields::of(d, node, "a drill")?;
    let name = fields.required(d, "name", Decoder::written::<DrillName>);
    let title = fields.required(d, "title", Decoder::localized);
    let action = fields.required(d, "action", |d, node| Some((action(d, node)?, node.named.clone())));
    let expect = fields.required(d, "expect", |d, node| Some((expect(d, node)?, node.named.clone())));
    let required = fields.optional(d, "required", |d, node| Some((d.boolean(node)?, node.bytes.clone())));
    let reason = fields.optional(d, "reason", |d, node| Some((d.localized(node)?, node.named.clone())));
    fields.close(d);
    if let (Some(Some((false, bytes))), Some(None)) = (&required, &reason) {
        d.mistake_with(
            bytes.clone(),
            "a drill that is not required needs a `reason`",
            "say why it may fail: `reason: { en: \"Because ...\" }`",
        );
    }
    let (action, action_place) = action?;
    let (expect, expect_place) = expect?;
    let (reason, reason_place) = reason?.unzip();
    let places = DrillPlaces { action: action_place, expect: expect_place, reason: reason_place };
    let required = required?.is_none_or(|(required, _)| required);
    Some((Drill { name: name?, title: title?, action, expect, required, reason }, places))
}

fn action(d: &mut Decoder<'_>, node: &Node) -> Option<Action> {
    let entry = d.one_of(node, "an action", &Action::NAMES)?;
    let value = &entry.value;
    match entry.key.as_str() {
        "open_inbound_port" => inbound(d, value).map(Action::OpenInboundPort),
        "close_inbound_port" => inbound(d, value).map(Action::CloseInboundPort),
        "open_outbound_port" => outbound(d, value).map(Action::OpenOutboundPort),
        "close_outbound_port" => outbound(d, value).map(Action::CloseOutboundPort),
        "edit_inbound_rule" => edit(d, value).map(Action::EditInboundRule),
        "delete_group" => delete(d, value).map(Action::DeleteGroup),
        "describe_groups" => {
            let fields = Fields::of(d, value, "`describe_groups`")?;
            fields.close(d).then_some(Action::DescribeGroups(DescribeGroups {}))
        }
        // `one_of` gives only the names it was given.
        _ => None,
    }
}

/// Protocol, ports and addresses, which every rule has.
struct Parts {
    protocol: Option<Protocol>,
    port: Option<Option<Ports>>,
    range: Option<Cidr>,
}

fn parts<'n>(d: &mut Decoder<'_>, fields: &mut Fields<'n>, range_key: &'static str) -> Parts {
    let protocol = fields.required(d, "protocol", |d, node| {
        Some((d.choice(node, &Protocol::ALL, Protocol::as_str)?, node.named.clone()))
    });
    let port = fields.optional(d, "port", |d, node| Some((ports(d, node)?, node.bytes.clone())));
    let range = fields.required(d, range_key, Decoder::written);
    if let (Some((protocol, protocol_place)), Some(port)) = (&protocol, &port) {
        let place = port.as_ref().map_or(protocol_place, |(_, place)| place).clone();
        if let Err(refused) = Ports::from_to(port.as_ref().map(|(port, _)| *port), *protocol) {
            d.refused(place, refused);
        }
    }
    Parts { protocol: protocol.map(|(protocol, _)| protocol), port: port.map(|port| port.map(|(port, _)| port)), range }
}

/// Ports may be written as a number, so YAML's reading of them is no mistake.
fn ports(d: &mut Decoder<'_>, node: &Node) -> Option<Ports> {
    let (text, _) = d.scalar(node)?;
    text.parse().map_err(|refused| d.refused(node.bytes.clone(), refused)).ok()
}

fn dry_run(d: &mut Decoder<'_>, fields: &mut Fields<'_>) -> Option<bool> {
    fields.optional(d, "dry_run", Decoder::boolean).map(Option::unwrap_or_default)
}

fn inbound(d: &mut Decoder<'_>, node: &Node) -> Option<InboundRule> {
    let mut fields = Fields::of(d, node, "an inbound rule")?;
    let parts = parts(d, &mut fields, "source");
    let dry_run = dry_run(d, &mut fields);
    fields.close(d);
    Some(InboundRule { protocol: parts.protocol?, port: parts.port?, source: parts.range?, dry_run: dry_run? })
}

fn outbound(d: &mut Decoder<'_>, node: &Node) -> Option<OutboundRule> {
    let mut fields = Fields::of(d, node, "an outbound rule")?;
    let parts = parts(d, &mut fields, "destination");
    let dry_run = dry_run(d, &mut fields);
    fields.close(d);
    Some(OutboundRule { protocol: parts.protocol?, port: parts.port?, destination: parts.range?, dry_run: dry_run? })
}

fn rule_state(d: &mut Decoder<'_>, node: &Node) -> Option<RuleState> {
    let mut fields = Fields::of(d, node, "a rule's state")?;
    let parts = parts(d, &mut fields, "source");
    fields.close(d);
    Some(RuleState { protocol: parts.protocol?, port: parts.port?, source: parts.range? })
}

fn edit(d: &mut Decoder<'_>, node: &Node) -> Option<EditInboundRule> {
    let mut fields = Fields::of(d, node, "an edit")?;
    let from = fields.required(d, "from", rule_state);
    let to = fields.required(d, "to", rule_state);
    let dry_run = dry_run(d, &mut fields);
    fields.close(d);
    let (from, to) = (from?, to?);
    if from == to {
        d.mistake_with(node.named.clone(), "`from` and `to` are the same, so nothing is edited", "change one of them");
    }
    Some(EditInboundRule { from, to, dry_run: dry_run? })
}

fn delete(d: &mut Decoder<'_>, node: &Node) -> Option<DeleteGroup> {
    let mut fields = Fields::of(d, node, "`delete_group`")?;
    let terminate = fields.optional(d, "terminate_instance", Decoder::boolean);
    let dry_run = dry_run(d, &mut fields);
    fields.close(d);
    Some(DeleteGroup { terminate_instance: terminate?.unwrap_or(true), dry_run: dry_run? })
}

fn expect(d: &mut Decoder<'_>, node: &Node) -> Option<Expect> {
    let entry = d.one_of(node, "an expectation", &["alert", "silence"])?;
    match entry.key.as_str() {
        "alert" => alert(d, &entry.value).map(Expect::Alert),
        _ => silence(d, &entry.value).map(Expect::Silence),
    }
}

fn alert(d: &mut Decoder<'_>, node: &Node) -> Option<Alert> {
    let mut fields = Fields::of(d, node, "an alert")?;
    let at = fields.required(d, "at", hops);
    let within = fields.optional(d, "within", Decoder::within);
    fields.close(d);
    Some(Alert { at: at?, within: within? })
}

fn hops(d: &mut Decoder<'_>, node: &Node) -> Option<Vec<Hop>> {
    let items = d.items(node)?;
    let mut hops = Vec::new();
    let mut right = true;
    for item in items {
        match d.choice(item, &Hop::LADDER, Hop::as_str) {
            Some(hop) if hops.contains(&hop) => {
                d.mistake(item.bytes.clone(), format!("`{hop}` stands twice in `at`"));
                right = false;
            }
            Some(hop) => hops.push(hop),
            None => right = false,
        }
    }
    right.then_some(hops)
}

fn silence(d: &mut Decoder<'_>, node: &Node) -> Option<Silence> {
    let mut fields = Fields::of(d, node, "a silence")?;
    let length = fields.required(d, "for", Decoder::within);
    fields.close(d);
    Some(Silence { length: length? })
}
