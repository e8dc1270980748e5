//! The faults that are set now, and which of them strike.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use super::{CallFault, CallFaultKind, DeliveryFault, DeliveryFaultKind, DiscordFault, Faults, FaultsError, call};
use crate::deliveries::{Deliveries, Hop, Leg, Reason, Refusal};
use crate::discord::Fault;
use crate::gateway::error::AwsError;
use crate::gateway::service::Service;

/// The faults of a lab.
#[derive(Debug, Default)]
pub(crate) struct Injector {
    /// Whether there is any fault: calls of a lab without faults do not queue up here.
    any: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seed: u64,
    /// The id of the next fault that is set: one of those before is never meant by it.
    next_id: u64,
    calls: Vec<Armed<CallFault>>,
    deliveries: Vec<Armed<DeliveryFault>>,
    discord: Vec<Armed<DiscordFault>>,
}

/// A fault with what is left of it.
#[derive(Debug)]
struct Armed<F> {
    id: u64,
    fault: F,
    share: Share,
    struck: u64,
}

#[derive(Debug)]
enum Share {
    All,
    Rate { rate: f64, draws: Xoshiro256PlusPlus },
    Next(u64),
}

impl<F> Armed<F> {
    fn new(id: u64, fault: F, rate: Option<f64>, next: Option<u64>, seed: u64) -> Self {
        let share = match (rate, next) {
            (_, Some(next)) => Share::Next(next),
            (Some(rate), None) => Share::Rate { rate, draws: Xoshiro256PlusPlus::seed_from_u64(seed) },
            (None, None) => Share::All,
        };
        Self { id, fault, share, struck: 0 }
    }

    /// Whether the fault strikes what it is meant for.
    fn strikes(&mut self) -> bool {
        let strikes = match &mut self.share {
            Share::All => true,
            // Checked when it was set: `random_bool` panics outside of 0 to 1.
            Share::Rate { rate, draws } => draws.random_bool(*rate),
            Share::Next(left) => {
                let strikes = *left > 0;
                *left = left.saturating_sub(1);
                strikes
            }
        };
        self.struck += u64::from(strikes);
        strikes
    }

    fn left(&self) -> Option<u64> {
        match self.share {
            Share::Next(left) => Some(left),
            Share::All | Share::Rate { .. } => None,
        }
    }
}

fn arm<F: Clone>(fault: &F, rate: Option<f64>, next: Option<u64>, (id, seed): (u64, u64)) -> Armed<F> {
    Armed::new(id, fault.clone(), rate, next, seed)
}

