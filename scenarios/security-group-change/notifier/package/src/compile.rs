//! Builds the executable with the profile `notifier`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{Workspace, cargo};
use crate::{Architecture, Error, GLIBC};

/// The profile in the workspace's `Cargo.toml`.
const PROFILE: &str = "notifier";
const CRATE: &str = "security-group-change-notifier";
const PROGRAM: &str = "notifier";

/// Variables that would change what comes out, beside Rust's own flags, which are overruled.
const FLAGS: [&str; 4] = ["CFLAGS", "CPPFLAGS", "TARGET_CFLAGS", "LDFLAGS"];

/// Builds the executable, and gives its path.
pub(crate) fn compile(workspace: &Workspace, tools: &Path, architecture: Architecture) -> Result<PathBuf, Error> {
    // The sources of the dependencies have to be there before their paths can be mapped away.
    let mut fetch = Command::new(cargo());
    fetch.args(["fetch", "--locked", "--target", architecture.target()]).current_dir(&workspace.root);
    run(&mut fetch, "cargo fetch")?;
    let (major, minor) = GLIBC;
    let mut zigbuild = Command::new(tools.join("cargo-zigbuild"));
    zigbuild
        .args(["zigbuild", "--locked", "--profile", PROFILE, "--package", CRATE, "--bin", PROGRAM])
        .arg("--target")
        .arg(format!("{}.{major}.{minor}", architecture.target()))
        .arg("--target-dir")
        .arg(&workspace.target)
        .current_dir(&workspace.root)
        .env("PATH", path_with(tools)?)
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(workspace)?.join("\x1f"));
    for name in FLAGS {
        zigbuild.env_remove(name);
    }
    run(&mut zigbuild, "cargo zigbuild")?;
    Ok(workspace.target.join(architecture.target()).join(PROFILE).join(PROGRAM))
}

/// Runs a program whose words go to standard error.
fn run(command: &mut Command, program: &str) -> Result<(), Error> {
    let failed = |reason: String| Error::Failed { program: program.to_owned(), reason };
    let status = command.stdout(std::io::stderr()).status().map_err(|error| failed(error.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed(status.to_string())) }
}

/// The tools first: cargo-zigbuild takes the zig that it finds.
fn path_with(tools: &Path) -> Result<OsString, Error> {
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(tools.to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(all).map_err(|error| Error::Failed { program: "PATH".to_owned(), reason: error.to_string() })
}

/// The flags that keep this machine's paths out of the executable: panic messages name the file that they come from.
fn remapped(workspace: &Workspace) -> Result<Vec<String>, Error> {
    let mut flags = Vec::new();
    // Of several that fit, rustc takes the last: the target folder is often inside of the sources'.
    for (path, name) in [(&workspace.root, "source"), (&workspace.target, "target")] {
        flags.push(format!("--remap-path-prefix={}={name}", path.display()));
    }
    // A folder for each registry; its name holds a hash of the registry's address, which a mirror has another of.
    let registries = cargo_home()?.join("registry/src");
    for registry in std::fs::read_dir(&registries).map_err(Error::file(&registries))? {
        let registry = registry.map_err(Error::file(&registries))?.path();
        flags.push(format!("--remap-path-prefix={}=crates", registry.display()));
    }
    Ok(flags)
}

/// Cargo's own folder, by the rule in *The Cargo Book*, "Cargo Home".
fn cargo_home() -> Result<PathBuf, Error> {
    if let Some(home) = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        return Ok(home.into());
    }
    std::env::home_dir().map(|home| home.join(".cargo")).ok_or_else(|| Error::Missing {
        what: "Cargo's folder".to_owned(),
        reason: "there is neither CARGO_HOME nor HOME".to_owned(),
        remedy: "Set CARGO_HOME".to_owned(),
    })
}
