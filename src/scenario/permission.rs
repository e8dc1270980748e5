//! What a security-group rule lets through: protocol, ports, addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::Refused;

/// A protocol that a rule lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP for IPv4.
    Icmp,
    /// ICMP for IPv6.
    Icmpv6,
    /// Everything: `-1` in EC2's calls, with no ports.
    All,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 5] = [Self::Tcp, Self::Udp, Self::Icmp, Self::Icmpv6, Self::All];

    /// As it is written in a scenario.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            _ => self.ip_protocol(),
        }
    }

    /// As EC2 writes it in `IpProtocol`.
    pub const fn ip_protocol(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Icmpv6 => "icmpv6",
            Self::All => "-1",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The ports of a rule, written as the AWS CLI's `--port` takes them: `22`, `8000-8080`, or `all`. For ICMP, a type
/// (`8`), a type and a code (`3-4`), or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ports {
    /// All ports, or all ICMP types. Also written `-1`.
    All,
    /// One port, or every code of one ICMP type.
    One(u16),
    /// From a port to a port, or an ICMP type and its code.
    Pair(u16, u16),
}

impl Ports {
    /// `FromPort` and `ToPort` as EC2 takes them for `protocol`, or why it would not. `None` is for [`Protocol::All`],
    /// which has no ports (EC2 API, `IpPermission`).
    ///
    /// # Errors
    /// The ports do not fit the protocol.
    pub fn from_to(ports: Option<Self>, protocol: Protocol) -> Result<Option<(i32, i32)>, Refused> {
        let Some(ports) = ports else {
            return match protocol {
                Protocol::All => Ok(None),
                _ => Err(Refused::new(format!("`port` is missing: the protocol `{protocol}` needs one"))
                    .hint("write `port: 22`, `port: 8000-8080` or `port: all`")),
            };
        };
        match (protocol, ports) {
            (Protocol::All, _) => {
                Err(Refused::new("the protocol `all` has no ports: EC2 would open all of them, whatever is written")
                    .hint("take `port` out, or name the protocol"))
            }
            (Protocol::Tcp | Protocol::Udp, Self::All) => Ok(Some((0, 65_535))),
            (Protocol::Tcp | Protocol::Udp, Self::One(port)) => Ok(Some((port.into(), port.into()))),
            (Protocol::Tcp | Protocol::Udp, Self::Pair(from, to)) if from > to => {
                Err(Refused::new(format!("`{from}-{to}` is the wrong way round")).hint(format!("write `{to}-{from}`")))
            }
            (Protocol::Tcp | Protocol::Udp, Self::Pair(from, to)) => Ok(Some((from.into(), to.into()))),
            (_, Self::All) => Ok(Some((-1, -1))),
            (_, Self::One(kind)) if kind <= 255 => Ok(Some((kind.into(), -1))),
            (_, Self::Pair(kind, code)) if kind <= 255 && code <= 255 => Ok(Some((kind.into(), code.into()))),
            (_, Self::One(_) | Self::Pair(..)) => {
                Err(Refused::new(format!("`{ports}` is not a type of `{protocol}`: types and codes go from 0 to 255"))
                    .hint("write `port: 8` for a type, `port: 3-4` for a type and a code, or `port: all`"))
            }
        }
    }
}

impl FromStr for Ports {
    type Err = Refused;

    fn from_str(written: &str) -> Result<Self, Refused> {
        if matches!(written, "all" | "-1") {
            return Ok(Self::All);
        }
        let port = |text: &str| {
            let refused = |why: &str| {
                Refused::new(format!("`{written}` is not a port: {why}")).hint("write `22`, `8000-8080` or `all`")
            };
            if text.is_empty() || !text.chars().all(|c| c.is_ascii_digit()) {
                return Err(refused("a port is a number"));
            }
            text.parse().map_err(|_| refused("ports go from 0 to 65535"))
        };
        match written.split_once('-') {
            None => Ok(Self::One(port(written)?)),
            Some((from, to)) => Ok(Self::Pair(port(from)?, port(to)?)),
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::One(port) => write!(f, "{port}"),
            Self::Pair(from, to) => write!(f, "{from}-{to}"),
        }
    }
}

impl Serialize for Ports {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(port) => serializer.serialize_u16(*port),
            _ => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl Visitor<'_> for Written {
            type Value = Ports;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port, two ports with a hyphen between them, or `all`")
            }

            fn visit_i64<E: de::Error>(self, port: i64) -> Result<Ports, E> {
                port.to_string().parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, port: u64) -> Result<Ports, E> {
                port.to_string().parse().map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, written: &str) -> Result<Ports, E> {
                written.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for Ports {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ports".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The ports of a rule: `22`, `8000-8080`, or `all`. For ICMP, a type (`8`), a type and a code \
                            (`3-4`), or `all`.",
            "anyOf": [
                { "type": "integer", "minimum": -1, "maximum": 65535 },
                { "type": "string", "pattern": "^(all|-1|[0-9]+(-[0-9]+)?)$" },
            ],
        })
    }
}

