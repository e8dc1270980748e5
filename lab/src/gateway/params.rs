//! Form-encoded parameters (`IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8`) as a tree, and that tree as a typed input.
//!
//! An input is a plain struct that derives `Deserialize` with `deny_unknown_fields`: what the lab does not know is then
//! refused by name before anything has changed. Lists are read with or without the `member` or `entry` level that the
//! query protocol puts between, and maps of the query protocol as `entry.N.key` and `entry.N.value`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// How deep parameters go. AWS's own go to about twelve; a tree that is read by recursion must end somewhere.
const DEEPEST: usize = 32;

/// A parameter: a text, or parameters below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A value.
    Leaf(String),
    /// What stands behind a dot, by name or by number.
    Branch(BTreeMap<String, Node>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Branch(BTreeMap::new())
    }
}

impl Node {
    /// The tree of form-encoded bytes. `Action` and `Version` say which operation it is and are left out.
    pub fn parse(form: &[u8]) -> Result<Self, ParamError> {
        let mut root = Self::default();
        for (name, value) in form_urlencoded::parse(form) {
            if name != "Action" && name != "Version" && !name.is_empty() {
                root.insert(&name, value.into_owned())?;
            }
        }
        Ok(root)
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), ParamError> {
        let conflict = || ParamError::new(Problem::Malformed, name, "is given as a value and as a structure");
        if name.split('.').count() > DEEPEST {
            let start: String = name.chars().take(80).collect();
            return Err(ParamError::new(Problem::Malformed, &start, format!("… is more than {DEEPEST} levels deep")));
        }
        let mut node = self;
        for part in name.split('.') {
            let Self::Branch(children) = node else { return Err(conflict()) };
            node = children.entry(part.to_owned()).or_default();
        }
        match node {
            Self::Branch(children) if children.is_empty() => {
                *node = Self::Leaf(value);
                Ok(())
            }
            _ => Err(conflict()),
        }
    }

    /// The parameter of this name directly below.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Leaf(_) => None,
            Self::Branch(children) => children.get(name),
        }
    }

    /// The text of the parameter of this name directly below.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Self::Leaf(value)) => Some(value),
            _ => None,
        }
    }

    /// The elements, in the order of their numbers, where this is a list.
    pub fn elements(&self) -> Option<Vec<&Self>> {
        match self {
            Self::Leaf(value) => value.is_empty().then(Vec::new),
            Self::Branch(children) => {
                if let (1, Some(inner)) = (children.len(), children.get("member").or_else(|| children.get("entry"))) {
                    return inner.elements();
                }
                let mut numbered = Vec::with_capacity(children.len());
                for (name, child) in children {
                    numbered.push((name.parse::<u32>().ok()?, child));
                }
                numbered.sort_unstable_by_key(|(number, _)| *number);
                Some(numbered.into_iter().map(|(_, child)| child).collect())
            }
        }
    }

    /// The typed input that these parameters are.
    pub fn read<T: de::DeserializeOwned>(&self) -> Result<T, ParamError> {
        T::deserialize(Reader(self))
    }
}

/// What is wrong with a parameter; each service has its own code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No such parameter, or none that the lab knows.
    Unknown,
    /// A parameter that the operation needs is not there.
    Missing,
    /// The value is not of the parameter's type.
    Invalid,
    /// The form itself makes no sense.
    Malformed,
}

/// A parameter that the operation cannot take, with its full name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    /// What is wrong.
    pub problem: Problem,
    /// The parameter's name from the top: `IpPermissions.1.FromPort`.
    pub name: String,
    /// What is wrong, as the end of a sentence that begins with the name.
    pub what: String,
}

impl ParamError {
    pub(crate) fn new(problem: Problem, name: &str, what: impl Into<String>) -> Self {
        Self { problem, name: name.to_owned(), what: what.into() }
    }

    /// The same error, seen from one level further up.
    fn within(mut self, parent: &str) -> Self {
        self.name = if self.name.is_empty() { parent.to_owned() } else { format!("{parent}.{}", self.name) };
        self
    }

    fn invalid(what: impl Into<String>) -> Self {
        Self::new(Problem::Invalid, "", what)
    }
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the parameter {} {}", self.name, self.what)
    }
}

impl std::error::Error for ParamError {}

impl de::Error for ParamError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::invalid(message.to_string())
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::new(Problem::Unknown, field, "is not recognized")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::Missing, field, "is missing")
    }
}

/// Serde's view of a [`Node`].
struct Reader<'a>(&'a Node);

impl Reader<'_> {
    fn leaf(&self, wanted: &str) -> Result<&str, ParamError> {
        match self.0 {
            Node::Leaf(value) => Ok(value),
            Node::Branch(_) => Err(ParamError::invalid(format!("must be {wanted}, not a structure"))),
        }
    }
}

