//! The other end of a rule: an address range, a prefix list, or another group.

use std::fmt;
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};
use serde::Serialize;

use super::invalid_value;
use super::region::Region;
use crate::gateway::error::AwsError;

/// Who may be talked to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(super) enum Peer {
    /// An IPv4 range, its host bits cleared.
    Ipv4(Ipv4Net),
    /// An IPv6 range, its host bits cleared.
    Ipv6(Ipv6Net),
    /// A prefix list, by its id.
    PrefixList(String),
    /// The members of a security group of the same account, by its id.
    Group(String),
}

impl Peer {
    /// An IPv4 range. EC2 clears the host bits: `1.2.3.4/0` is kept as `0.0.0.0/0`.
    pub(super) fn ipv4(text: &str) -> Result<Self, AwsError> {
        let net = range(text).and_then(|(address, bits)| Ipv4Net::new(address, bits).ok());
        net.map(|net| Self::Ipv4(net.trunc())).ok_or_else(|| malformed(text))
    }

    /// An IPv6 range, its host bits cleared too.
    pub(super) fn ipv6(text: &str) -> Result<Self, AwsError> {
        let net = range(text).and_then(|(address, bits)| Ipv6Net::new(address, bits).ok());
        net.map(|net| Self::Ipv6(net.trunc())).ok_or_else(|| malformed(text))
    }

    /// A prefix list of the Region.
    pub(super) fn prefix_list(id: &str, region: &Region) -> Result<Self, AwsError> {
        region.prefix_list(id).map(|list| Self::PrefixList(list.id))
    }

    /// Whether both are of one type: a rule cannot change its own.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(net) => net.fmt(f),
            Self::Ipv6(net) => net.fmt(f),
            Self::PrefixList(id) | Self::Group(id) => f.write_str(id),
        }
    }
}

fn malformed(text: &str) -> AwsError {
    invalid_value(format!("CIDR block {text} is malformed"))
}

/// Address and prefix length. The addresses are read by the standard library, which is as strict as EC2: no leading zeros.
fn range<A: FromStr>(text: &str) -> Option<(A, u8)> {
    let (address, bits) = text.split_once('/')?;
    let is_number = !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit());
    Some((address.parse().ok()?, is_number.then(|| bits.parse().ok())??))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_that_are_none() {
        for text in ["", "1.2.3.4", "1.2.3.4/33", "300.1.1.1/8", "10.0.0.0/8/8", "::/0", "01.2.3.4/8", "10.0.0.0/-1"] {
            let error = Peer::ipv4(text).unwrap_err();
            assert_eq!(error.message, format!("CIDR block {text} is malformed"));
        }
        assert!(Peer::ipv6("10.0.0.0/8").is_err());
        assert!(Peer::ipv6("2001:db8::/129").is_err());
    }

    proptest! {
        #[test]
        fn the_kept_form_is_kept(address: [u8; 4], bits in 0u8..=32, v6: [u8; 16], v6_bits in 0u8..=128) {
            let address = std::net::Ipv4Addr::from(address);
            let once = Peer::ipv4(&format!("{address}/{bits}")).unwrap();
            prop_assert_eq!(&Peer::ipv4(&once.to_string()).unwrap(), &once);
            let v6 = std::net::Ipv6Addr::from(v6);
            let once = Peer::ipv6(&format!("{v6}/{v6_bits}")).unwrap();
            prop_assert_eq!(&Peer::ipv6(&once.to_string()).unwrap(), &once);
        }
    }
}
