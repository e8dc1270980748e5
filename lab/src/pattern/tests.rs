//! What EventBridge does, a row a rule; a naive model; and that nothing panics.

mod explaining;
mod properties;
mod refusals;
mod rules;
