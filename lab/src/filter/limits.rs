//! How large a filter policy may be.
//!
//! Source: <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>, and for `$or` the
//! recorded answers of SNS: the combinations of its members are added.

use super::Scope;
use super::error::Refusal;
use crate::pattern::Node;

const MAX_KEYS: usize = 5;
const MAX_COMBINATIONS: u64 = 150;

pub(super) fn check(members: &[(String, Node)], scope: Scope) -> Result<(), Refusal> {
    if members.len() > MAX_KEYS {
        return Err(Refusal::TooManyKeys);
    }
    if scope == Scope::MessageAttributes && nests(members) {
        return Err(Refusal::Nested);
    }
    if combinations(members, 1, 1) > MAX_COMBINATIONS {
        return Err(Refusal::TooComplex);
    }
    Ok(())
}

/// Whether a name holds an object. The members of `$or` are not a level of their own.
fn nests(members: &[(String, Node)]) -> bool {
    members.iter().any(|(name, value)| match value {
        Node::Object(_) => true,
        Node::Array(branches) if name == "$or" => {
            branches.iter().any(|branch| matches!(branch, Node::Object(members) if nests(members)))
        }
        _ => false,
    })
}

fn combinations(members: &[(String, Node)], depth: u64, so_far: u64) -> u64 {
    members.iter().fold(so_far, |so_far, (name, value)| match value {
        Node::Object(members) => combinations(members, depth.saturating_add(1), so_far),
        Node::Array(branches) if name == "$or" => branches
            .iter()
            .map(|branch| match branch {
                Node::Object(members) => combinations(members, depth, so_far),
                _ => so_far,
            })
            .fold(0, u64::saturating_add),
        // `max`: an empty array was refused already, for what it is.
        Node::Array(values) => so_far.saturating_mul(values.len() as u64).saturating_mul(depth),
        _ => so_far,
    })
}
