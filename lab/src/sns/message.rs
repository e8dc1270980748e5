//! A message that is published: what SNS takes, and what each protocol gets of it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::invalid;
use super::fifo::{Fifo, Memory, Receipt, Taken};
use crate::filter;
use crate::gateway::error::AwsError;
use crate::ids;

/// The largest message, in bytes, with its attributes: 256 KiB.
pub(super) const LARGEST: usize = 262_144;

/// A message attribute as the API has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct MessageAttribute {
    /// None is refused by [`Draft::check`], in the words that SNS has for it.
    data_type: Option<String>,
    string_value: Option<String>,
    /// In base64, as on the wire.
    binary_value: Option<String>,
}

/// What is to be published, as the operations bring it.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) message: String,
    pub(super) subject: Option<String>,
    pub(super) structure: Option<String>,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    pub(super) group_id: Option<String>,
    pub(super) deduplication_id: Option<String>,
}

/// A message that a topic has taken.
#[derive(Debug)]
pub(super) struct Publication {
    pub(super) id: String,
    pub(super) time: Timestamp,
    pub(super) subject: Option<String>,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    pub(super) group_id: Option<String>,
    /// What a FIFO topic adds.
    pub(super) fifo: Option<Numbered>,
    /// In bytes, as the limit counts.
    pub(super) size: usize,
    /// What every protocol gets that has no text of its own.
    default: String,
    /// With `MessageStructure` `json`: the texts by protocol.
    by_protocol: BTreeMap<String, String>,
}

/// A message's place in a FIFO topic.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) sequence: String,
    pub(super) deduplication_id: String,
}

/// What a topic makes of a draft.
#[derive(Debug)]
pub(super) enum Published {
    /// It goes to the subscribers.
    New(Box<Publication>),
    /// A FIFO topic had it before.
    Duplicate(Receipt),
}

impl Published {
    pub(super) fn receipt(&self) -> (String, Option<String>) {
        match self {
            Self::New(publication) => {
                (publication.id.clone(), publication.fifo.as_ref().map(|fifo| fifo.sequence.clone()))
            }
            Self::Duplicate(first) => (first.message_id.clone(), Some(first.sequence.clone())),
        }
    }
}

/// The default text, and those of the protocols.
type Texts = (String, BTreeMap<String, String>);

impl Draft {
    /// The size that the limit counts.
    pub(super) fn size(&self) -> usize {
        let attribute =
            |(name, one): (&String, &MessageAttribute)| name.len() + one.data_type().len() + one.value().len();
        self.message.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }

    /// Whether a topic takes the message. `at` is where the message stands in the request: nothing, or the entry of a batch.
    pub(super) fn check(&self, fifo: Option<&Fifo>, at: &str) -> Result<(), AwsError> {
        if self.message.is_empty() {
            return Err(invalid("Empty message"));
        }
        if self.size() > LARGEST {
            return Err(invalid("Message too long"));
        }
        if let Some(subject) = &self.subject {
            check_subject(subject)?;
        }
        match fifo {
            Some(fifo) => fifo.check(self)?,
            None if self.deduplication_id.is_some() => {
                return Err(invalid(
                    "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not \
                     valid for this topic type",
                ));
            }
            None => {}
        }
        check_attributes(&self.attributes, at)?;
        self.texts().map(|_| ())
    }

    /// The text of every protocol and those of single ones; none where the message is the same for all.
    fn texts(&self) -> Result<Option<Texts>, AwsError> {
        match self.structure.as_deref() {
            None => Ok(None),
            Some("json") => by_protocol(&self.message).map(Some),
            Some(_) => Err(invalid("MessageStructure")),
        }
    }

    /// The message, if the topic takes it; of a FIFO topic come its attributes and its memory.
    pub(super) fn publish(self, fifo: Option<(&Fifo, &mut Memory)>, time: Timestamp) -> Result<Published, AwsError> {
        self.check(fifo.as_ref().map(|(fifo, _)| *fifo), "")?;
        let id = ids::uuid();
        let size = self.size();
        let texts = self.texts()?;
        // Nothing can go wrong any more: what a FIFO topic remembers was published.
        let fifo = match fifo {
            None => None,
            Some((fifo, memory)) => match memory.take(fifo, &self, &id)? {
                Taken::Duplicate(first) => return Ok(Published::Duplicate(first)),
                Taken::New { sequence, deduplication_id } => Some(Numbered { sequence, deduplication_id }),
            },
        };
        let (default, by_protocol) = texts.unwrap_or_else(|| (self.message, BTreeMap::new()));
        let Self { subject, attributes, group_id, .. } = self;
        let publication = Publication { id, time, subject, attributes, group_id, fifo, size, default, by_protocol };
        Ok(Published::New(Box::new(publication)))
    }
}

