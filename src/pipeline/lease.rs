//! The lease on a security group: one run at a time.
//!
//! A run claims a group with a tag of its own, whose key ends with the run's id and whose value says until when. It holds the
//! group once it has written its claim and then read no other that is still good; two runs that see each other's both step
//! back. Reading after writing is what makes this safe: of two claims, the one that was written later is read together with
//! the other. A claim is renewed while the run lasts, and counts for nothing once it has expired: that run was killed.
//!
//! A group of the run's own is made with the claim, and EC2 makes no second one of its name.
//!
//! The end of a claim is told in AWS's time, as far as a run knows it by AWS's answers: several machines read it, and none of
//! their clocks is everybody's.

use std::time::Duration;

use aws_sdk_ec2::types::Tag;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use tokio_util::task::AbortOnDropHandle;

use super::{ProvisionError, Resource, Site};
use crate::sdk;
use crate::target::{Clients, Clock};

/// What the key of every claim begins with.
pub(crate) const KEY: &str = "alert-drill:lease:";

/// How long a claim is good: a run that was killed keeps others out no longer.
const LENGTH: SignedDuration = SignedDuration::from_mins(10);

/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(3 * 60);

/// How often a run that met another steps back and tries again.
const ATTEMPTS: usize = 4;

/// EC2 may show a new tag to others a moment later than it says that it was made.
const SETTLING: Duration = Duration::from_secs(3);

/// The key of a run's claim.
pub(crate) fn key(run_id: &str) -> String {
    format!("{KEY}{run_id}")
}

/// A claim that is good from now on.
pub(crate) fn new_tag(run_id: &str, clock: &Clock) -> Tag {
    let until = clock.now().checked_add(LENGTH).unwrap_or(Timestamp::MAX);
    let until = until.round(jiff::Unit::Second).unwrap_or(until);
    Tag::builder().key(key(run_id)).value(until.to_string()).build()
}

/// A run's claim on a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Whose.
    pub(crate) run_id: String,
    /// Until when. What nobody can read has expired.
    pub(crate) until: Timestamp,
}

impl Claim {
    /// Whether the run may still be at work.
    pub(crate) fn is_good(&self, clock: &Clock) -> bool {
        self.until > clock.now()
    }
}

/// The claims among a group's tags.
pub(crate) fn claims<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Claim> {
    let claim = |(key, value): (&str, &str)| {
        let run_id = key.strip_prefix(KEY)?.to_owned();
        Some(Claim { run_id, until: value.parse().unwrap_or(Timestamp::MIN) })
    };
    tags.into_iter().filter_map(claim).collect()
}

/// The claims on all groups that are still good.
pub(crate) async fn all_good(clients: &Clients) -> Result<Vec<Claim>, String> {
    let mut groups = clients.ec2.describe_security_groups().into_paginator().items().send();
    let mut good = Vec::new();
    while let Some(group) = groups.next().await {
        let group = group.map_err(|error| sdk::reason(&error))?;
        let tags = group.tags().iter().filter_map(|tag| Some((tag.key()?, tag.value()?)));
        good.extend(claims(tags).into_iter().filter(|claim| claim.is_good(&clients.clock)));
    }
    Ok(good)
}

/// A lease that is renewed until this is dropped. The tag goes with the ledger's clean-up.
#[derive(Debug)]
pub(crate) struct Lease {
    _renewal: AbortOnDropHandle<()>,
}

impl Lease {
    /// Keeps up the claim that a group was made with.
    pub(crate) fn of_own_group(site: Site<'_>, group_id: &str) -> Self {
        let (clients, run_id, group_id) = (site.target.clients.clone(), site.run_id.to_owned(), group_id.to_owned());
        let renewal = async move {
            loop {
                tokio::time::sleep(RENEWAL).await;
                // One that cannot be renewed is tried again, long before it expires.
                let tag = new_tag(&run_id, &clients.clock);
                let _ = clients.ec2.create_tags().resources(&group_id).tags(tag).send().await;
            }
        };
        Self { _renewal: AbortOnDropHandle::new(tokio::spawn(renewal)) }
    }

