//! `run --dry-run`: every call that a run would make, and whether EC2 would let it; nothing is changed.
//!
//! ```text
//! the target, looked at ─► a lab that looks like it ─► the run, rehearsed there ─► its calls, written down
//!        │                                                                              │
//!        └──────────── DryRun=true of each call of EC2's that can be tried ◄────────────┘
//! ```
//! The calls are those of the run itself and of no list beside it: the same code makes them, on a lab in the account and Region that
//! are meant. What has no name yet is called `NEW` (`sg-NEW`), and the run's id `RUN_ID`. A call whose number depends on how long
//! something takes (a long poll) stands there once.
//!
//! Of a call's parameters only those are kept that name things, ports and ranges: none of them can be a secret.

mod call;
mod dry_run;
mod human;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::report::{TargetReport, Verdict};
use crate::scenario::TargetKind;

pub(crate) use self::call::Names as CallNames;
pub(crate) use self::human::{human, human_of_all};

/// The version of the JSON document. It goes up when a field changes its meaning or goes; new fields do not change it.
pub const FORMAT_VERSION: u32 = 1;

/// What a run would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Where it would run.
    pub target: TargetReport,
    /// Whether it would drill a pipeline that stands.
    pub adopts: bool,
    /// The drills, in their order.
    pub drills: Vec<String>,
    /// How the rehearsal ended on its lab. It says nothing of the target.
    pub rehearsal: Verdict,
    /// The calls, in their order. Those that are made side by side may come in another one.
    pub calls: Vec<PlannedCall>,
}

/// What runs in several places would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Plans {
    /// [`FORMAT_VERSION`].
    pub(crate) format_version: u32,
    /// The scenario's name.
    pub(crate) scenario: String,
    /// The places, in the order in which they were named.
    pub(crate) places: Vec<PlannedPlace>,
}

/// What the run in one of several places would do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PlannedPlace {
    /// The account, as far as it is known.
    pub(crate) account: Option<String>,
    /// The Region.
    pub(crate) region: String,
    /// Why there is no plan; `null` where there is one.
    pub(crate) reason: Option<String>,
    /// The plan; `null` where there is none.
    pub(crate) plan: Option<Plan>,
}

/// A part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The target is opened.
    Look,
    /// The group that drills open is looked at, or made, and held by a lease: in an account only.
    Hold,
    /// Probes and pipeline are built, or the pipeline that stands is taken.
    Provision,
    /// Drills.
    Drill,
    /// Everything is put back.
    CleanUp,
}

/// A call that the run would make.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedCall {
    /// In which part of the run.
    pub phase: Phase,
    /// For which drill, where drills run one after another.
    pub drill: Option<String>,
    /// Service and operation: `ec2:AuthorizeSecurityGroupIngress`.
    pub call: String,
    /// Whether it changes something.
    pub changes: bool,
    /// Whether it is made again and again, as long as something is waited for or there is something left: it stands here once.
    pub repeats: bool,
    /// The parameters that say what it is about, by their names from the top.
    pub parameters: Map<String, Value>,
    /// How EC2 answered the same call with `DryRun`; `null` where that was not asked.
    pub dry_run: Option<DryRun>,
}

/// What EC2 said of a call without making it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DryRun {
    /// What that means.
    pub outcome: DryRunOutcome,
    /// The code that it answered with; `null` where it did not answer.
    pub code: Option<String>,
    /// Why the call would be refused, without the part that EC2 encodes.
    pub message: Option<String>,
}

/// What a dry run's answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DryRunOutcome {
    /// `DryRunOperation`: the caller may do it, and the parameters are right. What depends on state is not said.
    WouldSucceed,
    /// `UnauthorizedOperation`: the caller may not.
    WouldBeRefused,
    /// Anything else.
    Failed,
}

impl Plan {
    /// Whether EC2 would let every call pass that it was asked about.
    pub fn is_allowed(&self) -> bool {
        self.tried(DryRunOutcome::WouldBeRefused) + self.tried(DryRunOutcome::Failed) == 0
    }

    /// How many dry runs ended like this.
    fn tried(&self, outcome: DryRunOutcome) -> usize {
        self.calls.iter().filter_map(|call| call.dry_run.as_ref()).filter(|dry_run| dry_run.outcome == outcome).count()
    }

    /// Whether EC2 can be asked: emulators may take a dry run for the call itself.
    pub(crate) fn asks_of(kind: TargetKind) -> bool {
        kind == TargetKind::Aws
    }
}
