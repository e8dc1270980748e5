//! The managed Python runtimes, on the machine's own Python.
//!
//! A function finds the modules of its package, the standard library, and the AWS SDK if the machine has it (AWS's
//! image does); nothing else that is installed on the machine, because it would be missing in AWS.
//!
//! # Which Python
//!
//! The one that [`ALERT_DRILL_PYTHON`] names in the lab's own environment, for every runtime; otherwise `python3.X` in
//! PATH for the runtime `python3.X`, and otherwise `python3`. So the machine's version may differ from the runtime's.
//! Which one runs is a line of each log stream, after `INIT_START`, which stays as AWS writes it:
//!
//! ```text
//! LAB    Runtime: python3.13    Python: 3.11.7    Path: /usr/bin/python3.11
//! ```
//!
//! An error that this machine may have caused and AWS would not (no boto3, a syntax that is too new, a file in
//! `/var/task`) stays as AWS's runtime words it; a line `LAB` in the log and the detail of the delivery say what differs.
//! Traces name the package's files as `/var/task/…`, where AWS has them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::RuntimeError;

/// The runtime client that runs the handler; our own, on the standard library alone. Tracebacks leave frames of this
/// file out.
pub(super) const BOOTSTRAP_NAME: &str = "bootstrap.py";
/// The files that `LAMBDA_RUNTIME_DIR` holds.
pub(super) const FILES: &[(&str, &str)] =
    &[(BOOTSTRAP_NAME, include_str!("bootstrap.py")), ("alert_drill_note.py", include_str!("alert_drill_note.py"))];

/// The variable of the lab's environment that names the Python of every function: a name in PATH or a path, such as
/// that of a virtual environment which has boto3.
pub(super) const ALERT_DRILL_PYTHON: &str = "ALERT_DRILL_PYTHON";

/// Prints the interpreter's version and its real path: what is found in PATH may be a wrapper that does not work
/// in the function's bare environment.
const PROBE: &str = "import sys; print('%d.%d.%d %s' % (sys.version_info[:3] + (sys.executable,)))";

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

    /// The machine's Python for this runtime: the one that `ALERT_DRILL_PYTHON` names, else `python3.X`, else `python3`,
    /// from PATH. The first call for a version starts it to ask what it is, and blocks; the process keeps the answer.
    ///
    /// # Errors
    /// [`RuntimeError::NoPython`] when there is none, [`RuntimeError::NamedPython`] when the named one does not start.
    pub fn find(self) -> Result<Python, RuntimeError> {
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        found.entry(self).or_insert_with(|| self.search(std::env::var_os(ALERT_DRILL_PYTHON))).clone()
    }

    fn search(self, named: Option<OsString>) -> Result<Python, RuntimeError> {
        let runtime = self.to_string();
        match named.filter(|named| !named.is_empty()) {
            Some(named) => {
                let none = || RuntimeError::NamedPython { runtime, named: named.to_string_lossy().into_owned() };
                probe(&named).ok_or_else(none)
            }
            None => [self.runtime_id(), "python3"]
                .into_iter()
                .find_map(|name| probe(name.as_ref()))
                .ok_or(RuntimeError::NoPython { runtime }),
        }
    }

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
    /// Its version, such as `3.13.1`. It differs from the runtime's when the machine has only another Python 3.
    pub version: String,
}

impl Python {
    /// The line of the log that says what runs a runtime.
    pub(super) fn remark(&self, runtime: PythonVersion) -> String {
        format!("LAB\tRuntime: {runtime}\tPython: {}\tPath: {}", self.version, self.path.display())
    }
}

/// The interpreters of this machine, asked once each: every lab of a process finds the same.
static FOUND: Mutex<BTreeMap<PythonVersion, Result<Python, RuntimeError>>> = Mutex::new(BTreeMap::new());

/// Runs `name` and asks what it is. A wrapper that fails, and Python 2, are as good as none.
fn probe(name: &OsStr) -> Option<Python> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_python_3_is_as_good_as_none() {
        assert_eq!(probe("no-such-python".as_ref()), None);
        assert_eq!(probe("/bin/sh".as_ref()), None);
        let error = RuntimeError::NoPython { runtime: PythonVersion::V3_13.to_string() };
        assert!(error.to_string().starts_with("the runtime python3.13 needs Python"), "{error}");
    }

    #[test]
    fn a_python_that_is_named_is_used_or_refused_but_never_replaced() {
        let error = PythonVersion::V3_13.search(Some("/no/such/python".into())).unwrap_err();
        assert_eq!(error, RuntimeError::NamedPython { runtime: "python3.13".into(), named: "/no/such/python".into() });
        assert!(error.to_string().contains("/no/such/python, which ALERT_DRILL_PYTHON names"), "{error}");
        let Ok(python) = PythonVersion::V3_13.search(Some(OsString::new())) else {
            return eprintln!("not tested: this machine has no Python");
        };
        assert_eq!(PythonVersion::V3_9.search(Some(python.path.clone().into())), Ok(python));
    }

    #[test]
    fn the_exact_version_comes_first() {
        for version in PythonVersion::ALL {
            let Some(exact) = probe(version.runtime_id().as_ref()) else {
                eprintln!("not tested: this machine has no {version}");
                continue;
            };
            let found = version.search(None).unwrap();
            assert_eq!(found, exact);
            assert!(format!("python{}", found.version).starts_with(&format!("{version}.")), "{found:?}");
            let remark = found.remark(version);
            assert!(remark.starts_with(&format!("LAB\tRuntime: {version}\tPython: ")), "{remark}");
        }
    }
}
