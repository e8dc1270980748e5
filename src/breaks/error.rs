//! Why nothing was broken.

use std::fmt;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::sdk;

/// The codes with which AWS's services say that there is no such resource.
const MISSING: [&str; 6] = [
    "TrailNotFoundException",
    "ResourceNotFoundException",
    "NotFound",
    "NotFoundException",
    "NoSuchBucketPolicy",
    "AWS.SimpleQueueService.NonExistentQueue",
];

/// Why nothing was broken, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum BreakError {
    /// There is no break of this name.
    #[error("there is no break {name}{}", or_else(*nearest))]
    NoSuchBreak {
        /// The name that was asked for.
        name: String,
        /// The one that was meant, most likely.
        nearest: Option<&'static str>,
    },
    /// The pipeline lacks what was to be broken.
    #[error("nothing to break: there is no {what}")]
    NotThere {
        /// What is looked for, with its name and its Region.
        what: String,
    },
    /// The pipeline is already broken so.
    #[error("already broken by {name}: {what}")]
    AlreadyBroken {
        /// The break.
        name: &'static str,
        /// What was found.
        what: String,
    },
    /// A call was refused, or not answered.
    #[error("{call} of {what}: {reason}")]
    Refused {
        /// The call, as IAM names it.
        call: &'static str,
        /// The resource.
        what: String,
        /// What AWS said.
        reason: String,
    },
}

fn or_else(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!(" (did you mean {nearest}?)"),
        None => "; `alert-drill break --list` names them all".to_owned(),
    }
}

impl BreakError {
    /// What AWS said: that there is no such resource, or something else.
    pub(super) fn refused<E>(call: &'static str, what: impl fmt::Display, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match sdk::code(error) {
            Some(code) if MISSING.contains(&code) => Self::NotThere { what: what.to_string() },
            _ => Self::Refused { call, what: what.to_string(), reason: sdk::reason(error) },
        }
    }

    pub(super) fn invalid(call: &'static str, what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::Refused { call, what: what.to_string(), reason: reason.to_string() }
    }
}
