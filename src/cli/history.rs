//! `alert-drill history`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use super::{Output, fail, formed, print};
use crate::exit::Exit;
use crate::history::{self, Period, Since, Summary};
use crate::text::Lang;

#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    /// The file that `run --history FILE` appends to.
    file: PathBuf,
    /// From when on runs count: so long ago, such as 12h, 7d or 4w, or since a day, such as 2026-11-01.
    #[arg(long, value_name = "T")]
    since: Option<Since>,
    /// What a row covers.
    #[arg(long, value_enum, default_value_t = Period::Day)]
    by: Period,
}

pub(super) fn execute(args: HistoryArgs, lang: Lang, output: Output) -> Exit {
    let (entries, unread) = match history::read(&args.file) {
        Ok(read) => read,
        Err(error) => return fail(Exit::CouldNotRun, &error),
    };
    let since = args.since.map(|since| since.from(Timestamp::now()));
    let summary = Summary::of(&args.file, entries, unread, since, args.by);
    for line in history::unread(&summary, lang) {
        anstream::eprintln!("{line}");
    }
    match formed(&summary, output, || history::human(&summary, lang)) {
        Ok(text) => print(text.as_bytes()),
        Err(exit) => exit,
    }
}
