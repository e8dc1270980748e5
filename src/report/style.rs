//! How a terminal shows what is good, bad and beside the point: one palette for every report.

use anstyle::{AnsiColor, Style};

use super::Verdict;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const ODD: Style = AnsiColor::Yellow.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// A verdict as a coloured sign.
pub(crate) fn mark(verdict: Verdict) -> String {
    let (style, sign) = match verdict {
        Verdict::Passed => (GOOD, "✓"),
        Verdict::Failed => (BAD, "✗"),
        Verdict::Error => (BAD, "!"),
        Verdict::Skipped => (ODD, "-"),
    };
    format!("{style}{sign}{style:#}")
}