macro_rules! read_number {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
            let text = self.leaf("a whole number")?;
            let number = text.parse::<$type>();
            visitor.$visit(number.map_err(|_| ParamError::invalid(format!("must be a whole number, not '{text}'")))?)
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Reader<'_> {
    type Error = ParamError;

    read_number! {
        deserialize_i8 visit_i8 i8; deserialize_i16 visit_i16 i16; deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64; deserialize_u8 visit_u8 u8; deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32; deserialize_u64 visit_u64 u64;
        deserialize_f32 visit_f32 f32; deserialize_f64 visit_f64 f64;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.leaf("true or false")? {
            "true" | "True" => visitor.visit_bool(true),
            "false" | "False" => visitor.visit_bool(false),
            other => Err(ParamError::invalid(format!("must be true or false, not '{other}'"))),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        match self.0 {
            Node::Leaf(value) => visitor.visit_string(value.clone()),
            Node::Branch(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ParamError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let elements = self.0.elements().ok_or_else(|| ParamError::invalid("must be a list"))?;
        visitor.visit_seq(Elements { next: 0, elements })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ParamError> {
        let Node::Branch(children) = self.0 else {
            return Err(ParamError::invalid("must be a structure, not a value"));
        };
        let fields = match children.get("entry").and_then(Node::elements) {
            Some(entries) if children.len() == 1 => entries.into_iter().map(entry).collect::<Result<_, _>>()?,
            _ => children.iter().map(|(name, child)| (name.as_str(), child)).collect(),
        };
        visitor.visit_map(Fields { next: 0, fields })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        let Node::Branch(children) = self.0 else {
            return Err(ParamError::invalid("must be a structure, not a value"));
        };
        visitor.visit_map(Fields {
            next: 0,
            fields: children.iter().map(|(name, child)| (name.as_str(), child)).collect(),
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ParamError> {
        let value = self.leaf("a value")?;
        if !variants.contains(&value) {
            return Err(ParamError::invalid(format!("must be one of {}, not '{value}'", variants.join(", "))));
        }
        let text: StringDeserializer<ParamError> = value.to_owned().into_deserializer();
        visitor.visit_enum(text)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// One `entry` of a map in the query protocol: SNS writes `key` and `value`, others `Name` and `Value`.
fn entry(node: &Node) -> Result<(&str, &Node), ParamError> {
    let key = node.text("key").or_else(|| node.text("Name"));
    let value = node.get("value").or_else(|| node.get("Value"));
    key.zip(value).ok_or_else(|| ParamError::new(Problem::Malformed, "entry", "must have a key and a value"))
}

struct Elements<'a> {
    next: usize,
    elements: Vec<&'a Node>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = ParamError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ParamError> {
        let Some(element) = self.elements.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(Reader(element)).map(Some).map_err(|e| e.within(&self.next.to_string()))
    }
}

struct Fields<'a> {
    next: usize,
    fields: Vec<(&'a str, &'a Node)>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = ParamError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ParamError> {
        let Some((name, _)) = self.fields.get(self.next) else { return Ok(None) };
        let text: StringDeserializer<ParamError> = (*name).to_owned().into_deserializer();
        seed.deserialize(text).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ParamError> {
        let Some((name, node)) = self.fields.get(self.next) else {
            return Err(ParamError::new(Problem::Malformed, "", "has no value"));
        };
        self.next += 1;
        seed.deserialize(Reader(node)).map_err(|e| e.within(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Input {
        name: String,
        #[serde(default)]
        ports: Vec<i32>,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
        dry_run: Option<bool>,
        #[serde(default)]
        nested: Vec<Nested>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Nested {
        from_port: i32,
    }

    fn read(form: &str) -> Result<Input, ParamError> {
        Node::parse(form.as_bytes())?.read()
    }

    #[test]
    fn lists_maps_and_scalars_of_both_query_protocols() {
        let plain = read("Action=X&Name=a&Ports.2=80&Ports.10=90&Ports.1=22&DryRun=true&Nested.1.FromPort=5").unwrap();
        assert_eq!(plain.ports, [22, 80, 90], "by number, not by text");
        assert_eq!(plain.nested, [Nested { from_port: 5 }]);
        assert_eq!(plain.dry_run, Some(true));
        let query = read("Name=a&Ports.member.1=22&Attributes.entry.1.key=k&Attributes.entry.1.value=v").unwrap();
        assert_eq!(query.ports, [22]);
        assert_eq!(query.attributes["k"], "v");
        assert_eq!(read("Name=a&Ports=").unwrap().ports, [0; 0], "an empty list");
    }

    #[test]
    fn what_is_wrong_is_named_from_the_top() {
        let problem = |form| read(form).map(|_| ()).unwrap_err().to_string();
        assert_eq!(problem("Name=a&Nested.1.Colour=x"), "the parameter Nested.1.Colour is not recognized");
        assert_eq!(
            problem("Name=a&Nested.1.FromPort=x"),
            "the parameter Nested.1.FromPort must be a whole number, not 'x'"
        );
        assert_eq!(problem("Ports.1=1"), "the parameter Name is missing");
        assert_eq!(problem("Name=a&Ports.first=1"), "the parameter Ports must be a list");
        assert_eq!(problem("Name=a&Name.b=1"), "the parameter Name.b is given as a value and as a structure");
    }
}