impl Publication {
    /// What a protocol gets.
    pub(super) fn text(&self, protocol: &str) -> &str {
        self.by_protocol.get(protocol).unwrap_or(&self.default)
    }

    /// The attributes as filter policies look at them.
    pub(super) fn filtered(&self) -> BTreeMap<String, filter::MessageAttribute> {
        let look = |one: &MessageAttribute| filter::MessageAttribute {
            data_type: one.data_type().to_owned(),
            string_value: one.string_value.clone(),
        };
        self.attributes.iter().map(|(name, one)| (name.clone(), look(one))).collect()
    }

    /// The attributes as the envelope has them.
    pub(super) fn enveloped(&self) -> Value {
        let show = |one: &MessageAttribute| json!({ "Type": one.data_type(), "Value": one.value() });
        let map: Map<String, Value> = self.attributes.iter().map(|(name, one)| (name.clone(), show(one))).collect();
        Value::Object(map)
    }

    /// The attributes as a raw delivery hands them to a queue: name, data type, value.
    pub(super) fn raw_attributes(&self) -> Vec<(String, String, String)> {
        let hand = |(name, one): (&String, &MessageAttribute)| {
            // A queue knows no arrays: they arrive as the text that they were published as.
            (name.clone(), one.data_type().to_owned(), one.value().to_owned())
        };
        self.attributes.iter().map(hand).collect()
    }
}

impl MessageAttribute {
    pub(super) fn data_type(&self) -> &str {
        self.data_type.as_deref().unwrap_or_default()
    }

    /// The value as text; a `Binary` one's in base64.
    fn value(&self) -> &str {
        self.string_value.as_deref().or(self.binary_value.as_deref()).unwrap_or_default()
    }
}

/// A subject is a line of a mail: ASCII that begins with a letter, a digit or punctuation, under 100 characters.
fn check_subject(subject: &str) -> Result<(), AwsError> {
    let is_text = |c: char| matches!(c, ' '..='~');
    let begins_well = subject.starts_with(|c: char| c.is_ascii_alphanumeric() || c.is_ascii_punctuation());
    if !begins_well || subject.len() >= 100 || !subject.chars().all(is_text) {
        return Err(invalid("Subject"));
    }
    Ok(())
}

fn by_protocol(message: &str) -> Result<(String, BTreeMap<String, String>), AwsError> {
    let parsed: Map<String, Value> =
        serde_json::from_str(message).map_err(|_| invalid("Message Structure - JSON message body failed to parse"))?;
    // SNS leaves out what is not a text.
    let texts = parsed.into_iter().filter_map(|(name, text)| Some((name, text.as_str()?.to_owned())));
    let mut texts: BTreeMap<String, String> = texts.collect();
    let default =
        texts.remove("default").ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))?;
    Ok((default, texts))
}

fn check_attributes(attributes: &BTreeMap<String, MessageAttribute>, at: &str) -> Result<(), AwsError> {
    let refuse = |message: String| Err(AwsError::bad_request("ParameterValueInvalid", message));
    if let Some((name, _)) = attributes.iter().find(|(_, attribute)| attribute.data_type.is_none()) {
        let message = format!(
            "1 validation error detected: Value null at '{at}messageAttributes.{name}.member.dataType' failed to satisfy \
             constraint: Member must not be null"
        );
        return Err(AwsError::bad_request("ValidationError", message));
    }
    for (name, attribute) in attributes {
        if let Some(why) = wrong_name(name) {
            return refuse(why);
        }
        let kind = attribute.data_type().split('.').next().unwrap_or_default();
        if kind.is_empty() {
            return refuse(format!("The message attribute '{name}' must contain non-empty message attribute type."));
        }
        let value = match kind {
            "String" | "Number" => attribute.string_value.as_deref(),
            "Binary" => attribute.binary_value.as_deref(),
            _ => {
                return refuse(format!(
                    "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
                     prefixes is Binary, Number, and String."
                ));
            }
        };
        if value.is_none() && (attribute.string_value.is_some() || attribute.binary_value.is_some()) {
            let (kind, field) = (attribute.data_type(), if kind == "Binary" { "Binary" } else { "String" });
            return refuse(format!("The message attribute '{name}' with type '{kind}' must use field '{field}'."));
        }
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return refuse(format!(
                "The message attribute '{name}' must contain non-empty message attribute value for message attribute \
                 type '{kind}'."
            ));
        };
        let is_wrong = match kind {
            "Number" => value.trim().parse::<f64>().is_err(),
            "Binary" => STANDARD.decode(value).is_err(),
            _ => attribute.data_type() == "String.Array" && !matches!(serde_json::from_str(value), Ok(Value::Array(_))),
        };
        if is_wrong {
            let kind = attribute.data_type();
            return refuse(format!("Could not cast message attribute '{name}' value to {kind}."));
        }
    }
    Ok(())
}

