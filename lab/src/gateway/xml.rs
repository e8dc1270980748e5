//! Answers in XML from plain structs that derive `Serialize`.
//!
//! A struct becomes elements, a list becomes its name around `item` (EC2) or `member` (query) elements, a map becomes
//! `entry` elements with `key` and `value`, and an absent option leaves nothing.

use std::fmt::{self, Display, Write as _};

use quick_xml::escape::escape;
use serde::Serialize;
use serde::ser::{self, Impossible};

use super::stamp::{self, Stamp};

/// The content of `value` as XML elements; `item` is the name of a list's elements.
pub(crate) fn to_xml(value: &impl Serialize, item: &'static str) -> Result<String, XmlError> {
    let mut writer = Writer { out: String::with_capacity(512), item, absent: false };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// A value that has no form in XML. Only a mistake in the lab's own types can cause it.
#[derive(Debug)]
pub(crate) struct XmlError(String);

impl Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write the answer as XML: {}", self.0)
    }
}

impl std::error::Error for XmlError {}

impl ser::Error for XmlError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

struct Writer {
    out: String,
    item: &'static str,
    /// The value just written was an absent option: its element goes.
    absent: bool,
}

impl Writer {
    fn element(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), XmlError> {
        let before = self.out.len();
        let _ = write!(self.out, "<{name}>");
        value.serialize(&mut *self)?;
        if std::mem::take(&mut self.absent) {
            self.out.truncate(before);
        } else {
            let _ = write!(self.out, "</{name}>");
        }
        Ok(())
    }

    fn text(&mut self, value: impl Display) -> Result<(), XmlError> {
        let _ = write!(self.out, "{value}");
        Ok(())
    }
}

macro_rules! write_plain {
    ($($method:ident $type:ty;)*) => {$(
        fn $method(self, value: $type) -> Result<(), XmlError> {
            self.text(value)
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = XmlError;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), XmlError>;
    type SerializeTupleVariant = Impossible<(), XmlError>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), XmlError>;

    write_plain! {
        serialize_bool bool; serialize_i8 i8; serialize_i16 i16; serialize_i32 i32; serialize_i64 i64;
        serialize_u8 u8; serialize_u16 u16; serialize_u32 u32; serialize_u64 u64;
        serialize_f32 f32; serialize_f64 f64;
    }

    fn serialize_char(self, value: char) -> Result<(), XmlError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), XmlError> {
        self.text(escape(value))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), XmlError> {
        Err(XmlError("bytes".to_owned()))
    }

    fn serialize_none(self) -> Result<(), XmlError> {
        self.absent = true;
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), XmlError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), XmlError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), XmlError> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), XmlError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), XmlError> {
        let seconds = || serde_json::to_value(value).ok()?.as_f64();
        if let Some(stamp) = Some(name).filter(|name| *name == stamp::NAME).and_then(|_| Stamp::of_seconds(seconds()?))
        {
            return self.text(stamp.0);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), XmlError> {
        self.element(variant, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, XmlError> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, XmlError> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, XmlError> {
        Err(XmlError(name.to_owned()))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, XmlError> {
        Err(XmlError(name.to_owned()))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, XmlError> {
        Ok(Entries { writer: self })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, XmlError> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, XmlError> {
        Err(XmlError(name.to_owned()))
    }
}

impl ser::SerializeSeq for &mut Writer {
    type Ok = ();
    type Error = XmlError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), XmlError> {
        let item = self.item;
        self.element(item, value)
    }

    fn end(self) -> Result<(), XmlError> {
        Ok(())
    }
}

impl ser::SerializeTuple for &mut Writer {
    type Ok = ();
    type Error = XmlError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), XmlError> {
        ser::SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), XmlError> {
        Ok(())
    }
}

impl ser::SerializeStruct for &mut Writer {
    type Ok = ();
    type Error = XmlError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), XmlError> {
        self.element(name, value)
    }

    fn end(self) -> Result<(), XmlError> {
        Ok(())
    }
}

/// A map in the query protocol.
struct Entries<'a> {
    writer: &'a mut Writer,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = XmlError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), XmlError> {
        self.writer.out.push_str("<entry>");
        self.writer.element("key", key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), XmlError> {
        self.writer.element("value", value)?;
        self.writer.out.push_str("</entry>");
        Ok(())
    }

    fn end(self) -> Result<(), XmlError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    struct Answer {
        #[serde(rename = "return")]
        done: bool,
        name: Option<&'static str>,
        rules: Vec<Rule>,
        attributes: BTreeMap<&'static str, &'static str>,
    }

    #[derive(Serialize)]
    struct Rule {
        port: i32,
    }

    #[test]
    fn structs_lists_maps_and_absence() {
        let answer = Answer {
            done: true,
            name: None,
            rules: vec![Rule { port: 22 }],
            attributes: BTreeMap::from([("Policy", "{\"a\" & <b>}")]),
        };
        assert_eq!(
            to_xml(&answer, "item").unwrap(),
            "<return>true</return><rules><item><port>22</port></item></rules><attributes><entry><key>Policy</key>\
             <value>{&quot;a&quot; &amp; &lt;b&gt;}</value></entry></attributes>"
        );
    }
}
