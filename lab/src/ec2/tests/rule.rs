//! Rules: opening, closing, editing, and what EC2 says of those that are wrong.

use super::*;

#[test]
fn an_opened_port_is_shown_as_rule_and_as_permission() {
    let lab = Lab::new();
    let group = lab.group("web");
    let form = format!(
        "GroupId={group}&{SSH}&IpPermissions.1.IpRanges.1.Description=drill 1\
         &TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=run&TagSpecification.1.Tag.1.Value=7"
    );
    let answer = lab.does("AuthorizeSecurityGroupIngress", &form);
    let rule = one(&answer, "securityGroupRuleId");
    for (name, wanted) in [
        ("return", "true"),
        ("groupId", &group),
        ("groupOwnerId", "111122223333"),
        ("isEgress", "false"),
        ("ipProtocol", "tcp"),
        ("fromPort", "22"),
        ("cidrIpv4", "203.0.113.0/24"),
        ("description", "drill 1"),
        ("tagSet", "<item><key>run</key><value>7</value></item>"),
    ] {
        assert_eq!(one(&answer, name), wanted, "{name}");
    }
    let rules = lab.does("DescribeSecurityGroupRules", "Filter.1.Name=tag:run&Filter.1.Value.1=7");
    assert_eq!(all(&rules, "securityGroupRuleId"), [rule.as_str()]);
    assert_eq!(one(&lab.shown(&group), "fromPort"), "22");

    let again = lab.refuses("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}"));
    let wanted = "InvalidPermission.Duplicate: the specified rule \"peer: 203.0.113.0/24, TCP, from port: 22, to port: 22, \
                  ALLOW\" already exists";
    assert_eq!(again, wanted);

    lab.does("RevokeSecurityGroupIngress", &format!("GroupId={group}&SecurityGroupRuleId.1={rule}"));
    let gone = lab.refuses("RevokeSecurityGroupIngress", &format!("GroupId={group}&SecurityGroupRuleId.1={rule}"));
    assert_eq!(
        gone,
        format!("InvalidSecurityGroupRuleId.NotFound: The security group rule ID '{rule}' does not exist")
    );
    assert_eq!(one(&lab.does("DescribeTags", ""), "tagSet"), "", "the rule's tags went with it");
}

#[test]
fn the_flat_form_and_groups_by_name() {
    let lab = Lab::new();
    let group = lab.group("web");
    let flat = "GroupName=web&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=1.2.3.4/0";
    let answer = lab.does("AuthorizeSecurityGroupIngress", flat);
    assert_eq!(one(&answer, "cidrIpv4"), "0.0.0.0/0", "the host bits are cleared");
    assert_eq!(one(&answer, "groupId"), group);
    lab.does("RevokeSecurityGroupIngress", "GroupName=web&IpProtocol=6&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0");
    let source = lab.does("AuthorizeSecurityGroupIngress", "GroupName=web&SourceSecurityGroupName=default");
    assert_eq!(all(&source, "ipProtocol"), ["tcp", "udp", "icmp"]);
    let mixed = lab.refuses("AuthorizeSecurityGroupIngress", &format!("{flat}&{SSH}"));
    assert!(mixed.starts_with("InvalidParameterCombination: The parameter 'ipProtocol'"), "{mixed}");
    let egress = lab.refuses("AuthorizeSecurityGroupEgress", "GroupName=web&CidrIp=0.0.0.0/0");
    assert!(egress.starts_with("UnknownParameter"), "{egress}");
}

