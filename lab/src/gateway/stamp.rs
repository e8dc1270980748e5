//! A time in the inputs and answers of a service that speaks several protocols, each of which writes times its own way.

use std::fmt;

use jiff::Timestamp;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time;

/// The name under which the writers of answers know a time.
pub(crate) const NAME: &str = "$stamp";

/// A time: a text in the query protocol, a number of seconds in JSON, a number under a tag in CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(pub(crate) Timestamp);

impl Stamp {
    /// The time of a number of seconds since 1970.
    pub(crate) fn of_seconds(seconds: f64) -> Option<Self> {
        // Within what a timestamp can hold, so that the conversion is exact to the millisecond.
        let millis = Some(seconds * 1000.0).filter(|millis| millis.is_finite() && millis.abs() < 1e15)?;
        Timestamp::from_millisecond(millis.round() as i64).ok().map(Self)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(NAME, &time::epoch(self.0))
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Stamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Stamp, E> {
                let by_text = text.parse().ok().or_else(|| without_zone(text)).map(Stamp);
                let by_number = || text.parse().ok().and_then(Stamp::of_seconds);
                by_text.or_else(by_number).ok_or_else(|| E::custom(format_args!("must be a time, not '{text}'")))
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Stamp, E> {
                Stamp::of_seconds(seconds).ok_or_else(|| E::custom(format_args!("must be a time, not {seconds}")))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Stamp, E> {
                self.visit_f64(seconds as f64)
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Stamp, E> {
                self.visit_f64(seconds as f64)
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// A time that says no zone is UTC's.
fn without_zone(text: &str) -> Option<Timestamp> {
    format!("{text}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_time() {
        let wanted = Stamp("2026-11-24T03:00:00.5Z".parse().unwrap());
        for json in ["\"2026-11-24T03:00:00.500Z\"", "\"2026-11-24T12:00:00.5+09:00\"", "1795489200.5"] {
            assert_eq!(serde_json::from_str::<Stamp>(json).unwrap(), wanted, "{json}");
        }
        assert!(serde_json::from_str::<Stamp>("\"2026-11-24T03:00:00\"").is_ok(), "UTC where no zone is given");
        for wrong in ["\"soon\"", "1e300", "true"] {
            assert!(serde_json::from_str::<Stamp>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::to_string(&wanted).unwrap(), "1795489200.5");
    }
}
