mod around;

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::Identity;
use crate::scope::Scope;

/// A lab's EC2 and one caller.
struct Lab(Ec2);

impl Lab {
    fn new() -> Self {
        Self(Ec2::default())
    }

    fn ask(&self, operation: &str, form: &str) -> Result<String, AwsError> {
        let call = Call {
            service: Service::Ec2,
            operation: operation.to_owned(),
            scope: Scope::new("111122223333", "ap-northeast-2"),
            identity: Identity::of_unknown_key("111122223333"),
            request_id: "0c897921-eded-4cdf-ac2a-c0e5ed5f397d".to_owned(),
            time: "2026-11-24T03:00:00.75Z".parse().unwrap(),
            source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: "aws-cli/2".to_owned(),
            host: "127.0.0.1:4566".to_owned(),
            method: Method::POST,
            uri: Uri::from_static("/"),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(form.as_bytes()),
            labels: Vec::new(),
            params: Node::parse(form.as_bytes()).unwrap(),
        };
        self.0.call(&call).map(|reply| String::from_utf8(reply.body.to_vec()).unwrap())
    }

    fn does(&self, operation: &str, form: &str) -> String {
        self.ask(operation, form).unwrap_or_else(|error| panic!("{operation} {form}: {error}"))
    }

    /// Code and message of the refusal.
    fn refuses(&self, operation: &str, form: &str) -> String {
        self.ask(operation, form).map_or_else(|error| error.to_string(), |xml| panic!("{operation} {form}: {xml}"))
    }

    fn group(&self, name: &str) -> String {
        one(&self.does("CreateSecurityGroup", &format!("GroupName={name}&GroupDescription=d")), "groupId")
    }

    fn group_in_own_vpc(&self) -> String {
        let vpc = one(&self.does("CreateVpc", "CidrBlock=10.0.0.0/16"), "vpcId");
        one(&self.does("CreateSecurityGroup", &format!("GroupName=own&GroupDescription=d&VpcId={vpc}")), "groupId")
    }

    fn shown(&self, group: &str) -> String {
        self.does("DescribeSecurityGroups", &format!("GroupId.1={group}"))
    }

    fn instance(&self, form: &str) -> String {
        let form = format!("ImageId=ami-0abcdef1234567890&InstanceType=t3.micro&MinCount=1&MaxCount=1&{form}");
        one(&self.does("RunInstances", &form), "instanceId")
    }
}

/// The texts of all elements of this name.
fn all(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)).map(|(text, _)| text.to_owned()).collect()
}

/// The text of the first element of this name.
fn one(xml: &str, name: &str) -> String {
    all(xml, name).into_iter().next().unwrap_or_else(|| panic!("no {name} in {xml}"))
}

const SSH: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
                   &IpPermissions.1.IpRanges.1.CidrIp=203.0.113.0/24";

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

#[test]
fn a_client_token_starts_instances_once() {
    let lab = Lab::new();
    let (first, again) = (lab.instance("ClientToken=t"), lab.instance("ClientToken=t"));
    assert_eq!(first, again);
    let other = "ImageId=ami-0abcdef1234567890&InstanceType=t3.small&MinCount=1&MaxCount=1&ClientToken=t";
    assert!(lab.refuses("RunInstances", other).starts_with("IdempotentParameterMismatch"));
}

#[test]
fn launches_that_make_no_sense_are_refused() {
    let lab = Lab::new();
    for (form, wanted) in [
        ("MinCount=1&MaxCount=1", "MissingParameter: The request must contain the parameter ImageId"),
        ("ImageId=ami-1a2b3c4d&MaxCount=1", "MissingParameter: The request must contain the parameter MinCount"),
        ("ImageId=latest&MinCount=1&MaxCount=1", "InvalidAMIID.Malformed: Invalid id: \"latest\""),
        ("ImageId=ami-1a2b3c4d&MinCount=2&MaxCount=1", "InvalidParameterValue: Invalid value '2' for minCount"),
        ("ImageId=ami-1a2b3c4d&MinCount=9999&MaxCount=9999", "InsufficientFreeAddressesInSubnet"),
        ("ImageId=ami-1a2b3c4d&MinCount=1&MaxCount=1&InstanceType=big", "InvalidParameterValue: Invalid value 'big'"),
        ("ImageId=ami-1a2b3c4d&MinCount=1&MaxCount=1&UserData=%25", "InvalidUserData.Malformed"),
        (
            "ImageId=ami-1a2b3c4d&MinCount=1&MaxCount=1&LaunchTemplate.Version=1",
            "UnknownParameter: The parameter LaunchTemplate",
        ),
        ("ImageId=ami-1a2b3c4d&MinCount=1&MaxCount=1&SubnetId=subnet-1a2b3c4d", "InvalidSubnetID.NotFound"),
        ("ImageId=ami-1a2b3c4d&MinCount=1&MaxCount=1&DryRun=true", "DryRunOperation"),
    ] {
        let refusal = lab.refuses("RunInstances", form);
        assert!(refusal.starts_with(wanted), "{form}: {refusal}");
    }
    assert_eq!(one(&lab.does("DescribeInstances", ""), "reservationSet"), "");
}

