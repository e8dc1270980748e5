//! From what was seen to the ladder: which hop was reached, when, and where the event was lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use alert_drill_lab::deliveries::{self, Delivery, Outcome};
use jiff::Timestamp;
use serde_json::Value;

use super::correlate::{self, Strength};
use super::lane::{Stage, Watched, latency};
use super::observation::{Observation, Sighting};
use super::trigger::Performed;
use crate::diagnosis;
use crate::report::{Alerts, DiscordAlert, HopReport, HopStatus, MailAlert, QueueAlert};
use crate::scenario::{Drill, Hop, TargetKind};
use crate::target::{LabTarget, ladder_hop};
use crate::text::Lang;

/// What the probes saw of one drill.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The `eventID`s of the records that are the drill's.
    event_ids: Vec<String>,
    /// The CloudTrail record, as the first event that carried it had it.
    record: Option<Value>,
    bus: Option<Duration>,
    /// When SNS published the first alert, by AWS's clock.
    published: Option<Timestamp>,
    alerts: Alerts,
    /// Messages that nothing tied to the drill when they arrived. The record that names them may come a moment later.
    untied: Vec<Observation>,
    /// What was posted and Discord does not take: the body, and Discord's answer.
    refused: Vec<(String, String)>,
}

impl Seen {
    /// Takes in what was observed, and says which hops were seen for the first time.
    pub(super) fn take(&mut self, fresh: Vec<Observation>, performed: &Performed) -> Vec<(Hop, Duration)> {
        let mut first = Vec::new();
        let known = self.event_ids.len();
        let mut messages = Vec::new();
        for observation in fresh {
            match &observation.sighting {
                Sighting::Bus { event } => {
                    if self.take_event(event, performed).is_some() && self.bus.is_none() {
                        let after = latency(observation.at, performed);
                        self.bus = Some(after);
                        first.push((Hop::Bus, after));
                    }
                }
                Sighting::Queue { event, message_id, published } => {
                    if let Some(matched_by) = self.take_event(event, performed) {
                        let after = latency(observation.at, performed);
                        if self.alerts.queue.is_empty() {
                            self.published = *published;
                            first.push((Hop::Queue, after));
                        }
                        self.alerts.queue.push(queue_alert(event, message_id, matched_by, &observation, after));
                    }
                }
                Sighting::Discord { .. } => messages.push(observation),
                Sighting::Refused { text, refusal } => self.refused.push((text.clone(), refusal.clone())),
            }
        }
        // A new record may tie a message that came before it.
        if self.event_ids.len() > known {
            messages.splice(0..0, std::mem::take(&mut self.untied));
        }
        for message in messages {
            self.take_message(message, performed, &mut first);
        }
        first
    }

    fn take_event(&mut self, event: &Value, performed: &Performed) -> Option<Strength> {
        let strength = correlate::event(event, performed)?;
        if let Some(id) = correlate::event_id(event).filter(|id| !self.event_ids.iter().any(|known| known == id)) {
            self.event_ids.push(id.to_owned());
        }
        if self.record.is_none() {
            self.record = event.get("detail").cloned();
        }
        Some(strength)
    }

    fn take_message(&mut self, message: Observation, performed: &Performed, first: &mut Vec<(Hop, Duration)>) {
        let Sighting::Discord { content, message: stored } = &message.sighting else { return };
        let Some(matched_by) = correlate::message(content, performed, &self.event_ids) else {
            self.untied.push(message);
            return;
        };
        let after = latency(message.at, performed);
        if self.alerts.discord.is_empty() {
            first.push((Hop::Discord, after));
        }
        self.alerts.discord.push(DiscordAlert {
            content: content.clone(),
            message: Value::clone(stored),
            received_at: message.time,
            latency_ms: millis(after),
            matched_by,
        });
    }

    /// A message that names the drill's call, and nothing that could tie it to this drill or to another.
    pub(super) fn ambiguous_message(&self, performed: &Performed) -> Option<&str> {
        self.untied.iter().find_map(|message| match &message.sighting {
            Sighting::Discord { content, .. } => {
                correlate::is_ambiguous(content, performed).then_some(content.as_str())
            }
            _ => None,
        })
    }

