//! Inputs and answers in CBOR, as Smithy's protocol "RPC v2 CBOR" has them: CloudWatch's SDKs have spoken it since 2025.
//!
//! Source: RFC 8949, and the "Smithy RPC v2 CBOR protocol" specification.

use std::fmt::{self, Display};

use minicbor::data::{IanaTag, Type};
use minicbor::{Decoder, Encoder};
use serde::Serialize;
use serde::ser::{self, Impossible};
use serde_json::{Map, Number, Value};

use super::stamp;

/// How deep an input may be nested: deeper ones are nobody's honest request.
const DEEPEST: usize = 32;

/// How many values an input may have: one takes a byte, and 32 once it is read. CloudWatch takes a million bytes.
const MOST: usize = 1_000_000;

/// A body as a JSON value; a time is its number of seconds.
pub(crate) fn read(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut decoder = Decoder::new(body);
    let mut left = MOST;
    let value = item(&mut decoder, 0, &mut left).map_err(|error| error.to_string())?;
    if decoder.position() == body.len() { Ok(value) } else { Err("there is something behind its end".to_owned()) }
}

fn item(decoder: &mut Decoder<'_>, depth: usize, left: &mut usize) -> Result<Value, minicbor::decode::Error> {
    use minicbor::decode::Error;

    if depth > DEEPEST {
        return Err(Error::message("nested too deeply"));
    }
    *left = left.checked_sub(1).ok_or_else(|| Error::message("too many values"))?;
    // What JSON cannot hold (infinity, not a number) is its text, as in the JSON protocols; no input takes it.
    let float = |number: f64| Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number);
    Ok(match decoder.datatype()? {
        Type::Bool => decoder.bool()?.into(),
        Type::Null => {
            decoder.null()?;
            Value::Null
        }
        Type::Undefined => {
            decoder.undefined()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => decoder.i64()?.into(),
        Type::F16 => float(decoder.f16()?.into()),
        Type::F32 => float(decoder.f32()?.into()),
        Type::F64 => float(decoder.f64()?),
        Type::String | Type::StringIndef => text(decoder)?.into(),
        Type::Tag => {
            decoder.tag()?;
            item(decoder, depth + 1, left)?
        }
        Type::Array | Type::ArrayIndef => {
            let mut elements = Vec::new();
            let mut length = decoder.array()?;
            while more(decoder, &mut length)? {
                elements.push(item(decoder, depth + 1, left)?);
            }
            elements.into()
        }
        Type::Map | Type::MapIndef => {
            let mut members = Map::new();
            let mut length = decoder.map()?;
            while more(decoder, &mut length)? {
                let name = text(decoder)?;
                members.insert(name, item(decoder, depth + 1, left)?);
            }
            members.into()
        }
        other => return Err(Error::type_mismatch(other)),
    })
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, minicbor::decode::Error> {
    decoder.str_iter()?.collect()
}

/// Whether a list or a map goes on: by its length, or until its end mark, which is then taken.
fn more(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, minicbor::decode::Error> {
    match left {
        Some(0) => Ok(false),
        Some(left) => {
            *left -= 1;
            Ok(true)
        }
        None if decoder.datatype()? == Type::Break => {
            decoder.set_position(decoder.position() + 1);
            Ok(false)
        }
        None => Ok(true),
    }
}

/// An answer.
pub(crate) fn write(value: &impl Serialize) -> Result<Vec<u8>, CborError> {
    let mut writer = Writer(Encoder::new(Vec::with_capacity(512)));
    value.serialize(&mut writer)?;
    Ok(writer.0.into_writer())
}

/// A value that has no form in CBOR. Only a mistake in the lab's own types can cause it.
#[derive(Debug)]
pub(crate) struct CborError(String);

impl Display for CborError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write the answer as CBOR: {}", self.0)
    }
}

impl std::error::Error for CborError {}

