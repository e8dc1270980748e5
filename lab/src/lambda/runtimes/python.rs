//! The managed Python runtimes, on the machine's own Python.
//!
//! A function finds the modules of its package, the standard library, and the AWS SDK if the machine has it (AWS's
//! image does); nothing else that is installed on the machine, because it would be missing in AWS.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::RuntimeError;

/// The runtime client that runs the handler; our own, on the standard library alone.
pub(super) const BOOTSTRAP: &str = include_str!("bootstrap.py");
/// Its file name. Tracebacks leave frames of this file out.
pub(super) const BOOTSTRAP_NAME: &str = "bootstrap.py";

/// Prints the interpreter's version and its real path: what is found in PATH may be a wrapper that does not work
/// in the function's bare environment.
const PROBE: &str = "import sys; print('%d.%d %s' % (sys.version_info[0], sys.version_info[1], sys.executable))";

/// A Python of AWS, `python3.9` to `python3.14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PythonVersion {
    /// `python3.9`
    V3_9,
    /// `python3.10`
    V3_10,
    /// `python3.11`
    V3_11,
    /// `python3.12`
    V3_12,
    /// `python3.13`
    V3_13,
    /// `python3.14`
    V3_14,
}

impl PythonVersion {
    const ALL: [Self; 6] = [Self::V3_9, Self::V3_10, Self::V3_11, Self::V3_12, Self::V3_13, Self::V3_14];

    pub(super) fn from_runtime_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.runtime_id() == id)
    }

    fn runtime_id(self) -> &'static str {
        match self {
            Self::V3_9 => "python3.9",
            Self::V3_10 => "python3.10",
            Self::V3_11 => "python3.11",
            Self::V3_12 => "python3.12",
            Self::V3_13 => "python3.13",
            Self::V3_14 => "python3.14",
        }
    }
}

impl std::fmt::Display for PythonVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.runtime_id())
    }
}

/// A Python of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// The interpreter.
    pub path: PathBuf,
    /// Its version, such as `3.13`. It differs from the runtime's when the machine has only another Python 3.
    pub version: String,
}

/// The interpreters of this machine, asked once each.
#[derive(Debug, Default)]
pub(crate) struct Interpreters {
    found: Mutex<BTreeMap<PythonVersion, Option<Python>>>,
}

impl Interpreters {
    /// The interpreter for a runtime: `python3.X`, else `python3`. The first call for a runtime starts it; it blocks.
    pub(crate) fn find(&self, version: PythonVersion) -> Result<Python, RuntimeError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let python =
            found.entry(version).or_insert_with(|| [version.runtime_id(), "python3"].into_iter().find_map(probe));
        python.clone().ok_or_else(|| RuntimeError::NoPython { runtime: version.to_string() })
    }
}

/// Runs `name` and asks what it is. A wrapper that fails, and Python 2, are as good as none.
fn probe(name: &str) -> Option<Python> {
    let output =
        Command::new(name).args(["-I", "-c", PROBE]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    let (version, path) = text.trim_end().split_once(' ')?;
    (version.starts_with("3.") && !path.is_empty())
        .then(|| Python { path: PathBuf::from(path), version: version.to_owned() })
}
