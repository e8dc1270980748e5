//! YAML as a tree that knows where everything stands.
//!
//! Of YAML this takes mappings, lists and scalars; anchors, tags and second documents are refused, because a scenario
//! needs none of them and a reader would have to know them.

use std::ops::Range;

use serde_saphyr::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StrInput};

/// A mistake before its place is counted out in lines and columns.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) bytes: Range<usize>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// A value, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// The key it belongs to, as it is named in a sentence.
    pub(super) label: String,
    /// What to point at when the value as a whole is meant: its key, or its first line.
    pub(super) named: Range<usize>,
    /// The value's own bytes.
    pub(super) bytes: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    /// Something that was noted as a mistake already.
    Refused,
    Scalar {
        text: String,
        /// Without quotes, so that YAML may read a number or `true` in it.
        plain: bool,
    },
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) bytes: Range<usize>,
    pub(super) value: Node,
}

impl Node {
    /// What is there, in words, for a sentence that says what should be there.
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            Kind::Null | Kind::Refused => "nothing".into(),
            Kind::List(_) => "a list".into(),
            Kind::Mapping(_) => "keys and values".into(),
            Kind::Scalar { text, plain: true } if is_number(text) => format!("the number `{text}`"),
            Kind::Scalar { text, .. } => format!("`{}`", shorten(text)),
        }
    }

    /// The entry of that key, if this is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The value of that key, if this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What to point at: the value, or its key where there is no value or a large one.
    pub(super) fn pointer(&self) -> Range<usize> {
        match self.kind {
            Kind::Scalar { .. } => self.bytes.clone(),
            _ => self.named.clone(),
        }
    }
}

pub(super) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) && text.parse::<f64>().is_ok()
}

pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= SHOWN {
        return text.to_owned();
    }
    line.chars().take(SHOWN).chain("...".chars()).collect()
}

/// What is said of a file without a value.
pub(super) const EMPTY: &str = "the file is empty";

/// Reads one document. `None` when it cannot be read at all; what is wrong is then in `found`.
pub(super) fn parse(text: &str, found: &mut Vec<Found>) -> Option<Node> {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut builder = Builder { text, parser: Parser::new_from_str_with_options(text, options), found };
    builder.document().ok()
}

/// The file cannot be read any further.
struct Stop;

struct Builder<'t, 'f> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    found: &'f mut Vec<Found>,
}

/// Deeper than any scenario; it keeps a hostile file from exhausting the stack.
const DEEPEST: usize = 24;

