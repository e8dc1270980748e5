//! x

pub mod scenario;
