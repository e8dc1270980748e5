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

mod aftermath;
mod consent;
mod correlate;
mod doubt;
mod error;
mod event;
mod event_history;
mod ground;
mod ladder;
mod lane;
mod observation;
mod probe;
mod rehearsal;
mod run;
mod selection;
mod standing;
mod trigger;
mod way;

pub use self::consent::{Consent, Refusal};
pub use self::correlate::Strength;
pub use self::error::RunError;
pub use self::event::RunEvent;
pub use self::run::Run;
pub use self::selection::Selection;
pub use self::way::{BotToken, DISCORD_API, DiscordWatch, DiscordWay, Live, Tunnel, Unwatchable};