#[test]
fn groups_of_an_instance_can_be_changed() {
    let lab = Lab::new();
    let group = lab.group("web");
    let instance = lab.instance("TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=ec2-securitygroup-test");
    lab.does("ModifyInstanceAttribute", &format!("InstanceId={instance}&GroupId.1={group}"));
    let shown = lab.does("DescribeInstanceAttribute", &format!("InstanceId={instance}&Attribute=groupSet"));
    assert_eq!(all(&shown, "groupId"), [group.as_str()]);
    let found = lab.does("DescribeInstances", &format!("Filter.1.Name=instance.group-id&Filter.1.Value.1={group}"));
    assert_eq!(one(&found, "instanceId"), instance);
    lab.does("ModifyInstanceAttribute", &format!("InstanceId={instance}&DisableApiTermination.Value=true"));
    let refusal = lab.refuses("TerminateInstances", &format!("InstanceId.1={instance}"));
    assert!(refusal.starts_with("OperationNotPermitted"), "{refusal}");
}

#[test]
fn a_stopped_instance_keeps_its_groups_and_starts_again() {
    let lab = Lab::new();
    let instance = format!("InstanceId.1={}", lab.instance(""));
    assert_eq!(all(&lab.does("StopInstances", &instance), "name"), ["stopping", "running"]);
    let stopped = lab.does("DescribeInstances", &instance);
    assert!(stopped.contains("<groupName>default</groupName>") && !stopped.contains("<ipAddress>"), "{stopped}");
    assert_eq!(one(&lab.does("DescribeInstanceStatus", &instance), "instanceStatusSet"), "", "only running ones");
    assert_eq!(all(&lab.does("StartInstances", &instance), "name"), ["pending", "stopped"]);
    lab.does("TerminateInstances", &instance);
    assert!(lab.refuses("StartInstances", &instance).starts_with("IncorrectInstanceState"));
    assert_eq!(all(&lab.does("TerminateInstances", &instance), "name"), ["terminated", "terminated"]);
}

#[test]
fn zones_and_subnets_are_the_regions_own() {
    let lab = Lab::new();
    let zones = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c", "ap-northeast-2d"];
    assert_eq!(all(&lab.does("DescribeAvailabilityZones", ""), "zoneName"), zones);
    let subnets = lab.does("DescribeSubnets", "Filter.1.Name=availability-zone&Filter.1.Value.1=ap-northeast-2a");
    assert_eq!(all(&subnets, "cidrBlock"), ["172.31.0.0/20"]);
    assert_eq!(all(&subnets, "availableIpAddressCount"), ["4091"]);
    let images =
        lab.does("DescribeImages", "Owner.1=amazon&Filter.1.Name=name&Filter.1.Value.1=al2023-ami-2023*x86_64");
    assert_eq!(all(&images, "imageId").len(), 1);
}

#[test]
fn what_the_lab_does_not_have_it_refuses_by_name() {
    let error = Lab::new().ask("CreateNatGateway", "SubnetId=subnet-1a2b3c4d").unwrap_err();
    assert_eq!((error.status, error.message.contains("CreateNatGateway")), (501, true));
}