#[test]
fn what_is_wrong_with_a_rule_is_said_in_ec2s_words() {
    let lab = Lab::new();
    let group = lab.group("web");
    let permission = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22";
    let id = format!("GroupId={group}");
    for (form, wanted) in [
        (permission.to_owned(), "MissingParameter: The request must contain the parameter groupName or groupId"),
        (format!("GroupId=bad&{SSH}"), "InvalidGroupId.Malformed: Invalid id: \"bad\" (expecting \"sg-...\")"),
        (
            format!("GroupId=sg-0123456789abcdef0&{SSH}"),
            "InvalidGroup.NotFound: The security group 'sg-0123456789abcdef0' does not exist",
        ),
        (id.clone(), "MissingParameter: The request must contain the parameter ipPermissions"),
        (format!("{id}&{permission}"), "MissingParameter: Source group ID missing."),
        (
            format!("{id}&{permission}&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/99"),
            "InvalidParameterValue: CIDR block 10.0.0.0/99 is malformed",
        ),
        (
            format!("{id}&{SSH}&IpPermissions.1.IpRanges.2.CidrIp=203.0.113.9/24"),
            "InvalidParameterValue: The same permission must not appear multiple times",
        ),
        (
            format!("{id}&{permission}&IpPermissions.1.Groups.1.GroupId=sg-0123456789abcdef0"),
            "InvalidGroup.NotFound: The security group 'sg-0123456789abcdef0' does not exist",
        ),
        (
            format!("{id}&{SSH}&IpPermissions.1.IpRanges.1.Description=it's"),
            "InvalidParameterValue: Invalid rule description. Valid descriptions are strings less than 256 characters \
             from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ),
        (
            format!("{id}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=x"),
            "InvalidParameterValue: The parameter IpPermissions.1.FromPort must be a whole number, not 'x'",
        ),
    ] {
        assert_eq!(lab.refuses("AuthorizeSecurityGroupIngress", &form), wanted);
    }
}

#[test]
fn a_refused_call_changes_nothing() {
    let lab = Lab::new();
    let group = lab.group("web");
    lab.does("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}"));
    let before = lab.shown(&group);
    let two = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=80&IpPermissions.1.ToPort=80\
         &IpPermissions.1.IpRanges.1.CidrIp=203.0.113.0/24&{}",
        SSH.replace("IpPermissions.1", "IpPermissions.2")
    );
    assert!(lab.refuses("AuthorizeSecurityGroupIngress", &two).starts_with("InvalidPermission.Duplicate"));
    assert_eq!(lab.shown(&group), before);
    let dry = format!("{}&DryRun=true", two.replace("203.0", "198.51"));
    assert!(lab.refuses("AuthorizeSecurityGroupIngress", &dry).starts_with("DryRunOperation"));
    assert_eq!(lab.shown(&group), before);
}

#[test]
fn revoking_what_is_not_there_depends_on_the_vpc() {
    let lab = Lab::new();
    let (own, default) = (lab.group_in_own_vpc(), lab.group("web"));
    let refusal = lab.refuses("RevokeSecurityGroupIngress", &format!("GroupId={own}&{SSH}"));
    assert_eq!(refusal, "InvalidPermission.NotFound: The specified rule does not exist in this security group.");
    let answer = lab.does("RevokeSecurityGroupIngress", &format!("GroupId={default}&{SSH}"));
    assert_eq!(one(&answer, "cidrIp"), "203.0.113.0/24");
    assert!(one(&answer, "unknownIpPermissionSet").contains("203.0.113.0/24"));
    assert_eq!(one(&answer, "revokedSecurityGroupRuleSet"), "");
}

#[test]
fn egress_is_closed_as_clients_close_it() {
    let lab = Lab::new();
    let group = lab.group("web");
    // With ports, as Terraform sends them for all protocols.
    let form = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.FromPort=0&IpPermissions.1.ToPort=0\
         &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"
    );
    let answer = lab.does("RevokeSecurityGroupEgress", &form);
    assert_eq!(one(&answer, "isEgress"), "true");
    assert_eq!(one(&lab.shown(&group), "ipPermissionsEgress"), "");
}

