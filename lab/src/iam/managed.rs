//! The managed policies of AWS's own that the lab has.
//!
//! AWS has more than a thousand, and the largest of them name thousands of actions. The lab has those that a detection
//! pipeline and its workshop meet. What each **allows of the services that the lab has** is what AWS's allows; the
//! document is shorter where AWS's names services that the lab does not have. Any other policy is refused by its name.
//!
//! Source: the AWS Managed Policy Reference Guide.

mod documents;

use crate::gateway::error::AwsError;

pub(super) use self::documents::ALL;

/// The beginning of the ARNs of AWS's own policies.
pub(super) const PREFIX: &str = "arn:aws:iam::aws:policy/";
/// The one version that the lab has of each.
pub(super) const VERSION: &str = "v1";
/// When most of them were made.
pub(super) const CREATED: &str = "2015-02-06T18:40:00Z";

/// A managed policy of AWS's own.
#[derive(Debug)]
pub(super) struct AwsPolicy {
    /// What follows `policy/` in its ARN: `service-role/AWSLambdaBasicExecutionRole`.
    pub(super) path_and_name: &'static str,
    pub(super) document: &'static str,
}

impl AwsPolicy {
    pub(super) fn arn(&self) -> String {
        format!("{PREFIX}{}", self.path_and_name)
    }

    pub(super) fn name(&self) -> &'static str {
        self.path_and_name.rsplit('/').next().unwrap_or_default()
    }

    /// An id in the form of AWS's, the same each time.
    pub(super) fn id(&self) -> String {
        const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let seed = self
            .path_and_name
            .bytes()
            .fold(u64::MAX, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let letter = |at: u32| char::from(ALPHABET[(seed.rotate_left(at * 7) % 32) as usize]);
        "ANPA".chars().chain((0..17).map(letter)).collect()
    }
}

/// The policy of AWS's with this ARN.
pub(super) fn find(arn: &str) -> Result<&'static AwsPolicy, AwsError> {
    let wanted = arn.strip_prefix(PREFIX).unwrap_or_default();
    ALL.iter()
        .find(|policy| policy.path_and_name == wanted)
        .ok_or_else(|| AwsError::unsupported(format_args!("the policy {arn} (if AWS has one of that name)")))
}

/// The path of a managed policy's ARN: `/service-role/`.
pub(super) fn path(arn: &str) -> &str {
    let path = arn.split_once(":policy").map_or("/", |(_, path)| path);
    path.rfind('/').map_or("/", |at| &path[..=at])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::policy::{Policy, PolicyKind};

    #[test]
    fn every_document_is_a_policy() {
        for policy in ALL {
            let parsed = Policy::parse_as(policy.document, PolicyKind::Identity);
            assert!(parsed.is_ok(), "{}: {parsed:?}", policy.path_and_name);
            assert_eq!(find(&policy.arn()).unwrap().path_and_name, policy.path_and_name);
        }
        let ids: BTreeSet<String> = ALL.iter().map(AwsPolicy::id).collect();
        assert_eq!(ids.len(), ALL.len(), "no two have one id");
        assert!(ids.iter().all(|id| id.len() == 21), "{ids:?}");
    }

    #[test]
    fn a_policy_has_the_path_of_its_arn() {
        assert_eq!(path("arn:aws:iam::aws:policy/AdministratorAccess"), "/");
        assert_eq!(path("arn:aws:iam::aws:policy/service-role/AWSLambdaRole"), "/service-role/");
        assert_eq!(path("arn:aws:iam::111122223333:policy/a/b/c"), "/a/b/");
    }

    #[test]
    fn a_policy_that_the_lab_does_not_have_is_refused_by_name() {
        let error = find("arn:aws:iam::aws:policy/AmazonRoute53FullAccess").unwrap_err();
        assert_eq!(error.status, 501);
        assert!(error.message.contains("AmazonRoute53FullAccess"), "{}", error.message);
    }
}
