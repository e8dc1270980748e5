//! What the channel reads: plain `content` with real line breaks, Korean or English, always within Discord's limit.
//!
//! Every value that comes from the record stands in an inline code span: there Discord reads no Markdown, no mention
//! and no link, so that whoever writes a rule's description cannot shape the alarm, and a value can be searched for
//! and copied as it is. The lines with the workbook's seven fields and the one with the event id are never dropped;
//! what changed gives way if the message would be too long.

mod neutral;
mod words;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::config::Language;
use crate::record::{Alert, Change, Direction, Identity, Peer, Plain, Refused, Rule, When};

use neutral::{block, code, length};
use words::Words;

/// Discord's limit for `content`. Discord counts code points (`discord/discord-api-docs#1315`); this counts UTF-16
/// units, of which there are never fewer.
pub const LIMIT: usize = 2000;

/// Longest values, in UTF-16 units. All seven fields at their longest leave room for the reason of a refusal.
mod longest {
    pub(super) const EVENT_NAME: usize = 100;
    pub(super) const GROUPS: usize = 300;
    pub(super) const TIME: usize = 40;
    /// An IAM user's ARN with a path of 512 and a name of 64 characters has 608.
    pub(super) const ARN: usize = 640;
    pub(super) const ROLE: usize = 64;
    pub(super) const SOURCE_IP: usize = 100;
    pub(super) const REGION: usize = 40;
    pub(super) const ACCOUNT: usize = 40;
    pub(super) const ERROR_CODE: usize = 80;
    pub(super) const ERROR_MESSAGE: usize = 200;
    pub(super) const ID: usize = 64;
    pub(super) const PROTOCOL: usize = 20;
    pub(super) const PEER: usize = 100;
    /// EC2 allows 255 characters.
    pub(super) const DESCRIPTION: usize = 255;
    pub(super) const SUBJECT: usize = 100;
}

/// Korean time. Where there is no time zone database, as in a minimal image, the offset that Korea has had since 1988.
static KST: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Asia/Seoul").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(9))));

/// The message for an alert; at most [`LIMIT`] long and never empty.
#[must_use]
pub fn compose(alert: &Alert, language: Language) -> String {
    let words = Words::of(language);
    match alert {
        Alert::Change(change) => compose_change(change, words),
        Alert::Plain(plain) => compose_plain(plain, words),
    }
}

fn compose_change(change: &Change, words: &Words) -> String {
    let mut head = vec![title(change, words)];
    head.extend(seven_fields(change, words));
    let mut body = Vec::new();
    if let Some(refused) = &change.refused {
        let Refused { code: error, message } = refused;
        head.push(line(words.error, code(error, longest::ERROR_CODE).as_deref(), words));
        if let Some(message) = message.as_deref().and_then(|message| code(message, longest::ERROR_MESSAGE)) {
            body.push(format!("{}: {message}", words.reason));
        }
    }
    if let Some(target) = change.attached_to.as_deref().and_then(|target| code(target, longest::ID)) {
        body.push(format!("{}: {target}", words.attached_to));
    }
    let opened = change.refused.is_none() && !change.event_name.starts_with("Revoke");
    body.extend(change.rules.iter().map(|rule| describe(rule, opened, words)));
    let tail = change.event_id.as_deref().and_then(|id| code(id, longest::ID));
    join(&head, &body, tail.map(|id| format!("{}: {id}", words.event_id)), words)
}

fn title(change: &Change, words: &Words) -> String {
    let what = words.operation(&change.event_name);
    let title = if change.refused.is_some() { words.title_refused } else { words.title };
    what.map_or_else(|| title.to_owned(), |what| format!("{title}: {what}"))
}

/// The workbook's fields: event name, group id, time, user ARN, source IP, Region, account id.
fn seven_fields(change: &Change, words: &Words) -> [String; 7] {
    let groups = change.groups.join(", ");
    let time = change.when.as_ref().map(|when| match when {
        When::At(at) => korean_time(*at),
        When::Unreadable(text) => text.clone(),
    });
    let short = |value: &Option<String>, longest| value.as_deref().and_then(|value| code(value, longest));
    let mut user = line(words.user, short(&change.actor.name, longest::ARN).as_deref(), words);
    match &change.actor.identity {
        Identity::Root => user.push_str(words.root),
        Identity::AssumedRole(Some(role)) => {
            if let Some(role) = code(role, longest::ROLE) {
                user.push_str(&format!(" ({} {role})", words.role));
            }
        }
        Identity::AssumedRole(None) | Identity::Other => {}
    }
    [
        line(words.event_name, code(&change.event_name, longest::EVENT_NAME).as_deref(), words),
        line(words.group, code(&groups, longest::GROUPS).as_deref(), words),
        line(words.time, short(&time, longest::TIME).as_deref(), words),
        user,
        line(words.source_ip, short(&change.source_ip, longest::SOURCE_IP).as_deref(), words),
        line(words.region, short(&change.region, longest::REGION).as_deref(), words),
        line(words.account, short(&change.account, longest::ACCOUNT).as_deref(), words),
    ]
}

