//! Ctrl-C and SIGTERM: once to stop and clean up, twice to leave at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::exit::Exit;

/// Listens until it is dropped.
#[must_use = "signals are listened to until this is dropped"]
#[derive(Debug)]
pub(crate) struct Listening {
    task: JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Cancels `stop` at the first Ctrl-C or SIGTERM, after telling `on_first`, and ends the process at the second, with what
/// `left` says on standard error.
pub(crate) fn interrupts(
    stop: CancellationToken,
    on_first: impl FnOnce() + Send + 'static,
    left: impl FnOnce() -> String + Send + 'static,
) -> io::Result<Listening> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let task = tokio::spawn(async move {
        let next = async |interrupt: &mut tokio::signal::unix::Signal, terminate: &mut tokio::signal::unix::Signal| {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next(&mut interrupt, &mut terminate).await;
        on_first();
        stop.cancel();
        next(&mut interrupt, &mut terminate).await;
        anstream::eprintln!("{}", left());
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(Listening { task })
}
