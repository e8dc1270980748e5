//! Faults to order: calls that AWS throttles or fails, connections that drop, and deliveries that come late, twice or not
//! at all.
//!
//! An alarm that works on a good day is half a proof. [`Faults`] say what is to go wrong, by service and operation for
//! calls and by hop for deliveries, each at a rate or for the next so many. They are given to
//! [`LabBuilder::faults`](crate::LabBuilder::faults), or put to `/_lab/faults`:
//!
//! ```json
//! {
//!   "seed": 7,
//!   "calls": [
//!     { "fault": "throttle", "service": "ec2", "operation": "RunInstances", "next": 2 },
//!     { "fault": "delay", "milliseconds": 200, "rate": 0.1 }
//!   ],
//!   "deliveries": [{ "fault": "drop", "hop": "topic", "rate": 0.5 }],
//!   "discord": [{ "fault": "rate_limited", "milliseconds": 700, "next": 1 }]
//! }
//! ```
//!
//! - **Every delivery** can be struck: events on their way to a bus and to targets, messages on their way to subscribers,
//!   confirmations, dead letters of every service (a message that SQS moves is one), records of Lambda's destinations, and
//!   the files of trails. A target or a subscriber that is an HTTP endpoint is struck before anybody is called.
//! - **Rates repeat**: each fault draws from its own numbers, which follow from the seed and its place in the list. Calls
//!   made one after the other fail in the same places in each run; calls made at once may swap places.
//! - **Order**: the first call fault that strikes decides; delays before it add up. Of the delivery faults of a hop all
//!   that strike count.
//! - **What AWS would do stays apart from what was ordered**: a dropped delivery has the reason `fault`, and counts in no
//!   metric. A throttled call, though, is one to its caller, and CloudTrail records it as AWS records one.

mod call;
mod discord;
mod error;
mod injector;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::deliveries::Hop;
use crate::gateway::service::Service;

pub use discord::{DiscordFault, DiscordFaultKind};
pub use error::FaultsError;
pub(crate) use injector::{Injector, drop_it};

/// All that is to go wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// What the draws of all rates follow from.
    pub seed: u64,
    /// Faults of API calls.
    pub calls: Vec<CallFault>,
    /// Faults of deliveries from one resource to the next.
    pub deliveries: Vec<DeliveryFault>,
    /// Faults of Discord.
    pub discord: Vec<DiscordFault>,
}

/// A fault of API calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// What goes wrong.
    pub fault: CallFaultKind,
    /// The service, as its signatures name it (`ec2`); without it, every service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The operation; without it, every operation of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How many of the calls, from 0 to 1; without it and without `next`, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Only the next so many calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// How long a `delay` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallFaultKind {
    /// The service has had too many calls: `RequestLimitExceeded`, `ThrottlingException`, … as the service says it.
    Throttle,
    /// The service fails: status 500.
    InternalError,
    /// The service is not there for a moment: status 503.
    ServiceUnavailable,
    /// The connection is closed before the call was made.
    DropConnection,
    /// The call is made, and the connection is closed in place of the answer: what makes a retry do a thing twice.
    DropAnswer,
    /// The call waits before it is made.
    Delay,
}

/// A fault of deliveries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryFault {
    /// What goes wrong.
    pub fault: DeliveryFaultKind,
    /// The hop, named after what the delivery is meant for: `bus`, `topic`, `queue`, `function`, `mail`, `http`, `bucket`.
    pub hop: Hop,
    /// The one receiver, by ARN or address; without it, every receiver of the hop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How many of the deliveries, from 0 to 1; without it and without `next`, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Only the next so many deliveries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
    /// How long a `delay` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// What goes wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFaultKind {
    /// It never arrives, and nobody is told.
    Drop,
    /// It arrives twice: the services promise at least once, not once.
    Duplicate,
    /// It arrives late.
    Delay,
}

impl Faults {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads faults from JSON.
    ///
    /// # Errors
    /// When the text is not JSON, has an unknown field, or asks for something that the lab does not have.
    pub fn from_json(text: &str) -> Result<Self, FaultsError> {
        let faults: Self = serde_json::from_str(text).map_err(|error| FaultsError::Json(error.to_string()))?;
        faults.check()?;
        Ok(faults)
    }

