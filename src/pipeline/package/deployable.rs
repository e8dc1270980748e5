//! The scenario's own notifier as it is deployed: a zip for one architecture, built beforehand and installed beside the
//! harness.

use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::{PackageError, read};
use crate::scenario::{Architecture, Function};

/// How the file is named: the notifier's crate, and the architecture as Lambda names it.
fn file_name(architecture: Architecture) -> String {
    format!("{}-{architecture}.zip", super::SHIPPED_CRATE)
}

/// The zip that was installed beside this executable.
pub(super) fn installed(architecture: Architecture) -> Result<Vec<u8>, PackageError> {
    let executable = std::env::current_exe()
        .map_err(|source| PackageError::Unreadable { path: PathBuf::from("this executable"), source })?;
    read(&beside(&executable, architecture)?)
}

/// Where the zip is, for an executable at this path: beside it, or in `../lib/alert-drill`.
fn beside(executable: &Path, architecture: Architecture) -> Result<PathBuf, PackageError> {
    let folder = executable.parent().unwrap_or(Path::new("."));
    // Cargo puts a test binary one folder below the program.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    let library = folder.parent().unwrap_or(folder).join("lib/alert-drill");
    let name = file_name(architecture);
    let candidates = [folder.join(&name), library.join(&name)];
    match candidates.iter().find(|path| path.is_file()) {
        Some(found) => Ok(found.clone()),
        None => Err(PackageError::NoDeployable { architecture, looked_at: candidates.to_vec() }),
    }
}

/// Refuses a package whose executable is for another architecture than the function's: Lambda would take it, and fail each
/// invocation with an `exec format error`.
pub(super) fn runs_on(zip: &[u8], function: &Function) -> Result<(), PackageError> {
    let wanted = function.architecture;
    match architecture_of(zip) {
        Some(built) if built != wanted && function.runtime.is_provided() => {
            Err(PackageError::OtherArchitecture { built, wanted })
        }
        _ => Ok(()),
    }
}

/// What the package's `bootstrap` is built for; none where it is a script, or for a machine that Lambda has not. The rest of
/// a package is not looked into: a broken zip is Lambda's to refuse.
fn architecture_of(zip: &[u8]) -> Option<Architecture> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).ok()?;
    let mut head = [0; 20];
    archive.by_name("bootstrap").ok()?.read_exact(&mut head).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    // `e_machine`, little-endian on both (System V ABI, "ELF Header").
    match u16::from_le_bytes([head[18], head[19]]) {
        62 => Some(Architecture::X86_64),
        183 => Some(Architecture::Arm64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    /// A folder of this test's own, which is gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("alert-drill-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn file(&self, path: &str) -> PathBuf {
            let path = self.0.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_zip_is_found_beside_the_executable_and_in_the_library_folder() {
        let folder = Folder::new("deployable");
        let executable = folder.0.join("bin/alert-drill");
        let test = folder.0.join("bin/deps/suite-0123");
        let error = beside(&executable, Architecture::Arm64).unwrap_err().to_string();
        for said in [
            "security-group-change-notifier-arm64.zip",
            "bin/security",
            "lib/alert-drill",
            "cargo run -p notifier-package -- arm64",
            "--notifier",
        ] {
            assert!(error.contains(said), "{said} is not in: {error}");
        }
        let library = folder.file("lib/alert-drill/security-group-change-notifier-arm64.zip");
        assert_eq!(beside(&executable, Architecture::Arm64).unwrap(), library);
        assert_eq!(beside(&test, Architecture::Arm64).unwrap(), library);
        // The other architecture's is no answer.
        assert!(beside(&executable, Architecture::X86_64).is_err());
        let nearer = folder.file("bin/security-group-change-notifier-arm64.zip");
        assert_eq!(beside(&executable, Architecture::Arm64).unwrap(), nearer);
    }

    #[test]
    fn a_package_for_another_architecture_is_refused_by_name() {
        let elf = |machine: u8| {
            let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
            bytes.resize(18, 0);
            bytes.extend([machine, 0]);
            super::super::zip([("bootstrap".to_owned(), bytes, true)]).unwrap()
        };
        let mut function = Scenario::built_in().unwrap().pipeline.function;
        assert!(runs_on(&elf(62), &function).is_ok());
        let error = runs_on(&elf(183), &function).unwrap_err().to_string();
        assert!(error.contains("is built for arm64") && error.contains("`architecture` is x86_64"), "{error}");
        function.architecture = Architecture::Arm64;
        assert!(runs_on(&elf(183), &function).is_ok());
        assert!(runs_on(&elf(62), &function).is_err());
        // A script runs on both, and what is no zip is Lambda's to refuse.
        let script = super::super::zip([("bootstrap".to_owned(), b"#!/bin/sh\n".to_vec(), true)]).unwrap();
        assert!(runs_on(&script, &function).is_ok());
        assert!(runs_on(b"PK", &function).is_ok());
    }
}
