//! An embedded AWS in which **what makes an alarm silent in AWS makes it silent too**.

pub mod discord;
pub mod filter;
pub mod lambda;
pub mod pattern;
pub mod policy;
