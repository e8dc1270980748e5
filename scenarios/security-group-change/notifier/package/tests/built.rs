//! The packages that stand in Cargo's target folder, as whoever deploys them gets them. What was not built is skipped.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test by panicking")]

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

use notifier_package::executable::{Executable, Unfit};
use notifier_package::{Architecture, LARGEST};

/// The zip of each architecture that was built.
fn built() -> Vec<(Architecture, Vec<u8>)> {
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("lib/alert-drill");
    let zips = Architecture::ALL.into_iter().filter_map(|architecture| {
        let path = packages.join(architecture.file_name());
        let zip = std::fs::read(&path).ok();
        if zip.is_none() {
            println!("skipped for {architecture}: {} was not built", path.display());
        }
        Some((architecture, zip?))
    });
    zips.collect()
}

fn bootstrap(zip: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    archive.by_name("bootstrap").unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn it_runs_on_the_glibc_of_provided_al2023() {
    for (architecture, zip) in built() {
        let executable = Executable::read(&bootstrap(&zip)).unwrap();
        assert_eq!(executable.check(architecture), Ok(()));
        assert!(executable.glibc <= Some((2, 34)), "{architecture} needs glibc {:?}", executable.glibc);
        let other = Architecture::ALL.into_iter().find(|other| *other != architecture).unwrap();
        assert_eq!(executable.check(other), Err(Unfit::OtherMachine));
    }
}

#[test]
fn it_is_one_executable_of_a_fixed_time_below_five_megabytes() {
    for (architecture, zip) in built() {
        assert!(zip.len() < LARGEST, "{architecture}: {} bytes", zip.len());
        let mut archive = zip::ZipArchive::new(Cursor::new(&zip)).unwrap();
        assert_eq!(archive.len(), 1);
        let entry = archive.by_index(0).unwrap();
        assert_eq!((entry.name(), entry.unix_mode().map(|mode| mode & 0o777)), ("bootstrap", Some(0o755)));
        assert_eq!(entry.last_modified(), Some(zip::DateTime::default()));
    }
}

#[test]
fn it_tells_nothing_of_the_machine_that_built_it() {
    let folders =
        [std::env::home_dir().unwrap(), env!("CARGO_MANIFEST_DIR").into(), env!("CARGO_TARGET_TMPDIR").into()];
    for (architecture, zip) in built() {
        let executable = bootstrap(&zip);
        for folder in &folders {
            let path = format!("{}/", folder.display());
            let told = executable.windows(path.len()).any(|bytes| bytes == path.as_bytes());
            assert!(!told, "{path} is in the executable for {architecture}");
        }
    }
}

/// The same with the tool that everybody has, on an executable that is there always: this test.
#[test]
fn the_versions_are_those_that_readelf_shows() {
    let this = std::env::current_exe().unwrap();
    let shown = match Command::new("readelf").arg("--version-info").arg(&this).env("LC_ALL", "C").output() {
        Ok(shown) => String::from_utf8(shown.stdout).unwrap(),
        Err(error) => return println!("skipped: there is no readelf: {error}"),
    };
    let numbers = shown.split("GLIBC_").skip(1).filter_map(|rest| {
        let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let (major, minor) = number.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    });
    let executable = Executable::read(&std::fs::read(this).unwrap()).unwrap();
    assert_eq!(executable.glibc, numbers.max());
    assert!(executable.libraries.contains(&"libc.so.6".to_owned()), "{:?}", executable.libraries);
}

#[test]
fn what_is_newer_or_not_there_is_refused_by_name() {
    let fit = Executable {
        architecture: Some(Architecture::Arm64),
        libraries: vec!["libc.so.6".to_owned()],
        glibc: Some((2, 26)),
    };
    assert_eq!(fit.check(Architecture::Arm64), Ok(()));
    assert_eq!(Executable { glibc: None, libraries: Vec::new(), ..fit.clone() }.check(Architecture::Arm64), Ok(()));
    let newer = Executable { glibc: Some((2, 39)), ..fit.clone() }.check(Architecture::Arm64).unwrap_err();
    assert!(newer.to_string().contains("needs glibc 2.39"), "{newer}");
    let library = Executable { libraries: vec!["libssl.so.3".to_owned()], ..fit }.check(Architecture::Arm64);
    assert_eq!(library, Err(Unfit::Library("libssl.so.3".to_owned())));
    assert!(matches!(Executable::read(b"#!/bin/sh\n"), Err(Unfit::Malformed(_))));
}
