//! The journal of a run: what it is about to change, written and synced before it is changed.
//!
//! A process can be killed between any two instructions, and a machine can lose its power. What a run had made by then stays
//! in the account, so each change is in a file first. The file has one JSON document a line:
//!
//! ```text
//! {"begun":{"run_id":"…","account":"…","region":"…","endpoint_url":null,"scenario":"…","at":"…"}}
//! {"intends":{"queue":"alert-drill-tap-…"}}          before the call
//! {"made":{"resource":{"queue":"…"},"id":"https://…"}} once AWS has answered
//! {"undone":{"queue":"alert-drill-tap-…"}}           once it is removed
//! ```
//!
//! - Only names, ids and ARNs are in it: no webhook, no token, no credentials.
//! - The file is locked while the run lives. Whoever gets the lock knows that the run is over, however it ended.
//! - The journal of a run that left nothing is deleted. A last line that was half written is left out: its change was not made.

mod shelf;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::pipeline::Resource;

pub(crate) use self::shelf::{Account, Shelf, Told};

/// Where journals are, below the folder for state.
const FOLDER: &str = "alert-drill/runs";

/// How the names of journals end, and of one that has no first line yet.
const EXTENSION: &str = "jsonl";
const NEW: &str = "new";

/// A journal could not be kept. Nothing is changed without one.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep the journal {}: {source}; nothing is changed without it (--journal DIR names another folder)", path.display())]
pub struct JournalError {
    /// The file or the folder.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// The first line: which run, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The run's id.
    pub(crate) run_id: String,
    /// The account.
    pub(crate) account: String,
    /// The Region.
    pub(crate) region: String,
    /// The endpoint; none of AWS itself.
    pub(crate) endpoint_url: Option<String>,
    /// The scenario's name.
    pub(crate) scenario: String,
    /// When.
    pub(crate) at: Timestamp,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Begun(Begun),
    Intends(Resource),
    Made { resource: Resource, id: String },
    Undone(Resource),
}

/// The folder for journals: `$XDG_STATE_HOME/alert-drill/runs`, `~/.local/state/…` where that is not set; none where there is
/// no home either.
pub(crate) fn usual_folder() -> Option<PathBuf> {
    let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")))?;
    Some(state.join(FOLDER))
}

/// The open journal of a run that is at work.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Begins a journal in this folder, which is made if need be, for the user alone.
    pub(crate) fn begin(folder: &Path, begun: Begun) -> Result<Self, JournalError> {
        let path = folder.join(format!("{}.{EXTENSION}", begun.run_id));
        // It gets its name only when it is locked and has its first line: a clean-up that looks meanwhile sees a whole one.
        let new = folder.join(format!("{}.{NEW}", begun.run_id));
        let error = |source| JournalError { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        for_the_user_alone(&mut options);
        let file = make_folder(folder).and_then(|()| options.open(&new)).map_err(error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(error(io::ErrorKind::WouldBlock.into())),
            Err(TryLockError::Error(source)) => return Err(error(source)),
        }
        let journal = Self { path: path.clone(), file: Mutex::new(file) };
        journal.write(&Record::Begun(begun))?;
        // The name is in the folder, which is synced by itself.
        std::fs::rename(&new, &path).and_then(|()| sync_folder(folder)).map_err(error)?;
        Ok(journal)
    }

    /// Writes down what is about to be made.
    pub(crate) fn intends(&self, resource: &Resource) -> Result<(), JournalError> {
        self.write(&Record::Intends(resource.clone()))
    }

    /// Writes down what AWS calls it.
    pub(crate) fn made(&self, resource: &Resource, id: &str) -> Result<(), JournalError> {
        self.write(&Record::Made { resource: resource.clone(), id: id.to_owned() })
    }

    /// Writes down that it is gone.
    pub(crate) fn undone(&self, resource: &Resource) -> Result<(), JournalError> {
        self.write(&Record::Undone(resource.clone()))
    }

    /// Deletes the journal of a run that has left nothing.
    pub(crate) fn delete(&self) -> Result<(), JournalError> {
        let deleted = std::fs::remove_file(&self.path);
        deleted.and_then(|()| self.path.parent().map_or(Ok(()), sync_folder)).map_err(|source| self.error(source))
    }

    fn write(&self, record: &Record) -> Result<(), JournalError> {
        let mut line = serde_json::to_vec(record).map_err(|error| self.error(error.into()))?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> JournalError {
        JournalError { path: self.path.clone(), source }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn for_the_user_alone(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
