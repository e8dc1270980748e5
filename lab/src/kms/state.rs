//! The states of a key: only an enabled one encrypts and decrypts.
//!
//! Source: "Key states of AWS KMS keys" in the AWS KMS Developer Guide.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::Kms;
use super::error::{disabled, invalid_state, pending_deletion, violated};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::time;

/// What a key is good for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Enabled,
    Disabled,
    PendingDeletion {
        /// When it would be deleted.
        date: Timestamp,
    },
}

impl State {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
            Self::PendingDeletion { .. } => "PendingDeletion",
        }
    }

    /// Whether the key can be used.
    pub(super) fn check_usable(self, arn: &str) -> Result<(), AwsError> {
        match self {
            Self::Enabled => Ok(()),
            Self::Disabled => Err(disabled(arn)),
            Self::PendingDeletion { .. } => Err(pending_deletion(arn)),
        }
    }

    /// Whether the key can be changed.
    pub(super) fn check_not_pending(self, arn: &str) -> Result<(), AwsError> {
        match self {
            Self::Enabled | Self::Disabled => Ok(()),
            Self::PendingDeletion { .. } => Err(pending_deletion(arn)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OneKey {
    key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Schedule {
    key_id: String,
    pending_window_in_days: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EnableRotation {
    key_id: String,
    rotation_period_in_days: Option<u32>,
}

impl Kms {
    pub(super) fn enable_key(&self, call: &Call) -> Result<Reply, AwsError> {
        self.switch(call, State::Enabled)
    }

    pub(super) fn disable_key(&self, call: &Call) -> Result<Reply, AwsError> {
        self.switch(call, State::Disabled)
    }

    fn switch(&self, call: &Call, to: State) -> Result<Reply, AwsError> {
        let input: OneKey = call.input()?;
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            key.state = to;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn schedule_key_deletion(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: Schedule = call.input()?;
        let days = input.pending_window_in_days.unwrap_or(30);
        if !(7..=30).contains(&days) {
            return Err(violated(days, "pendingWindowInDays", "Member must have value between 7 and 30"));
        }
        let date = call.time + SignedDuration::from_hours(24 * days);
        let arn = self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            key.state = State::PendingDeletion { date };
            Ok(key.arn.clone())
        })?;
        let state = State::PendingDeletion { date }.name();
        let date = time::epoch(date);
        call.reply(&json!({ "KeyId": arn, "DeletionDate": date, "KeyState": state, "PendingWindowInDays": days }))
    }

    /// The key that was saved is disabled until somebody enables it: a topic encrypted with it stays silent.
    pub(super) fn cancel_key_deletion(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneKey = call.input()?;
        let arn = self.on_customer_key(call, &input.key_id, |key| {
            if !matches!(key.state, State::PendingDeletion { .. }) {
                return Err(invalid_state(format!("{} is not pending deletion.", key.arn)));
            }
            key.state = State::Disabled;
            Ok(key.arn.clone())
        })?;
        call.reply(&json!({ "KeyId": arn }))
    }

    pub(super) fn enable_key_rotation(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: EnableRotation = call.input()?;
        let days = input.rotation_period_in_days.unwrap_or(365);
        if !(90..=2560).contains(&days) {
            return Err(violated(days, "rotationPeriodInDays", "Member must have value between 90 and 2560"));
        }
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_usable(&key.arn)?;
            key.rotation_days = Some(days);
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn disable_key_rotation(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneKey = call.input()?;
        self.on_customer_key(call, &input.key_id, |key| {
            key.state.check_usable(&key.arn)?;
            key.rotation_days = None;
            Ok(())
        })?;
        call.done()
    }

    pub(super) fn get_key_rotation_status(&self, call: &Call) -> Result<Reply, AwsError> {
        let input: OneKey = call.input()?;
        let (arn, days) = self.on_named_key(call, &input.key_id, |key| {
            key.state.check_not_pending(&key.arn)?;
            Ok((key.arn.clone(), key.rotation_days))
        })?;
        let mut status = json!({ "KeyId": arn, "KeyRotationEnabled": days.is_some() });
        if let Some(days) = days {
            status["RotationPeriodInDays"] = days.into();
        }
        call.reply(&status)
    }
}