impl State {
    fn len(&self) -> usize {
        self.calls.len() + self.deliveries.len() + self.discord.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What strikes one call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Struck {
    /// How long the call waits before it is made.
    pub(crate) delay: Duration,
    /// The error that it is answered with, in place of being made.
    pub(crate) refusal: Option<AwsError>,
    /// The connection is closed, and the call is not made.
    pub(crate) hang_up: bool,
    /// The call is made, and the connection is closed in place of the answer.
    pub(crate) hang_up_after: bool,
}

impl Injector {
    /// The faults to begin with, which were [checked](Faults::check).
    pub(crate) fn new(faults: &Faults) -> Self {
        let injector = Self::default();
        injector.arm(faults);
        injector
    }

    /// Sets the faults in place of those before.
    pub(crate) fn set(&self, faults: &Faults) -> Result<(), FaultsError> {
        faults.check()?;
        self.arm(faults);
        Ok(())
    }

    fn arm(&self, faults: &Faults) {
        let mut state = self.state();
        let mut place = 0;
        // The id is one that no fault had before, and the draws follow from the seed and the place in the list.
        let mut next = || {
            place += 1;
            (state.next_id + place, faults.seed.wrapping_add(place))
        };
        let calls = faults.calls.iter().map(|fault| arm(fault, fault.rate, fault.next, next())).collect();
        let deliveries = faults.deliveries.iter().map(|fault| arm(fault, fault.rate, fault.next, next())).collect();
        let discord = faults.discord.iter().map(|fault| arm(fault, fault.rate, fault.next, next())).collect();
        let next_id = state.next_id + place;
        *state = State { seed: faults.seed, next_id, calls, deliveries, discord };
        self.any.store(!state.is_empty(), Ordering::SeqCst);
    }

    /// Takes one fault away by the id that it is [shown](Self::show) with, and leaves the others as they are. Whether
    /// there was one.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut state = self.state();
        let before = state.len();
        state.calls.retain(|armed| armed.id != id);
        state.deliveries.retain(|armed| armed.id != id);
        state.discord.retain(|armed| armed.id != id);
        self.any.store(!state.is_empty(), Ordering::SeqCst);
        state.len() < before
    }

    /// The faults that are set, each with how often it struck and how many are left of it.
    pub(crate) fn show(&self) -> Value {
        fn shown<F: serde::Serialize>(armed: &Armed<F>) -> Value {
            let mut shown = serde_json::to_value(&armed.fault).unwrap_or_default();
            shown["id"] = armed.id.into();
            shown["struck"] = armed.struck.into();
            if let Some(left) = armed.left() {
                shown["left"] = left.into();
            }
            shown
        }
        let state = self.state();
        json!({
            "seed": state.seed,
            "calls": state.calls.iter().map(shown).collect::<Vec<_>>(),
            "deliveries": state.deliveries.iter().map(shown).collect::<Vec<_>>(),
            "discord": state.discord.iter().map(shown).collect::<Vec<_>>(),
        })
    }

    /// What strikes a call of this operation.
    pub(crate) fn on_call(&self, service: Service, operation: &str) -> Struck {
        let mut struck = Struck::default();
        if !self.any.load(Ordering::SeqCst) {
            return struck;
        }
        for armed in &mut self.state().calls {
            let fault = &armed.fault;
            let concerns = fault.service.as_ref().is_none_or(|name| name == service.signing_name())
                && fault.operation.as_ref().is_none_or(|name| name == operation);
            if !concerns || !armed.strikes() {
                continue;
            }
            match armed.fault.fault {
                CallFaultKind::Delay => {
                    struck.delay += Duration::from_millis(armed.fault.milliseconds.unwrap_or_default());
                    continue;
                }
                CallFaultKind::DropConnection => struck.hang_up = true,
                CallFaultKind::DropAnswer => struck.hang_up_after = true,
                kind => struck.refusal = call::refusal(kind, service),
            }
            break;
        }
        struck
    }

    /// What Discord answers a message with, in place of taking it.
    pub(crate) fn on_message(&self) -> Option<Fault> {
        self.any.load(Ordering::SeqCst).then_some(())?;
        self.state().discord.iter_mut().find_map(|armed| armed.strikes().then(|| armed.fault.answer()))
    }

    /// How a delivery is to be made: how late, and how often (0: not at all).
    pub(crate) fn on_delivery(&self, hop: Hop, to: &str) -> (Duration, usize) {
        let (mut delay, mut copies) = (Duration::ZERO, 1);
        if !self.any.load(Ordering::SeqCst) {
            return (delay, copies);
        }
        for armed in &mut self.state().deliveries {
            let fault = &armed.fault;
            let concerns = fault.hop == hop && fault.to.as_ref().is_none_or(|receiver| receiver == to);
            if !concerns || !armed.strikes() {
                continue;
            }
            match armed.fault.fault {
                DeliveryFaultKind::Drop => copies = 0,
                DeliveryFaultKind::Duplicate => copies *= 2,
                DeliveryFaultKind::Delay => {
                    delay += Duration::from_millis(armed.fault.milliseconds.unwrap_or_default());
                }
            }
        }
        (delay, copies)
    }

    /// Makes a delivery by `make`: at once, or later in a task of its own, once, twice or, as the log then says, not at
    /// all.
    pub(crate) fn deliver(
        &self,
        deliveries: &Arc<Deliveries>,
        leg: impl FnOnce() -> Leg,
        (hop, to): (Hop, &str),
        mut make: impl FnMut() + Send + 'static,
    ) {
        let (delay, copies) = self.on_delivery(hop, to);
        if copies == 0 {
            drop_it(deliveries, leg());
            return;
        }
        if delay.is_zero() {
            return (0..copies).for_each(|_| make());
        }
        let guard = deliveries.begin();
        tokio::spawn(async move {
            let _guard = guard;
            tokio::time::sleep(delay).await;
            (0..copies).for_each(|_| make());
        });
    }

    /// How often a delivery is to be made, after the time that a fault keeps it; the log says if it is not made at all.
    pub(crate) async fn copies(
        &self,
        deliveries: &Deliveries,
        leg: impl FnOnce() -> Leg,
        (hop, to): (Hop, &str),
    ) -> usize {
        let (delay, copies) = self.on_delivery(hop, to);
        if copies == 0 {
            drop_it(deliveries, leg());
        } else if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        copies
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says in the log that a delivery is not made.
pub(crate) fn drop_it(deliveries: &Deliveries, leg: Leg) {
    let detail = "dropped by a fault that was set in the lab, not by AWS (/_lab/faults)";
    deliveries.stopped(leg, Refusal::new(Reason::Fault, detail));
}
