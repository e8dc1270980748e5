//! Which drills a run runs, and how often.

use super::error::RunError;
use crate::scenario::{Drill, Scenario};

/// Which drills of the scenario to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// The scenario's default drill.
    #[default]
    Default,
    /// All of them.
    All,
    /// These, by name, in this order.
    Named(Vec<String>),
}

impl Selection {
    /// The drills of the scenario that are meant, each so many times.
    ///
    /// # Errors
    /// There is no drill of a name that was asked for, or nothing is left to run.
    pub(super) fn of(&self, scenario: &Scenario, times: usize) -> Result<Vec<Drill>, RunError> {
        let once: Vec<Drill> = match self {
            Self::Default => vec![scenario.default_drill().clone()],
            Self::All => scenario.drills.clone(),
            Self::Named(names) => names.iter().map(|name| named(scenario, name)).collect::<Result<_, _>>()?,
        };
        let drills: Vec<Drill> = std::iter::repeat_n(once, times).flatten().collect();
        if drills.is_empty() { Err(RunError::NothingSelected) } else { Ok(drills) }
    }
}

fn named(scenario: &Scenario, name: &str) -> Result<Drill, RunError> {
    scenario.drill(name).cloned().ok_or_else(|| RunError::NoSuchDrill {
        scenario: scenario.name.to_string(),
        name: name.to_owned(),
        nearest: scenario.nearest_drill(name).map(|drill| drill.name.to_string()),
        drills: scenario.drills.iter().map(|drill| drill.name.to_string()).collect(),
    })
}
