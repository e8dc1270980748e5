//! Resource ids as a caller writes them: their form is checked before anybody looks for the resource.

use crate::gateway::error::AwsError;

/// Kinds of resources whose ids callers send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Group,
    Rule,
    Instance,
    Interface,
    Image,
    Vpc,
    Subnet,
    PrefixList,
    Volume,
    KeyPair,
    RouteTable,
    NetworkAcl,
}

impl Kind {
    /// Every kind.
    const ALL: [Self; 12] = [
        Self::Group,
        Self::Rule,
        Self::Instance,
        Self::Interface,
        Self::Image,
        Self::Vpc,
        Self::Subnet,
        Self::PrefixList,
        Self::Volume,
        Self::KeyPair,
        Self::RouteTable,
        Self::NetworkAcl,
    ];

    /// What stands before the hyphen.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Group => "sg",
            Self::Rule => "sgr",
            Self::Instance => "i",
            Self::Interface => "eni",
            Self::Image => "ami",
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::PrefixList => "pl",
            Self::Volume => "vol",
            Self::KeyPair => "key",
            Self::RouteTable => "rtb",
            Self::NetworkAcl => "acl",
        }
    }

    /// The name of the kind in tags and ARNs.
    pub(super) const fn resource_type(self) -> &'static str {
        match self {
            Self::Group => "security-group",
            Self::Rule => "security-group-rule",
            Self::Instance => "instance",
            Self::Interface => "network-interface",
            Self::Image => "image",
            Self::Vpc => "vpc",
            Self::Subnet => "subnet",
            Self::PrefixList => "prefix-list",
            Self::Volume => "volume",
            Self::KeyPair => "key-pair",
            Self::RouteTable => "route-table",
            Self::NetworkAcl => "network-acl",
        }
    }

    /// The codes for an id without the right form, and for one that names nothing.
    const fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Group => ("InvalidGroupId.Malformed", "InvalidGroup.NotFound"),
            Self::Rule => ("InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound"),
            Self::Instance => ("InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound"),
            Self::Interface => ("InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound"),
            Self::Image => ("InvalidAMIID.Malformed", "InvalidAMIID.NotFound"),
            Self::Vpc => ("InvalidVpcId.Malformed", "InvalidVpcID.NotFound"),
            Self::Subnet => ("InvalidSubnetId.Malformed", "InvalidSubnetID.NotFound"),
            Self::PrefixList => ("InvalidPrefixListId.Malformed", "InvalidPrefixListID.NotFound"),
            Self::Volume => ("InvalidVolumeId.Malformed", "InvalidVolume.NotFound"),
            Self::KeyPair => ("InvalidKeyPair.NotFound", "InvalidKeyPair.NotFound"),
            Self::RouteTable => ("InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound"),
            Self::NetworkAcl => ("InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound"),
        }
    }

    /// How EC2's sentences name one of the kind.
    const fn noun(self) -> &'static str {
        match self {
            Self::Group => "security group",
            Self::Rule => "security group rule ID",
            Self::Instance => "instance ID",
            Self::Interface => "networkInterface ID",
            Self::Image => "image id",
            Self::Vpc => "vpc ID",
            Self::Subnet => "subnet ID",
            Self::PrefixList => "prefix list ID",
            Self::Volume => "volume",
            Self::KeyPair => "key pair",
            Self::RouteTable => "routeTable ID",
            Self::NetworkAcl => "networkAcl ID",
        }
    }

    /// Whether `id` has the kind's form: prefix, hyphen, 8 or 17 hexadecimal digits.
    pub(super) fn is_form_of(self, id: &str) -> bool {
        let digits = id.strip_prefix(self.prefix()).and_then(|rest| rest.strip_prefix('-'));
        digits.is_some_and(|digits| {
            matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
    }

    /// The kind that an id is of, by its prefix.
    pub(super) fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.is_form_of(id))
    }

    /// Refuses an id that has not the kind's form.
    pub(super) fn check(self, id: &str) -> Result<(), AwsError> {
        if self.is_form_of(id) {
            return Ok(());
        }
        let (malformed, _) = self.codes();
        Err(AwsError::bad_request(malformed, format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix())))
    }

    /// Refuses the first of several ids that has not the kind's form.
    pub(super) fn check_all(self, ids: &[String]) -> Result<(), AwsError> {
        ids.iter().try_for_each(|id| self.check(id))
    }

    /// The refusal of an id that names nothing.
    pub(super) fn not_found(self, id: &str) -> AwsError {
        let (_, not_found) = self.codes();
        let message = match self {
            Self::Image => format!("The image id '[{id}]' does not exist"),
            _ => format!("The {} '{id}' does not exist", self.noun()),
        };
        AwsError::bad_request(not_found, message)
    }

    /// The refusal of several ids that name nothing.
    pub(super) fn none_found(self, ids: &[&str]) -> AwsError {
        match ids {
            [one] => self.not_found(one),
            several => {
                let (_, not_found) = self.codes();
                let message = format!("The {}s '{}' do not exist", self.noun(), several.join(", "));
                AwsError::bad_request(not_found, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_forms_are_taken_and_no_others() {
        for id in ["sg-0bb31cddb2c27f401", "sg-1a2b3c4d"] {
            assert_eq!(Kind::of(id), Some(Kind::Group));
        }
        for id in ["", "sg-", "sg-xyz", "sg-0BB31CDDB2C27F401", "sgr-1a2b3c4", "sg-1a2b3c4d5", "i_1a2b3c4d"] {
            assert_eq!(Kind::of(id), None, "{id}");
        }
        let error = Kind::Group.check("bad").unwrap_err();
        assert_eq!(error.to_string(), "InvalidGroupId.Malformed: Invalid id: \"bad\" (expecting \"sg-...\")");
    }
}
