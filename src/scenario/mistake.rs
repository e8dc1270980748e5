//! What is wrong with a scenario, shown where it is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// Where something stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// The bytes of the text.
    pub bytes: Range<usize>,
}

impl Place {
    /// The place of `bytes` in `text`.
    pub(super) fn of(text: &str, bytes: Range<usize>) -> Self {
        let start = text.floor_char_boundary(bytes.start);
        let end = text.floor_char_boundary(bytes.end).max(start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: text[line_start..start].chars().filter(|&c| c != BYTE_ORDER_MARK).count() + 1,
            bytes: start..end,
        }
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// One thing that is wrong, or suspicious.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file it is in.
    pub file: String,
    /// Where in the file; `None` when the file as a whole is meant.
    pub place: Option<Place>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Mistake {
    /// `file:line:column`, as editors and terminals make links of it.
    pub fn place_in_words(&self) -> String {
        match &self.place {
            Some(place) => format!("{}:{}:{}", self.file, place.line, place.column),
            None => self.file.clone(),
        }
    }
}

/// A scenario that cannot be used, with every mistake that was found in it.
///
/// `Display` is the plain form: `file:line:column: message`, the line, a caret, the hint. It has neither colours nor
/// characters outside of what the file itself contains.
#[derive(Clone, Debug)]
pub struct InvalidScenario {
    /// The scenario file.
    pub file: String,
    /// At least one mistake, in the order of the file, and at most [`InvalidScenario::MOST`].
    pub mistakes: Vec<Mistake>,
    /// How many were left out.
    pub omitted: usize,
    sources: Sources,
}

/// The texts that mistakes point into, by file name.
pub(super) type Sources = BTreeMap<String, String>;

impl InvalidScenario {
    /// How many mistakes are kept: nobody reads more before mending the first ones.
    pub const MOST: usize = 50;

    pub(super) fn new(file: &str, mut mistakes: Vec<Mistake>, sources: Sources) -> Self {
        let position = |mistake: &Mistake| mistake.place.as_ref().map_or(0, |place| place.bytes.start);
        mistakes.sort_by_key(|mistake| (mistake.file != file, position(mistake)));
        mistakes.dedup();
        let omitted = mistakes.len().saturating_sub(Self::MOST);
        mistakes.truncate(Self::MOST);
        Self { file: file.to_owned(), mistakes, omitted, sources }
    }

    /// The form for terminals, drawn to `width` columns.
    pub fn fancy(&self, width: usize, colour: bool) -> String {
        let mut out = fancy(&self.mistakes, &self.sources, width, colour);
        out.push_str(&self.count());
        out.push('\n');
        out
    }

    fn count(&self) -> String {
        match self.mistakes.len() {
            n if self.omitted > 0 => {
                format!("{}: {} mistakes, of which the first {n} are shown", self.file, n + self.omitted)
            }
            1 => format!("{}: 1 mistake", self.file),
            n => format!("{}: {n} mistakes", self.file),
        }
    }
}

impl std::error::Error for InvalidScenario {}

impl fmt::Display for InvalidScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Plain(&self.mistakes, &self.sources), self.count())
    }
}

/// The plain form of mistakes or warnings, each followed by an empty line.
pub(super) struct Plain<'a>(pub(super) &'a [Mistake], pub(super) &'a Sources);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self.0 {
            writeln!(f, "{}: {}", mistake.place_in_words(), mistake.message)?;
            if let (Some(place), Some(text)) = (&mistake.place, self.1.get(&mistake.file)) {
                excerpt(f, text, place)?;
            }
            if let Some(hint) = &mistake.hint {
                writeln!(f, "   help: {hint}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// How much of a long line is shown, in characters.
const LINE_SHOWN: usize = 160;

fn excerpt(f: &mut fmt::Formatter<'_>, text: &str, place: &Place) -> fmt::Result {
    let Some(line) = text.lines().nth(place.line - 1).map(|line| line.trim_start_matches(BYTE_ORDER_MARK)) else {
        return Ok(());
    };
    let before = place.column - 1;
    // A minified file is one long line: show the part around the mistake.
    let skip = before.saturating_sub(LINE_SHOWN / 2);
    let shown: String = line.chars().skip(skip).take(LINE_SHOWN).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let marked = text.get(place.bytes.clone()).and_then(|marked| marked.lines().next()).unwrap_or_default();
    let columns = |part: &str| part.chars().map(columns).sum::<usize>();
    let indent: String = shown.chars().take(before - skip).collect();
    let room = columns(&shown).saturating_sub(columns(&indent)).max(1);
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    writeln!(f, " {number} | {shown}")?;
    writeln!(f, " {margin} | {}{}", " ".repeat(columns(&indent)), "^".repeat(columns(marked).clamp(1, room)))
}

/// How many columns a terminal gives a character: two for Hangul, Han, Kana and emoji, none for combining marks.
fn columns(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036f | 0x1160..=0x11ff | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97c
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// Mistakes or warnings, drawn for a terminal.
pub(super) fn fancy(mistakes: &[Mistake], sources: &Sources, width: usize, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false)
        .with_context_lines(1)
        // Its columns are bytes, which are of no use after Hangul: `Drawn` writes the place itself.
        .without_primary_span_start();
    let mut out = String::new();
    for mistake in mistakes {
        let drawn = Drawn {
            mistake,
            source: sources.get(&mistake.file).map(|text| NamedSource::new(mistake.place_in_words(), text.clone())),
        };
        // Writing to a string cannot fail; were it to, the plain form says the same.
        if handler.render_report(&mut out, &drawn).is_err() {
            out.push_str(&Plain(std::slice::from_ref(mistake), sources).to_string());
        }
        out.push('\n');
    }
    out
}

#[derive(Debug)]
struct Drawn<'a> {
    mistake: &'a Mistake,
    source: Option<NamedSource<String>>,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mistake.place.is_none() {
            write!(f, "{}: ", self.mistake.file)?;
        }
        f.write_str(&self.mistake.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl Diagnostic for Drawn<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.mistake.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let bytes = self.mistake.place.as_ref()?.bytes.clone();
        // A span over several lines is drawn as a bracket around all of them; its first line is enough.
        let text = self.source.as_ref()?.inner();
        let first = text.get(bytes.clone())?.lines().next().map_or(0, str::len);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, bytes.start, first))))
    }
}
