//! A message in a queue, its attributes, and the digests that the SDKs verify.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::error::invalid_value;
use crate::gateway::error::AwsError;

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    /// `AWSTraceHeader` and what SQS adds itself; the counts are computed when the message is received.
    pub(super) system: BTreeMap<&'static str, String>,
    pub(super) sent: Timestamp,
    pub(super) arrived: Instant,
    /// From when it can be received: later than now while it is delayed or in flight.
    pub(super) visible_at: Instant,
    pub(super) first_received: Option<Timestamp>,
    pub(super) receive_count: u32,
    /// The random part of the newest receipt handle.
    pub(super) receipt: Option<String>,
}

/// A message attribute as the API has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct MessageAttribute {
    pub(super) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_value: Option<String>,
    /// In base64, as on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binary_value: Option<String>,
    /// In the model, and not implemented by SQS.
    #[serde(default, skip_serializing)]
    string_list_values: Vec<String>,
    /// In the model, and not implemented by SQS.
    #[serde(default, skip_serializing)]
    binary_list_values: Vec<String>,
}

impl MessageAttribute {
    /// An attribute from its type and its text; a `Binary` one's in base64.
    pub(super) fn new(data_type: String, value: String) -> Self {
        let is_binary = data_type.split('.').next() == Some("Binary");
        let (string_value, binary_value) = if is_binary { (None, Some(value)) } else { (Some(value), None) };
        let (string_list_values, binary_list_values) = Default::default();
        Self { data_type, string_value, binary_value, string_list_values, binary_list_values }
    }

    /// The value's bytes, and the byte that tells how it was transported: 1 as a string, 2 as binary.
    fn value(&self) -> (u8, Vec<u8>) {
        match (&self.string_value, &self.binary_value) {
            (Some(text), _) => (1, text.clone().into_bytes()),
            (None, Some(encoded)) => (2, STANDARD.decode(encoded).unwrap_or_default()),
            (None, None) => (1, Vec::new()),
        }
    }

    /// What the attribute counts towards the size of the message.
    fn size(&self) -> usize {
        self.data_type.len() + self.value().1.len()
    }
}

/// The most attributes that a message has.
const MOST_ATTRIBUTES: usize = 10;

/// Whether SQS takes these attributes.
pub(super) fn check_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<(), AwsError> {
    let refuse = |message: String| Err(AwsError::bad_request("InvalidParameterValue", message));
    if attributes.len() > MOST_ATTRIBUTES {
        let len = attributes.len();
        return refuse(format!(
            "Number of message attributes [{len}] exceeds the allowed maximum [{MOST_ATTRIBUTES}]."
        ));
    }
    for (name, attribute) in attributes {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_reserved = ["aws.", "amazon."].iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix));
        let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
        if name.is_empty() || name.len() > 256 || !name.chars().all(is_plain) || is_reserved || dots {
            return refuse(format!("Message (user) attribute name '{name}' is invalid."));
        }
        let kind = attribute.data_type.split('.').next().unwrap_or_default();
        if kind.is_empty() {
            return refuse(format!("The message attribute '{name}' must contain non-empty message attribute type."));
        }
        if !attribute.string_list_values.is_empty() || !attribute.binary_list_values.is_empty() {
            return refuse("Message attribute list values in SendMessage operation are not supported.".to_owned());
        }
        let value = match kind {
            "String" | "Number" => attribute.string_value.as_ref(),
            "Binary" => attribute.binary_value.as_ref(),
            _ => {
                return refuse(format!(
                    "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
                     prefixes is Binary, Number, and String."
                ));
            }
        };
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            let kind = if kind == "Binary" { "Binary" } else { "String" };
            return refuse(format!(
                "Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'."
            ));
        };
        if kind == "Number" && value.trim().parse::<f64>().is_err() {
            return refuse(format!("Can't cast the value of message (user) attribute '{name}' to a number."));
        }
        if kind == "Binary" && STANDARD.decode(value).is_err() {
            return Err(invalid_value(value, name, "it is not base64."));
        }
    }
    Ok(())
}

/// The size of a message as its limit counts it: body, names, types and values.
pub(super) fn size(body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    body.len() + attributes.iter().map(|(name, attribute)| name.len() + attribute.size()).sum::<usize>()
}

/// The MD5 of a body: `MD5OfBody`.
pub(super) fn md5_of_body(body: &str) -> String {
    hexadecimal(&Md5::digest(body.as_bytes()))
}

/// The MD5 of message attributes; none where there is none.
///
/// Source: "Calculating the MD5 message digest for message attributes" in the Amazon SQS Developer Guide.
pub(super) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a MessageAttribute)>,
) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    let add = |digest: &mut Md5, bytes: &[u8]| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        any = true;
        let (transport, value) = attribute.value();
        add(&mut digest, name.as_bytes());
        add(&mut digest, attribute.data_type.as_bytes());
        digest.update([transport]);
        add(&mut digest, &value);
    }
    any.then(|| hexadecimal(&digest.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests that AWS answers, as moto's suite has them.
    #[test]
    fn digests_are_those_that_clients_compute() {
        assert_eq!(md5_of_body("derp"), "58fd9edd83341c29f1aebba81c31e257");
        for (name, kind, digest) in [
            ("timestamp", "Number", "235c5c510d26fb653d073faed50ae77c"),
            ("SOME_Valid.attribute-Name", "Number", "36655e7e9d7c0e8479fa3f3f42247ae7"),
            ("timestamp", "Number.java.lang.Long", "2e2e4876d8e0bd6b8c2c8f556831c349"),
        ] {
            let attribute = MessageAttribute::new(kind.to_owned(), "1493147359900".to_owned());
            let attributes = BTreeMap::from([(name.to_owned(), attribute)]);
            assert_eq!(md5_of_attributes(&attributes).as_deref(), Some(digest), "{name} {kind}");
        }
        assert_eq!(md5_of_attributes(&BTreeMap::new()), None);
    }

    #[test]
    fn binary_attributes_count_as_their_bytes() {
        let binary = MessageAttribute::new("Binary".to_owned(), STANDARD.encode([0, 159, 146]));
        assert_eq!(binary.value(), (2, vec![0, 159, 146]));
        assert_eq!(size("ab", &BTreeMap::from([("n".to_owned(), binary)])), 2 + 1 + 6 + 3);
    }

    #[test]
    fn wrong_attributes_are_refused_with_their_name() {
        let refused = |name: &str, kind: &str, value: &str| {
            let attribute = MessageAttribute::new(kind.to_owned(), value.to_owned());
            check_attributes(&BTreeMap::from([(name.to_owned(), attribute)])).unwrap_err().message
        };
        assert!(refused("a", "", "x").contains("non-empty message attribute type"));
        assert!(refused("a", "String", "").contains("must contain a non-empty value of type 'String'"));
        assert!(refused("a", "Boolean", "true").contains("invalid message attribute type"));
        assert!(refused("a", "Number", "x").contains("to a number"));
        assert!(refused("aws.a", "String", "x").contains("name 'aws.a' is invalid"));
    }
}
