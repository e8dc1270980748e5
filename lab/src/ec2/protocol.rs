//! The traffic of a rule: protocol and ports, in the one form in which EC2 keeps them.
//!
//! Source: `IpPermission` in the EC2 API reference. The sentences about ports and protocols are EC2's own where they are
//! on record in public bug reports.

use serde::Serialize;
use std::fmt;

use super::invalid_value;
use crate::gateway::error::AwsError;

/// An IP protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(super) enum Protocol {
    /// Every protocol: `-1`.
    All,
    /// `tcp` or `6`.
    Tcp,
    /// `udp` or `17`.
    Udp,
    /// `icmp` or `1`.
    Icmp,
    /// `icmpv6` or `58`.
    Icmpv6,
    /// Any other, by its number.
    Number(u8),
}

impl Protocol {
    fn parse(text: &str) -> Result<Self, AwsError> {
        let unknown = || invalid_value(format!("Invalid value '{text}' for IP protocol. Unknown protocol."));
        Ok(match text.to_ascii_lowercase().as_str() {
            "-1" => Self::All,
            "tcp" => Self::Tcp,
            "udp" => Self::Udp,
            "icmp" => Self::Icmp,
            "icmpv6" => Self::Icmpv6,
            number => match number.parse::<u8>().map_err(|_| unknown())? {
                1 => Self::Icmp,
                6 => Self::Tcp,
                17 => Self::Udp,
                58 => Self::Icmpv6,
                other => Self::Number(other),
            },
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("-1"),
            Self::Tcp => f.write_str("tcp"),
            Self::Udp => f.write_str("udp"),
            Self::Icmp => f.write_str("icmp"),
            Self::Icmpv6 => f.write_str("icmpv6"),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// A protocol with its ports, or with its ICMP type and code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(super) struct Traffic {
    /// The protocol.
    pub(super) protocol: Protocol,
    /// First and last port, or type and code where -1 is any; none for protocols without ports, whatever a caller says.
    pub(super) ports: Option<(i32, i32)>,
}

impl Traffic {
    /// Every packet.
    pub(super) const ALL: Self = Self { protocol: Protocol::All, ports: None };

    /// From the parameters of a call.
    pub(super) fn parse(protocol: &str, from: Option<i32>, to: Option<i32>) -> Result<Self, AwsError> {
        let protocol = Protocol::parse(protocol)?;
        let ports = match protocol {
            Protocol::All | Protocol::Number(_) => None,
            Protocol::Tcp | Protocol::Udp => Some(ports(from, to)?),
            Protocol::Icmp => Some(icmp(required(from, to, "ICMP")?)?),
            Protocol::Icmpv6 if from.is_none() && to.is_none() => Some((-1, -1)),
            Protocol::Icmpv6 => Some(icmp(required(from, to, "ICMPv6")?)?),
        };
        Ok(Self { protocol, ports })
    }

    /// First and last port as rules show them: -1 for protocols without ports.
    pub(super) fn shown_ports(&self) -> (i32, i32) {
        self.ports.unwrap_or((-1, -1))
    }
}

/// As the message of `InvalidPermission.Duplicate` has it: `TCP, from port: 22, to port: 22`.
impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = self.shown_ports();
        let any = |number: i32| if number == -1 { "ALL".to_owned() } else { number.to_string() };
        match self.protocol {
            Protocol::All => f.write_str("ALL"),
            Protocol::Tcp => write!(f, "TCP, from port: {from}, to port: {to}"),
            Protocol::Udp => write!(f, "UDP, from port: {from}, to port: {to}"),
            Protocol::Icmp => write!(f, "ICMP, type: {}, code: {}", any(from), any(to)),
            Protocol::Icmpv6 => write!(f, "ICMPv6, type: {}, code: {}", any(from), any(to)),
            Protocol::Number(number) => write!(f, "protocol: {number}"),
        }
    }
}

fn required(from: Option<i32>, to: Option<i32>, what: &str) -> Result<(i32, i32), AwsError> {
    from.zip(to).ok_or_else(|| {
        invalid_value(format!("Invalid value for portRange. Must specify both from and to ports with {what}."))
    })
}

fn ports(from: Option<i32>, to: Option<i32>) -> Result<(i32, i32), AwsError> {
    let (from, to) = required(from, to, "TCP/UDP")?;
    for (end, port) in [("from", from), ("to", to)] {
        if !(0..=65535).contains(&port) {
            let message = format!("Invalid value '{port}' for portRange. TCP/UDP ({end}) port ({port}) out of range");
            return Err(invalid_value(message));
        }
    }
    if from > to {
        let message = format!(
            "Invalid value '{from}-{to}' for portRange. The from port ({from}) must not be greater than the to port ({to})"
        );
        return Err(invalid_value(message));
    }
    Ok((from, to))
}

fn icmp((kind, code): (i32, i32)) -> Result<(i32, i32), AwsError> {
    for (name, value) in [("type", kind), ("code", code)] {
        if !(-1..=255).contains(&value) {
            return Err(invalid_value(format!("ICMP {name} ({value}) out of range")));
        }
    }
    if kind == -1 && code != -1 {
        return Err(invalid_value(format!("ICMP code ({code}) must be -1 when the ICMP type is -1")));
    }
    Ok((kind, code))
}

/// The refusal of a rule that does not say its protocol.
pub(super) fn no_protocol() -> AwsError {
    invalid_value("Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_one_protocol() {
        let tcp = Traffic::parse("tcp", Some(22), Some(22)).unwrap();
        assert_eq!(Traffic::parse("6", Some(22), Some(22)).unwrap(), tcp);
        assert_eq!(Traffic::parse("TCP", Some(22), Some(22)).unwrap(), tcp);
        assert_eq!(
            Traffic::parse("-1", Some(0), Some(0)).unwrap(),
            Traffic::ALL,
            "ports mean nothing to all protocols"
        );
        assert_eq!(Traffic::parse("50", Some(7), None).unwrap().ports, None);
        assert_eq!(Traffic::parse("58", None, None).unwrap().ports, Some((-1, -1)));
    }

    #[test]
    fn ports_that_make_no_sense_are_refused() {
        for (protocol, from, to, wanted) in [
            ("tcp", None, Some(22), "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),
            (
                "udp",
                Some(70000),
                Some(70000),
                "Invalid value '70000' for portRange. TCP/UDP (from) port (70000) out of range",
            ),
            ("tcp", Some(-1), Some(-1), "Invalid value '-1' for portRange. TCP/UDP (from) port (-1) out of range"),
            ("icmp", None, None, "Invalid value for portRange. Must specify both from and to ports with ICMP."),
            ("icmp", Some(8), Some(65535), "ICMP code (65535) out of range"),
            ("all", None, None, "Invalid value 'all' for IP protocol. Unknown protocol."),
            ("256", None, None, "Invalid value '256' for IP protocol. Unknown protocol."),
        ] {
            let error = Traffic::parse(protocol, from, to).unwrap_err();
            assert_eq!((error.code.as_ref(), error.message.as_str()), ("InvalidParameterValue", wanted));
        }
        assert!(Traffic::parse("tcp", Some(443), Some(80)).is_err(), "first port after the last");
    }
}
