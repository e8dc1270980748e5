//! The journals of runs that were, in one folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use super::{Begun, EXTENSION, Journal, JournalError, NEW, Record};
use crate::pipeline::Resource;

/// Where a run was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) endpoint_url: Option<&'a str>,
}

/// The journals of one place.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Those of runs that are over. They are locked while this is held, so that two clean-ups do not cross.
    pub(crate) told: Vec<Told>,
    /// The ids of runs that are at work on this machine.
    pub(crate) at_work: Vec<String>,
    /// What cannot be read, and why.
    pub(crate) unread: Vec<(PathBuf, String)>,
}

/// What a run had begun to make and not removed, with its id where that is known.
type Standing = Vec<(Resource, Option<String>)>;

/// What the journal of a run that is over tells.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) begun: Begun,
    /// What it had begun to make and not removed, with its id where that is known.
    pub(crate) standing: Standing,
    journal: Journal,
}

impl Told {
    /// Deletes the journal: nothing is left of the run.
    pub(crate) fn close(self) -> Result<(), JournalError> {
        self.journal.delete()
    }

    /// Writes down that something is gone.
    pub(crate) fn undone(&self, resource: &Resource) -> Result<(), JournalError> {
        self.journal.undone(resource)
    }
}

impl Shelf {
    /// Reads the journals of this place. A folder that is not there has none.
    pub(crate) fn open(folder: &Path, place: Account<'_>) -> Result<Self, JournalError> {
        let mut shelf = Self::default();
        let listed = match std::fs::read_dir(folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(shelf),
            Err(source) => return Err(JournalError { path: folder.to_owned(), source }),
        };
        let mut paths: Vec<PathBuf> = listed.filter_map(|entry| Some(entry.ok()?.path())).collect();
        paths.sort();
        for path in paths {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(EXTENSION) => shelf.read(path, place),
                Some(NEW) => remove_unborn(&path),
                _ => {}
            }
        }
        Ok(shelf)
    }

    fn read(&mut self, path: PathBuf, place: Account<'_>) {
        let opened = OpenOptions::new().read(true).append(true).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            // Deleted by its own run meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return self.unread.push((path, error.to_string())),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let run_id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
                self.at_work.extend(run_id);
                return;
            }
            Err(TryLockError::Error(error)) => return self.unread.push((path, error.to_string())),
        }
        match records(&mut file) {
            Ok((Some(begun), standing)) if is_at(&begun, place) => {
                self.told.push(Told { begun, standing, journal: Journal { path, file: Mutex::new(file) } });
            }
            Ok((Some(_), _)) => {}
            Ok((None, _)) => self.unread.push((path, "it does not say which run it is of".to_owned())),
            Err(error) => self.unread.push((path, error.to_string())),
        }
    }
}

/// A run that was killed before its journal had a name had changed nothing. One that is being born is younger than this.
const BIRTH: Duration = Duration::from_secs(60);

fn remove_unborn(path: &Path) {
    let age = std::fs::metadata(path).and_then(|data| data.modified()).ok().and_then(|time| time.elapsed().ok());
    if age.is_some_and(|age| age > BIRTH) {
        let _ = std::fs::remove_file(path);
    }
}

fn is_at(begun: &Begun, place: Account<'_>) -> bool {
    let own = Account { account: &begun.account, region: &begun.region, endpoint_url: begun.endpoint_url.as_deref() };
    own == place
}

/// The first line, and what stands at the end.
fn records(file: &mut File) -> io::Result<(Option<Begun>, Standing)> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let (mut begun, mut standing) = (None, Standing::new());
    // A last line without its end was not whole when the process was killed. What is written next starts a new one.
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    if whole < text.len() {
        file.set_len(whole as u64)?;
    }
    for line in text[..whole].lines() {
        match serde_json::from_str(line)? {
            Record::Begun(first) => begun = Some(first),
            Record::Intends(resource) => standing.push((resource, None)),
            Record::Made { resource, id } => {
                match standing.iter_mut().find(|(known, made)| *known == resource && made.is_none()) {
                    Some((_, made)) => *made = Some(id),
                    None => standing.push((resource, Some(id))),
                }
            }
            Record::Undone(resource) => standing.retain(|(known, _)| *known != resource),
        }
    }
    Ok((begun, standing))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use jiff::Timestamp;

    use super::*;

    const PLACE: Account<'static> = Account { account: "123456789012", region: "ap-northeast-2", endpoint_url: None };

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("alert-drill-journal-{}", uuid::Uuid::now_v7())))
        }

        fn begin(&self, run_id: &str) -> Journal {
            let begun = Begun {
                run_id: run_id.to_owned(),
                account: PLACE.account.to_owned(),
                region: PLACE.region.to_owned(),
                endpoint_url: None,
                scenario: "security-group-change".to_owned(),
                at: Timestamp::now(),
            };
            Journal::begin(&self.0, begun).unwrap()
        }

        fn shelf(&self) -> Shelf {
            Shelf::open(&self.0, PLACE).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn queue(name: &str) -> Resource {
        Resource::Queue(name.to_owned())
    }

    #[test]
    fn what_was_intended_and_not_undone_stands() {
        let folder = Folder::new();
        assert_eq!(folder.shelf().told.len(), 0, "a folder that is not there has none");
        let journal = folder.begin("run-1");
        for name in ["a", "b", "c"] {
            journal.intends(&queue(name)).unwrap();
        }
        journal.made(&queue("a"), "https://a").unwrap();
        journal.undone(&queue("b")).unwrap();
        assert_eq!(folder.shelf().at_work, ["run-1"], "it is locked while the run lives");
        drop(journal);
        let shelf = folder.shelf();
        let told = &shelf.told[0];
        assert_eq!(told.standing, [(queue("a"), Some("https://a".to_owned())), (queue("c"), None)]);
        told.undone(&queue("a")).unwrap();
        drop(shelf);
        assert_eq!(folder.shelf().told[0].standing, [(queue("c"), None)]);
        folder.shelf().told.remove(0).close().unwrap();
        assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 0, "nothing is kept of it");
    }

    #[test]
    fn a_line_that_was_half_written_counts_for_nothing() {
        let folder = Folder::new();
        let journal = folder.begin("run-1");
        journal.intends(&queue("a")).unwrap();
        journal.file.lock().unwrap().write_all(b"{\"intends\":{\"que").unwrap();
        drop(journal);
        let shelf = folder.shelf();
        assert_eq!(shelf.told[0].standing, [(queue("a"), None)]);
        shelf.told[0].undone(&queue("a")).unwrap();
        drop(shelf);
        assert_eq!(folder.shelf().told[0].standing, [], "what is written after it can be read");
        let elsewhere = Account { region: "us-east-1", ..PLACE };
        assert_eq!(Shelf::open(&folder.0, elsewhere).unwrap().told.len(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = Folder::new();
        let journal = folder.begin("run-1");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.0), mode(&journal.path)), (0o700, 0o600));
    }
}
