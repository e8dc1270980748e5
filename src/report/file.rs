//! A file that a report is written to: looked at before the run, so that no run is lost to a typing mistake, and written whole
//! or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// What the name of the file that becomes the report begins with while it is written.
const UNFINISHED: &str = ".alert-drill-";

/// A file that a report can be written to.
#[derive(Debug)]
pub struct ReportFile {
    /// As it was asked for.
    asked: PathBuf,
    place: Place,
}

/// What is there.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A file, by its real path, in a folder.
    File { path: PathBuf, folder: PathBuf },
    /// A pipe or a device, which is written to as it is.
    Stream,
}

/// A report cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// `-`, where the result goes already.
    #[error(
        "a report cannot be written to -: standard output has the result. Name a file; --output json makes the result itself \
         JSON"
    )]
    Output,
    /// Two reports, one file.
    #[error("two reports cannot be written to one file, {0}")]
    Twice(PathBuf),
    /// The folder is not there.
    #[error("the report {path} cannot be written: there is no folder {folder}", path = .path.display(), folder = .folder.display())]
    NoFolder {
        /// The file that was asked for.
        path: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// It is a folder itself.
    #[error("the report {0} cannot be written: it is a folder, and a report is one file")]
    Folder(PathBuf),
    /// The system refuses.
    #[error("the report {path} cannot be written: {reason}", path = .path.display())]
    Refused {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

impl ReportFile {
    /// Finds out whether a report can be written there, and takes away the report of an earlier run: where this run comes to
    /// none, an old one would be taken for its.
    ///
    /// # Errors
    /// The folder is not there, or the system does not let anything be written.
    pub fn prepare(asked: &Path) -> Result<Self, FileError> {
        if asked == Path::new("-") {
            return Err(FileError::Output);
        }
        let refused = |reason| FileError::Refused { path: asked.to_owned(), reason };
        let place = place(asked)?;
        if let Place::File { path, folder } = &place {
            if path.exists() {
                OpenOptions::new().write(true).open(path).map_err(refused)?;
            }
            unfinished(folder).map_err(refused)?;
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refused(error)),
                _ => {}
            }
        }
        Ok(Self { asked: asked.to_owned(), place })
    }

    /// Whether both are the same file.
    pub fn is(&self, other: &Self) -> bool {
        self.asked == other.asked || (self.place == other.place && self.place != Place::Stream)
    }

    /// The path as it was asked for.
    pub fn path(&self) -> &Path {
        &self.asked
    }

    /// Writes the report: the file is there with all of it, or it is not there.
    ///
    /// # Errors
    /// The system refuses: the disk is full, or the folder went away since.
    pub fn write(self, text: &str) -> Result<(), FileError> {
        let written = match &self.place {
            Place::Stream => OpenOptions::new().write(true).open(&self.asked).and_then(|mut stream| {
                stream.write_all(text.as_bytes())?;
                stream.flush()
            }),
            Place::File { path, folder } => unfinished(folder).and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.as_file().sync_all()?;
                file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }),
        };
        written.map_err(|reason| FileError::Refused { path: self.asked, reason })
    }
}

/// A file that goes away by itself unless it becomes the report.
fn unfinished(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    // As any new file: what the user's mask leaves of it.
    tempfile::Builder::new().prefix(UNFINISHED).permissions(Permissions::from_mode(0o666)).tempfile_in(folder)
}

fn place(asked: &Path) -> Result<Place, FileError> {
    // `/dev/stdout` leads to a file where the output is redirected, and that file must stay the one that is there.
    if asked.starts_with("/dev") || asked.starts_with("/proc") {
        return Ok(Place::Stream);
    }
    match fs::metadata(asked) {
        Ok(there) if there.is_dir() => return Err(FileError::Folder(asked.to_owned())),
        Ok(there) if !there.is_file() => return Ok(Place::Stream),
        _ => {}
    }
    let no_folder = |folder: &Path| FileError::NoFolder { path: asked.to_owned(), folder: folder.to_owned() };
    // A link stays a link: what it leads to is written.
    let real = fs::canonicalize(asked).unwrap_or_else(|_| asked.to_owned());
    let (Some(name), Some(folder)) = (real.file_name(), real.parent()) else {
        return Err(FileError::Folder(asked.to_owned()));
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match fs::canonicalize(folder) {
        Ok(real) if real.is_dir() => Ok(Place::File { path: real.join(name), folder: real }),
        Ok(_) => Err(no_folder(folder)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err(no_folder(folder))
        }
        Err(reason) => Err(FileError::Refused { path: asked.to_owned(), reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_takes_the_place_of_an_earlier_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        fs::write(&path, "of an earlier run, and longer").unwrap();
        let file = ReportFile::prepare(&path).unwrap();
        assert!(!path.exists(), "an old report would be taken for this run's");
        file.write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_ne!(mode & 0o400, 0);
        assert_eq!(mode & 0o111, 0, "{mode:o}");
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.xml"), folder.path().join("link.xml"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let file = ReportFile::prepare(&link).unwrap();
        assert!(file.is(&ReportFile::prepare(&real).unwrap()));
        file.write("new").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn what_cannot_be_a_report_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| ReportFile::prepare(path).unwrap_err().to_string();
        assert!(said(Path::new("-")).contains("standard output"));
        assert!(said(folder.path()).ends_with("it is a folder, and a report is one file"));
        let nowhere = folder.path().join("nowhere/report.json");
        assert!(said(&nowhere).contains(nowhere.to_str().unwrap()), "{}", said(&nowhere));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(said(&folder.path().join("file/report.json")).contains("there is no folder"));
    }
}
