//! Where a scenario and the files beside it are read from.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::decode::{self, Decoded, decode};
use super::matrix::Matrix;
use super::mistake::{InvalidScenario, Mistake, Place, Sources};
use super::names::ScenarioPath;

/// The largest file that is read, in bytes.
pub(super) const MOST_BYTES: u64 = 1_000_000;

/// The file that makes a folder a scenario.
const SCENARIO_FILE: &str = "scenario.yaml";

pub(super) const SHIPPED_NAME: &str = "security-group-change/scenario.yaml";
pub(super) const SHIPPED_TEXT: &str = include_str!("../../scenarios/security-group-change/scenario.yaml");

/// The files that a scenario refers to.
pub trait ScenarioFiles {
    /// The text of a file.
    ///
    /// # Errors
    /// `NotFound`, `InvalidData` (not UTF-8), `FileTooLarge` (over 1 MB), or what the file system says.
    fn read(&self, path: &ScenarioPath) -> io::Result<String>;

    /// Whether there is a folder of that name.
    fn has_folder(&self, path: &ScenarioPath) -> bool;

    /// The file's name in messages.
    fn display(&self, path: &ScenarioPath) -> String;

    /// The folder they are in, if they are in one.
    fn folder(&self) -> Option<&Path>;
}

/// The files of the scenario that is part of the binary.
#[derive(Clone, Copy, Debug)]
pub struct Shipped;

impl ScenarioFiles for Shipped {
    fn read(&self, path: &ScenarioPath) -> io::Result<String> {
        match path.as_str() {
            "event-pattern.json" => {
                Ok(include_str!("../../scenarios/security-group-change/event-pattern.json").to_owned())
            }
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    fn has_folder(&self, path: &ScenarioPath) -> bool {
        path.as_str() == "notifier"
    }

    fn display(&self, path: &ScenarioPath) -> String {
        format!("security-group-change/{path}")
    }

    fn folder(&self) -> Option<&Path> {
        None
    }
}

/// The files in a folder.
#[derive(Clone, Debug)]
pub struct Beside {
    folder: PathBuf,
}

impl Beside {
    /// The files in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

impl ScenarioFiles for Beside {
    fn read(&self, path: &ScenarioPath) -> io::Result<String> {
        String::from_utf8(read_limited(&self.folder.join(path.as_str()))?)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }

    fn has_folder(&self, path: &ScenarioPath) -> bool {
        self.folder.join(path.as_str()).is_dir()
    }

    fn display(&self, path: &ScenarioPath) -> String {
        self.folder.join(path.as_str()).display().to_string()
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }
}

/// Never more than the limit is read, whatever the file's size is said to be (a pipe has none).
fn read_limited(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES { Err(ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

pub(super) fn load(path: &Path) -> Result<(Decoded, Sources), InvalidScenario> {
    let file = if path.is_dir() { path.join(SCENARIO_FILE) } else { path.to_owned() };
    let name = file.display().to_string();
    let bytes = read_limited(&file).map_err(|error| unreadable(&name, path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&name, &error))?;
    parse(&name, &text, &Beside::new(folder_of(&file)))
}

/// Reads a matrix.
pub(super) fn load_matrix(path: &Path) -> Result<Matrix, InvalidScenario> {
    let name = path.display().to_string();
    let bytes = read_limited(path).map_err(|error| {
        let message = match error.kind() {
            ErrorKind::FileTooLarge => format!("it is larger than {MOST_BYTES} bytes, which no matrix is"),
            ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => format!("it cannot be read: {error}"),
        };
        whole_file(&name, message, None)
    })?;
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&name, &error))?;
    decode::matrix(&name, &text).map_err(|(mistakes, sources)| InvalidScenario::new(&name, mistakes, sources))
}

/// The folder of a file; `.` for a bare name, whose parent would be an empty path that no process can be started in.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn parse(name: &str, text: &str, files: &dyn ScenarioFiles) -> Result<(Decoded, Sources), InvalidScenario> {
    if text.len() as u64 > MOST_BYTES {
        return Err(whole_file(name, too_large(), None));
    }
    decode(name, text, files).map_err(|(mistakes, sources)| InvalidScenario::new(name, mistakes, sources))
}

fn too_large() -> String {
    format!("it is larger than {MOST_BYTES} bytes, which no scenario is")
}

fn whole_file(name: &str, message: String, hint: Option<String>) -> InvalidScenario {
    InvalidScenario::new(name, vec![Mistake { file: name.to_owned(), place: None, message, hint }], Sources::new())
}

fn unreadable(name: &str, given: &Path, error: &io::Error) -> InvalidScenario {
    let (message, hint) = match error.kind() {
        ErrorKind::FileTooLarge => (too_large(), None),
        ErrorKind::NotFound if given.is_dir() => (
            "there is no such file in the folder".to_owned(),
            Some(format!("a scenario's folder has a `{SCENARIO_FILE}`; name the file if it is called otherwise")),
        ),
        ErrorKind::NotFound => (
            "there is no such file or folder".to_owned(),
            Some("name a scenario's folder, or its YAML file".to_owned()),
        ),
        ErrorKind::PermissionDenied => ("it may not be read".to_owned(), Some("see its permissions".to_owned())),
        _ => (format!("it cannot be read: {error}"), None),
    };
    whole_file(name, message, hint)
}

/// The place of the first byte that is not UTF-8, in the text before it.
fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> InvalidScenario {
    let valid = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let mistake = Mistake {
        file: name.to_owned(),
        place: Some(Place::of(&text, valid..valid)),
        message: "this is not UTF-8 text".to_owned(),
        hint: Some("save the file as UTF-8 (Korean Windows editors often save CP949)".to_owned()),
    };
    InvalidScenario::new(name, vec![mistake], Sources::from([(name.to_owned(), text)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_file_name_is_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("scenario.yaml")), Path::new("."));
        assert_eq!(folder_of(Path::new("mine/scenario.yaml")), Path::new("mine"));
    }
}
