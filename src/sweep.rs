//! `cleanup`: removes what any run has left in an account, whatever became of the run.
//!
//! ```text
//! journals of this place ─┐                                     ┌─ the run may be at work: left alone, and shown
//! tags, names, descriptions ─► what stands, by the run it is of ─┤
//!                                                               └─ removed, ports first, and looked at once more on failure
//! ```
//! The journal is not needed: everything that a run makes carries the run's id from its first moment. It helps where a list
//! is a moment behind what was made, and with an emulator that knows no tags. What does not carry a run's mark is not touched; where
//! its name is one that only runs give, it is shown.
//!
//! A run is at work while its journal is locked, on this machine, or while its lease on a group is good, from any machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::journal::{Account, JournalError, Shelf, Told};
use crate::pipeline::{Claim, Found, LeftBehind, LookAlike, Resource, Search, Unlisted, all_of_runs, good_leases};
use crate::report::TargetReport;
use crate::target::{Clients, Place, Target, TargetError};

/// The version of the JSON document.
pub const FORMAT_VERSION: u32 = 1;

/// A clean-up that is to be made.
#[must_use = "nothing is removed until this is executed"]
#[derive(Clone, Debug)]
pub struct Sweep {
    place: Place,
    account: String,
    region: String,
    journal: Option<PathBuf>,
    only: Option<String>,
    ignore_leases: bool,
    dry_run: bool,
}

/// Why nothing was cleaned up.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The target could not be opened.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The folder of the journals cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A thing of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The kind: `security group`.
    pub kind: &'static str,
    /// Its name, id or ARN.
    pub id: String,
    /// The run that made it.
    pub run_id: String,
}

/// A thing that carries no mark of a run, by a name that only runs give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmarked {
    /// The kind: `queue`.
    pub kind: &'static str,
    /// Its name or ARN.
    pub id: String,
}

/// A run that may be at work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtWork {
    /// The run.
    pub run_id: String,
    /// Until when its lease is good; `null` where its process runs on this machine.
    pub until: Option<Timestamp>,
    /// How many things of it were left alone.
    pub things: usize,
}

/// How a clean-up ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Where.
    pub target: TargetReport,
    /// Whether it was only looked.
    pub dry_run: bool,
    /// What was removed, in this order; with `dry_run`, what would be.
    pub removed: Vec<Item>,
    /// What could not be removed, or not be looked for.
    pub left_behind: Vec<LeftBehind>,
    /// Runs that may be at work, whose things were left alone.
    pub at_work: Vec<AtWork>,
    /// What looks like a run's and carries no mark of one: it was left alone, and is nobody's failure.
    pub unmarked: Vec<Unmarked>,
}

impl Swept {
    /// Whether nothing is left of any run.
    pub fn is_clean(&self) -> bool {
        self.left_behind.is_empty() && self.at_work.is_empty()
    }
}

impl Sweep {
    /// A clean-up of all that runs have left at this place.
    pub fn new(place: Place, account: impl Into<String>, region: impl Into<String>) -> Self {
        Self {
            place,
            account: account.into(),
            region: region.into(),
            journal: None,
            only: None,
            ignore_leases: false,
            dry_run: false,
        }
    }

    /// The folder of the journals.
    pub fn journal(mut self, folder: Option<PathBuf>) -> Self {
        self.journal = folder;
        self
    }

    /// Only what this run has left.
    pub fn only(mut self, run_id: Option<String>) -> Self {
        self.only = run_id;
        self
    }

    /// Whether a lease that is still good keeps nothing. Only for runs that are known to be over: one that was killed on
    /// another machine a moment ago.
    pub fn ignore_leases(mut self, ignore: bool) -> Self {
        self.ignore_leases = ignore;
        self
    }

    /// Whether to look only.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Cleans up.
    ///
    /// # Errors
    /// The target could not be opened, or the folder of the journals cannot be read. What cannot be removed is no error: it
    /// is in the answer.
    pub async fn execute(self) -> Result<Swept, SweepError> {
        let own_id = format!("cleanup-{}", Uuid::now_v7());
        let target = Target::look_at(&self.place, &self.region, &self.account, &own_id).await?;
        let place =
            Account { account: &target.account, region: &target.region, endpoint_url: target.endpoint_url.as_deref() };
        let mut shelf = match &self.journal {
            Some(folder) => Shelf::open(folder, place)?,
            None => Shelf::default(),
        };
        shelf.told.retain(|told| self.is_meant(&told.begun.run_id));
        let mut swept = Swept {
            format_version: FORMAT_VERSION,
            target: TargetReport::of(&target),
            dry_run: self.dry_run,
            removed: Vec::new(),
            left_behind: Vec::new(),
            at_work: Vec::new(),
            unmarked: Vec::new(),
        };
        for (path, reason) in &shelf.unread {
            swept.left_behind.push(LeftBehind {
                kind: "journal",
                id: path.display().to_string(),
                reason: reason.clone(),
            });
        }
        let mut standing = self.standing(&target, &shelf, &mut swept).await;
        self.leave_alone_what_works(&target, &shelf, &mut standing, &mut swept).await;
        // Ports first, whichever run has opened them.
        standing.sort_by(|one, other| (&one.resource, &one.id).cmp(&(&other.resource, &other.id)));
        if self.dry_run {
            swept.removed = standing.iter().map(Item::of).collect();
        } else {
            // What could not be looked for may be of any run.
            let unsure = !swept.left_behind.is_empty();
            let failed = remove(&target.clients, standing, &shelf.told, &mut swept).await;
            if !unsure {
                close(shelf.told, &failed, &mut swept);
            }
        }
        target.close().await;
        Ok(swept)
    }

