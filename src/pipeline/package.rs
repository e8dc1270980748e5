//! The function's package: the scenario's own notifier, or what the scenario names.
//!
//! `cargo run` builds one binary alone. The notifier is a library too, and the harness's binary can play its part: on a
//! target of this machine the package holds a `bootstrap` of two lines that enters this very executable again (see
//! [`enter_if_asked`](crate::enter_if_asked)). A target that runs functions elsewhere, in containers or in AWS, gets the small
//! binary, which the package `notifier-package` builds for each architecture (see [`deployable`]).

mod deployable;

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::scenario::{Architecture, Scenario};

/// The variable that makes an executable with [`enter_if_asked`](crate::enter_if_asked) play the notifier.
pub(crate) const ENTER_VARIABLE: &str = "ALERT_DRILL_ENTER";

/// The name of the test that [`notifier!`](crate::notifier) adds to a test binary.
pub(crate) const ENTRY_TEST: &str = "alert_drill_notifier";

/// The package name of the scenario's own notifier, by which its folder is known.
const SHIPPED_CRATE: &str = "security-group-change-notifier";

/// What the function's package is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notifier {
    /// What the scenario names: its own notifier, played by this executable where functions run on this machine and
    /// deployed from the zip that is installed beside it elsewhere; or a package of the user's.
    OfScenario,
    /// A file: a zip, or an executable that becomes the package's `bootstrap`.
    File(PathBuf),
}

/// The function's package could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file cannot be read.
    #[error("cannot read the function's package {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The zip could not be written.
    #[error("cannot zip the function's package: {0}")]
    Zip(String),
    /// The scenario names a Rust package that has to be built first.
    #[error(
        "{} is a Rust package, and alert-drill does not build it: build it, and name its zip or its executable in \
         `package` or with --notifier", path.display()
    )]
    NotBuilt {
        /// The folder.
        path: PathBuf,
    },
    /// This executable cannot play the notifier.
    #[error(
        "there is no notifier: {} cannot play it. In a test, add `alert_drill::notifier!();` to the test's file; in a \
         program, call `alert_drill::enter_if_asked()` first in `main`; or name an executable in ALERT_DRILL_NOTIFIER",
        executable.display()
    )]
    NoNotifier {
        /// This executable.
        executable: PathBuf,
    },
    /// The target runs functions elsewhere, and what is deployed there is not installed here.
    #[error(
        "the target runs functions itself, where this executable is not, and the notifier for {architecture} is not installed \
         here: there is neither {}. Build it with `cargo run -p notifier-package -- {architecture}` in the sources of \
         alert-drill, or name a package with --notifier",
        listed(looked_at)
    )]
    NoDeployable {
        /// The function's architecture.
        architecture: Architecture,
        /// Where it was looked for.
        looked_at: Vec<PathBuf>,
    },
    /// The package's executable cannot run on the function's processors.
    #[error(
        "the package's bootstrap is built for {built}, and the function's `architecture` is {wanted}: change the one or the \
         other"
    )]
    OtherArchitecture {
        /// What it is built for.
        built: Architecture,
        /// What the scenario says.
        wanted: Architecture,
    },
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" nor ")
}

impl Notifier {
    /// The zip for a function that runs on this machine.
    pub(super) fn package(&self, scenario: &Scenario) -> Result<Vec<u8>, PackageError> {
        self.zip_or(scenario, own)
    }

    /// The zip for a function that runs elsewhere, on processors of the function's architecture.
    pub(super) fn deployable(&self, scenario: &Scenario) -> Result<Vec<u8>, PackageError> {
        let function = &scenario.pipeline.function;
        let zip = self.zip_or(scenario, || deployable::installed(function.architecture))?;
        deployable::runs_on(&zip, function)?;
        Ok(zip)
    }

    /// The zip; `shipped` makes it where it is the scenario's own notifier.
    fn zip_or(
        &self,
        scenario: &Scenario,
        shipped: impl FnOnce() -> Result<Vec<u8>, PackageError>,
    ) -> Result<Vec<u8>, PackageError> {
        match self {
            Self::File(path) => of_file(path),
            Self::OfScenario => match scenario.folder.as_ref() {
                None => shipped(),
                Some(folder) => of_path(&folder.join(scenario.pipeline.function.package.as_str()), shipped),
            },
        }
    }
}

