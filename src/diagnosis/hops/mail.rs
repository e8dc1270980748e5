//! Whether somebody reads the alarm by e-mail.

use super::{Judge, function};
use crate::diagnosis::{Code, Severity};
use crate::inspection::SubscriptionFacts;
use crate::scenario::Hop;

pub(super) fn judge(judge: &mut Judge<'_>, message: Option<&str>) {
    let facts = judge.facts;
    let Some(subscriptions) = judge.known(Hop::Mail, Code::MailMissing, &facts.topic.subscriptions) else { return };
    let by_mail = || subscriptions.iter().filter(|one| one.protocol.starts_with("email"));
    if by_mail().next().is_none() {
        // A scenario without an address wants none.
        if judge.subject.email.is_some() {
            let seen = format!("sns:ListSubscriptionsByTopic: {}: no email", judge.subject.topic_arn);
            judge.wrong(Hop::Mail, Code::MailMissing, vec![seen]);
        }
        return;
    }
    let read = by_mail().any(|one| one.arn.is_some());
    for subscription in by_mail() {
        one(judge, subscription, read, message);
    }
}

fn one(judge: &mut Judge<'_>, subscription: &SubscriptionFacts, read: bool, message: Option<&str>) {
    let address = &subscription.endpoint;
    if subscription.arn.is_none() {
        // Where somebody else reads the alarm, it is only worth knowing.
        let severity = if read { Severity::Warning } else { Severity::Error };
        let mut subject = judge.subject.clone();
        subject.place = Some(address);
        let seen = vec![format!("sns:ListSubscriptionsByTopic: {address}: PendingConfirmation")];
        return judge.find(Hop::Mail, Code::SubscriptionUnconfirmed, severity, seen, &subject);
    }
    judge.see(Hop::Mail, address.clone());
    if let Some(message) = message {
        function::filter(judge, Hop::Mail, subscription, message);
    }
}
