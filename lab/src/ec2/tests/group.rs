//! Groups: their names, their default rules, how they are found and when they stay.

use super::*;

#[test]
fn a_new_group_lets_everything_out_and_nothing_in() {
    let lab = Lab::new();
    let group = lab.group("web");
    let shown = lab.shown(&group);
    assert_eq!(one(&shown, "ipPermissions"), "");
    assert_eq!(all(&shown, "cidrIp"), ["0.0.0.0/0"]);
    assert_eq!(all(&shown, "ipProtocol"), ["-1"]);
    assert!(!shown.contains("<fromPort>"), "all protocols have no ports: {shown}");
    assert_eq!(
        one(&shown, "securityGroupArn"),
        format!("arn:aws:ec2:ap-northeast-2:111122223333:security-group/{group}")
    );
}

#[test]
fn names_of_groups_are_checked() {
    let lab = Lab::new();
    let vpc = one(&lab.does("DescribeVpcs", ""), "vpcId");
    lab.group("web");
    let long = "a".repeat(256);
    for (name, wanted) in [
        ("web", format!("InvalidGroup.Duplicate: The security group 'web' already exists for VPC '{vpc}'")),
        ("default", "InvalidParameterValue: Cannot use reserved security group name: default".to_owned()),
        ("sg-web", "InvalidParameterValue: Invalid security group name.".to_owned()),
        ("it's", "InvalidParameterValue: Invalid security group name. Valid names".to_owned()),
        ("보안", "InvalidParameterValue: Value (보안) for parameter GroupName is invalid. Character sets".to_owned()),
        (&long, "InvalidParameterValue: Invalid security group name. Valid names".to_owned()),
        ("", "MissingParameter: The request must contain the parameter GroupName".to_owned()),
    ] {
        let refusal = lab.refuses("CreateSecurityGroup", &format!("GroupName={name}&GroupDescription=d"));
        assert!(refusal.starts_with(&wanted), "{refusal}");
    }
    let refusal = lab.refuses("CreateSecurityGroup", "GroupName=x");
    assert_eq!(refusal, "MissingParameter: The request must contain the parameter GroupDescription");
    let refusal = lab.refuses("CreateSecurityGroup", "GroupName=x&GroupDescription=d&VpcId=vpc-1a2b3c4d");
    assert_eq!(refusal, "InvalidVpcID.NotFound: The vpc ID 'vpc-1a2b3c4d' does not exist");
}

#[test]
fn a_group_in_use_stays_until_its_instance_is_terminated() {
    let lab = Lab::new();
    let (group, other) = (lab.group("securitygroup-test"), lab.group("other"));
    let instance = lab.instance(&format!("SecurityGroupId.1={group}"));
    let delete = format!("GroupId={group}");
    let in_use = format!("DependencyViolation: resource {group} has a dependent object");
    assert_eq!(lab.refuses("DeleteSecurityGroup", &delete), in_use);
    let answer = lab.does("TerminateInstances", &format!("InstanceId.1={instance}"));
    assert_eq!(all(&answer, "name"), ["shutting-down", "running"]);
    let named = "IpPermissions.1.IpProtocol=-1&IpPermissions.1.UserIdGroupPairs.1.GroupId";
    lab.does("AuthorizeSecurityGroupIngress", &format!("GroupId={other}&{named}={group}"));
    assert_eq!(lab.refuses("DeleteSecurityGroup", &delete), in_use, "another group's rule names it");
    lab.does("RevokeSecurityGroupIngress", &format!("GroupId={other}&{named}={group}"));
    let deleted = lab.does("DeleteSecurityGroup", &delete);
    assert_eq!((one(&deleted, "return"), one(&deleted, "groupId")), ("true".to_owned(), group.clone()));
    let gone = format!("InvalidGroup.NotFound: The security group '{group}' does not exist");
    assert_eq!(lab.refuses("DeleteSecurityGroup", &delete), gone);
    let shown = lab.does("DescribeInstances", &format!("InstanceId.1={instance}"));
    assert_eq!(one(&shown, "instanceState"), "<code>48</code><name>terminated</name>");
}

#[test]
fn the_default_group_stays() {
    let lab = Lab::new();
    let id = one(&lab.does("DescribeSecurityGroups", "GroupName.1=default"), "groupId");
    let refusal = lab.refuses("DeleteSecurityGroup", &format!("GroupId={id}"));
    assert_eq!(
        refusal,
        format!("CannotDelete: the specified group: \"{id}\" name: \"default\" cannot be deleted by a user")
    );
}

#[test]
fn groups_are_found_by_what_their_rules_say() {
    let lab = Lab::new();
    let group = lab.group("web-1");
    lab.group("db");
    lab.does("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}"));
    lab.does("CreateTags", &format!("ResourceId.1={group}&Tag.1.Key=Team&Tag.1.Value=red"));
    for (name, value) in [
        ("ip-permission.from-port", "22"),
        ("ip-permission.cidr", "203.0.113.*"),
        ("group-name", "web-?"),
        ("tag:Team", "r*"),
        ("tag-key", "Team"),
    ] {
        let found = lab.does("DescribeSecurityGroups", &format!("Filter.1.Name={name}&Filter.1.Value.1={value}"));
        assert_eq!(all(&found, "groupName"), ["web-1"], "{name}");
    }
    let refusal = lab.refuses("DescribeSecurityGroups", "Filter.1.Name=colour&Filter.1.Value.1=x");
    assert_eq!(refusal, "InvalidParameterValue: The filter 'colour' is invalid");
}

#[test]
fn pages_show_every_group_once() {
    let lab = Lab::new();
    for n in 0..11 {
        lab.group(&format!("g{n}"));
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = lab.does("DescribeSecurityGroups", &format!("MaxResults=5&NextToken={token}"));
        seen.extend(all(&page, "groupName"));
        match all(&page, "nextToken").pop() {
            Some(next) => token = next,
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 12, "eleven and the default one");
    assert!(lab.refuses("DescribeSecurityGroups", "MaxResults=4").contains("greater than 4"));
    assert!(lab.refuses("DescribeSecurityGroups", "NextToken=!").starts_with("InvalidNextToken"));
}