impl<'t> Builder<'t, '_> {
    fn mistake(&mut self, bytes: Range<usize>, message: impl Into<String>, hint: Option<&str>) {
        self.found.push(Found { bytes, message: message.into(), hint: hint.map(str::to_owned) });
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Stop> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                let bytes = self.bytes(&span);
                Ok((event, bytes))
            }
            Some(Err(error)) => {
                self.syntax_error(&error);
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    /// The bytes of a span without the white space that block values carry at their end.
    fn bytes(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        let written = self.text.get(range.clone()).unwrap_or_default();
        range.start..range.start + written.trim_end().len()
    }

    fn document(&mut self) -> Result<Node, Stop> {
        let mut root = None;
        loop {
            let (event, bytes) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    self.mistake(
                        bytes,
                        "a second document begins here",
                        Some("keep one document in a file, without `---` after it"),
                    );
                    return Err(Stop);
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, bytes, "the file", None, 0)?),
            }
        }
        match root {
            Some(Node { kind: Kind::Null, .. }) | None => {
                self.mistake(0..0, EMPTY, Some("begin with `name:`; the shipped scenario shows the rest"));
                Err(Stop)
            }
            Some(root) => Ok(root),
        }
    }

    fn node(
        &mut self,
        event: Event<'t>,
        bytes: Range<usize>,
        label: &str,
        key: Option<Range<usize>>,
        depth: usize,
    ) -> Result<Node, Stop> {
        if depth > DEEPEST {
            self.mistake(bytes, format!("this is nested more than {DEEPEST} levels deep"), None);
            return Err(Stop);
        }
        let (anchored, tagged) = match &event {
            Event::Scalar(.., anchor, tag) => (*anchor > 0, tag.is_some()),
            Event::SequenceStart(_, anchor, tag) | Event::MappingStart(_, anchor, tag) => (*anchor > 0, tag.is_some()),
            Event::Alias(_) | Event::UnresolvedAlias(_) => (true, false),
            _ => (false, false),
        };
        let pointer = key.clone().unwrap_or_else(|| bytes.clone());
        if anchored {
            self.mistake(
                pointer.clone(),
                format!("{label} uses an anchor (`&` or `*`), which is not taken here"),
                Some("write the value out, or put it in quotes if it begins with `*` or `&`"),
            );
        }
        if tagged {
            self.mistake(
                pointer,
                format!("{label} has a tag (`!`), which is not taken here"),
                Some("put the value in quotes if it begins with `!`"),
            );
        }
        let first_line = key.unwrap_or_else(|| bytes.clone());
        let (kind, named) = match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                (if null { Kind::Null } else { Kind::Scalar { text: text.into_owned(), plain } }, first_line)
            }
            Event::SequenceStart(..) => (Kind::List(self.list(label, depth)?), first_line),
            Event::MappingStart(..) => {
                let entries = self.mapping(depth)?;
                // A mapping without a key of its own (an item of a list) is pointed at by its first key.
                let own = entries.first().map(|entry| entry.bytes.clone()).unwrap_or_else(|| first_line.clone());
                (Kind::Mapping(entries), if label.starts_with('`') { first_line } else { own })
            }
            // An alias: what it stands for is not known.
            _ => (Kind::Refused, first_line),
        };
        Ok(Node { label: label.to_owned(), named, bytes, kind })
    }

    fn list(&mut self, label: &str, depth: usize) -> Result<Vec<Node>, Stop> {
        let mut items = Vec::new();
        loop {
            let (event, bytes) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(items);
            }
            let label = format!("item {} of {label}", items.len() + 1);
            items.push(self.node(event, bytes, &label, None, depth + 1)?);
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, Stop> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, bytes) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(text, ..) => text.into_owned(),
                event => {
                    self.mistake(bytes.clone(), "a key must be a single word", None);
                    self.node(event, bytes.clone(), "the key", None, depth + 1)?;
                    let (event, bytes) = self.next()?;
                    self.node(event, bytes, "the value", None, depth + 1)?;
                    continue;
                }
            };
            let (event, value) = self.next()?;
            let value = self.node(event, value, &format!("`{}`", shorten(&key)), Some(bytes.clone()), depth + 1)?;
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let line = self.text[..first.bytes.start].matches('\n').count() + 1;
                self.mistake(
                    bytes,
                    format!("`{}` is written twice: it stands in line {line} already", shorten(&key)),
                    Some("keep one of the two"),
                );
                continue;
            }
            entries.push(Entry { key, bytes, value });
        }
    }

    /// One syntax error, or, where tabs are to blame, every line that a tab indents.
    fn syntax_error(&mut self, error: &ScanError) {
        let tabs = self.tabs_in_indentation();
        if !tabs.is_empty() {
            for tab in tabs {
                self.mistake(
                    tab,
                    "a tab indents this line, and YAML takes only spaces",
                    Some("replace the tab with spaces"),
                );
            }
            return;
        }
        let at =
            error.marker().byte_offset().unwrap_or_else(|| self.offset(error.marker().index())).min(self.text.len());
        let (message, hint) = in_plain_words(error.kind());
        self.mistake(at..at, message, hint);
    }

    fn offset(&self, characters: usize) -> usize {
        self.text.char_indices().nth(characters).map_or(self.text.len(), |(offset, _)| offset)
    }

    fn tabs_in_indentation(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let mut tabs = Vec::new();
        for line in self.text.split_inclusive('\n') {
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            let blank = line[indent..].trim_end().is_empty();
            if let Some(tab) = line[..indent].find('\t').filter(|_| !blank) {
                tabs.push(start + tab..start + tab + 1);
            }
            start += line.len();
        }
        tabs
    }
}

/// What the parser found, for someone who does not know its vocabulary.
fn in_plain_words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, hint) = match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quotation mark is opened here and never closed", Some("close it on the same line"))
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let message = format!("a `{open}` is opened here and never closed");
            return (message, Some("every `[` needs its `]`, and every `{` its `}`"));
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (
                format!("`{close}` closes what `{open}` opened"),
                Some("every `[` needs its `]`, and every `{` its `}`"),
            );
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => (
            "a `,` or a closing bracket is missing before this",
            Some("every `[` needs its `]`, and every `{` its `}`"),
        ),
        ErrorKind::MisplacedFlowCollectionEnd => ("this bracket closes nothing", Some("remove it, or open it before")),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "this `:` does not belong here",
            Some(
                "look for a text with `: ` in it that needs quotes, a line that is indented more than its neighbours, \
                 or a `:` or a closing bracket that is missing in the line before",
            ),
        ),
        ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::MappingKeyNotAllowed => (
            "a key and a `:` are expected here",
            Some("write `key: value`, with a space after the colon, indented like the keys above it"),
        ),
        ErrorKind::ExpectedBlockSequenceEntry | ErrorKind::BlockSequenceEntryNotAllowed => {
            ("this does not fit the list around it", Some("begin every item with `- `, all of them indented alike"))
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidFlowScalarIndent => {
            ("this line is indented wrongly", Some("indent by two spaces a level, and keys of one level alike"))
        }
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::InvalidBlockEntryWhitespace
        | ErrorKind::InvalidMappingValueWhitespace => {
            ("a tab stands here, and YAML takes only spaces", Some("replace the tab with spaces"))
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return (format!("a value cannot begin with `{character}`"), Some("put the value in quotes"));
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            ("something follows the closing quotation mark", Some("put the whole value in quotes"))
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            "`\\` and this letter mean nothing inside double quotes",
            Some("write `\\\\` for a backslash, or use single quotes"),
        ),
        ErrorKind::CommentNotSeparated => ("a comment needs a space before its `#`", None),
        ErrorKind::RecursionLimitExceeded => ("this is nested too deep", None),
        other => return (format!("this is not YAML: {other}"), None),
    };
    (message.to_owned(), hint)
}
