//! The security groups that have the scenario's name.

use aws_sdk_ec2::types::Filter;

use super::{Fact, GroupFacts, Names, answered};
use crate::target::Target;

pub(super) async fn read(target: &Target, names: &Names) -> Fact<Vec<GroupFacts>> {
    let named = Filter::builder().name("group-name").values(&names.group).build();
    let described = target.clients.ec2.describe_security_groups().filters(named).send().await;
    let described = answered("ec2:DescribeSecurityGroups", described)?;
    let groups = described.security_groups().iter();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok(groups.map(|group| GroupFacts { id: text(group.group_id()), vpc_id: text(group.vpc_id()) }).collect())
}
