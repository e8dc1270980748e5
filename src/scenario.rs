//! Scenarios: a pipeline, the drills that it must pass, and the files that belong to them.
//!
//! A scenario is a folder with a `scenario.yaml` that people write. One is shipped inside the binary:
//!
//! ```
//! use alert_drill::scenario::{Scenario, TargetKind};
//!
//! let scenario = Scenario::shipped();
//! let drill = scenario.drill("open-inbound-port").expect("it is shipped");
//! assert_eq!(drill.action.event_name(), "AuthorizeSecurityGroupIngress");
//! assert_eq!(scenario.limit(drill, TargetKind::Lab).as_secs(), 5);
//! ```
//!
//! The types are plain data. Each value that AWS has a rule for is a type of its own, so a scenario that was loaded has
//! no name that AWS would refuse. A file that is wrong is refused with **all** of its mistakes, each with its place, in
//! [`InvalidScenario`]. A [`Scenario`] comes only from loading, never from serde, because loading also checks what no
//! single value shows: that names are unique, that references lead somewhere, that ports fit their protocol.

mod decode;
mod drill;
mod event_pattern;
mod files;
mod lint;
mod matrix;
mod mistake;
mod names;
pub(crate) mod nearest;
mod patience;
mod permission;
mod pipeline;
mod schema;
#[cfg(test)]
mod tests;
mod wait;
mod yaml;

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

pub use drill::{
    Action, Alert, DeleteGroup, DescribeGroups, Drill, EditInboundRule, Expect, Hop, InboundRule, Localized,
    OutboundRule, RuleState, Silence,
};
pub use event_pattern::EventPattern;
pub use files::{Beside, ScenarioFiles, Shipped};
pub use lint::{Lint, lint};
pub use matrix::{AccountId, Caller, ExternalId, Matrix, Places, RoleArn};
pub use mistake::{InvalidScenario, Mistake, Place};
pub use names::{
    BucketPrefix, ChannelName, DrillName, EmailAddress, FunctionName, GroupDescription, GroupName, Handler, Image,
    InstanceName, InstanceType, Refused, Region, RuleName, ScenarioName, ScenarioPath, TopicName, TrailName,
    VariableName,
};
pub(crate) use nearest::nearest;
pub use patience::{Budget, Expectation, Patience};
pub use permission::{Cidr, Permission, Ports, Protocol};
pub use pipeline::{
    Architecture, Channel, Function, Instance, MemoryMb, Pipeline, Rule, Runtime, SecurityGroup, Topic, Trail,
};
pub use schema::{schema, schema_text};
pub use wait::{PerTarget, TargetKind, Wait, Within};

/// A scenario: the pipeline under test, and its drills.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Scenario {
    /// The scenario's name.
    pub name: ScenarioName,
    /// What it is about, in one line.
    pub title: Localized,
    /// The Region that everything is in.
    pub region: Region,
    /// The alert chain under test.
    pub pipeline: Pipeline,
    /// How long an alert may take when a drill does not say.
    #[schemars(default)]
    pub patience: Patience,
    /// The drill that is run when none is named.
    pub default_drill: DrillName,
    /// The drills, at least one.
    #[schemars(length(min = 1))]
    pub drills: Vec<Drill>,
    /// What the rule matches, from the file that `pipeline.rule.event_pattern` names.
    #[serde(skip)]
    #[schemars(skip)]
    pub event_pattern: EventPattern,
    /// The folder that the scenario was loaded from; `None` for the shipped one.
    #[serde(skip)]
    #[schemars(skip)]
    pub folder: Option<PathBuf>,
}

impl Scenario {
    /// The scenario that is part of the binary: `security-group-change`.
    pub fn shipped() -> Self {
        Self::built_in().unwrap_or_else(|invalid| unreachable!("a test loads the shipped scenario: {invalid}"))
    }

    /// The same for whoever may have changed the file before building, and wants to be told what is wrong with it.
    pub(crate) fn built_in() -> Result<Self, InvalidScenario> {
        Self::parse(files::SHIPPED_NAME, files::SHIPPED_TEXT, &Shipped)
    }

    /// Loads a scenario from its folder, or from a file. What it refers to is looked for beside it.
    ///
    /// # Errors
    /// The file cannot be read, or has mistakes: all of them are in the error.
    pub fn load(path: &Path) -> Result<Self, InvalidScenario> {
        files::load(path).map(|(decoded, _)| decoded.scenario)
    }

    /// Reads a scenario from `text`. `name` stands for it in messages; `files` are what it refers to.
    ///
    /// # Errors
    /// The text has mistakes: all of them are in the error.
    pub fn parse(name: &str, text: &str, files: &dyn ScenarioFiles) -> Result<Self, InvalidScenario> {
        files::parse(name, text, files).map(|(decoded, _)| decoded.scenario)
    }

    /// The drill of that name.
    pub fn drill(&self, name: &str) -> Option<&Drill> {
        self.drills.iter().find(|drill| drill.name.as_str() == name)
    }

    /// The drill that is run when none is named.
    pub fn default_drill(&self) -> &Drill {
        self.drill(self.default_drill.as_str())
            .unwrap_or_else(|| unreachable!("loading checks that the default drill exists"))
    }

    /// The drill whose name is nearest to one that does not exist, for "did you mean".
    pub fn nearest_drill(&self, name: &str) -> Option<&Drill> {
        let near = nearest::nearest(name, self.drills.iter().map(|drill| drill.name.as_str()))?;
        self.drill(near)
    }

    /// What a drill's alert may take on `target`; the end of it is the drill's own, where that says one.
    pub fn budget(&self, drill: &Drill, target: TargetKind) -> Budget {
        let own = match &drill.expect {
            Expect::Alert(alert) => alert.within.and_then(|within| within.on(target)),
            Expect::Silence(_) => None,
        };
        self.patience.on(target).with(None, None, own)
    }

    /// How long to watch a drill on `target`: until when the alert must be there, or how long the silence must last.
    pub fn limit(&self, drill: &Drill, target: TargetKind) -> Duration {
        drill.expect.limit(target, &self.patience)
    }
}
