//! From the YAML tree to the scenario, collecting every mistake on the way.
//!
//! Decoding with serde would stop at the first mistake. Here a decoder that fails notes why, returns `None`, and its
//! siblings go on. The tests keep these decoders and the serde shapes of the types (which the JSON Schema is made from)
//! together.

mod drill;
mod matrix;
mod patience;
mod pipeline;

use std::ops::Range;
use std::str::FromStr;

pub(super) use self::matrix::matrix;
use super::event_pattern::EventPattern;
use super::files::{Beside, MOST_BYTES, ScenarioFiles};
use super::mistake::{Mistake, Place, Sources};
use super::names::{DrillName, Refused, ScenarioPath};
use super::nearest::nearest;
use super::wait::{PerTarget, Wait, Within};
use super::yaml::{self, Entry, Found, Kind, Node};
use super::{Drill, Localized, Scenario};

/// What was read, and where its parts stand, for warnings.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The file it was read from.
    pub(super) file: String,
    pub(super) scenario: Scenario,
    /// One for each drill, in the same order.
    pub(super) drills: Vec<DrillPlaces>,
}

/// Where the parts of a drill stand.
#[derive(Debug)]
pub(super) struct DrillPlaces {
    pub(super) action: Range<usize>,
    pub(super) expect: Range<usize>,
    pub(super) reason: Option<Range<usize>>,
}

/// Collects mistakes while the tree is walked.
pub(super) struct Decoder<'f> {
    files: &'f dyn ScenarioFiles,
    found: Vec<Found>,
    /// Mistakes in other files, with those files' texts.
    elsewhere: Vec<Mistake>,
    sources: Sources,
}

/// Reads a scenario's text; `files` are what it refers to.
pub(super) fn decode(
    file: &str,
    text: &str,
    files: &dyn ScenarioFiles,
) -> Result<(Decoded, Sources), (Vec<Mistake>, Sources)> {
    let mut decoder = Decoder { files, found: Vec::new(), elsewhere: Vec::new(), sources: Sources::new() };
    let tree = yaml::parse(text, &mut decoder.found);
    let decoded = tree.and_then(|tree| decoder.scenario(file, &tree));
    let Decoder { found, elsewhere, mut sources, .. } = decoder;
    sources.insert(file.to_owned(), text.to_owned());
    let here = found.into_iter().map(|found| Mistake {
        file: file.to_owned(),
        place: Some(Place::of(text, found.bytes)),
        message: found.message,
        hint: found.hint,
    });
    let mistakes: Vec<Mistake> = here.chain(elsewhere).collect();
    match decoded {
        Some(decoded) if mistakes.is_empty() => Ok((decoded, sources)),
        _ => Err((mistakes, sources)),
    }
}

