//! An embedded AWS in which **what makes an alarm silent in AWS makes it silent too**.

mod changes;
mod cloud;
pub mod cloudtrail;
mod cloudwatch;
pub mod deliveries;
pub mod discord;
mod ec2;
mod events;
pub mod faults;
pub mod filter;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod gateway;
mod iam;
pub mod identity;
mod ids;
mod kms;
pub mod lambda;
mod logs;
pub mod mail;
mod metrics;
pub mod observed;
pub mod pattern;
pub mod policy;
mod s3;
pub mod scope;
mod server;
pub mod snapshot;
mod sns;
mod sqs;
mod time;
mod trust;

pub use cloud::Limits;
pub use events::transform;
pub use server::{Lab, LabBuilder, StartError};
pub use trust::CaBundleError;
