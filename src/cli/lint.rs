//! `alert-drill lint`.

use super::{LintArgs, fail, print};
use crate::context::Context;
use crate::exit::Exit;
use crate::scenario::{self, InvalidScenario};

/// How wide the picture of a mistake is at the most.
const WIDTH: usize = 120;

pub(super) fn execute(args: &LintArgs, context: &Context) -> Exit {
    match scenario::lint(&args.scenario) {
        Ok(lint) => print(format!("{}\n", lint.fancy(WIDTH, context.error_colour)).as_bytes()),
        Err(invalid) => refuse(&invalid, context),
    }
}

/// Shows the mistakes of a scenario.
pub(super) fn refuse(invalid: &InvalidScenario, context: &Context) -> Exit {
    if context.error_is_terminal {
        anstream::eprintln!("{}", invalid.fancy(WIDTH, context.error_colour));
        Exit::InvalidScenario
    } else {
        fail(Exit::InvalidScenario, invalid)
    }
}
