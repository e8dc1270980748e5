//! What the process is told from outside: read once in `main`, handed on from there.

use std::io::IsTerminal as _;

use crate::text::Lang;

/// The environment of a process.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The locale's language.
    pub lang: Lang,
    /// Whether standard error is a terminal.
    pub error_is_terminal: bool,
    /// Whether colour is wanted on standard error.
    pub error_colour: bool,
}

impl Context {
    /// Reads the environment.
    pub fn read() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        // The order in which the C library looks for the language of messages.
        let locale = variable("LC_ALL").or_else(|| variable("LC_MESSAGES")).or_else(|| variable("LANG"));
        let error_is_terminal = std::io::stderr().is_terminal();
        Self {
            lang: Lang::of_locale(&locale.unwrap_or_default()),
            error_is_terminal,
            error_colour: error_is_terminal && variable("NO_COLOR").is_none(),
        }
    }
}
