//! IP addresses and the ranges of `cidr`.
//!
//! Source: "IP address matching" in the EventBridge user guide; the refusals are those of `aws/event-ruler` (CIDR.java).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::Reason;

/// A CIDR range, IPv4 or IPv6. `/32` and `/128` do not exist in EventBridge: name the address itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cidr {
    written: String,
    network: u128,
    mask: u128,
    v4: bool,
}

impl Cidr {
    pub(crate) fn parse(text: &str) -> Result<Self, Reason> {
        // An empty mask counts as a missing slash: AWS's split drops it.
        let (address, mask) = text
            .split_once('/')
            .filter(|(_, mask)| !mask.is_empty() && !mask.contains('/'))
            .ok_or(Reason::CidrWithoutSlash)?;
        let bits: i32 = mask.parse().map_err(|_| Reason::CidrMaskNotAnInteger)?;
        let bits = u32::try_from(bits).map_err(|_| Reason::CidrMaskNegative)?;
        if !looks_like_address(address) {
            return Err(Reason::NonstandardAddress(address.to_owned()));
        }
        let ip = parse_address(address).ok_or_else(|| Reason::InvalidAddress(address.to_owned()))?;
        let width = if ip.is_ipv4() { 32 } else { 128 };
        if bits >= width {
            return Err(if ip.is_ipv4() { Reason::CidrMaskTooWideV4 } else { Reason::CidrMaskTooWideV6 });
        }
        let all = if ip.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
        let mask = if bits == 0 { 0 } else { (all << (width - bits)) & all };
        Ok(Self { written: text.to_owned(), network: number(ip) & mask, mask, v4: ip.is_ipv4() })
    }

    /// The range as the pattern has it.
    pub fn written(&self) -> &str {
        &self.written
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        parse_address(text).is_some_and(|ip| ip.is_ipv4() == self.v4 && number(ip) & self.mask == self.network)
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

fn looks_like_address(text: &str) -> bool {
    is_dotted_quad(text) || is_colon_hex(text)
}

fn is_dotted_quad(text: &str) -> bool {
    text.split('.').count() == 4
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_colon_hex(text: &str) -> bool {
    text.contains(':') && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':')
}

/// Reads an address as AWS does: octets are decimal even with leading zeros, and an IPv4-mapped IPv6 address is IPv4.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
    if text.len() > 64 {
        return None;
    }
    if is_dotted_quad(text) {
        let mut octets = [0; 4];
        for (octet, part) in octets.iter_mut().zip(text.split('.')) {
            *octet = part.parse().ok()?;
        }
        return Some(IpAddr::V4(Ipv4Addr::from(octets)));
    }
    if !is_colon_hex(text) {
        return None;
    }
    let ip: Ipv6Addr = text.parse().ok()?;
    Some(ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4))
}
