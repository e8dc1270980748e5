//! The function against Discord's behaviour, which is the lab's, and against a Runtime API.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test by panicking")]

mod delivery;
mod discord;
mod runtime_api;
