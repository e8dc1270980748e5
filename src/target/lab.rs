//! The lab as a target: an embedded AWS in this process, whose own log of deliveries can be read.

use alert_drill_lab::Lab;
use alert_drill_lab::deliveries::Delivery;
use alert_drill_lab::mail::Message;

use super::clients::{Clients, emulator};
use super::{Capabilities, Target, TargetError};
use crate::scenario::TargetKind;

/// A lab that belongs to one target.
#[derive(Debug)]
pub struct LabTarget {
    lab: Lab,
}

impl LabTarget {
    /// The deliveries of the CloudTrail record with this `requestID`, oldest first.
    pub fn deliveries(&self, request_id: &str) -> Vec<Delivery> {
        self.lab.deliveries_of(request_id)
    }

    /// Waits until `holds`, which is asked again with every delivery. It waits without a limit: put a timeout around it.
    pub async fn until(&self, holds: impl Fn() -> bool) {
        self.lab.until(holds).await;
    }

    /// The link of the newest confirmation mail that this address got for this topic.
    pub fn confirmation_link(&self, topic_arn: &str, email: &str) -> Option<String> {
        let mails = self.lab.mail(Some(email));
        mails.into_iter().rev().filter(|mail| mail.topic_arn == topic_arn).find_map(|mail| mail.confirmation_url)
    }

    /// The mail that carried the record with this `eventID` to the address, once it is there.
    pub fn alert_mail(&self, event_id: &str, email: &str) -> Option<Message> {
        self.lab.mail(Some(email)).into_iter().find(|mail| mail.event_id.as_deref() == Some(event_id))
    }

    /// The lab itself.
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    pub(super) async fn stop(self) {
        self.lab.stop().await;
    }
}

pub(super) async fn open(region: &str, run_id: &str) -> Result<Target, TargetError> {
    let lab = Lab::start().await?;
    let endpoint = lab.endpoint_url();
    let clients = Clients::new(&emulator(&endpoint, region, run_id));
    let identity = clients.sts.get_caller_identity().send().await;
    let account = match identity.as_ref().map(|identity| identity.account()) {
        Ok(Some(account)) => account.to_owned(),
        Ok(None) => return Err(TargetError::Identity { endpoint, reason: "the answer names no account".to_owned() }),
        Err(error) => return Err(TargetError::Identity { endpoint, reason: crate::sdk::reason(error) }),
    };
    Ok(Target {
        kind: TargetKind::Lab,
        clients,
        region: region.to_owned(),
        account,
        capabilities: Capabilities {
            emits_cloudtrail_events: true,
            enforces_policies: true,
            reads_mail: true,
            explains_deliveries: true,
        },
        lab: Some(LabTarget { lab }),
    })
}
