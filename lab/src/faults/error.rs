//! Why faults were refused.

use super::Faults;
use crate::deliveries::Hop;
use crate::gateway::service::Service;

/// The longest delay. A longer one is a drop, and would hold up whoever waits for the lab to settle.
const LONGEST_DELAY: u64 = 15 * 60 * 1000;

/// Why faults cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FaultsError {
    /// Not JSON, or not the JSON of faults.
    #[error("the faults cannot be read: {0}")]
    Json(String),
    /// A service that the lab does not have.
    #[error("the lab has no service {0}: it has {all}", all = all_services())]
    Service(String),
    /// An operation without a service.
    #[error("the operation {0} needs its service")]
    NoService(String),
    /// An operation that the lab does not have.
    #[error("the lab does not have the operation {operation} of {service}, so that it cannot fail", service = service.signing_name())]
    Operation {
        /// The service.
        service: Service,
        /// The operation.
        operation: String,
    },
    /// A share that is none.
    #[error("the rate {0} is not between 0 and 1")]
    Rate(f64),
    /// Both a rate and a count.
    #[error("a fault has a rate or a number of next ones, not both")]
    RateAndNext,
    /// A delay without its length.
    #[error("a delay needs its milliseconds, at most {LONGEST_DELAY}")]
    Delay,
    /// A length without a delay.
    #[error("milliseconds belong to the fault delay alone, or to Discord's rate_limited and blocked")]
    NotADelay,
    /// A hop that takes place inside of one service.
    #[error("the hop {0:?} has no delivery that could fail: give bus, topic, queue, function, mail, http or bucket")]
    Hop(Hop),
}

fn all_services() -> String {
    Service::ALL.map(Service::signing_name).join(", ")
}

pub(super) fn check_share(rate: Option<f64>, next: Option<u64>) -> Result<(), FaultsError> {
    match (rate, next) {
        (Some(_), Some(_)) => Err(FaultsError::RateAndNext),
        (Some(rate), None) if !(0.0..=1.0).contains(&rate) => Err(FaultsError::Rate(rate)),
        _ => Ok(()),
    }
}

pub(super) fn check_delay(is_delay: bool, milliseconds: Option<u64>) -> Result<(), FaultsError> {
    match (is_delay, milliseconds) {
        (true, Some(0..=LONGEST_DELAY)) | (false, None) => Ok(()),
        (true, _) => Err(FaultsError::Delay),
        (false, Some(_)) => Err(FaultsError::NotADelay),
    }
}

impl std::str::FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        Self::from_json(text)
    }
}