    /// What Discord said to a message that may have been the drill's.
    fn refusal(&self, performed: &Performed) -> Option<&str> {
        let may_be = |text: &str| correlate::may_be(text, performed, &self.event_ids);
        self.refused.iter().find_map(|(text, refusal)| may_be(text).then_some(refusal.as_str()))
    }

    pub(super) fn bus_seen(&self) -> bool {
        self.bus.is_some() || self.queue_seen()
    }

    pub(super) fn queue_seen(&self) -> bool {
        !self.alerts.queue.is_empty()
    }

    pub(super) fn discord_seen(&self) -> bool {
        !self.alerts.discord.is_empty()
    }

    /// Whether people were alerted.
    pub(super) fn is_alerted(&self) -> bool {
        self.queue_seen() || self.discord_seen()
    }

    /// The alerts, with the mails where the mailbox can be read.
    pub(super) fn alerts(&self, stage: &Stage, performed: &Performed) -> Alerts {
        Alerts { mail: mails(stage, performed, &self.event_ids), ..self.alerts.clone() }
    }

    /// The CloudTrail record of the drill's call, where an event carried it.
    pub(super) fn record(&self) -> Option<&Value> {
        self.record.as_ref()
    }
}

/// Takes back what was concluded of the function and its channel, where nobody can tell.
pub(super) fn unsay_channel(report: &mut HopReport) {
    if matches!(report.hop, Hop::Function | Hop::Discord)
        && matches!(report.status, HopStatus::Broken | HopStatus::NotReached)
    {
        report.status = HopStatus::Unknown;
    }
}

fn queue_alert(
    event: &Value,
    message_id: &str,
    matched_by: Strength,
    observation: &Observation,
    after: Duration,
) -> QueueAlert {
    let text = |name: &str| event["detail"][name].as_str().unwrap_or_default().to_owned();
    QueueAlert {
        event_id: text("eventID"),
        event_name: text("eventName"),
        message_id: message_id.to_owned(),
        received_at: observation.time,
        latency_ms: millis(after),
        matched_by,
    }
}

