//! The folders: the sources, Cargo's target folder, and what is kept in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Error;

/// The sources, and where what is built of them goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The folder of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// Where zig is installed.
    pub tools: PathBuf,
}

impl Workspace {
    /// The workspace around the current folder, as Cargo sees it.
    ///
    /// # Errors
    /// Cargo's.
    pub fn find() -> Result<Self, Error> {
        let failed = |reason: String| Error::Failed { program: "cargo metadata".to_owned(), reason };
        let asked = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .output()
            .map_err(|error| failed(error.to_string()))?;
        let answer: Value = serde_json::from_slice(&asked.stdout)
            .map_err(|_| failed(String::from_utf8_lossy(&asked.stderr).trim().to_owned()))?;
        let folder = |key: &str| {
            answer[key].as_str().map(PathBuf::from).ok_or_else(|| failed(format!("its answer has no {key}")))
        };
        let target = folder("target_directory")?;
        Ok(Self { root: folder("workspace_root")?, tools: target.join("notifier-tools"), target })
    }

    /// Where the packages are put: `../lib/alert-drill` of every program that Cargo builds here.
    pub fn packages(&self) -> PathBuf {
        self.target.join("lib/alert-drill")
    }

    /// A copy of the sources in another folder, which has a target folder of its own and shares the tools. A copy that an
    /// earlier check left is replaced; what it built is kept.
    pub(crate) fn copy(&self) -> Result<Self, Error> {
        let check = self.target.join("notifier-check");
        let root = check.join("sources");
        if root.exists() {
            std::fs::remove_dir_all(&root).map_err(Error::file(&root))?;
        }
        copy_folder(&self.root, &root, &self.target)?;
        Ok(Self { root, target: check.join("built"), tools: self.tools.clone() })
    }
}

/// Cargo itself, where this is one of its programs.
pub(crate) fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Writes a file, and the folder that it is in.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    std::fs::write(path, bytes).map_err(Error::file(path))
}

/// Copies the sources without what Git and Cargo keep among them.
fn copy_folder(from: &Path, to: &Path, target: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(to).map_err(Error::file(to))?;
    for entry in std::fs::read_dir(from).map_err(Error::file(from))? {
        let entry = entry.map_err(Error::file(from))?;
        let (path, name) = (entry.path(), entry.file_name());
        if name == ".git" || name == "target" || path == target {
            continue;
        }
        let kind = entry.file_type().map_err(Error::file(&path))?;
        if kind.is_dir() {
            copy_folder(&path, &to.join(name), target)?;
        } else if kind.is_file() {
            std::fs::copy(&path, to.join(name)).map_err(Error::file(&path))?;
        }
    }
    Ok(())
}
