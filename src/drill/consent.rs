//! What a run in a real account may do, and what it refuses before it has opened the account.

use crate::scenario::Drill;

/// What a run may do in a real account beyond what it does unasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Open more than the ranges that are set aside for documentation, `0.0.0.0/0` too: for the moment of the call.
    pub open_to_world: bool,
    /// Open a group that is attached to something else than the scenario's instance.
    pub shared_group: bool,
    /// Run in another Region than the scenario's: somebody listed the Regions that are meant.
    pub other_region: bool,
}

/// Why a run in a real account was not even begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A drill opens a port to somebody.
    #[error(
        "the drill {drill} opens a port to {range}, where somebody may connect from: a real account is opened to ranges for \
         documentation only (203.0.113.0/24, 2001:db8::/32), unless --allow-open-to-world says otherwise"
    )]
    OpenToWorld {
        /// The drill.
        drill: String,
        /// The range.
        range: String,
    },
    /// The Region is not the scenario's.
    #[error("the Region {region} is not the scenario's ({own}): name that one, or change `region` in the scenario")]
    OtherRegion {
        /// What was asked for.
        region: String,
        /// The scenario's.
        own: String,
    },
    /// No Region was named.
    #[error("a run in a real account needs the Region that it is meant for (--region)")]
    NoRegion,
    /// There is nowhere to keep a journal.
    #[error(
        "a run in a real account needs a folder for its journal: neither XDG_STATE_HOME nor HOME is set (--journal DIR)"
    )]
    NoJournal,
    /// The group that stands is one.
    #[error("the drills of a pipeline that stands open its one group, so that they cannot run side by side (--jobs 1)")]
    OneGroup,
}

/// What a run in an account is asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) drills: &'a [Drill],
    pub(super) region: Option<&'a str>,
    /// The scenario's.
    pub(super) own_region: &'a str,
    pub(super) has_journal: bool,
    /// Whether drills are to run side by side on a group that stands.
    pub(super) side_by_side: bool,
}

impl Consent {
    /// Refuses what nobody allowed.
    pub(super) fn check(self, asked: Asked<'_>) -> Result<(), Refusal> {
        match asked.region {
            Some(region) if region == asked.own_region || self.other_region => {}
            Some(region) => {
                return Err(Refusal::OtherRegion { region: region.to_owned(), own: asked.own_region.to_owned() });
            }
            None => return Err(Refusal::NoRegion),
        }
        if !asked.has_journal {
            return Err(Refusal::NoJournal);
        }
        if asked.side_by_side {
            return Err(Refusal::OneGroup);
        }
        let opened =
            asked.drills.iter().flat_map(|drill| drill.action.ranges().into_iter().map(move |range| (drill, range)));
        match opened.into_iter().find(|(_, range)| !self.open_to_world && !range.is_documentation()) {
            Some((drill, range)) => {
                Err(Refusal::OpenToWorld { drill: drill.name.to_string(), range: range.to_string() })
            }
            None => Ok(()),
        }
    }
}
