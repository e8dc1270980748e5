//! One rule of a group, and `DescribeSecurityGroupRules`.

use serde::{Deserialize, Serialize};

use super::filter::{Described, Filter, select};
use super::page::page;
use super::peer::Peer;
use super::protocol::Traffic;
use super::region::Region;
use super::resource_id::Kind;
use super::tag::Tag;
use super::{combination, dry_run_ends, invalid_value};
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::ids;

/// A rule, in or out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Rule {
    /// `sgr-…`.
    pub(super) id: String,
    /// The group that it belongs to.
    pub(super) group_id: String,
    /// Whether it is about traffic out of the group.
    pub(super) is_egress: bool,
    /// What it allows.
    pub(super) traffic: Traffic,
    /// From whom or to whom.
    pub(super) peer: Peer,
    /// What people say of it.
    pub(super) description: Option<String>,
}

impl Rule {
    /// A rule with an id of its own.
    pub(super) fn new(group_id: &str, is_egress: bool, traffic: Traffic, peer: Peer) -> Self {
        Self { id: ids::ec2("sgr"), group_id: group_id.to_owned(), is_egress, traffic, peer, description: None }
    }

    /// Whether the rule allows just this. The description does not count.
    pub(super) fn allows(&self, traffic: &Traffic, peer: &Peer) -> bool {
        self.traffic == *traffic && self.peer == *peer
    }
}

/// The refusal of a rule that is there already.
pub(super) fn duplicate(traffic: &Traffic, peer: &Peer) -> AwsError {
    let message = format!("the specified rule \"peer: {peer}, {traffic}, ALLOW\" already exists");
    AwsError::bad_request("InvalidPermission.Duplicate", message)
}

/// The refusal of a rule that is not there.
pub(super) fn not_found() -> AwsError {
    let message = "The specified rule does not exist in this security group.";
    AwsError::bad_request("InvalidPermission.NotFound", message)
}

/// The characters that descriptions of rules and groups can have, besides letters and digits.
const DESCRIPTION_MARKS: &str = ". _-:/()#,@[]+=&;{}!$*";

/// Whether EC2 takes a text as the description of a rule or a group.
pub(super) fn is_description(text: &str) -> bool {
    text.len() < 256 && text.chars().all(|c| c.is_ascii_alphanumeric() || DESCRIPTION_MARKS.contains(c))
}

/// The description of a rule: an empty one is none.
pub(super) fn description(text: Option<&str>) -> Result<Option<String>, AwsError> {
    match text {
        None | Some("") => Ok(None),
        Some(text) if is_description(text) => Ok(Some(text.to_owned())),
        Some(_) => Err(invalid_value(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  \
             a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )),
    }
}

/// A rule as EC2 shows it: `SecurityGroupRule`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleItem {
    security_group_rule_id: String,
    group_id: String,
    group_owner_id: String,
    is_egress: bool,
    ip_protocol: String,
    from_port: i32,
    to_port: i32,
    cidr_ipv4: Option<String>,
    cidr_ipv6: Option<String>,
    prefix_list_id: Option<String>,
    referenced_group_info: Option<ReferencedGroup>,
    description: Option<String>,
    tag_set: Option<Vec<Tag>>,
    security_group_rule_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReferencedGroup {
    group_id: String,
    user_id: String,
}

impl RuleItem {
    /// What EC2 shows of a rule.
    pub(super) fn of(rule: &Rule, region: &Region) -> Self {
        let (from_port, to_port) = rule.traffic.shown_ports();
        let mut item = Self {
            security_group_rule_id: rule.id.clone(),
            group_id: rule.group_id.clone(),
            group_owner_id: region.scope.account.clone(),
            is_egress: rule.is_egress,
            ip_protocol: rule.traffic.protocol.to_string(),
            from_port,
            to_port,
            cidr_ipv4: None,
            cidr_ipv6: None,
            prefix_list_id: None,
            referenced_group_info: None,
            description: rule.description.clone(),
            tag_set: Some(region.tags.of(&rule.id).to_vec()),
            security_group_rule_arn: region.arn(Kind::Rule, &rule.id),
        };
        match &rule.peer {
            Peer::Ipv4(net) => item.cidr_ipv4 = Some(net.to_string()),
            Peer::Ipv6(net) => item.cidr_ipv6 = Some(net.to_string()),
            Peer::PrefixList(id) => item.prefix_list_id = Some(id.clone()),
            Peer::Group(id) => {
                let user_id = region.scope.account.clone();
                item.referenced_group_info = Some(ReferencedGroup { group_id: id.clone(), user_id });
            }
        }
        item
    }
}

impl RuleItem {
    /// The same in the answer that makes the rule, which does not speak of tags where there are none.
    pub(super) fn just_made(mut self) -> Self {
        self.tag_set = self.tag_set.filter(|tags| !tags.is_empty());
        self
    }
}

impl Described for Rule {
    const FILTERS: &'static [&'static str] = &["group-id", "security-group-rule-id"];

    fn id(&self) -> &str {
        &self.id
    }

    fn values(&self, filter: &str, _: &Region) -> Vec<String> {
        vec![if filter == "group-id" { self.group_id.clone() } else { self.id.clone() }]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DescribeInput {
    #[serde(default)]
    security_group_rule_id: Vec<String>,
    #[serde(default)]
    filter: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeOutput {
    security_group_rule_set: Vec<RuleItem>,
    next_token: Option<String>,
}

/// `DescribeSecurityGroupRules`.
pub(super) fn describe(call: &Call, region: &Region) -> Result<Reply, AwsError> {
    let input: DescribeInput = call.input()?;
    let wanted = &input.security_group_rule_id;
    if !wanted.is_empty() && input.max_results.is_some() {
        return Err(combination("The parameter securityGroupRuleId cannot be used with the parameter maxResults"));
    }
    Kind::Rule.check_all(wanted)?;
    if let Some(absent) = wanted.iter().find(|id| !region.exists(Kind::Rule, id)) {
        return Err(Kind::Rule.not_found(absent));
    }
    let of_groups = input.filter.iter().filter(|filter| filter.name() == "group-id");
    if let Some(bad) = of_groups.flat_map(Filter::values).find(|id| !Kind::Group.is_form_of(id)) {
        let message = format!("The security group ID '{bad}' is malformed");
        return Err(AwsError::bad_request("InvalidGroupId.Malformed", message));
    }
    let rules = region.groups.values().flat_map(|group| &group.rules);
    let rules = rules.filter(|rule| wanted.is_empty() || wanted.contains(&rule.id));
    let rules = select(region, rules, &input.filter)?;
    dry_run_ends(input.dry_run)?;
    let page = page(rules, input.max_results, input.next_token.as_deref(), (5, 1000))?;
    let security_group_rule_set = page.items.into_iter().map(|rule| RuleItem::of(rule, region)).collect();
    call.reply(&DescribeOutput { security_group_rule_set, next_token: page.next_token })
}