/// The package that a scenario names: a folder, a zip, or an executable.
fn of_path(path: &Path, shipped: impl FnOnce() -> Result<Vec<u8>, PackageError>) -> Result<Vec<u8>, PackageError> {
    if !path.is_dir() {
        return of_file(path);
    }
    match std::fs::read_to_string(path.join("Cargo.toml")) {
        Ok(manifest) if manifest.contains(&format!("name = \"{SHIPPED_CRATE}\"")) => shipped(),
        Ok(_) => Err(PackageError::NotBuilt { path: path.to_owned() }),
        Err(_) => of_folder(path),
    }
}

fn of_file(path: &Path) -> Result<Vec<u8>, PackageError> {
    let bytes = read(path)?;
    if bytes.starts_with(b"PK") || path.extension().is_some_and(|ending| ending == "zip") {
        // Not looked into: a broken zip is Lambda's to refuse, as it refuses it in AWS.
        return Ok(bytes);
    }
    zip([("bootstrap".to_owned(), bytes, true)])
}

/// Everything in a folder, with its paths below the folder.
fn of_folder(folder: &Path) -> Result<Vec<u8>, PackageError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let unreadable = |source| PackageError::Unreadable { path: current.clone(), source };
        for entry in std::fs::read_dir(&current).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            let executable = is_executable(&path);
            files.push((name, read(&path)?, executable));
        }
    }
    // The same bytes for the same files, in whichever order the system lists them.
    files.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    zip(files)
}

fn read(path: &Path) -> Result<Vec<u8>, PackageError> {
    std::fs::read(path).map_err(|source| PackageError::Unreadable { path: path.to_owned(), source })
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// A zip of these files: name, content, whether it is executable.
pub(crate) fn zip(files: impl IntoIterator<Item = (String, Vec<u8>, bool)>) -> Result<Vec<u8>, PackageError> {
    let failed = |error: &dyn std::fmt::Display| PackageError::Zip(error.to_string());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, executable) in files {
        // A fixed time: the same files make the same package.
        let options = SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(if executable { 0o755 } else { 0o644 });
        writer.start_file(name, options).map_err(|error| failed(&error))?;
        writer.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    Ok(writer.finish().map_err(|error| failed(&error))?.into_inner())
}

/// A package whose `bootstrap` enters this executable again as the notifier.
fn own() -> Result<Vec<u8>, PackageError> {
    let executable = std::env::current_exe()
        .map_err(|source| PackageError::Unreadable { path: PathBuf::from("this executable"), source })?;
    let arguments = if crate::entry::is_open() {
        ""
    } else if has_entry_test(&executable) {
        " --nocapture --test-threads=1 alert_drill_notifier"
    } else {
        return Err(PackageError::NoNotifier { executable });
    };
    let quoted = executable.to_string_lossy().replace('\'', r"'\''");
    let bootstrap = format!("#!/bin/sh\n{ENTER_VARIABLE}=notifier exec '{quoted}'{arguments}\n");
    zip([("bootstrap".to_owned(), bootstrap.into_bytes(), true)])
}

/// Whether this is a test binary in which [`notifier!`](crate::notifier) was written. Only what Cargo built as a test or
/// a bench is asked: any other program would simply run once more.
fn has_entry_test(executable: &Path) -> bool {
    let is_cargo_test = executable.parent().and_then(Path::file_name).is_some_and(|folder| folder == "deps");
    is_cargo_test
        && Command::new(executable)
            .args(["--list", "--format", "terse", ENTRY_TEST])
            .output()
            .is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains(&format!("{ENTRY_TEST}: test")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_package() {
        let folder = std::env::temp_dir().join(format!("alert-drill-package-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        std::fs::write(folder.join("lambda_function.py"), "def lambda_handler(event, context): pass").unwrap();
        std::fs::write(folder.join("inner/module.py"), "").unwrap();
        let (one, other) = (of_folder(&folder).unwrap(), of_folder(&folder).unwrap());
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(one, other);
        let mut archive = zip::ZipArchive::new(Cursor::new(one)).unwrap();
        let names: Vec<_> = (0..archive.len()).map(|i| archive.by_index(i).unwrap().name().to_owned()).collect();
        assert_eq!(names, ["inner/module.py", "lambda_function.py"]);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = of_file(Path::new("/nowhere/notifier")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read the function's package /nowhere/notifier: "), "{error}");
    }
}