fn permission() -> impl Strategy<Value = String> {
    let traffic = prop_oneof![
        (0..=65535i32, 0..=65535i32).prop_map(|(a, b)| ("tcp", Some((a.min(b), a.max(b))))),
        (0..=65535i32, 0..=65535i32).prop_map(|(a, b)| ("17", Some((a.min(b), a.max(b))))),
        (0..=255i32, -1..=255i32).prop_map(|ports| ("icmp", Some(ports))),
        Just(("icmpv6", None)),
        Just(("-1", None)),
        Just(("50", Some((1, 2)))),
    ];
    let peer = prop_oneof![
        (any::<[u8; 4]>(), 0..=32u8)
            .prop_map(|(address, bits)| format!("IpRanges.1.CidrIp={}/{bits}", Ipv4Addr::from(address))),
        (any::<[u8; 16]>(), 0..=128u8)
            .prop_map(|(address, bits)| format!("Ipv6Ranges.1.CidrIpv6={}/{bits}", std::net::Ipv6Addr::from(address))),
        Just("Groups.1.GroupName=default".to_owned()),
        Just("PrefixListIds.1.PrefixListId=pl-78a54011".to_owned()),
    ];
    (traffic, peer).prop_map(|((protocol, ports), peer)| {
        let ports = ports.map_or_else(String::new, |(from, to)| format!("&N.FromPort={from}&N.ToPort={to}"));
        format!("N.IpProtocol={protocol}{ports}&N.{peer}")
    })
}

fn numbered(permissions: &[String]) -> String {
    let one = |(n, text): (usize, &String)| text.replace("N.", &format!("IpPermissions.{}.", n + 1));
    permissions.iter().enumerate().map(one).collect::<Vec<_>>().join("&")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn closing_undoes_opening(permissions in prop::collection::vec(permission(), 1..6), is_egress: bool) {
        let lab = Lab::new();
        let group = lab.group_in_own_vpc();
        // The default group by name is another VPC's.
        let permissions: Vec<String> =
            permissions.iter().map(|text| text.replace("GroupName=default", &format!("GroupId={group}"))).collect();
        let before = lab.shown(&group);
        let direction = if is_egress { "Egress" } else { "Ingress" };
        let form = format!("GroupId={group}&{}", numbered(&permissions));
        match lab.ask(&format!("AuthorizeSecurityGroup{direction}"), &form) {
            Ok(_) => {
                prop_assert_ne!(&lab.shown(&group), &before);
                lab.does(&format!("RevokeSecurityGroup{direction}"), &form);
            }
            Err(error) => prop_assert!(error.message.contains("already exists") || error.message.contains("multiple times")),
        }
        prop_assert_eq!(lab.shown(&group), before);
    }

    #[test]
    fn no_parameters_make_it_panic(
        operation in prop::sample::select(vec![
            "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress", "RunInstances", "DescribeSecurityGroups",
            "CreateTags", "ModifySecurityGroupRules", "CreateVpc", "DescribeInstances",
        ]),
        pairs in prop::collection::vec((
            prop::sample::select(vec![
                "GroupId", "GroupName", "GroupName.1", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrBlock",
                "IpPermissions.1.IpProtocol", "IpPermissions.1.FromPort", "IpPermissions.1.ToPort",
                "IpPermissions.1.IpRanges.1.CidrIp", "IpPermissions.1.Ipv6Ranges.1.CidrIpv6", "Filter.1.Name",
                "Filter.1.Value.1", "MaxResults", "NextToken", "ResourceId.1", "Tag.1.Key", "ImageId", "MinCount",
                "MaxCount", "InstanceType", "UserData", "SubnetId", "NetworkInterface.1.DeviceIndex", "PrivateIpAddress",
            ]),
            prop_oneof![
                any::<String>(), any::<i64>().prop_map(|n| n.to_string()), Just("default".to_owned()),
                Just("ami-1a2b3c4d".to_owned()), Just("1".to_owned()), Just("tcp".to_owned()),
                Just("172.31.0.9".to_owned()), Just("t3.micro".to_owned()), Just("10.0.0.0/16".to_owned()),
            ],
        ), 0..8),
    ) {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let mut seen = std::collections::BTreeSet::new();
        for (name, value) in pairs {
            // A parameter given as a value and as a structure is the gateway's to refuse.
            if seen.insert(name.split('.').next().unwrap().to_owned()) {
                form.append_pair(name, &value);
            }
        }
        let _ = Lab::new().ask(operation, &form.finish());
    }
}
