//! What holds for any rules and any parameters.

use proptest::prelude::*;

use super::*;

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