    /// Takes the lease on a group that is somebody's own.
    ///
    /// # Errors
    /// Another run holds it, or the group's tags can be neither read nor written.
    pub(crate) async fn take(site: Site<'_>, group_id: &str) -> Result<Self, ProvisionError> {
        let Site { target, run_id, ledger, .. } = site;
        let entry = Resource::Lease { group_id: group_id.to_owned(), run_id: run_id.to_owned() };
        let mut other = None;
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                let pause = rand::rng().random_range(50..400_u64 << attempt);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            site.go_on()?;
            other = others(&target.clients, group_id, run_id).await?;
            if other.is_some() {
                continue;
            }
            ledger.intend(entry.clone())?;
            let tag = new_tag(run_id, &target.clients.clock);
            let claimed = target.clients.ec2.create_tags().resources(group_id).tags(tag).send().await;
            claimed.map_err(|error| ProvisionError::refused("ec2:CreateTags", group_id, &error))?;
            ledger.made(&entry, group_id);
            if target.endpoint_url.is_none() {
                tokio::time::sleep(SETTLING).await;
            }
            other = others(&target.clients, group_id, run_id).await?;
            if other.is_none() {
                return Ok(Self::of_own_group(site, group_id));
            }
            withdraw(&target.clients, &entry, group_id).await?;
            ledger.strike(&entry);
        }
        let Claim { run_id, until } = other.unwrap_or(Claim { run_id: "?".to_owned(), until: Timestamp::now() });
        Err(ProvisionError::Held { group: group_id.to_owned(), run_id, until })
    }

    /// Makes sure that no other run holds the group. Nothing is changed.
    ///
    /// # Errors
    /// Another run holds it, or the group's tags cannot be read.
    pub(crate) async fn is_free(site: Site<'_>, group_id: &str) -> Result<(), ProvisionError> {
        match others(&site.target.clients, group_id, site.run_id).await? {
            Some(Claim { run_id, until }) => Err(ProvisionError::Held { group: group_id.to_owned(), run_id, until }),
            None => Ok(()),
        }
    }

    /// Takes off the claim that a group was made with.
    pub(crate) async fn give_up(site: Site<'_>, group_id: &str) -> Result<(), ProvisionError> {
        let entry = Resource::Lease { group_id: group_id.to_owned(), run_id: site.run_id.to_owned() };
        withdraw(&site.target.clients, &entry, group_id).await
    }
}

/// Takes a claim off its group.
async fn withdraw(clients: &Clients, entry: &Resource, group_id: &str) -> Result<(), ProvisionError> {
    entry.remove(clients, group_id).await.map_err(|reason| ProvisionError::Refused {
        call: "ec2:DeleteTags",
        what: group_id.to_owned(),
        reason,
    })
}

/// The claim of another run that is still good.
async fn others(clients: &Clients, group_id: &str, run_id: &str) -> Result<Option<Claim>, ProvisionError> {
    let described = clients.ec2.describe_security_groups().group_ids(group_id).send().await;
    let described = described.map_err(|error| ProvisionError::Refused {
        call: "ec2:DescribeSecurityGroups",
        what: group_id.to_owned(),
        reason: sdk::reason(&error),
    })?;
    let tags = described.security_groups().iter().flat_map(|group| group.tags());
    let claims = claims(tags.filter_map(|tag| Some((tag.key()?, tag.value()?))));
    Ok(claims.into_iter().find(|claim| claim.run_id != run_id && claim.is_good(&clients.clock)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_good_until_it_expires() {
        let clock = Clock::default();
        let tag = new_tag("run-1", &clock);
        let (key, value) = (tag.key().unwrap(), tag.value().unwrap());
        let read = claims([(key, value), ("Name", "x"), ("alert-drill:lease:run-2", "?")]);
        assert_eq!(read.iter().map(|claim| claim.run_id.as_str()).collect::<Vec<_>>(), ["run-1", "run-2"]);
        assert_eq!(read.iter().map(|claim| claim.is_good(&clock)).collect::<Vec<_>>(), [true, false]);
        let over = Claim { until: Timestamp::now() - SignedDuration::from_secs(1), ..read[0].clone() };
        assert!(!over.is_good(&clock));
    }
}