/// An address range in CIDR notation, IPv4 (`203.0.113.0/24`) or IPv6 (`2001:db8::/32`), with no bit set after the
/// prefix: EC2 would change it silently, and the record would no longer say what the drill asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[0-9a-fA-F.:]+/[0-9]{1,3}$"))]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The first address of the range.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many leading bits are fixed.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether EC2 takes it as `CidrIpv6`, not as `CidrIp`.
    pub const fn is_ipv6(self) -> bool {
        self.address.is_ipv6()
    }

    /// Whether it is the whole internet: `0.0.0.0/0` or `::/0`.
    pub const fn is_anywhere(self) -> bool {
        self.prefix == 0
    }

    /// Whether it lies in a range that is set aside for documentation, so that nobody connects from there.
    ///
    /// Source: RFC 5737, RFC 3849 and RFC 9637.
    pub fn is_documentation(self) -> bool {
        const RANGES: [(IpAddr, u8); 5] = [
            (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0)), 24),
            (IpAddr::V4(Ipv4Addr::new(198, 51, 100, 0)), 24),
            (IpAddr::V4(Ipv4Addr::new(203, 0, 113, 0)), 24),
            (IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)), 32),
            (IpAddr::V6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0)), 20),
        ];
        RANGES.iter().any(|(range, prefix)| {
            self.prefix >= *prefix && first_address(self.address, *prefix).is_some_and(|first| first == *range)
        })
    }
}

/// `address` with every bit after `prefix` cleared; `None` if it has not that many bits.
fn first_address(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let host = 32_u32.checked_sub(prefix.into())?;
            Some(IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(host).unwrap_or(0)).into()))
        }
        IpAddr::V6(v6) => {
            let host = 128_u32.checked_sub(prefix.into())?;
            Some(IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(host).unwrap_or(0)).into()))
        }
    }
}

impl FromStr for Cidr {
    type Err = Refused;

    fn from_str(written: &str) -> Result<Self, Refused> {
        let refused = |why: &str| Refused::new(format!("`{written}` is not an address range: {why}"));
        let (address, prefix) = match written.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (written, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            return Err(refused(&format!("`{address}` is not an IP address"))
                .hint("write it like `203.0.113.0/24` or `2001:db8::/32`"));
        };
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let Some(prefix) = prefix else {
            return Err(
                refused("it has no prefix length").hint(format!("write `{address}/{bits}` for this one address"))
            );
        };
        let first = prefix.parse().ok().and_then(|prefix| Some((prefix, first_address(address, prefix)?)));
        match first {
            None => Err(refused(&format!("`/{prefix}` is not a prefix length from 0 to {bits}"))),
            Some((prefix, first)) if first != address => {
                Err(refused("bits are set after the prefix").hint(format!("write `{first}/{prefix}`")))
            }
            Some((prefix, _)) => Ok(Self { address, prefix }),
        }
    }
}

impl TryFrom<String> for Cidr {
    type Error = Refused;

    fn try_from(written: String) -> Result<Self, Refused> {
        written.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> String {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// What one rule lets through, as EC2 takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The protocol.
    pub protocol: Protocol,
    /// `FromPort` and `ToPort`; `None` for all traffic.
    pub ports: Option<(i32, i32)>,
    /// The addresses.
    pub cidr: Cidr,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_to(ports: &str, protocol: Protocol) -> Result<Option<(i32, i32)>, Refused> {
        Ports::from_to(Some(ports.parse()?), protocol)
    }

    #[test]
    fn ports_become_what_ec2_takes() {
        assert_eq!(from_to("22", Protocol::Tcp), Ok(Some((22, 22))));
        assert_eq!(from_to("8000-8080", Protocol::Udp), Ok(Some((8000, 8080))));
        assert_eq!(from_to("all", Protocol::Tcp), Ok(Some((0, 65_535))));
        assert_eq!(from_to("-1", Protocol::Icmp), Ok(Some((-1, -1))));
        assert_eq!(from_to("8", Protocol::Icmp), Ok(Some((8, -1))));
        assert_eq!(from_to("3-1", Protocol::Icmp), Ok(Some((3, 1))), "a type and a code have no order");
        assert_eq!(Ports::from_to(None, Protocol::All), Ok(None));
    }

    #[test]
    fn ports_that_do_not_fit_are_refused() {
        assert_eq!(from_to("8080-8000", Protocol::Tcp).unwrap_err().hint.unwrap(), "write `8000-8080`");
        assert!(from_to("65536", Protocol::Tcp).unwrap_err().reason.contains("0 to 65535"));
        assert!(from_to("256", Protocol::Icmp).is_err());
        assert!(from_to("ssh", Protocol::Tcp).unwrap_err().reason.contains("a port is a number"));
        assert!(from_to("22", Protocol::All).is_err(), "EC2 would open every port");
        assert!(Ports::from_to(None, Protocol::Tcp).is_err());
    }

    #[test]
    fn ranges_are_strict_and_the_refusal_says_what_to_write() {
        for written in ["203.0.113.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "192.0.2.7/32"] {
            assert_eq!(written.parse::<Cidr>().unwrap().to_string(), written);
        }
        let hint = |written: &str| written.parse::<Cidr>().unwrap_err().hint;
        assert_eq!(hint("203.0.113.7").unwrap(), "write `203.0.113.7/32` for this one address");
        assert_eq!(hint("1.2.3.4/0").unwrap(), "write `0.0.0.0/0`");
        assert_eq!(hint("2001:db8::1/64").unwrap(), "write `2001:db8::/64`");
        assert!("203.0.113.0/33".parse::<Cidr>().unwrap_err().reason.contains("0 to 32"));
        assert!("300.0.0.0/8".parse::<Cidr>().is_err());
    }

    #[test]
    fn nobody_connects_from_a_documentation_range() {
        let is_documentation = |written: &str| written.parse::<Cidr>().unwrap().is_documentation();
        for inside in ["203.0.113.0/24", "203.0.113.7/32", "198.51.100.128/25", "2001:db8::/32", "2001:db8:1::/48"] {
            assert!(is_documentation(inside), "{inside}");
        }
        for outside in
            ["0.0.0.0/0", "::/0", "128.0.0.0/1", "203.0.112.0/23", "203.0.114.0/24", "10.0.0.0/8", "2001:db9::/32"]
        {
            assert!(!is_documentation(outside), "{outside}");
        }
    }
}