impl Decoder<'_> {
    fn mistake(&mut self, bytes: Range<usize>, message: impl Into<String>) {
        self.found.push(Found { bytes, message: message.into(), hint: None });
    }

    fn mistake_with(&mut self, bytes: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push(Found { bytes, message: message.into(), hint: Some(hint.into()) });
    }

    fn refused(&mut self, bytes: Range<usize>, refused: Refused) {
        self.found.push(Found { bytes, message: refused.reason, hint: refused.hint });
    }

    fn scenario(&mut self, file: &str, node: &Node) -> Option<Decoded> {
        let mut fields = Fields::of(self, node, "a scenario")?;
        let name = fields.required(self, "name", Self::written);
        let title = fields.required(self, "title", Self::localized);
        let region = fields.required(self, "region", Self::written);
        let pipeline = fields.required(self, "pipeline", pipeline::pipeline);
        let patience = fields.optional(self, "patience", patience::patience);
        let default_drill = fields.required(self, "default_drill", |decoder, node| {
            Some((decoder.written::<DrillName>(node)?, node.bytes.clone()))
        });
        let drills = fields.required(self, "drills", drill::drills);
        fields.close(self);
        if let (Some((name, bytes)), Some(drills)) = (&default_drill, &drills) {
            self.check_default(name, bytes.clone(), &drills.names);
        }
        let drills = drills?;
        let (pipeline, event_pattern) = pipeline?;
        let scenario = Scenario {
            name: name?,
            title: title?,
            region: region?,
            pipeline,
            patience: patience?.unwrap_or_default(),
            default_drill: default_drill?.0,
            drills: drills.drills?,
            event_pattern: event_pattern?,
            folder: self.files.folder().map(ToOwned::to_owned),
        };
        Some(Decoded { file: file.to_owned(), scenario, drills: drills.places })
    }

    fn check_default(&mut self, name: &DrillName, bytes: Range<usize>, drills: &[String]) {
        if drills.iter().any(|drill| drill == name.as_str()) {
            return;
        }
        let hint = match nearest(name.as_str(), drills.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the drills are {}", list(drills)),
        };
        self.mistake_with(bytes, format!("no drill is named `{name}`"), hint);
    }

    /// A text that a type's own rule reads.
    fn written<T: FromStr<Err = Refused>>(&mut self, node: &Node) -> Option<T> {
        let (text, plain) = self.scalar(node)?;
        match text.parse() {
            Ok(_) if plain && (yaml::is_number(text) || matches!(text, "true" | "false")) => {
                self.mistake_with(
                    node.bytes.clone(),
                    format!("{} must be text, and YAML reads `{text}` as something else", node.label),
                    format!("write `\"{text}\"`"),
                );
                None
            }
            Ok(value) => Some(value),
            Err(refused) => {
                self.refused(node.bytes.clone(), refused);
                None
            }
        }
    }

    /// Free text: not empty.
    fn text(&mut self, node: &Node) -> Option<String> {
        let (text, _) = self.scalar(node)?;
        if text.trim().is_empty() {
            self.mistake(node.bytes.clone(), format!("{} is empty", node.label));
            return None;
        }
        Some(text.to_owned())
    }

    fn scalar<'n>(&mut self, node: &'n Node) -> Option<(&'n str, bool)> {
        match &node.kind {
            Kind::Scalar { text, plain } => Some((text, *plain)),
            Kind::Null => {
                self.mistake(node.named.clone(), format!("{} has no value", node.label));
                None
            }
            Kind::Refused => None,
            Kind::List(_) | Kind::Mapping(_) => {
                self.mistake(
                    node.named.clone(),
                    format!("{} is one value, and {} stands here", node.label, node.describe()),
                );
                None
            }
        }
    }

    fn boolean(&mut self, node: &Node) -> Option<bool> {
        let (text, plain) = self.scalar(node)?;
        match text {
            "true" if plain => Some(true),
            "false" if plain => Some(false),
            _ => {
                let better = match text.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" => "write `true`",
                    "no" | "off" | "n" | "false" => "write `false`",
                    _ => "write `true` or `false`, without quotes",
                };
                let message = format!("{} is either true or false, not {}", node.label, node.describe());
                self.mistake_with(node.bytes.clone(), message, better);
                None
            }
        }
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, node: &Node, choices: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let (text, _) = self.scalar(node)?;
        if let Some(choice) = choices.iter().find(|choice| name(**choice) == text) {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|choice| name(*choice)).collect();
        let hint = match nearest(text, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", list(&names)),
        };
        self.mistake_with(node.bytes.clone(), format!("{} cannot be {}", node.label, node.describe()), hint);
        None
    }

    /// A list's items.
    fn items<'n>(&mut self, node: &'n Node) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.mistake(node.named.clone(), format!("{} is an empty list", node.label));
                None
            }
            Kind::List(items) => Some(items),
            Kind::Refused => None,
            _ => {
                let message = format!("{} is a list, and {} stands here", node.label, node.describe());
                self.mistake_with(node.pointer(), message, "begin every item with `- `, or write `[one, two]`");
                None
            }
        }
    }

    /// A mapping with one key, which says what its value is.
    fn one_of<'n>(&mut self, node: &'n Node, what: &str, names: &[&str]) -> Option<&'n Entry> {
        let entries = match &node.kind {
            Kind::Mapping(entries) if !entries.is_empty() => entries,
            Kind::Refused => return None,
            Kind::Scalar { text, .. } if names.contains(&text.as_str()) => {
                let message = format!("{what} is written as a key with its settings");
                self.mistake_with(
                    node.bytes.clone(),
                    message,
                    format!(
                        "write `{}: {{ {text}: {{}} }}`, with its settings between the inner braces",
                        node.label.trim_matches('`')
                    ),
                );
                return None;
            }
            _ => {
                let message = format!("{} is missing", what);
                self.mistake_with(node.pointer(), message, format!("it is one of {}", list(names)));
                return None;
            }
        };
        let (known, unknown): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| names.contains(&entry.key.as_str()));
        for entry in &unknown {
            let hint = match nearest(&entry.key, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it is one of {}", list(names)),
            };
            self.mistake_with(entry.bytes.clone(), format!("`{}` is not {what}", yaml::shorten(&entry.key)), hint);
        }
        if let [first, second, ..] = known.as_slice() {
            let message = format!("`{}` and `{}` stand together, and a drill has one of them", first.key, second.key);
            self.mistake_with(second.bytes.clone(), message, "make two drills of it, or remove one");
            return None;
        }
        known.first().copied().filter(|_| unknown.is_empty())
    }

    fn localized(&mut self, node: &Node) -> Option<Localized> {
        if let Kind::Scalar { text, .. } = &node.kind {
            let message = format!("{} is written by language", node.label);
            self.mistake_with(node.bytes.clone(), message, format!("write `{{ en: \"{}\" }}`", yaml::shorten(text)));
            return None;
        }
        let mut fields = Fields::of(self, node, "a text")?;
        let en = fields.required(self, "en", Self::text);
        let ko = fields.optional(self, "ko", Self::text);
        fields.close(self);
        Some(Localized { en: en?, ko: ko? })
    }

    fn per_target(&mut self, node: &Node) -> Option<PerTarget> {
        let mut fields = Fields::of(self, node, "a time by target")?;
        let lab = fields.optional(self, "lab", Self::written::<Wait>);
        let localstack = fields.optional(self, "localstack", Self::written::<Wait>);
        let aws = fields.optional(self, "aws", Self::written::<Wait>);
        fields.close(self);
        Some(PerTarget { lab: lab?, localstack: localstack?, aws: aws? })
    }

    fn within(&mut self, node: &Node) -> Option<Within> {
        match node.kind {
            Kind::Mapping(_) => self.per_target(node).map(Within::PerTarget),
            _ => self.written(node).map(Within::Everywhere),
        }
    }

    /// The event pattern in the file that `node` names.
    fn event_pattern(&mut self, node: &Node, path: &ScenarioPath) -> Option<EventPattern> {
        let text = match self.files.read(path) {
            Ok(text) => text,
            Err(error) => {
                let (message, hint) = match error.kind() {
                    std::io::ErrorKind::NotFound => {
                        (format!("there is no file `{path}`"), "it is looked for beside the scenario file")
                    }
                    std::io::ErrorKind::InvalidData => (format!("`{path}` is not UTF-8 text"), "save it as UTF-8"),
                    std::io::ErrorKind::FileTooLarge => (
                        format!("`{path}` is larger than {MOST_BYTES} bytes"),
                        "EventBridge takes a few thousand characters",
                    ),
                    _ => (format!("`{path}` cannot be read: {error}"), "see that it is a file and may be read"),
                };
                self.mistake_with(node.bytes.clone(), message, hint);
                return None;
            }
        };
        match EventPattern::parse(&text) {
            Ok(pattern) => Some(pattern),
            Err(found) => {
                let file = self.files.display(path);
                let place = Some(Place::of(&text, found.bytes));
                self.elsewhere.push(Mistake { file: file.clone(), place, message: found.message, hint: found.hint });
                self.sources.insert(file, text);
                None
            }
        }
    }
}

