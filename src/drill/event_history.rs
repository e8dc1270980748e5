//! CloudTrail's event history, which has the record of a call without any trail.
//!
//! `LookupEvents` may be called twice a second in each Region of an account, by everybody together: what is more is throttled, and
//! whoever looks at it in the console with it. So the lanes of a run ask one after another, half a second apart. A lab is nobody
//! else's and has no such limit.
//!
//! Source: *LookupEvents* in the CloudTrail API reference ("limited to two per second, per account, per region").

use std::time::Duration;

use aws_sdk_cloudtrail::types::LookupAttributeKey;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::{self, Instant};

use super::trigger::Performed;
use crate::inspection;
use crate::scenario::TargetKind;
use crate::target::Target;

/// How long there is between two calls.
const APART: Duration = Duration::from_millis(500);

/// How long the history may take to answer, waiting for the others included. The record is evidence, and no verdict waits for it.
const LOOK_UP: Duration = Duration::from_secs(5);

/// The event history of a run's account and Region.
#[derive(Debug, Default)]
pub(super) struct EventHistory {
    /// When it may be asked next.
    next: Mutex<Option<Instant>>,
}

impl EventHistory {
    /// The record of a call whose event was nowhere to be seen. What is not there yet, as in AWS for some minutes, is not waited for.
    pub(super) async fn look_up(&self, target: &Target, performed: &Performed) -> Option<Value> {
        let request_id = performed.request_id.as_deref().filter(|_| target.capabilities.serves_cloudtrail)?;
        let asked = async {
            if target.kind == TargetKind::Aws {
                self.turn().await;
            }
            asked(target, performed.call, request_id).await
        };
        time::timeout(LOOK_UP, asked).await.ok().flatten()
    }

    /// Waits until the history may be asked.
    async fn turn(&self) {
        let mut next = self.next.lock().await;
        if let Some(next) = *next {
            time::sleep_until(next).await;
        }
        *next = Some(Instant::now() + APART);
    }
}

async fn asked(target: &Target, call: &str, request_id: &str) -> Option<Value> {
    let records = inspection::look_up_events(target, LookupAttributeKey::EventName, call).await.ok()?;
    records.into_iter().find(|record| record["requestID"] == request_id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn however_many_ask_it_is_asked_twice_a_second_at_the_most() {
        let (history, started) = (Arc::new(EventHistory::default()), Instant::now());
        let mut turns = JoinSet::new();
        for _ in 0..10 {
            let history = Arc::clone(&history);
            turns.spawn(async move {
                history.turn().await;
                started.elapsed()
            });
        }
        let mut at: Vec<Duration> = turns.join_all().await;
        at.sort_unstable();
        for (one, third) in at.iter().zip(at.iter().skip(2)) {
            assert!(*third - *one >= Duration::from_secs(1), "{at:?}");
        }
        assert_eq!(at[0], Duration::ZERO, "the first waits for nobody");
    }
}