    fn is_meant(&self, run_id: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == run_id)
    }

    /// What stands of the runs that are meant.
    async fn standing(&self, target: &Target, shelf: &Shelf, swept: &mut Swept) -> Vec<Found> {
        let Search { found: mut standing, look_alikes, unlisted } =
            all_of_runs(&target.clients, target.capabilities.serves_cloudtrail).await;
        for Unlisted { call, reason } in unlisted {
            swept.left_behind.push(LeftBehind { kind: "what cannot be listed", id: call.to_owned(), reason });
        }
        standing.retain(|found| self.is_meant(&found.run_id));
        for told in &shelf.told {
            let run_id = &told.begun.run_id;
            for (resource, id) in &told.standing {
                if standing.iter().any(|found| found.resource == *resource && found.run_id == *run_id) {
                    continue;
                }
                match resource.of_run(&target.clients, run_id).await {
                    Ok(ids) => standing.extend(ids.into_iter().map(|id| Found {
                        resource: resource.clone(),
                        id,
                        run_id: run_id.clone(),
                    })),
                    Err(reason) => {
                        let id = id.clone().unwrap_or_else(|| resource.name().to_owned());
                        swept.left_behind.push(LeftBehind { kind: resource.kind(), id, reason });
                    }
                }
            }
        }
        // What a journal knows is no look-alike, with or without a tag.
        let is_known = |one: &LookAlike| standing.iter().any(|found| found.resource.name() == one.id);
        let unmarked = look_alikes.into_iter().filter(|one| self.only.is_none() && !is_known(one));
        swept.unmarked = unmarked.map(|LookAlike { kind, id }| Unmarked { kind, id }).collect();
        standing
    }

    /// Takes out what belongs to runs that may be at work.
    async fn leave_alone_what_works(
        &self,
        target: &Target,
        shelf: &Shelf,
        standing: &mut Vec<Found>,
        swept: &mut Swept,
    ) {
        let mut working: BTreeMap<&str, Option<Timestamp>> =
            shelf.at_work.iter().map(|run_id| (run_id.as_str(), None)).collect();
        let leases =
            if standing.is_empty() || self.ignore_leases { Ok(Vec::new()) } else { good_leases(&target.clients).await };
        let leases = match leases {
            Ok(leases) => leases,
            Err(reason) => {
                // Nobody knows who is at work: nothing is touched.
                let call = "ec2:DescribeSecurityGroups".to_owned();
                swept.left_behind.push(LeftBehind { kind: "what cannot be listed", id: call, reason });
                swept
                    .left_behind
                    .extend(standing.drain(..).map(|found| found.left("it may be of a run that is at work")));
                return;
            }
        };
        for Claim { run_id, until } in &leases {
            // Whoever has the journal of a run that is over needs no lease to know it.
            if !shelf.told.iter().any(|told| told.begun.run_id == *run_id) {
                working.entry(run_id).or_insert(Some(*until));
            }
        }
        for (run_id, until) in working {
            let things = standing.iter().filter(|found| found.run_id == run_id).count();
            if things > 0 {
                swept.at_work.push(AtWork { run_id: run_id.to_owned(), until, things });
                standing.retain(|found| found.run_id != run_id);
            }
        }
    }
}

/// Removes what stands, and says which runs something is left of.
async fn remove(clients: &Clients, standing: Vec<Found>, told: &[Told], swept: &mut Swept) -> BTreeSet<String> {
    let mut failed = BTreeSet::new();
    let mut left = standing;
    // What is in the way of another thing may be gone by the second time.
    for is_last in [false, true] {
        for found in std::mem::take(&mut left) {
            match found.resource.remove(clients, &found.id).await {
                Ok(()) => {
                    for told in told.iter().filter(|told| told.begun.run_id == found.run_id) {
                        // What stays in the journal is looked for once more.
                        let _ = told.undone(&found.resource);
                    }
                    swept.removed.push(Item::of(&found));
                }
                Err(reason) if is_last => {
                    failed.insert(found.run_id.clone());
                    swept.left_behind.push(found.left(&reason));
                }
                Err(_) => left.push(found),
            }
        }
    }
    failed
}

/// Deletes the journals of the runs that nothing is left of.
fn close(told: Vec<Told>, failed: &BTreeSet<String>, swept: &mut Swept) {
    for told in told.into_iter().filter(|told| !failed.contains(&told.begun.run_id)) {
        if let Err(JournalError { path, source }) = told.close() {
            let id = path.display().to_string();
            swept.left_behind.push(LeftBehind { kind: "journal", id, reason: source.to_string() });
        }
    }
}

impl Item {
    fn of(found: &Found) -> Self {
        Self { kind: found.resource.kind(), id: found.shown(), run_id: found.run_id.clone() }
    }
}

impl Found {
    /// Its id, and where that says too little, its name as well.
    fn shown(&self) -> String {
        match &self.resource {
            Resource::Group(name) => format!("{} ({name})", self.id),
            Resource::SecurityGroupRule { group_id, .. } => format!("{} of {group_id}", self.id),
            _ => self.id.clone(),
        }
    }

    fn left(&self, reason: &str) -> LeftBehind {
        LeftBehind { kind: self.resource.kind(), id: self.shown(), reason: reason.to_owned() }
    }
}
