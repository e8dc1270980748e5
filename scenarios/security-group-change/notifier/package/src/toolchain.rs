//! What the build needs beside Cargo: Rust's standard library for the target, and zig.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::{Architecture, Error};

/// The packages of PyPI that bring zig, pinned: another version may make other bytes.
pub const TOOLS: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];

/// Sees that Rust has its standard library for the target.
pub(crate) fn standard_library(architecture: Architecture) -> Result<(), Error> {
    let target = architecture.target();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let asked = output(rustc.args(["--print", "target-libdir", "--target", target]), "rustc")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
    let is_there = std::fs::read_dir(&folder).is_ok_and(|mut files| {
        files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd")))
    });
    if is_there {
        return Ok(());
    }
    Err(Error::Missing {
        what: format!("Rust's standard library for {target} ({architecture})"),
        reason: format!("it is not in {}", folder.display()),
        remedy: format!("Install it: `rustup target add {target}`"),
    })
}

/// The folder with zig's and cargo-zigbuild's programs, installed there if they are not yet.
pub(crate) fn zig(tools: &Path) -> Result<PathBuf, Error> {
    let missing = |what: &str, reason: String, remedy: &str| Error::Missing {
        what: what.to_owned(),
        reason,
        remedy: remedy.to_owned(),
    };
    let programs = tools.join("bin");
    let installed = tools.join("installed");
    if std::fs::read_to_string(&installed).is_ok_and(|list| list == TOOLS.join("\n")) {
        return Ok(programs);
    }
    let mut python = Command::new("python3");
    let made = python.args(["-m", "venv", "--clear"]).arg(tools).output();
    let made = made.map_err(|error| missing("python3", error.to_string(), "Install Python 3, from which zig comes"))?;
    if !made.status.success() {
        // Debian's says on standard output that a package is missing.
        return Err(missing(
            "a virtual environment of Python",
            said(&made),
            "Install Python's venv module (Debian: python3-venv)",
        ));
    }
    let mut pip = Command::new(programs.join("python3"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(TOOLS);
    let got = output(&mut pip, "pip")?;
    if !got.status.success() {
        return Err(missing(&TOOLS.join(" and "), said(&got), "PyPI has to be reachable, once"));
    }
    crate::workspace::write(&installed, TOOLS.join("\n").as_bytes())?;
    Ok(programs)
}

fn output(command: &mut Command, program: &str) -> Result<Output, Error> {
    command.output().map_err(|error| Error::Failed { program: program.to_owned(), reason: error.to_string() })
}

/// What a program said, in one line.
fn said(output: &Output) -> String {
    let text = [&output.stdout[..], b" ", &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}
