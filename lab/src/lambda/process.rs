//! A function's process: in a process group that dies as a whole, even when the lab itself is killed.
//!
//! The leader of the group is a **watchdog**, a shell that waits for the end of a pipe of which the lab holds the
//! other end. Whatever ends the lab, the kernel closes the pipe, and the watchdog kills its group. The leader's
//! process id stays taken until the lab has killed the group and reaped the leader, so the group's id can never be
//! another's by the time it is used.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::logs::LogStream;
use super::runtimes::Launch;
use output::Output;

mod output;

/// Signals that a function may send to its own group must not stop the watchdog. The commands are all built in, so
/// it needs no PATH.
const WATCHDOG: &str = "trap '' HUP INT QUIT PIPE ALRM TERM USR1 USR2 TSTP; read line; kill -KILL 0";
/// How often to try again while the program's file is still open for writing in a process that is about to start.
const BUSY_TRIES: u32 = 50;
/// How long between the tries.
const BUSY_WAIT: Duration = Duration::from_millis(2);

/// The process group's leader. Dropping it kills the group.
struct Watchdog {
    child: Child,
    group: Pid,
    /// Never written to; it closes with the lab.
    _lifeline: Option<ChildStdin>,
}

impl Watchdog {
    fn start() -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", WATCHDOG])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let lifeline = child.stdin.take();
        let group = Pid::from_child(&child);
        Ok(Self { child, group, _lifeline: lifeline })
    }

    fn kill_group(&self) {
        // Fails only when nobody is left to kill.
        let _ = kill_process_group(self.group, Signal::KILL);
    }

    /// Stops the group but not its leader, which has to see the end of the lab. Were the lab to end in between, the
    /// kernel would wake the group itself, because nobody is left who could.
    fn stop_group(&self) {
        let _ = kill_process_group(self.group, Signal::STOP);
        let _ = kill_process(self.group, Signal::CONT);
    }

    fn continue_group(&self) {
        let _ = kill_process_group(self.group, Signal::CONT);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.kill_group();
        // It has just been killed: this takes microseconds, and leaves no zombie.
        let _ = self.child.wait();
    }
}

/// A running function. Dropping it kills it and all that it started.
pub(super) struct FunctionProcess {
    watchdog: Watchdog,
    pid: u32,
    exit: watch::Receiver<Option<ExitStatus>>,
    output: Output,
}

impl FunctionProcess {
    /// Starts the program with exactly these variables, in `directory`, its output going to `stream`. Whoever waits for
    /// the `reapers` knows that the process is gone.
    pub(super) async fn start(
        launch: &Launch,
        directory: &Path,
        variables: &BTreeMap<String, String>,
        stream: &Arc<LogStream>,
        reapers: &TaskTracker,
    ) -> io::Result<Self> {
        let watchdog = Watchdog::start()
            .map_err(|error| io::Error::other(format!("cannot start /bin/sh, which guards the function: {error}")))?;
        // One pipe for both: the log has the lines in the order in which they were written.
        let (output, stdout) = io::pipe()?;
        let stderr = stdout.try_clone()?;
        let mut command = tokio::process::Command::new(&launch.program);
        command
            .args(&launch.arguments)
            .env_clear()
            .envs(variables)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(watchdog.group.as_raw_nonzero().get());
        let mut child = spawn(&mut command).await?;
        // Our copies of the writing end would keep the pipe open after the function is gone.
        drop(command);
        let output = Output::capture(output.into(), stream)?;
        let pid = child.id().unwrap_or_default();
        let (exited, exit) = watch::channel(None);
        reapers.spawn(async move {
            if let Ok(status) = child.wait().await {
                exited.send_replace(Some(status));
            }
        });
        Ok(Self { watchdog, pid, exit, output })
    }

    /// Waits until the function's own process has exited.
    pub(super) async fn exited(&mut self) -> Option<ExitStatus> {
        match self.exit.wait_for(Option::is_some).await {
            Ok(status) => *status,
            // The task that waits for the process went with its runtime.
            Err(_) => None,
        }
    }

