//! Drills: the action, what must follow it, and the probes that see it.
//!
//! ```text
//! open the target ─► probes ─► pipeline ─► lanes of drills ─► clean-up, always
//!                                           │
//!                                           └─ prepare ─► act ─► watch ─► restore ─► diagnose
//! ```
//!
//! A **lane** runs one drill after another on a group of its own; drills in different lanes run side by side. Everything
//! that the outside may want to know is a [`RunEvent`] or in the [`Report`](crate::report::Report); nothing here prints.

mod consent;
mod correlate;
mod doubt;
mod event;
mod ground;
mod ladder;
mod lane;
mod observation;
mod probe;
mod run;
mod trigger;
mod way;

pub use self::consent::{Consent, Refusal};
pub use self::correlate::Strength;
pub use self::event::RunEvent;
pub use self::run::{Run, RunError, Selection};
pub use self::way::{BotToken, DISCORD_API, DiscordWatch, DiscordWay, Live, Tunnel, Unwatchable};