fn line(label: &str, value: Option<&str>, words: &Words) -> String {
    format!("{label}: {}", value.unwrap_or(words.none))
}

/// A time as people in Korea read it.
fn korean_time(at: Timestamp) -> String {
    at.to_zoned_datetime(KST.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// One rule in one line: `- inbound TCP 22 ← 0.0.0.0/0 · description · id`. A rule that lets the whole Internet in is
/// marked, if the call opened it.
fn describe(rule: &Rule, opened: bool, words: &Words) -> String {
    let (direction, arrow) = match rule.direction {
        Some(Direction::Ingress) => (words.ingress, "←"),
        Some(Direction::Egress) => (words.egress, "→"),
        None => (words.rule, "↔"),
    };
    let mut text = format!("- {direction}");
    if let Some(protocol) = protocol(rule, words) {
        text.push_str(&format!(" {protocol}"));
    }
    if let Some(Peer::Cidr(peer) | Peer::Group(peer) | Peer::PrefixList(peer)) = &rule.peer
        && let Some(peer) = code(peer, longest::PEER)
    {
        text.push_str(&format!(" {arrow} {peer}"));
    }
    if rule.peer.as_ref().is_some_and(Peer::is_everyone) {
        let mark = if opened && rule.direction != Some(Direction::Egress) { " ⚠️" } else { "" };
        text.push_str(&format!("{mark} ({})", words.everyone));
    }
    for (value, longest) in [(&rule.description, longest::DESCRIPTION), (&rule.id, longest::ID)] {
        if let Some(value) = value.as_deref().and_then(|value| code(value, longest)) {
            text.push_str(&format!(" · {value}"));
        }
    }
    text
}

fn protocol(rule: &Rule, words: &Words) -> Option<String> {
    let protocol = rule.protocol.as_deref()?;
    let name = match protocol {
        "-1" | "all" => return Some(words.all_traffic.to_owned()),
        "6" => "TCP",
        "17" => "UDP",
        "1" => "ICMP",
        "58" | "icmpv6" => "ICMPv6",
        "tcp" => "TCP",
        "udp" => "UDP",
        "icmp" => "ICMP",
        other => return code(other, longest::PROTOCOL).map(|other| format!("{} {other}", words.protocol)),
    };
    let icmp = name.starts_with("ICMP");
    Some(match (rule.from_port, rule.to_port) {
        (None, None) => name.to_owned(),
        (Some(-1), _) if icmp => name.to_owned(),
        (Some(kind), Some(-1) | None) if icmp => format!("{name} {} {kind}", words.icmp_type),
        (Some(kind), Some(number)) if icmp => format!("{name} {} {kind}/{number}", words.icmp_type),
        (Some(0), Some(65535)) => format!("{name} {}", words.all_ports),
        (Some(from), Some(to)) if from != to => format!("{name} {from}-{to}"),
        (Some(port), _) | (None, Some(port)) => format!("{name} {port}"),
    })
}

/// Head and tail whole, and of the body as many lines as fit between them.
fn join(head: &[String], body: &[String], tail: Option<String>, words: &Words) -> String {
    let mut text = head.join("\n");
    let tail = tail.map(|tail| format!("\n{tail}")).unwrap_or_default();
    let room = LIMIT.saturating_sub(length(&tail));
    for (index, line) in body.iter().enumerate() {
        let left = body.len() - index;
        let remark = format!("\n{}", words.more(left));
        // The remark needs room as long as a line may have to give way to it.
        let reserved = if left > 1 { length(&remark) } else { 0 };
        if length(&text) + 1 + length(line) + reserved > room {
            if length(&text) + length(&remark) <= room {
                text.push_str(&remark);
            }
            break;
        }
        text.push('\n');
        text.push_str(line);
    }
    text + &tail
}

fn compose_plain(plain: &Plain, words: &Words) -> String {
    let mut head = vec![words.title_plain.to_owned()];
    if let Some(subject) = plain.subject.as_deref().and_then(|subject| code(subject, longest::SUBJECT)) {
        head.push(format!("{}: {subject}", words.subject));
    }
    let tail = plain.message_id.as_deref().and_then(|id| code(id, longest::ID));
    let tail = tail.map(|id| format!("\n{}: {id}", words.message_id)).unwrap_or_default();
    let head = head.join("\n");
    let room = LIMIT - length(&head) - 1 - length(&tail);
    let body = block(&plain.message, room).unwrap_or_else(|| words.empty.to_owned());
    format!("{head}\n{body}{tail}")
}
