//! The file: appended to by runs that know nothing of each other, and read whole.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::entry::{Entry, HISTORY_VERSION};

/// How long another run may hold the file. It holds it for one write.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a lock that somebody else has is asked for again.
const RETRY: Duration = Duration::from_millis(10);

/// Longer than any entry: a line of a file that is no history is not read into memory.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The history could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HistoryError {
    /// The system refused.
    #[error("the history {} could not be {what}: {reason}", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// `opened`, `written`, `read`.
        what: &'static str,
        /// What the system said.
        reason: io::Error,
    },
    /// Another run holds the file.
    #[error("the history {} was locked by another process for {PATIENCE:?}, and this run is not in it", file.display())]
    Locked {
        /// Which file.
        file: PathBuf,
    },
}

/// A line that is no entry: cut off when a machine went down, or by another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unread {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// Why it was left out.
    pub(crate) why: Why,
}

/// Why a line was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Why {
    /// It is not a whole entry.
    CutOff,
    /// It has a `format_version` that this version does not know.
    Newer,
}

/// Opens the history as a run will at its end, so that one that cannot be written is known before anything is touched.
pub(crate) fn open(file: &Path) -> Result<File, HistoryError> {
    let opened = OpenOptions::new().read(true).append(true).create(true).open(file);
    opened.map_err(|reason| failed(file, "opened", reason))
}

/// Appends the entries of one process: all of them or none, after whatever other processes have appended.
pub(crate) fn append(path: &Path, entries: &[Entry]) -> Result<(), HistoryError> {
    let mut file = open(path)?;
    lock(&file, path)?;
    let written = append_to(&mut file, entries);
    // The lock ends with the file.
    written.map_err(|reason| failed(path, "written", reason))
}

fn append_to(file: &mut File, entries: &[Entry]) -> io::Result<()> {
    let mut lines = Vec::new();
    let length = file.metadata()?.len();
    if length > 0 {
        // Half a line of a process that was killed would swallow the next entry.
        file.seek(SeekFrom::Start(length - 1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            lines.push(b'\n');
        }
    }
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    let written = file.write(&lines)?;
    if written < lines.len() {
        // The disk is full. Nobody else writes while the lock is held, so what is behind `length` is this run's own.
        file.set_len(length)?;
        return Err(io::ErrorKind::StorageFull.into());
    }
    file.sync_data()
}

fn lock(file: &File, path: &Path) -> Result<(), HistoryError> {
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(reason)) => return Err(failed(path, "locked", reason)),
            Err(TryLockError::WouldBlock) if started.elapsed() > PATIENCE => {
                return Err(HistoryError::Locked { file: path.to_owned() });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(RETRY),
        }
    }
}

/// Reads all entries in the order of their time, and names the lines that are none.
pub(crate) fn read(path: &Path) -> Result<(Vec<Entry>, Vec<Unread>), HistoryError> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    let reading = |reason| failed(path, "read", reason);
    let mut reader = BufReader::new(File::open(path).map_err(reading)?);
    let (mut entries, mut unread) = (Vec::new(), Vec::new());
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        if reader.by_ref().take(LONGEST).read_until(b'\n', &mut text).map_err(reading)? == 0 {
            break;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice::<Entry>(&text) {
            Ok(entry) if entry.format_version <= HISTORY_VERSION => entries.push(entry),
            _ => {
                let version = serde_json::from_slice::<Version>(&text);
                let newer = version.is_ok_and(|version| version.format_version > HISTORY_VERSION);
                unread.push(Unread { line, why: if newer { Why::Newer } else { Why::CutOff } });
            }
        }
    }
    entries.sort_by_key(|entry| entry.time);
    Ok((entries, unread))
}

fn failed(file: &Path, what: &'static str, reason: io::Error) -> HistoryError {
    HistoryError::File { file: file.to_owned(), what, reason }
}
