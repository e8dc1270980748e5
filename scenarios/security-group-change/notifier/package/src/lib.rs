//! Builds the notifier as it is deployed: a zip with one executable, `bootstrap`, for `provided.al2023` and `provided.al2`.
//!
//! ```text
//! cargo run -p notifier-package -- x86_64 arm64
//! ```
//!
//! writes `lib/alert-drill/security-group-change-notifier-{x86_64,arm64}.zip` into Cargo's target folder, where every
//! alert-drill of the same folder finds it. The way of a package: [`workspace`] knows the folders, [`toolchain`] brings zig and
//! sees that Rust has the target, [`compile`] builds the executable, [`executable`] reads what it needs of the machine that
//! it will run on, and [`archive`] makes the zip.
//!
//! # Whatever machine built it
//! zig is the C compiler and the linker. It has the symbols of every version of glibc, so that the executable is linked
//! against [`GLIBC`] whichever one the building machine has. [`executable::Executable::check`] reads the versions out of
//! the finished file.
//!
//! # The same bytes for the same source
//! zig and cargo-zigbuild are pinned, `Cargo.lock` pins the rest, the paths of the machine are mapped away, and the zip has a
//! fixed time. What remains is the Rust version. `--check` builds a second time from a copy in another folder, and compares.

pub mod archive;
pub mod compile;
pub mod executable;
pub mod toolchain;
pub mod workspace;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::executable::{Executable, Unfit};
use crate::workspace::Workspace;

/// The glibc that the executable is linked against: that of `provided.al2`, the older of the two runtimes. `provided.al2023`
/// has 2.34.
pub const GLIBC: (u16, u16) = (2, 26);

/// A package must stay below this, in bytes.
pub const LARGEST: usize = 5_000_000;

/// The instruction sets that Lambda has, by Lambda's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit x86.
    X86_64,
    /// 64-bit Arm.
    Arm64,
}

impl Architecture {
    /// Both.
    pub const ALL: [Self; 2] = [Self::X86_64, Self::Arm64];

    /// Lambda's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// Rust's name of the target.
    pub const fn target(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }

    /// The name of the package's file.
    pub fn file_name(self) -> String {
        format!("security-group-change-notifier-{self}.zip")
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Architecture {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|architecture| architecture.as_str() == name);
        known.ok_or_else(|| format!("{name} is no architecture of Lambda's: it has x86_64 and arm64"))
    }
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that has to be installed is not.
    #[error("{what} is missing: {reason}. {remedy}")]
    Missing {
        /// What.
        what: String,
        /// How that showed.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A program could not be started, or failed after it said why.
    #[error("{program} failed: {reason}")]
    Failed {
        /// The program.
        program: String,
        /// What happened.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The executable would not run there.
    #[error("the executable for {architecture} cannot be deployed: {unfit}")]
    Unfit {
        /// The architecture.
        architecture: Architecture,
        /// Why.
        unfit: Unfit,
    },
    /// The zip could not be written.
    #[error("cannot zip the executable: {0}")]
    Zip(String),
    /// The zip is too large.
    #[error("the package for {architecture} has {size} bytes; it must stay below {LARGEST}")]
    TooLarge {
        /// The architecture.
        architecture: Architecture,
        /// Its size in bytes.
        size: usize,
    },
    /// Two builds of one source differ.
    #[error("two builds of the same source differ: compare {} with {}", one.display(), other.display())]
    Differs {
        /// The package.
        one: PathBuf,
        /// The same, built in another folder.
        other: PathBuf,
    },
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// A package that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: usize,
    /// The newest glibc that its executable asks for; none where it is static.
    pub glibc: Option<(u16, u16)>,
}

/// Builds the package for one architecture from the sources of this workspace.
///
/// # Errors
/// What is missing on this machine, by name; what the compiler refused, after it said so on standard error; or that the
/// result cannot be deployed.
pub fn build(workspace: &Workspace, architecture: Architecture) -> Result<Package, Error> {
    toolchain::standard_library(architecture)?;
    let tools = toolchain::zig(&workspace.tools)?;
    let built = compile::compile(workspace, &tools, architecture)?;
    let bytes = std::fs::read(&built).map_err(Error::file(&built))?;
    let unfit = |unfit| Error::Unfit { architecture, unfit };
    let executable = Executable::read(&bytes).map_err(unfit)?;
    executable.check(architecture).map_err(unfit)?;
    let zip = archive::zip(&bytes)?;
    if zip.len() >= LARGEST {
        return Err(Error::TooLarge { architecture, size: zip.len() });
    }
    let path = workspace.packages().join(architecture.file_name());
    workspace::write(&path, &zip)?;
    Ok(Package { path, size: zip.len(), glibc: executable.glibc })
}

/// Builds the package again from a copy of the sources in another folder, and compares the bytes.
///
/// # Errors
/// As [`build`], and that the two differ.
pub fn check(workspace: &Workspace, package: &Package, architecture: Architecture) -> Result<(), Error> {
    let again = build(&workspace.copy()?, architecture)?;
    let read = |path: &PathBuf| std::fs::read(path).map_err(Error::file(path));
    if read(&package.path)? == read(&again.path)? {
        return Ok(());
    }
    Err(Error::Differs { one: package.path.clone(), other: again.path })
}
