//! Lengths of time as people write them, the same everywhere or by target.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::Refused;

/// A length of time: `500ms`, `5s`, `2m`. Never zero, and at most an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[1-9][0-9]*(ms|s|m)$"))]
pub struct Wait(Duration);

impl Wait {
    /// The longest that can be written.
    pub const MAX: Duration = Duration::from_secs(60 * 60);

    /// The length of time.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// This length of time, made to fit: at least a millisecond, and at most [`MAX`](Self::MAX).
    pub(crate) fn at_most(duration: Duration) -> Self {
        Self(duration.clamp(Duration::from_millis(1), Self::MAX))
    }

    pub(super) const fn milliseconds(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    pub(super) const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl FromStr for Wait {
    type Err = Refused;

    fn from_str(written: &str) -> Result<Self, Refused> {
        let refused = |why: &str| Refused::new(format!("`{written}` is not a length of time: {why}"));
        let digits = written.len() - written.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = written.split_at(digits);
        if number.is_empty() {
            return Err(
                refused("it has no number").hint("write a whole number and a unit, such as `500ms`, `5s` or `2m`")
            );
        }
        let milliseconds = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "" => return Err(refused("it has no unit").hint(format!("write `{number}s` for seconds"))),
            _ => {
                return Err(refused(&format!("`{}` is not a unit", unit.trim()))
                    .hint("write a whole number and a unit, `ms`, `s` or `m`, without a space between them"));
            }
        };
        let duration = number.parse().ok().and_then(|n: u64| n.checked_mul(milliseconds)).map(Duration::from_millis);
        match duration {
            Some(duration) if duration.is_zero() => Err(refused("nothing can happen in no time")),
            Some(duration) if duration <= Self::MAX => Ok(Self(duration)),
            _ => Err(refused("it is more than an hour")),
        }
    }
}

impl TryFrom<String> for Wait {
    type Error = Refused;

    fn try_from(written: String) -> Result<Self, Refused> {
        written.parse()
    }
}

impl From<Wait> for String {
    fn from(wait: Wait) -> String {
        wait.to_string()
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            ms if ms % 60_000 == 0 => write!(f, "{}m", ms / 60_000),
            ms if ms % 1_000 == 0 => write!(f, "{}s", ms / 1_000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

/// Where a drill runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// The embedded AWS.
    Lab,
    /// LocalStack.
    Localstack,
    /// A real AWS account.
    Aws,
}

impl TargetKind {
    /// Every kind, the fastest first.
    pub const ALL: [Self; 3] = [Self::Lab, Self::Localstack, Self::Aws];

    /// The name that is used in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Localstack => "localstack",
            Self::Aws => "aws",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A length of time by target. What is left out is taken from the scenario's `patience`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PerTarget {
    /// In the lab.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lab: Option<Wait>,
    /// On LocalStack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub localstack: Option<Wait>,
    /// In a real account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<Wait>,
}

/// A length of time: one for every target (`10s`), or one by target (`{ lab: 1s, aws: 2m }`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// The same on every target.
    Everywhere(Wait),
    /// By target; `None` falls back to the scenario's patience.
    PerTarget(PerTarget),
}

impl Within {
    /// How long on `target`, or `None` when the scenario's patience decides.
    pub const fn on(&self, target: TargetKind) -> Option<Wait> {
        match (self, target) {
            (Self::Everywhere(wait), _) => Some(*wait),
            (Self::PerTarget(times), TargetKind::Lab) => times.lab,
            (Self::PerTarget(times), TargetKind::Localstack) => times.localstack,
            (Self::PerTarget(times), TargetKind::Aws) => times.aws,
        }
    }
}

impl Serialize for Within {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Everywhere(wait) => wait.serialize(serializer),
            Self::PerTarget(times) => times.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Within {
    /// By hand, because an untagged enum could only say that no variant matched.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = Within;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time, or one by target")
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<Within, E> {
                written.parse().map(Within::Everywhere).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Within, A::Error> {
                PerTarget::deserialize(MapAccessDeserializer::new(map)).map(Within::PerTarget)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Within {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Within".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A length of time: one for every target (`10s`), or one by target (`{ lab: 1s, aws: 2m }`).",
            "anyOf": [generator.subschema_for::<Wait>(), generator.subschema_for::<PerTarget>()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_the_same() {
        for written in ["500ms", "5s", "2m", "60m"] {
            assert_eq!(written.parse::<Wait>().unwrap().to_string(), written);
        }
        assert_eq!("120s".parse::<Wait>().unwrap().to_string(), "2m");
    }

    #[test]
    fn a_refused_time_says_what_to_write() {
        let hint = |written: &str| written.parse::<Wait>().unwrap_err().hint.unwrap_or_default();
        assert_eq!(hint("5"), "write `5s` for seconds");
        assert!(hint("5 s").contains("without a space"));
        assert!(hint("1.5s").contains("whole number"));
        assert!("61m".parse::<Wait>().unwrap_err().reason.contains("more than an hour"));
        assert!("0s".parse::<Wait>().is_err());
        assert!("99999999999999999999s".parse::<Wait>().is_err(), "no overflow");
    }

    #[test]
    fn a_time_by_target_falls_back_to_the_patience() {
        let within: Within = serde_json::from_str(r#"{"lab": "1s"}"#).unwrap();
        assert_eq!(within.on(TargetKind::Lab), Some(Wait::seconds(1)));
        assert_eq!(within.on(TargetKind::Aws), None);
        assert!(serde_json::from_str::<Within>(r#"{"labs": "1s"}"#).unwrap_err().to_string().contains("labs"));
    }
}
