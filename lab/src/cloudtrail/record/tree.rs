//! Parameters and answers as a record writes them: names with a small first letter, values with their types.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use super::HIDDEN;
use crate::gateway::params::Node;

/// Fields whose values CloudTrail hides.
const SECRETS: [&str; 2] = ["password", "plaintext"];

/// Fields that CloudTrail leaves out.
const LEFT_OUT: [&str; 1] = ["secretAccessKey"];

/// A parameter's name as a record writes it: `TopicArn` becomes `topicArn`, `DBName` `dBName`.
pub(super) fn small_first(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The parameters of the query protocol.
pub(super) fn of_query(node: &Node) -> Value {
    match node {
        Node::Leaf(text) => text.clone().into(),
        Node::Branch(children) if children.is_empty() => Value::Null,
        Node::Branch(children) => match (node.elements(), children.contains_key("entry")) {
            (Some(entries), true) => entries.into_iter().filter_map(entry).collect::<Map<_, _>>().into(),
            (Some(elements), false) => elements.into_iter().map(of_query).collect::<Vec<_>>().into(),
            (None, _) => Value::Object(
                children.iter().map(|(name, child)| member(&small_first(name), of_query(child))).collect(),
            ),
        },
    }
}

fn entry(node: &Node) -> Option<(String, Value)> {
    Some((node.text("key")?.to_owned(), of_query(node.get("value")?)))
}

fn member(name: &str, value: Value) -> (String, Value) {
    let value = if SECRETS.contains(&name) { HIDDEN.into() } else { value };
    (name.to_owned(), value)
}

/// A JSON body.
pub(super) fn of_json(body: &[u8]) -> Value {
    let value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match small_names(value) {
        Value::Object(members) if members.is_empty() => Value::Null,
        value => value,
    }
}

fn small_names(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| member(&small_first(&name), small_names(value))).collect()
        }
        Value::Array(elements) => elements.into_iter().map(small_names).collect(),
        other => other,
    }
}

/// An element of an XML answer.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The root element of a document; an empty one where it is not XML.
    pub(super) fn parse(document: &[u8]) -> Self {
        let mut reader = Reader::from_reader(document);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event() {
                Ok(Event::Start(start)) => {
                    let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                    open.push(Self { name, ..Self::default() });
                }
                Ok(Event::Empty(start)) => {
                    let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(Self { name, ..Self::default() });
                    }
                }
                Ok(Event::Text(text)) => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Ok(Event::GeneralRef(reference)) => {
                    let reference = format!("&{};", String::from_utf8_lossy(&reference));
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&reference);
                    }
                }
                Ok(Event::End(_)) if open.len() > 1 => close(&mut open),
                Ok(Event::Eof) | Err(_) => break,
                Ok(_) => {}
            }
        }
        while open.len() > 1 {
            close(&mut open);
        }
        open.pop().and_then(|root| root.children.into_iter().next()).unwrap_or_default()
    }

    /// The text with its entities resolved.
    pub(super) fn value(&self) -> String {
        unescape(&self.text).map_or_else(|_| self.text.clone(), std::borrow::Cow::into_owned)
    }
}

fn close(open: &mut Vec<Element>) {
    if let (Some(element), Some(parent)) = (open.pop(), open.last_mut()) {
        parent.children.push(element);
    }
}

/// The content of `<OperationResult>` in an answer of the query protocol.
pub(super) fn of_query_xml(body: &[u8]) -> Value {
    let root = Element::parse(body);
    let result = root.children.iter().find(|child| child.name.ends_with("Result"));
    match result.map(query_element) {
        Some(Value::Object(members)) if !members.is_empty() => Value::Object(members),
        _ => Value::Null,
    }
}

fn query_element(element: &Element) -> Value {
    if element.children.is_empty() {
        return query_scalar(element);
    }
    if element.children.iter().all(|child| child.name == "member") {
        return element.children.iter().map(query_element).collect::<Vec<_>>().into();
    }
    let told = element.children.iter().filter(|child| !LEFT_OUT.contains(&small_first(&child.name).as_str()));
    told.map(|child| member(&small_first(&child.name), query_element(child))).collect()
}

/// The text of an element; a time is written as Java writes one for Americans.
fn query_scalar(element: &Element) -> Value {
    let text = element.value();
    let is_time = element.name.ends_with("Date") || element.name == "Expiration";
    match text.parse::<jiff::Timestamp>() {
        Ok(time) if is_time => time.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string().into(),
        _ => text.into(),
    }
}