impl ser::Error for CborError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<E: Display> From<minicbor::encode::Error<E>> for CborError {
    fn from(error: minicbor::encode::Error<E>) -> Self {
        Self(error.to_string())
    }
}

struct Writer(Encoder<Vec<u8>>);

macro_rules! write_plain {
    ($($method:ident $as:ident $type:ty;)*) => {$(
        fn $method(self, value: $type) -> Result<(), CborError> {
            self.0.$as(value.into())?;
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = CborError;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeTupleStruct = Impossible<(), CborError>;
    type SerializeTupleVariant = Impossible<(), CborError>;
    type SerializeMap = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Impossible<(), CborError>;

    write_plain! {
        serialize_bool bool bool; serialize_i8 i64 i8; serialize_i16 i64 i16; serialize_i32 i64 i32;
        serialize_i64 i64 i64; serialize_u8 u64 u8; serialize_u16 u64 u16; serialize_u32 u64 u32;
        serialize_u64 u64 u64; serialize_f32 f64 f32; serialize_f64 f64 f64;
    }

    fn serialize_char(self, value: char) -> Result<(), CborError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), CborError> {
        self.0.str(value)?;
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), CborError> {
        self.0.bytes(value)?;
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CborError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CborError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CborError> {
        self.0.null()?;
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CborError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), CborError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), CborError> {
        if name == stamp::NAME {
            self.0.tag(IanaTag::Timestamp)?;
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CborError> {
        self.0.map(1)?.str(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'a>, CborError> {
        self.0.begin_array()?;
        Ok(Open(self))
    }

    fn serialize_tuple(self, length: usize) -> Result<Open<'a>, CborError> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, CborError> {
        Err(CborError(name.to_owned()))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, CborError> {
        Err(CborError(name.to_owned()))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'a>, CborError> {
        self.0.begin_map()?;
        Ok(Open(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'a>, CborError> {
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, CborError> {
        Err(CborError(name.to_owned()))
    }
}

/// A list or a map that has begun. Neither says its length: absent options leave nothing.
struct Open<'a>(&'a mut Writer);

impl Open<'_> {
    fn close(self) -> Result<(), CborError> {
        self.0.0.end()?;
        Ok(())
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

impl ser::SerializeTuple for Open<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CborError> {
        key.serialize(&mut *self.0)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), CborError> {
        self.0.0.str(name)?;
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::gateway::stamp::Stamp;

    #[test]
    fn a_time_has_its_tag_and_comes_back_as_a_number() {
        let written = write(&Stamp("2026-11-24T03:00:00.5Z".parse().unwrap())).unwrap();
        assert_eq!(written[..2], [0xc1, 0xfb], "tag 1, a double");
        assert_eq!(read(&written), Ok(json!(1795489200.5)));
    }

    #[test]
    fn lengths_may_be_given_or_not() {
        // {"a": [1, 2.5], "b": "xy"} with lengths, and the same with end marks and the text in two chunks.
        let given = b"\xa2\x61a\x82\x01\xf9\x41\x00\x61b\x62xy";
        let open = b"\xbf\x61a\x9f\x01\xf9\x41\x00\xff\x61b\x7f\x61x\x61y\xff\xff";
        let wanted = json!({ "a": [1, 2.5], "b": "xy" });
        assert_eq!((read(given), read(open)), (Ok(wanted.clone()), Ok(wanted)));
        assert_eq!(read(b""), Ok(json!({})));
        let many = [&[0x9f][..], &vec![0xa0; MOST], &[0xff]].concat();
        for wrong in [&many[..], b"\xa1", b"\x9f", b"\xff", b"\x00\x00", &[0x81; 100], &[0xff; 3]] {
            assert!(read(wrong).is_err(), "{wrong:x?}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value in value()) {
            prop_assert_eq!(read(&write(&value).unwrap()), Ok(value));
        }

        #[test]
        fn no_body_makes_it_panic(body: Vec<u8>) {
            let _ = read(&body);
        }
    }
}
