//! The Lambda function `bootstrap`: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    notifier::main()
}
