//! What IAM asks of EC2 when it decides on a call: names, tags and networks of the resources that the call names.

use super::Ec2;
use super::region::Region;
use crate::scope::Scope;

impl Ec2 {
    /// The id of the security group of this name, where it is only one's: in the default VPC, as calls by name mean it.
    pub(crate) fn group_named(&self, scope: &Scope, name: &str) -> Option<String> {
        self.regions.with_or(scope, Region::new, |region| {
            let mut named = region.groups.values().filter(|group| group.name == name);
            let first = named.next()?;
            named.next().is_none().then(|| first.id.clone())
        })
    }

    /// The tags of a resource: keys and values.
    pub(crate) fn tags_of(&self, scope: &Scope, id: &str) -> Vec<(String, String)> {
        self.regions.with_or(scope, Region::new, |region| {
            region.tags.of(id).iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
        })
    }

    /// The VPC that a security group or a subnet is in.
    pub(crate) fn vpc_of(&self, scope: &Scope, id: &str) -> Option<String> {
        self.regions.with_or(scope, Region::new, |region| {
            let group = region.groups.get(id).map(|group| group.vpc_id.clone());
            group.or_else(|| region.subnets.get(id).map(|subnet| subnet.vpc_id.clone()))
        })
    }
}
