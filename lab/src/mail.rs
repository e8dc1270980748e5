//! The mailbox: every mail that the lab sent, and the links that confirm a subscription.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;

use crate::cloud::Limits;

/// A mail as the subscriber's mailbox shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// When it was sent.
    pub time: Timestamp,
    /// The sender: AWS's own address for notifications.
    pub from: String,
    /// The subscriber.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The topic that the mail is about.
    pub topic_arn: String,
    /// The link that confirms the subscription, in a confirmation mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_url: Option<String>,
    /// The `eventID` of the CloudTrail record that the mail carries, in an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// All mailboxes of a lab: no mail leaves it.
#[derive(Debug)]
pub struct Mail {
    sent: Mutex<VecDeque<Message>>,
    /// How many are kept; the oldest go first.
    most: usize,
    /// How many were sent so far. Changed under the lock.
    count: watch::Sender<u64>,
}

impl Default for Mail {
    fn default() -> Self {
        Self::keeping(Limits::default().mails)
    }
}

impl Mail {
    /// Mailboxes that hold the newest `most` mails.
    pub(crate) fn keeping(most: usize) -> Self {
        Self { sent: Mutex::default(), most, count: watch::Sender::new(0) }
    }

    /// Puts a mail into its mailbox.
    pub(crate) fn send(&self, message: Message) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push_back(message);
        while sent.len() > self.most {
            sent.pop_front();
        }
        self.count.send_modify(|count| *count += 1);
    }

    /// Changes with every mail; the value is how many there were so far.
    pub(crate) fn sent(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// The mails from the one with this number on (the first has 0), at most `most` of them, and the number of the first.
    pub(crate) fn since(&self, number: u64, most: usize) -> (u64, Vec<Message>) {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = self.count.borrow().saturating_sub(sent.len() as u64);
        let first = number.max(oldest);
        let skipped = usize::try_from(first - oldest).unwrap_or(usize::MAX);
        (first, sent.iter().skip(skipped).take(most).cloned().collect())
    }

    /// The mails so far, oldest first; with an address, that mailbox alone.
    pub fn messages(&self, to: Option<&str>) -> Vec<Message> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().filter(|message| to.is_none_or(|to| message.to == to)).cloned().collect()
    }
}
