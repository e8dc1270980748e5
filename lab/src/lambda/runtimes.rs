//! Which runtimes the lab knows, which of them it runs, and with what.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::package::Package;

mod python;

use python::ALERT_DRILL_PYTHON;

pub use python::{Python, PythonVersion};

/// Runtimes that AWS knows and the lab does not run (the enumeration `Runtime` of the service's API, 2026-11).
const NOT_RUN: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// Names a program that starts a managed runtime in its place.
pub(super) const EXEC_WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";

/// A runtime that the lab runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// `provided`: the package's `bootstrap`.
    Provided,
    /// `provided.al2`: the package's `bootstrap`.
    ProvidedAl2,
    /// `provided.al2023`: the package's `bootstrap`.
    ProvidedAl2023,
    /// `python3.9` to `python3.14`: the machine's Python.
    Python(PythonVersion),
}

/// Why a runtime cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuntimeError {
    /// AWS has it, the lab has not.
    #[error(
        "the lab does not run the runtime {0}: it runs provided, provided.al2, provided.al2023 and python3.9 to python3.14"
    )]
    NotRun(String),
    /// AWS has no such runtime.
    #[error(
        "Value {0} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [provided, provided.al2, provided.al2023, python3.9, python3.10, python3.11, python3.12, python3.13, python3.14] or be a valid ARN"
    )]
    Unknown(String),
    /// The function wants to be started by a program of its own.
    #[error(
        "the lab does not run the program that {EXEC_WRAPPER} names ({0}): remove the variable from the function's configuration"
    )]
    ExecWrapper(String),
    /// No usable Python on this machine.
    #[error(
        "the runtime {runtime} needs Python on the machine that runs the lab, and there is none: looked for {runtime} and python3 in PATH; install Python 3, put it into PATH, or let {ALERT_DRILL_PYTHON} name it"
    )]
    NoPython {
        /// The runtime, such as `python3.13`.
        runtime: String,
    },
    /// What the lab was told to use is none.
    #[error(
        "the runtime {runtime} needs Python 3, and {named}, which {ALERT_DRILL_PYTHON} names, is none that starts: correct the variable, or unset it for the {runtime} or python3 in PATH"
    )]
    NamedPython {
        /// The runtime, such as `python3.13`.
        runtime: String,
        /// What the variable names.
        named: String,
    },
}

impl RuntimeError {
    /// AWS's name of the error.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        "InvalidParameterValueException"
    }
}

impl FromStr for Runtime {
    type Err = RuntimeError;

    fn from_str(id: &str) -> Result<Self, Self::Err> {
        match id {
            "provided" => Ok(Self::Provided),
            "provided.al2" => Ok(Self::ProvidedAl2),
            "provided.al2023" => Ok(Self::ProvidedAl2023),
            id if NOT_RUN.contains(&id) => Err(RuntimeError::NotRun(id.to_owned())),
            id => {
                PythonVersion::from_runtime_id(id).map(Self::Python).ok_or_else(|| RuntimeError::Unknown(id.to_owned()))
            }
        }
    }
}

impl std::fmt::Display for Runtime {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Provided => formatter.write_str("provided"),
            Self::ProvidedAl2 => formatter.write_str("provided.al2"),
            Self::ProvidedAl2023 => formatter.write_str("provided.al2023"),
            Self::Python(version) => write!(formatter, "{version}"),
        }
    }
}

impl Runtime {
    /// `AWS_EXECUTION_ENV`, which only managed runtimes have.
    pub(super) fn execution_environment(self) -> Option<String> {
        matches!(self, Self::Python(_)).then(|| format!("AWS_Lambda_{self}"))
    }

    /// The runtime version as `INIT_START` prints it, such as `python:3.13.v0`; the lab's version is always 0.
    pub(super) fn version_label(self) -> String {
        let id = self.to_string();
        let label = match self {
            Self::Provided => id,
            Self::ProvidedAl2 | Self::ProvidedAl2023 => id.replacen('.', ":", 1),
            Self::Python(_) => id.replacen("python", "python:", 1),
        };
        format!("{label}.v0")
    }
}

/// How to start a function's process.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// A line for the log, of what AWS need not say: which program of this machine it is.
    pub(super) remark: Option<String>,
}

/// Why a process cannot be started.
pub(super) enum LaunchError {
    /// AWS's `Runtime.InvalidEntrypoint`, with its message.
    InvalidEntrypoint(String),
    /// The machine lacks what the runtime needs.
    Runtime(RuntimeError),
}

impl Launch {
    /// Finds what to run. May start an interpreter to ask for its version, once per runtime; so it blocks.
    pub(super) fn find(runtime: Runtime, package: &Package, runtime_directory: &Path) -> Result<Self, LaunchError> {
        match runtime {
            Runtime::Provided | Runtime::ProvidedAl2 | Runtime::ProvidedAl2023 => {
                let program = package.bootstrap().map_err(LaunchError::InvalidEntrypoint)?;
                Ok(Self { program, arguments: Vec::new(), remark: None })
            }
            Runtime::Python(version) => {
                let python = version.find().map_err(LaunchError::Runtime)?;
                // AWS's locale is UTF-8; this machine may not have it.
                let options = ["-s", "-X", "utf8"].map(OsString::from);
                let bootstrap = runtime_directory.join(python::BOOTSTRAP_NAME).into_os_string();
                let arguments = options.into_iter().chain([bootstrap]).collect();
                let remark = Some(python.remark(version));
                Ok(Self { program: python.path, arguments, remark })
            }
        }
    }
}

/// Writes what the runtimes need into the directory that is `LAMBDA_RUNTIME_DIR`.
pub(super) fn install(runtime_directory: &Path) -> std::io::Result<()> {
    python::FILES.iter().try_for_each(|(name, text)| std::fs::write(runtime_directory.join(name), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_of_aws_is_run_or_refused_by_name() {
        for id in ["provided", "provided.al2", "provided.al2023", "python3.9", "python3.13", "python3.14"] {
            assert_eq!(id.parse::<Runtime>().unwrap().to_string(), id);
        }
        for id in ["nodejs22.x", "java21", "python3.8"] {
            let error = id.parse::<Runtime>().unwrap_err();
            assert_eq!(error, RuntimeError::NotRun(id.to_owned()));
            assert!(error.to_string().contains(id));
        }
        for id in ["python3.99", "python3", "perl5", ""] {
            assert_eq!(id.parse::<Runtime>().unwrap_err(), RuntimeError::Unknown(id.to_owned()));
        }
    }

    #[test]
    fn the_version_label_is_written_as_in_init_start() {
        let label = |id: &str| id.parse::<Runtime>().unwrap().version_label();
        assert_eq!(label("provided.al2023"), "provided:al2023.v0");
        assert_eq!(label("python3.13"), "python:3.13.v0");
    }
}