/// What is wrong with the name of a message attribute, in SNS's words.
fn wrong_name(name: &str) -> Option<String> {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 256 {
        return Some("Length of message attribute name must be less than 256 bytes.".to_owned());
    }
    if let Some(strange) = name.chars().find(|c| !is_plain(c)) {
        return Some(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(strange)
        ));
    }
    let at = if name.starts_with('.') { "starting" } else { "ending" };
    if name.starts_with('.') || name.ends_with('.') {
        return Some(format!("Invalid message attribute name {at} with character '.' was found."));
    }
    name.contains("..").then(|| "Message attribute name can not have successive '.' character.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(draft: Draft) -> String {
        draft.publish(None, Timestamp::UNIX_EPOCH).unwrap_err().message
    }

    fn draft(message: &str) -> Draft {
        Draft { message: message.to_owned(), ..Draft::default() }
    }

    #[test]
    fn what_sns_does_not_take() {
        assert_eq!(refused(draft("")), "Invalid parameter: Empty message");
        assert_eq!(refused(draft(&"x".repeat(LARGEST + 1))), "Invalid parameter: Message too long");
        for subject in ["", " begins with a space", "two\nlines", "포트가 열렸습니다", &"x".repeat(100)] {
            let wrong = Draft { subject: Some(subject.to_owned()), ..draft("m") };
            assert_eq!(refused(wrong), "Invalid parameter: Subject", "{subject:?}");
        }
        let fifo = Draft { deduplication_id: Some("1".to_owned()), ..draft("m") };
        assert!(refused(fifo).contains("not valid for this topic type"));
    }

    #[test]
    fn an_attribute_that_sns_does_not_take_is_named() {
        let text = |value: &str| MessageAttribute {
            data_type: Some("String".to_owned()),
            string_value: Some(value.to_owned()),
            binary_value: None,
        };
        let binary = MessageAttribute { data_type: Some("Binary".to_owned()), ..text("eA==") };
        let long = "n".repeat(257);
        for (name, attribute, wanted) in [
            (".a", text("v"), "Invalid message attribute name starting with character '.' was found."),
            ("a.", text("v"), "Invalid message attribute name ending with character '.' was found."),
            ("a..b", text("v"), "Message attribute name can not have successive '.' character."),
            ("a!", text("v"), "Invalid non-alphanumeric character '#x21' was found in the message attribute name."),
            (&long, text("v"), "Length of message attribute name must be less than 256 bytes."),
            ("a", text(""), "The message attribute 'a' must contain non-empty message attribute value for message"),
            ("a", binary, "The message attribute 'a' with type 'Binary' must use field 'Binary'."),
        ] {
            let wrong = Draft { attributes: BTreeMap::from([(name.to_owned(), attribute)]), ..draft("m") };
            let error = wrong.publish(None, Timestamp::UNIX_EPOCH).unwrap_err();
            assert_eq!(error.code, "ParameterValueInvalid");
            assert!(error.message.starts_with(wanted), "{name}: {error}");
        }
    }

    #[test]
    fn a_structured_message_has_a_text_for_each_protocol() {
        let json = |text: &str| Draft { structure: Some("json".to_owned()), ..draft(text) };
        let publication = json(r#"{"default":"d","sqs":"q","lambda":5}"#).publish(None, Timestamp::UNIX_EPOCH).unwrap();
        let Published::New(publication) = publication else { panic!("a duplicate") };
        assert_eq!((publication.text("sqs"), publication.text("email"), publication.text("lambda")), ("q", "d", "d"));
        assert!(refused(json("{}")).contains("No default entry"));
        assert!(refused(json("no")).contains("failed to parse"));
    }
}