    /// The same faults with other draws.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same faults and one more.
    #[must_use]
    pub fn call(mut self, fault: CallFault) -> Self {
        self.calls.push(fault);
        self
    }

    /// The same faults and one more.
    #[must_use]
    pub fn delivery(mut self, fault: DeliveryFault) -> Self {
        self.deliveries.push(fault);
        self
    }

    /// The same faults and one more.
    #[must_use]
    pub fn discord(mut self, fault: DiscordFault) -> Self {
        self.discord.push(fault);
        self
    }

    /// Refuses what could never strike: an operation that the lab does not have, a rate of 2.
    pub(crate) fn check(&self) -> Result<(), FaultsError> {
        self.calls.iter().try_for_each(CallFault::check)?;
        self.deliveries.iter().try_for_each(DeliveryFault::check)?;
        self.discord.iter().try_for_each(DiscordFault::check)
    }
}

impl CallFault {
    /// A fault of every call.
    pub fn new(fault: CallFaultKind) -> Self {
        Self { fault, service: None, operation: None, rate: None, next: None, milliseconds: None }
    }

    /// Every call waits so long.
    pub fn delay(milliseconds: u64) -> Self {
        Self { milliseconds: Some(milliseconds), ..Self::new(CallFaultKind::Delay) }
    }

    /// The same for the calls of one service alone.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.service = Some(service.signing_name().to_owned());
        self
    }

    /// The same for the calls of one operation alone.
    #[must_use]
    pub fn operation(self, service: Service, operation: impl Into<String>) -> Self {
        Self { operation: Some(operation.into()), ..self.service(service) }
    }

    /// The same for a part of the calls.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// The same for the next calls alone.
    #[must_use]
    pub fn next(self, calls: u64) -> Self {
        Self { next: Some(calls), ..self }
    }

    fn check(&self) -> Result<(), FaultsError> {
        error::check_share(self.rate, self.next)?;
        error::check_delay(self.fault == CallFaultKind::Delay, self.milliseconds)?;
        let Some(name) = &self.service else {
            return match &self.operation {
                Some(operation) => Err(FaultsError::NoService(operation.clone())),
                None => Ok(()),
            };
        };
        let service = Service::from_signing_name(name).ok_or_else(|| FaultsError::Service(name.clone()))?;
        match &self.operation {
            Some(operation) if !service.operations().supported.contains(&operation.as_str()) => {
                Err(FaultsError::Operation { service, operation: operation.clone() })
            }
            _ => Ok(()),
        }
    }
}

impl DeliveryFault {
    /// A fault of every delivery of a hop.
    pub fn new(fault: DeliveryFaultKind, hop: Hop) -> Self {
        Self { fault, hop, to: None, rate: None, next: None, milliseconds: None }
    }

    /// Every delivery of the hop comes so late.
    pub fn delay(hop: Hop, milliseconds: u64) -> Self {
        Self { milliseconds: Some(milliseconds), ..Self::new(DeliveryFaultKind::Delay, hop) }
    }

    /// The same for one receiver alone, by ARN or address.
    #[must_use]
    pub fn to(self, receiver: impl Into<String>) -> Self {
        Self { to: Some(receiver.into()), ..self }
    }

    /// The same for a part of the deliveries.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate: Some(rate), ..self }
    }

    /// The same for the next deliveries alone.
    #[must_use]
    pub fn next(self, deliveries: u64) -> Self {
        Self { next: Some(deliveries), ..self }
    }

    fn check(&self) -> Result<(), FaultsError> {
        error::check_share(self.rate, self.next)?;
        error::check_delay(self.fault == DeliveryFaultKind::Delay, self.milliseconds)?;
        match self.hop {
            // A record meets a trail, and an event meets a rule, inside of a service: nothing travels that could get lost.
            Hop::Trail | Hop::Rule => Err(FaultsError::Hop(self.hop)),
            _ => Ok(()),
        }
    }
}
