//! `cargo run -p notifier-package -- [--check] x86_64 arm64`: see the library.

use std::process::ExitCode;

use notifier_package::workspace::Workspace;
use notifier_package::{Architecture, Error, build, check};

const USAGE: &str = "\
Builds the notifier as it is deployed: `cargo run -p notifier-package -- [--check] ARCHITECTURE…`
  ARCHITECTURE  x86_64 or arm64
  --check       build it a second time in another folder, and fail if the bytes differ
Exit codes: 0 built, 1 it could not be built, 2 usage, 69 something that it needs is not installed on this machine.";

/// What `sysexits.h` calls `EX_UNAVAILABLE`.
const UNAVAILABLE: u8 = 69;

fn main() -> ExitCode {
    let (options, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with('-'));
    let architectures: Result<Vec<Architecture>, String> = names.iter().map(|name| name.parse()).collect();
    let architectures = match architectures {
        Ok(architectures) if !architectures.is_empty() && options.iter().all(|option| option == "--check") => {
            architectures
        }
        Ok(_) => return usage(None),
        Err(reason) => return usage(Some(&reason)),
    };
    match run(&architectures, !options.is_empty()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("notifier-package: {error}");
            if matches!(error, Error::Missing { .. }) { UNAVAILABLE.into() } else { ExitCode::FAILURE }
        }
    }
}

fn usage(reason: Option<&str>) -> ExitCode {
    if let Some(reason) = reason {
        eprintln!("notifier-package: {reason}");
    }
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

fn run(architectures: &[Architecture], checked: bool) -> Result<(), Error> {
    let workspace = Workspace::find()?;
    for &architecture in architectures {
        let package = build(&workspace, architecture)?;
        let glibc = match package.glibc {
            Some((major, minor)) => format!("glibc {major}.{minor} or newer"),
            None => "no glibc".to_owned(),
        };
        println!("{}: {} bytes, needs {glibc}", package.path.display(), package.size);
        if checked {
            check(&workspace, &package, architecture)?;
            println!("{architecture}: built again in another folder, the same bytes");
        }
    }
    Ok(())
}
