//! The command line of alert-drill.

use std::process::ExitCode;

use alert_drill::{Cli, Context, Exit};
use clap::Parser as _;

/// A lab frees what others have allocated, on other threads and after minutes: that is where the system's own allocator is slow, and
/// where it keeps what is free.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The lab's Lambda starts this same executable as the scenario's notifier.
    alert_drill::enter_if_asked();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Passed };
            // The terminal that cannot be written to has nobody who reads it.
            let _ = error.print();
            return exit.into();
        }
    };
    let context = Context::read();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli.execute(&context)).into(),
        Err(error) => {
            eprintln!("error: the asynchronous runtime did not start: {error}");
            Exit::CouldNotRun.into()
        }
    }
}
