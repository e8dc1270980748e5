//! Breaking a pipeline on purpose: what a teacher does to a lab before the exercise, and what the tests do to prove that
//! each silence is found where it is made.
//!
//! ```text
//! Break ──► apply(Clients, Names) ──► one change, by AWS's own API ──► the pipeline as a person would have left it
//! ```
//!
//! A [`Break`] changes a pipeline that stands, through the AWS SDK alone, so that it works wherever the SDK does. It knows
//! the finding that is its right cause and where the drill falls silent, so that a test can hold both to it. One file a
//! hop; each has the table of its breaks, and carries them out.

mod code;
mod discord;
mod error;
mod function;
mod key;
mod mail;
mod pattern;
mod queue;
mod rule;
mod site;
mod topic;
mod trail;

use serde::Serialize;

use crate::diagnosis::Code;
use crate::inspection::Names;
use crate::scenario::{self, Hop};
use crate::target::Clients;
use crate::text::Lang;

pub use self::code::working_function;
pub use self::error::BreakError;

use self::site::Site;

/// What a drill sees of a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The alert ends before this hop.
    Silent(Hop),
    /// The alert arrives, and what people read is wrong.
    WrongMessage,
    /// The alert arrives, twice.
    Duplicate,
    /// The alert arrives, and then another, of what the function does about it.
    Answered,
    /// The drill shows nothing: it strikes with another change of the group, or on another day.
    Hidden,
}

/// One way to break a pipeline.
#[derive(Debug)]
pub struct Break {
    /// The stable name, in lower-case words joined by hyphens.
    pub name: &'static str,
    /// The hop that the cause is at. The alert may end at a later one.
    pub hop: Hop,
    /// What a drill that opens an inbound port sees of it.
    pub effect: Effect,
    /// The finding that is the right cause.
    pub cause: Code,
    title: [&'static str; 2],
    change: Change,
}

/// What is changed, by the file that does it.
#[derive(Debug)]
enum Change {
    Trail(trail::Change),
    Rule(rule::Change),
    Topic(topic::Change),
    Queue(queue::Change),
    Function(function::Change),
    Webhook(discord::Change),
    Code(code::Change),
    Mail(mail::Change),
}

/// All breaks, in the order of the ladder.
pub fn all() -> impl Iterator<Item = &'static Break> {
    let tables =
        [trail::BREAKS, rule::BREAKS, topic::BREAKS, queue::BREAKS, function::BREAKS, discord::BREAKS, mail::BREAKS];
    tables.into_iter().flatten()
}

/// The break of this name.
///
/// # Errors
/// There is none: [`BreakError::NoSuchBreak`] has the one that was probably meant.
pub fn named(name: &str) -> Result<&'static Break, BreakError> {
    all().find(|candidate| candidate.name == name).ok_or_else(|| BreakError::NoSuchBreak {
        name: name.to_owned(),
        nearest: scenario::nearest(name, all().map(|candidate| candidate.name)),
    })
}

impl Break {
    /// What was done, in one line, for the teacher.
    pub fn title(&self, lang: Lang) -> &'static str {
        let [english, korean] = self.title;
        lang.choose(english, korean)
    }

    /// Whether a drill that asks for the queue and for Discord fails because of it.
    pub fn fails_drill(&self) -> bool {
        matches!(self.effect, Effect::Silent(hop) if hop != Hop::Mail)
    }

    /// Breaks the pipeline of these names that stands where the clients point.
    ///
    /// # Errors
    /// What is to be broken is not there, or is already broken so, or a call was refused. A break of several calls that
    /// is refused in the middle leaves what it had changed.
    pub async fn apply(&self, clients: &Clients, names: &Names) -> Result<(), BreakError> {
        let site = Site::open(clients, names, self.name).await?;
        match &self.change {
            Change::Trail(change) => trail::apply(&site, change).await,
            Change::Rule(change) => rule::apply(&site, change).await,
            Change::Topic(change) => topic::apply(&site, change).await,
            Change::Queue(change) => queue::apply(&site, change).await,
            Change::Function(change) => function::apply(&site, change).await,
            Change::Webhook(change) => discord::apply(&site, change).await,
            Change::Code(change) => code::apply(&site, change).await,
            Change::Mail(change) => mail::apply(&site, change).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_kebab_case_and_each_breaks_something_else() {
        let mut names = HashSet::new();
        let mut titles = HashSet::new();
        for one in all() {
            assert!(names.insert(one.name), "{} is there twice", one.name);
            assert!(one.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", one.name);
            for lang in [Lang::En, Lang::Ko] {
                assert!(titles.insert(one.title(lang)), "{}: {}", one.name, one.title(lang));
                assert!(!one.title(lang).ends_with('.'), "{}", one.name);
            }
        }
    }

    #[test]
    fn the_table_follows_the_ladder() {
        let hops: Vec<Hop> = all().map(|one| one.hop).collect();
        assert!(hops.is_sorted(), "{hops:?}");
    }

    #[test]
    fn an_alert_does_not_end_before_its_cause() {
        for one in all() {
            if let Effect::Silent(at) = one.effect {
                // The record ends at the function that a webhook makes fail.
                assert!(at >= one.hop || one.hop == Hop::Discord, "{}", one.name);
            }
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_told_the_name_that_was_meant() {
        assert_eq!(named("rule-disabled").unwrap().hop, Hop::Rule);
        let error = named("rule-disbled").unwrap_err().to_string();
        assert_eq!(error, "there is no break rule-disbled (did you mean rule-disabled?)");
        let error = named("everything").unwrap_err().to_string();
        assert_eq!(error, "there is no break everything; `alert-drill break --list` names them all");
    }
}
