//! A real account, as far as it can be proven without one: on a lab that is treated as AWS, with faults, and with a process that
//! is killed at every step. Every test compares the whole account before and after, resource by resource and rule by rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

#[path = "account/capture.rs"]
mod capture;
#[path = "account/check.rs"]
mod check;
#[path = "account/clock.rs"]
mod clock;
#[path = "account/killed.rs"]
mod killed;
#[path = "account/late.rs"]
mod late;
#[path = "account/lease.rs"]
mod lease;
#[path = "account/live.rs"]
mod live;
#[path = "account/plan.rs"]
mod plan;
#[path = "account/proxy.rs"]
mod proxy;
#[path = "account/refusals.rs"]
mod refusals;
#[path = "account/room.rs"]
mod room;
#[path = "account/runs.rs"]
mod runs;
#[path = "account/secrets.rs"]
mod secrets;
#[path = "account/silent.rs"]
mod silent;
#[path = "account/state.rs"]
mod state;
#[path = "account/storm.rs"]
mod storm;
#[path = "account/tunnel.rs"]
mod tunnel;