    pub(super) fn has_exited(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Hands all that the function has written so far to its log stream.
    pub(super) async fn flush_output(&self) {
        self.output.flush().await;
    }

    /// Stops the function and all that it started, but for what left the group.
    pub(super) fn freeze(&self) {
        self.watchdog.stop_group();
    }

    /// Lets it go on.
    pub(super) fn thaw(&self) {
        self.watchdog.continue_group();
    }

    pub(super) fn kill_group(&self) {
        self.watchdog.kill_group();
    }

    /// Kills the group and waits until the rest of its output is in the log.
    pub(super) async fn kill(mut self) {
        self.watchdog.kill_group();
        self.output.finish().await;
    }

    /// The most memory that the function's own process has used, in MB; `None` where the system does not tell.
    pub(super) fn peak_memory(&self) -> Option<u64> {
        Some(kibibytes(&self.status()?, "VmHWM:")?.div_ceil(1024))
    }

    /// The memory that the function's own process has now, in KiB, without the pages of files.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = self.status()?;
        Some(kibibytes(&status, "RssAnon:")? + kibibytes(&status, "RssShmem:")?)
    }

    fn status(&self) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()
    }
}

/// A size in what Linux tells of a process.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

/// Starts the command. A package that was unpacked a moment ago can be busy: a process that another thread is
/// starting inherits the file that was open for writing, until it runs its own program.
async fn spawn(command: &mut tokio::process::Command) -> io::Result<tokio::process::Child> {
    let mut tries = BUSY_TRIES;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries > 0 => {
                tries -= 1;
                tokio::time::sleep(BUSY_WAIT).await;
            }
            result => return result,
        }
    }
}

/// An exit as Lambda words it after `Runtime exited`, in the manner of Go.
pub(super) fn describe_exit(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;

    let Some(status) = status else {
        return "without providing a reason".into();
    };
    match (status.code(), status.signal()) {
        (Some(code), _) if code != 0 => format!("with error: exit status {code}"),
        (None, Some(signal)) => {
            let dumped = if status.core_dumped() { " (core dumped)" } else { "" };
            format!("with error: signal: {}{dumped}", signal_name(signal))
        }
        _ => "without providing a reason".into(),
    }
}

fn signal_name(signal: i32) -> String {
    match Signal::from_named_raw(signal) {
        Some(Signal::HUP) => "hangup".into(),
        Some(Signal::INT) => "interrupt".into(),
        Some(Signal::QUIT) => "quit".into(),
        Some(Signal::ILL) => "illegal instruction".into(),
        Some(Signal::TRAP) => "trace/breakpoint trap".into(),
        Some(Signal::ABORT) => "aborted".into(),
        Some(Signal::BUS) => "bus error".into(),
        Some(Signal::FPE) => "floating point exception".into(),
        Some(Signal::KILL) => "killed".into(),
        Some(Signal::USR1) => "user defined signal 1".into(),
        Some(Signal::SEGV) => "segmentation fault".into(),
        Some(Signal::USR2) => "user defined signal 2".into(),
        Some(Signal::PIPE) => "broken pipe".into(),
        Some(Signal::ALARM) => "alarm clock".into(),
        Some(Signal::TERM) => "terminated".into(),
        _ => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn an_exit_is_worded_as_lambda_words_it() {
        let worded = |raw| describe_exit(Some(ExitStatus::from_raw(raw)));
        assert_eq!(worded(0), "without providing a reason");
        assert_eq!(worded(1 << 8), "with error: exit status 1");
        assert_eq!(worded(9), "with error: signal: killed");
        assert_eq!(worded(11), "with error: signal: segmentation fault");
        assert_eq!(describe_exit(None), "without providing a reason");
    }

    /// Whether the process ignores SIGTERM by now.
    #[cfg(target_os = "linux")]
    fn ignores_term(pid: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
        u64::from_str_radix(mask, 16).unwrap() & (1 << (Signal::TERM.as_raw() - 1)) != 0
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_watchdog_stays_until_it_is_dropped_and_leaves_no_zombie() {
        let mut watchdog = Watchdog::start().unwrap();
        let group = watchdog.group;
        let begun = std::time::Instant::now();
        while !ignores_term(group) {
            assert!(begun.elapsed() < Duration::from_secs(10), "the watchdog does not start");
            std::thread::yield_now();
        }
        // What a function may send to its own group does not reach the watchdog.
        for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
            rustix::process::kill_process_group(group, signal).unwrap();
        }
        assert!(watchdog.child.try_wait().unwrap().is_none(), "the watchdog fired early");
        drop(watchdog);
        assert!(rustix::process::test_kill_process(group).is_err(), "the watchdog is still there");
    }
}
