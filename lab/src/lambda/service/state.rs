//! What the API has set of a function: its versions, its aliases, and what hangs on each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::alias::Alias;
use super::event_invoke::EventInvoke;
use super::name::{LATEST, Named, is_alias, qualified};
use super::url::FunctionUrl;
use super::{Function, Logging, Package, ReservedConcurrency, Runtime, revision};
use crate::gateway::error::AwsError;
use crate::policy::PolicyDocument;

/// A function. Policies, settings of asynchronous invocation and URLs belong to a qualifier, as in AWS: what is set on an
/// alias says nothing of the function, and the other way round. Without a qualifier they stand under `$LATEST`.
pub(super) struct FunctionState {
    pub(super) name: String,
    /// Without a qualifier.
    pub(super) arn: String,
    pub(super) latest: Version,
    pub(super) versions: BTreeMap<u32, Version>,
    /// The highest number that was given away; a number of a deleted version does not come back.
    pub(super) published: u32,
    pub(super) aliases: BTreeMap<String, Alias>,
    pub(super) concurrency: ReservedConcurrency,
    pub(super) policies: BTreeMap<String, PolicyDocument>,
    pub(super) event_invokes: BTreeMap<String, EventInvoke>,
    pub(super) urls: BTreeMap<String, FunctionUrl>,
    pub(super) tags: BTreeMap<String, String>,
}

/// A version: code and settings, ready to run.
#[derive(Clone)]
pub(super) struct Version {
    /// None for `$LATEST`.
    pub(super) number: Option<u32>,
    pub(super) settings: Settings,
    /// The description that `PublishVersion` gave, in place of the function's.
    pub(super) description: Option<String>,
    pub(super) revision_id: String,
    pub(super) last_modified: Timestamp,
    pub(super) package: Arc<Package>,
    pub(super) deployed: Arc<Function>,
}

/// What `CreateFunction` and `UpdateFunctionConfiguration` set.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) role: String,
    pub(super) runtime: Runtime,
    pub(super) handler: String,
    pub(super) description: String,
    pub(super) timeout: u32,
    pub(super) memory_size: u32,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) architectures: Vec<String>,
    /// The queue or topic of `DeadLetterConfig`.
    pub(super) dead_letters: Option<String>,
    pub(super) logging: Logging,
}

impl Version {
    /// `$LATEST`, or the number.
    pub(super) fn label(&self) -> String {
        label(self.number)
    }

    pub(super) fn description(&self) -> &str {
        self.description.as_deref().unwrap_or(&self.settings.description)
    }

    /// Whether nothing but the description tells the two apart.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.settings == other.settings && self.package.code_sha256() == other.package.code_sha256()
    }
}

/// `$LATEST`, or a number.
pub(super) fn label(number: Option<u32>) -> String {
    number.map_or_else(|| LATEST.to_owned(), |number| number.to_string())
}

impl FunctionState {
    /// The version that runs for a qualifier: of an alias with weights, one by chance.
    pub(super) fn version(&self, qualifier: Option<&str>) -> Option<&Version> {
        match qualifier {
            None => Some(&self.latest),
            Some(alias) if is_alias(alias) => self.numbered(self.aliases.get(alias)?.choose()),
            Some(label) => self.numbered(label),
        }
    }

    /// The version that a qualifier names: of an alias, the one that it points to first.
    pub(super) fn named_version(&self, named: &Named) -> Result<&Version, AwsError> {
        let version = match named.qualifier.as_deref() {
            Some(alias) if is_alias(alias) => {
                self.aliases.get(alias).and_then(|alias| self.numbered(&alias.function_version))
            }
            qualifier => self.version(qualifier),
        };
        version.ok_or_else(|| named.not_found())
    }

    /// The version with this number, or `$LATEST`.
    pub(super) fn numbered(&self, label: &str) -> Option<&Version> {
        match label {
            LATEST => Some(&self.latest),
            number => self.versions.get(&number.parse().ok()?),
        }
    }

    /// The key under which what hangs on a qualifier is kept; the qualifier must be there.
    pub(super) fn key(&self, qualifier: Option<&str>) -> Result<String, AwsError> {
        let key = qualifier.unwrap_or(LATEST);
        let missing = |message: String| AwsError::new(404, "ResourceNotFoundException", message);
        let arn = qualified(&self.arn, qualifier);
        if is_alias(key) && !self.aliases.contains_key(key) {
            return Err(missing(format!("Cannot find alias arn: {arn}")));
        }
        if !is_alias(key) && self.numbered(key).is_none() {
            return Err(missing(format!("Function not found: {arn}")));
        }
        Ok(key.to_owned())
    }

    /// The revision of what a key stands for. A policy has none of its own: it is a part of the function, the version or
    /// the alias that it hangs on.
    pub(super) fn revision(&mut self, key: &str) -> Option<&mut String> {
        if is_alias(key) {
            return self.aliases.get_mut(key).map(|alias| &mut alias.revision_id);
        }
        match key {
            LATEST => Some(&mut self.latest.revision_id),
            number => self.versions.get_mut(&number.parse().ok()?).map(|version| &mut version.revision_id),
        }
    }

    /// Gives what a key stands for a new revision.
    pub(super) fn revise(&mut self, key: &str) {
        if let Some(present) = self.revision(key) {
            *present = revision();
        }
    }

    /// Takes away what hangs on a qualifier that goes.
    pub(super) fn forget(&mut self, key: &str) {
        self.policies.remove(key);
        self.event_invokes.remove(key);
        self.urls.remove(key);
    }

    /// Every version, `$LATEST` first.
    pub(super) fn all_versions(&self) -> impl Iterator<Item = &Version> {
        std::iter::once(&self.latest).chain(self.versions.values())
    }
}
