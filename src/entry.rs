//! The second part that an executable can play: the scenario's notifier.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::pipeline::ENTER_VARIABLE;

/// Whether this executable has said that it can play the notifier.
static OPEN: AtomicBool = AtomicBool::new(false);

/// Plays the notifier and never returns, if this process was started as one; does nothing otherwise.
///
/// Call it first in `main` of a program that runs drills: the lab's Lambda then starts this same executable as the
/// function. In a test binary, which has no `main` of its own, [`notifier!`](crate::notifier) does it.
pub fn enter_if_asked() {
    OPEN.store(true, Ordering::Relaxed);
    if asked() {
        exit(notifier::main());
    }
}

/// Whether [`enter_if_asked`] was called.
pub(crate) fn is_open() -> bool {
    OPEN.load(Ordering::Relaxed)
}

fn asked() -> bool {
    std::env::var_os(ENTER_VARIABLE).is_some_and(|part| part == "notifier")
}

/// `ExitCode` cannot be read, only returned; 0 and 1 are all that the notifier ends with.
fn exit(code: ExitCode) -> ! {
    std::process::exit(i32::from(code != ExitCode::SUCCESS))
}

/// What [`notifier!`](crate::notifier) calls: plays the notifier if asked, and passes as a test otherwise.
#[doc(hidden)]
pub fn enter_from_test() {
    if asked() {
        exit(notifier::main());
    }
}

/// Lets a test binary play the notifier: the lab's Lambda starts the binary again as the function.
///
/// Write it once at the top of a test's file. It adds a test of the name `alert_drill_notifier`, which passes at once when
/// it is run as a test.
#[macro_export]
macro_rules! notifier {
    () => {
        #[test]
        fn alert_drill_notifier() {
            $crate::enter_from_test();
        }
    };
}