pub(super) fn millis(duration: Duration) -> f64 {
    // Three digits: more than the clocks of two processes agree on says nothing.
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

/// The ladder before anything has happened.
pub(super) fn untouched() -> Vec<HopReport> {
    Hop::LADDER
        .into_iter()
        .map(|hop| HopReport { hop, status: HopStatus::NotReached, latency_ms: None, evidence: None })
        .collect()
}

/// The ladder of a call that was refused.
pub(super) fn refused_call(refusal: &str) -> Vec<HopReport> {
    let mut hops = untouched();
    hops[0].status = HopStatus::Broken;
    hops[0].evidence = Some(refusal.to_owned());
    hops
}

/// Puts together what the probes saw and what the target tells of its deliveries.
pub(super) fn view(
    stage: &Stage,
    drill: &Drill,
    performed: &Performed,
    seen: &Seen,
    watched: Watched,
) -> Vec<HopReport> {
    let told = told(stage, performed);
    let silence = matches!(drill.expect, crate::scenario::Expect::Silence(_));
    let mut hops: Vec<HopReport> = Hop::LADDER
        .into_iter()
        .map(|hop| {
            let (reached, latency_ms, evidence) = match hop {
                Hop::Api => {
                    (true, Some(millis(performed.took)), Some(format!("{} {}", performed.call, performed.what)))
                }
                Hop::Trail | Hop::Bus | Hop::Rule | Hop::Topic | Hop::Function | Hop::Mail => {
                    reached_between(stage, hop, performed, seen, &told)
                }
                Hop::Queue => {
                    let first = seen.alerts.queue.first();
                    (first.is_some(), first.map(|alert| alert.latency_ms), first.map(|alert| alert.event_id.clone()))
                }
                Hop::Discord => match seen.alerts.discord.first() {
                    Some(first) => (true, Some(first.latency_ms), Some(headline(&first.content))),
                    None => (false, None, refused(seen, performed, stage.lang)),
                },
            };
            let status = match reached {
                true if stands_in(stage, hop) => HopStatus::Synthesised,
                true => HopStatus::Reached,
                false => HopStatus::NotReached,
            };
            HopReport { hop, status, latency_ms, evidence }
        })
        .collect();
    if !silence {
        mark_broken(stage, &mut hops, &told, watched);
    }
    hops
}

/// Whether the harness stands in for the target at this hop.
fn stands_in(stage: &Stage, hop: Hop) -> bool {
    match hop {
        Hop::Trail => stage.target.is_relayed(),
        Hop::Function => stage.function_stands_in.load(Ordering::Relaxed),
        _ => false,
    }
}

/// What the target tells of the pipeline's deliveries of the drill's record.
fn told(stage: &Stage, performed: &Performed) -> Vec<Delivery> {
    let (Some(lab), Some(request_id)) = (stage.target.own_lab(), &performed.request_id) else { return Vec::new() };
    lab.deliveries(request_id)
}

/// A hop that no probe stands at: what the target tells of it, or what a later hop proves.
fn reached_between(
    stage: &Stage,
    hop: Hop,
    performed: &Performed,
    seen: &Seen,
    told: &[Delivery],
) -> (bool, Option<f64>, Option<String>) {
    let delivered =
        told.iter().find(|delivery| ladder_hop(delivery.hop) == Some(hop) && delivery.outcome == Outcome::Delivered);
    if hop == Hop::Mail && stage.scenario.pipeline.topic.email.is_none() {
        return (false, None, None);
    }
    if let Some(delivery) = delivered {
        return (true, Some(since(delivery.time, performed)), Some(delivery.to.clone()));
    }
    match hop {
        Hop::Bus => (seen.bus_seen(), seen.bus.map(millis), None),
        Hop::Trail if stage.target.is_relayed() => {
            (true, None, Some(stage.lang.choose("made by the relay", "릴레이가 만듦").to_owned()))
        }
        Hop::Trail => (seen.bus_seen(), None, None),
        Hop::Topic => (seen.is_alerted(), published(stage, performed, seen), None),
        Hop::Rule => (seen.is_alerted(), None, None),
        Hop::Function if stands_in(stage, hop) => {
            (seen.discord_seen(), None, Some(stage.lang.choose("run by the harness", "하네스가 실행함").to_owned()))
        }
        // Who posts, runs. Where the target tells of the function itself, that says more.
        Hop::Function if !stage.target.capabilities.explains_deliveries => {
            (seen.discord_seen() || seen.refusal(performed).is_some(), None, None)
        }
        Hop::Function => (seen.discord_seen(), None, None),
        Hop::Api | Hop::Queue | Hop::Discord | Hop::Mail => (false, None, None),
    }
}

/// When SNS took the message, as it says itself, in an account: no later than the queue had it, whatever the clocks say. Emulators
/// write what they like there.
fn published(stage: &Stage, performed: &Performed, seen: &Seen) -> Option<f64> {
    let published = seen.published.filter(|_| stage.target.kind == TargetKind::Aws)?;
    let received = seen.alerts.queue.first()?.latency_ms;
    Some(since(performed.clock.here(published), performed).min(received))
}

fn since(time: Timestamp, performed: &Performed) -> f64 {
    let after = Duration::try_from(time.duration_since(performed.started_at)).unwrap_or_default();
    millis(after)
}

/// A hop that was not reached while the one before it was is where the event was lost. Where the target does not tell of
/// single deliveries, a hop between two probes can only be suspected: it is unknown, and the next probe's hop is broken.
/// Of a hop that an interrupted drill still waited for, nobody can say whether it would have been reached.
fn mark_broken(stage: &Stage, hops: &mut [HopReport], told: &[Delivery], watched: Watched) {
    let reached: Vec<Hop> = hops.iter().filter(|hop| hop.status.is_reached()).map(|hop| hop.hop).collect();
    let mut suspected: Vec<Hop> = Vec::new();
    let tells = stage.target.own_lab().is_some();
    let mail_can_be_read = stage.target.capabilities.reads_mail;
    for report in hops.iter_mut().filter(|hop| hop.status == HopStatus::NotReached) {
        let before = report.hop.before();
        // Where the way forks after a suspect, the next probe speaks for both branches.
        let is_fork = matches!(report.hop, Hop::Function | Hop::Mail);
        let after_suspected = !is_fork && before.is_some_and(|before| suspected.contains(&before));
        let after_reached = after_suspected || before.is_some_and(|before| reached.contains(&before));
        let stopped = told
            .iter()
            .find(|delivery| ladder_hop(delivery.hop) == Some(report.hop) && delivery.outcome != Outcome::Delivered);
        let was_waited_for =
            watched == Watched::Interrupted && stopped.is_none_or(|delivery| delivery.outcome == Outcome::UnderWay);
        let no_mail = report.hop == Hop::Mail && (stage.scenario.pipeline.topic.email.is_none() || !mail_can_be_read);
        if no_mail || stage.why_unseen(report.hop).is_some() {
            report.status = HopStatus::Unknown;
        } else if after_reached && !tells && !has_probe(report.hop) {
            report.status = HopStatus::Unknown;
            suspected.push(report.hop);
        } else if after_reached {
            report.status = if was_waited_for { HopStatus::Unknown } else { HopStatus::Broken };
        }
        if let Some(delivery) = stopped.filter(|_| after_reached) {
            // The first line is what a ladder has room for; the finding has the rest.
            let why = diagnosis::why(&delivery.clone().explained(), stage.lang);
            report.evidence = why.and_then(|why| why.lines().next().map(str::to_owned));
        }
    }
}

/// Whether it is seen by itself that an event has come to a hop.
fn has_probe(hop: Hop) -> bool {
    matches!(hop, Hop::Api | Hop::Bus | Hop::Queue | Hop::Discord)
}

/// Puts the blame on a hop between two probes, where the pipeline as it stands says that it lets nothing pass.
pub(super) fn blame(hops: &mut [HopReport], blamed: Hop, why: &str) {
    let is_behind = |hop: Hop| hop.ancestors().any(|before| before == blamed);
    for report in hops {
        if report.hop == blamed {
            report.status = HopStatus::Broken;
            report.evidence = Some(why.to_owned());
        } else if is_behind(report.hop) && report.hop != Hop::Mail && !report.status.is_reached() {
            report.status = HopStatus::NotReached;
        }
    }
}

/// What Discord said to the drill's message, where it did not take it.
fn refused(seen: &Seen, performed: &Performed, lang: Lang) -> Option<String> {
    let refusal = seen.refusal(performed)?;
    Some(lang.choose(
        format!("Discord refuses the message: {refusal}"),
        format!("디스코드가 메시지를 거부합니다: {refusal}"),
    ))
}

/// The first line of a message, for a ladder that is read at a glance.
fn headline(content: &str) -> String {
    content.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}

/// The mails that carry the drill's record.
fn mails(stage: &Stage, performed: &Performed, event_ids: &[String]) -> Vec<MailAlert> {
    let Some(lab) = stage.target.own_lab() else { return Vec::new() };
    let told = told(stage, performed);
    let is_drills = |id: &String| {
        event_ids.contains(id) || told.iter().any(|delivery| delivery.carried.event_id.as_ref() == Some(id))
    };
    let mails = lab.lab().mail(None).into_iter();
    mails
        .filter_map(|mail| {
            let event_id = mail.event_id.filter(is_drills)?;
            Some(MailAlert {
                event_id,
                from: mail.from,
                to: mail.to,
                subject: mail.subject,
                body: mail.body,
                received_at: mail.time,
                latency_ms: since(mail.time, performed),
            })
        })
        .collect()
}

/// Whether the mail with the drill's record is in its mailbox.
pub(super) fn mail_arrived(stage: &Stage, performed: &Performed) -> bool {
    told(stage, performed).iter().any(|d| d.hop == deliveries::Hop::Mail && d.outcome == Outcome::Delivered)
}

/// Whether mail and function have ended, one way or the other, for the record of this request.
pub(super) fn side_hops_ended(lab: &LabTarget, request_id: &str) -> bool {
    let deliveries = lab.deliveries(request_id);
    let ended =
        |hop| deliveries.iter().any(|d| d.hop == hop && matches!(d.outcome, Outcome::Delivered | Outcome::Stopped));
    ended(deliveries::Hop::Function) && ended(deliveries::Hop::Mail)
}
