//! The mailbox: every mail that the lab sent, and the links that confirm a subscription.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

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
}

impl Default for Mail {
    fn default() -> Self {
        Self::keeping(Limits::default().mails)
    }
}

impl Mail {
    /// Mailboxes that hold the newest `most` mails.
    pub(crate) fn keeping(most: usize) -> Self {
        Self { sent: Mutex::default(), most }
    }

    /// Puts a mail into its mailbox.
    pub(crate) fn send(&self, message: Message) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push_back(message);
        while sent.len() > self.most {
            sent.pop_front();
        }
    }

    /// The mails so far, oldest first; with an address, that mailbox alone.
    pub fn messages(&self, to: Option<&str>) -> Vec<Message> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.iter().filter(|message| to.is_none_or(|to| message.to == to)).cloned().collect()
    }
}