#[test]
fn sixty_rules_and_no_more() {
    let lab = Lab::new();
    let group = lab.group("web");
    let many = |family: &str, count: usize| {
        let ranges: String = (0..count)
            .map(|n| match family {
                "ipv4" => format!("&IpPermissions.1.IpRanges.{}.CidrIp=10.0.{n}.0/24", n + 1),
                _ => format!("&IpPermissions.1.Ipv6Ranges.{}.CidrIpv6=2001:db8:{n}::/48", n + 1),
            })
            .collect();
        format!(
            "GroupId={group}&IpPermissions.1.IpProtocol=udp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1{ranges}"
        )
    };
    let refusal = lab.refuses("AuthorizeSecurityGroupIngress", &many("ipv4", 61));
    assert!(refusal.starts_with("RulesPerSecurityGroupLimitExceeded"), "{refusal}");
    lab.does("AuthorizeSecurityGroupIngress", &many("ipv4", 60));
    lab.does("AuthorizeSecurityGroupIngress", &many("ipv6", 60));
    assert!(lab.refuses("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).contains("maximum number"));
}

#[test]
fn an_edited_rule_keeps_its_id_and_its_type_of_peer() {
    let lab = Lab::new();
    let group = lab.group("web");
    let rule =
        one(&lab.does("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")), "securityGroupRuleId");
    let modify = |peer: &str| {
        format!(
            "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}\
             &SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp&SecurityGroupRule.1.SecurityGroupRule.FromPort=443\
             &SecurityGroupRule.1.SecurityGroupRule.ToPort=443&SecurityGroupRule.1.SecurityGroupRule.{peer}"
        )
    };
    lab.does("ModifySecurityGroupRules", &modify("CidrIpv4=0.0.0.0/0"));
    let shown = lab.does("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={rule}"));
    assert_eq!((one(&shown, "fromPort"), one(&shown, "cidrIpv4")), ("443".to_owned(), "0.0.0.0/0".to_owned()));
    let refusal = lab.refuses("ModifySecurityGroupRules", &modify("CidrIpv6=::/0"));
    assert!(refusal.starts_with("InvalidParameterValue: The type of the source"), "{refusal}");
    let text = format!(
        "GroupId={group}&SecurityGroupRuleDescription.1.SecurityGroupRuleId={rule}&SecurityGroupRuleDescription.1.Description=new"
    );
    lab.does("UpdateSecurityGroupRuleDescriptionsIngress", &text);
    assert_eq!(one(&lab.shown(&group), "description"), "new");
}

#[test]
fn what_is_wrong_with_an_edit_is_said_in_ec2s_words() {
    let lab = Lab::new();
    let group = lab.group("web");
    let rule =
        one(&lab.does("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")), "securityGroupRuleId");
    let ports = "FromPort=1&R.ToPort=2";
    for (wanted_rule, refusal) in [
        (
            format!("R.{ports}&R.CidrIpv4=10.0.0.0/8"),
            "InvalidParameterValue: Invalid value 'null' for protocol. VPC security group rules must specify protocols \
             explicitly.",
        ),
        (
            "R.IpProtocol=udp&R.ToPort=2&R.CidrIpv4=10.0.0.0/8".to_owned(),
            "InvalidParameterValue: Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
        ),
        (
            format!("R.IpProtocol=udp&R.{ports}"),
            "MissingParameter: The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or \
             referencedGroupId",
        ),
        (
            format!("R.IpProtocol=udp&R.{ports}&R.CidrIpv4=10.0.0.0/8&R.CidrIpv6=::/0"),
            "InvalidParameterCombination: Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be \
             specified",
        ),
    ] {
        let wanted = wanted_rule.replace("R.", "SecurityGroupRule.1.SecurityGroupRule.");
        let form = format!("GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}&{wanted}");
        assert_eq!(lab.refuses("ModifySecurityGroupRules", &form), refusal);
    }
    let malformed = lab.refuses("DescribeSecurityGroupRules", "Filter.1.Name=group-id&Filter.1.Value.1=foobar");
    assert_eq!(malformed, "InvalidGroupId.Malformed: The security group ID 'foobar' is malformed");
}