/// `a`, `b` and `c`.
fn list<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The keys of a mapping, taken one after the other. What is left when it is closed is unknown.
struct Fields<'n> {
    what: &'static str,
    node: &'n Node,
    entries: &'n [Entry],
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// `None`, and a mistake, when `node` has no keys.
    fn of(decoder: &mut Decoder<'_>, node: &'n Node, what: &'static str) -> Option<Self> {
        let entries: &[Entry] = match &node.kind {
            Kind::Mapping(entries) => entries,
            Kind::Refused => return None,
            Kind::Null => {
                decoder.mistake(
                    node.named.clone(),
                    format!("{} has no value: {what} is written with keys and values", node.label),
                );
                return None;
            }
            _ => {
                let message = format!("{what} is written with keys and values, and {} stands here", node.describe());
                decoder.mistake(node.pointer(), message);
                return None;
            }
        };
        Some(Self { what, node, entries, known: Vec::new(), missing: Vec::new() })
    }

    fn find(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    fn required<'f, T>(
        &mut self,
        decoder: &mut Decoder<'f>,
        key: &'static str,
        decode: impl FnOnce(&mut Decoder<'f>, &'n Node) -> Option<T>,
    ) -> Option<T> {
        match self.find(key) {
            Some(node) => decode(decoder, node),
            None => {
                self.missing.push(key);
                None
            }
        }
    }

    /// `Some(None)` when the key is not there; `None` when its value is mistaken.
    fn optional<'f, T>(
        &mut self,
        decoder: &mut Decoder<'f>,
        key: &'static str,
        decode: impl FnOnce(&mut Decoder<'f>, &'n Node) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.find(key) {
            Some(node) => decode(decoder, node).map(Some),
            None => Some(None),
        }
    }

    /// Notes unknown keys, and missing ones that no unknown key was meant to be. False if there were any.
    fn close(self, decoder: &mut Decoder<'_>) -> bool {
        let mut missing = self.missing;
        let mut right = missing.is_empty();
        for entry in self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            right = false;
            let free = self.known.iter().copied().filter(|key| !self.entries.iter().any(|other| other.key == *key));
            let hint = match meant(&entry.key, free) {
                Some(near) => {
                    missing.retain(|key| *key != near);
                    format!("did you mean `{near}`?")
                }
                None if self.known.is_empty() => "it has no keys".to_owned(),
                None => format!("its keys are {}", list(&self.known)),
            };
            decoder.mistake_with(
                entry.bytes.clone(),
                format!("{} has no key `{}`", self.what, yaml::shorten(&entry.key)),
                hint,
            );
        }
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            decoder.mistake(
                self.node.named.clone(),
                format!(
                    "{} {verb} missing: {} needs {}",
                    list(&missing),
                    self.what,
                    if missing.len() == 1 { "it" } else { "them" }
                ),
            );
        }
        right
    }
}

/// What people call a key who know EC2's calls or its console.
const OTHER_WORDS: [(&str, &str); 10] = [
    ("arch", "architecture"),
    ("source", "destination"),
    ("destination", "source"),
    ("cidr", "source"),
    ("cidr", "destination"),
    ("ports", "port"),
    ("from_port", "port"),
    ("to_port", "port"),
    ("memory", "memory_mb"),
    ("duration", "for"),
];

fn meant(written: &str, keys: impl Iterator<Item = &'static str> + Clone) -> Option<&'static str> {
    nearest(written, keys.clone()).or_else(|| {
        OTHER_WORDS.iter().find(|(word, key)| *word == written && keys.clone().any(|k| k == *key)).map(|(_, key)| *key)
    })
}

/// The drills, as far as they could be read.
struct Drills {
    /// `None` if one of them is mistaken.
    drills: Option<Vec<Drill>>,
    /// Every name that is written, so that a reference to a mistaken drill is not called a mistake as well.
    names: Vec<String>,
    places: Vec<DrillPlaces>,
}
