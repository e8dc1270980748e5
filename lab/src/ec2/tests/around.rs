//! What stands around groups and instances: key pairs, zones, VPCs and their subnets, volumes, prefix lists.

use super::*;

#[test]
fn a_key_pair_must_be_there_before_a_launch_names_it() {
    let lab = Lab::new();
    let launch = "ImageId=ami-0abcdef1234567890&MinCount=1&MaxCount=1&KeyName=workshop";
    let absent = "InvalidKeyPair.NotFound: The key pair 'workshop' does not exist";
    assert_eq!(lab.refuses("RunInstances", launch), absent);
    let dry = lab.refuses("CreateKeyPair", "KeyName=workshop&DryRun=true");
    assert!(dry.starts_with("DryRunOperation"), "{dry}");
    let made = lab.does("CreateKeyPair", "KeyName=workshop");
    assert!(one(&made, "keyMaterial").starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert_eq!(
        lab.refuses("CreateKeyPair", "KeyName=workshop"),
        "InvalidKeyPair.Duplicate: The keypair already exists: workshop"
    );
    lab.does("RunInstances", launch);
    lab.does("DeleteKeyPair", "KeyName=workshop");
    assert_eq!(lab.refuses("DescribeKeyPairs", "KeyName.1=workshop"), absent);
    assert_eq!(one(&lab.does("DeleteKeyPair", "KeyName=workshop"), "return"), "true", "a second time as well");
}

#[test]
fn an_imported_key_has_the_fingerprint_that_openssl_computes() {
    let lab = Lab::new();
    let key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCz a@b";
    let import = |text: &str| {
        use base64::Engine as _;
        let material = base64::engine::general_purpose::STANDARD.encode(text);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("KeyName", "k").append_pair("PublicKeyMaterial", &material);
        lab.ask("ImportKeyPair", &form.finish())
    };
    assert_eq!(import(key).unwrap_err().code, "InvalidKey.Format", "cut off");
    // The numbers of a toy key: 65537 and 3233.
    let toy = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAgyh";
    let made = import(toy).unwrap();
    assert_eq!(one(&made, "keyFingerprint"), "38:01:2c:39:f1:8b:d4:db:c2:03:6a:fd:e8:c6:3a:23");
    let shown = lab.does("DescribeKeyPairs", "KeyName.1=k&IncludePublicKey=true");
    assert_eq!((one(&shown, "publicKey").as_str(), one(&shown, "keyType").as_str()), (toy, "rsa"));
}

#[test]
fn a_vpc_has_what_terraform_reads_back() {
    let lab = Lab::new();
    let vpc = one(&lab.does("CreateVpc", "CidrBlock=10.0.0.0/16"), "vpcId");
    let names = |lab: &Lab| {
        lab.does("DescribeVpcAttribute", &format!("VpcId={vpc}&Attribute=enableDnsHostnames"))
            .contains("<enableDnsHostnames><value>true</value></enableDnsHostnames>")
    };
    assert!(!names(&lab), "only the default VPC names its hosts from the start");
    lab.does("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true"));
    assert!(names(&lab));
    let both = format!("VpcId={vpc}&EnableDnsHostnames.Value=true&EnableDnsSupport.Value=true");
    assert!(lab.refuses("ModifyVpcAttribute", &both).starts_with("InvalidParameterCombination"));
    for (operation, wanted) in
        [("DescribeRouteTables", "<main>true</main>"), ("DescribeNetworkAcls", "<default>true</default>")]
    {
        let shown = lab.does(operation, &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}"));
        assert!(shown.contains(wanted), "{shown}");
    }
}

#[test]
fn subnets_lie_within_their_vpc_and_beside_each_other() {
    let lab = Lab::new();
    let vpc = one(&lab.does("CreateVpc", "CidrBlock=10.0.0.0/16"), "vpcId");
    let create = |cidr: &str| lab.ask("CreateSubnet", &format!("VpcId={vpc}&CidrBlock={cidr}"));
    let subnet = one(&create("10.0.1.0/24").unwrap(), "subnetId");
    for (cidr, code) in [
        ("10.1.0.0/24", "InvalidSubnet.Range"),
        ("10.0.0.0/29", "InvalidSubnet.Range"),
        ("10.0.0.0/23", "InvalidSubnet.Conflict"),
        ("10.0.1.128/25", "InvalidSubnet.Conflict"),
        ("ten", "InvalidParameterValue"),
    ] {
        assert_eq!(create(cidr).unwrap_err().code, code, "{cidr}");
    }
    let instance = lab.instance(&format!("SubnetId={subnet}"));
    let shown = lab.does("DescribeInstances", &format!("InstanceId.1={instance}"));
    assert!(!shown.contains("<ipAddress>"), "its instances have no public address: {shown}");
    let in_use = lab.refuses("DeleteSubnet", &format!("SubnetId={subnet}"));
    assert!(in_use.starts_with("DependencyViolation"), "{in_use}");
    lab.does("TerminateInstances", &format!("InstanceId.1={instance}"));
    lab.does("DeleteSubnet", &format!("SubnetId={subnet}"));
    lab.does("DeleteVpc", &format!("VpcId={vpc}"));
}

#[test]
fn a_group_can_be_worn_in_a_vpc_that_it_is_associated_with() {
    let lab = Lab::new();
    let group = lab.group("shared");
    let vpc = one(&lab.does("CreateVpc", "CidrBlock=10.0.0.0/16"), "vpcId");
    let subnet = one(&lab.does("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")), "subnetId");
    let launch =
        format!("ImageId=ami-0abcdef1234567890&MinCount=1&MaxCount=1&SubnetId={subnet}&SecurityGroupId.1={group}");
    assert!(lab.refuses("RunInstances", &launch).contains("belong to different networks"));
    let both = format!("GroupId={group}&VpcId={vpc}");
    assert_eq!(one(&lab.does("AssociateSecurityGroupVpc", &both), "state"), "associating");
    let listed =
        lab.does("DescribeSecurityGroupVpcAssociations", &format!("Filter.1.Name=group-id&Filter.1.Value.1={group}"));
    assert_eq!((one(&listed, "vpcId"), one(&listed, "state")), (vpc.clone(), "associated".to_owned()));
    let usable = lab.does("GetSecurityGroupsForVpc", &format!("VpcId={vpc}"));
    assert!(all(&usable, "groupId").contains(&group), "{usable}");
    let instance = one(&lab.does("RunInstances", &launch), "instanceId");
    assert!(lab.refuses("DisassociateSecurityGroupVpc", &both).starts_with("DependencyViolation"));
    lab.does("TerminateInstances", &format!("InstanceId.1={instance}"));
    lab.does("DisassociateSecurityGroupVpc", &both);
    assert!(lab.refuses("RunInstances", &launch).contains("belong to different networks"));
    let default = one(&lab.does("DescribeSecurityGroups", "GroupName.1=default"), "groupId");
    assert!(lab.refuses("AssociateSecurityGroupVpc", &format!("GroupId={default}&VpcId={vpc}")).contains("default"));
}

#[test]
fn a_prefix_list_counts_as_much_as_it_weighs() {
    let lab = Lab::new();
    let group = lab.group("cdn");
    let lists = lab.does(
        "DescribeManagedPrefixLists",
        "Filter.1.Name=prefix-list-name&Filter.1.Value.1=com.amazonaws.global.cloudfront.origin-facing",
    );
    let list = one(&lists, "prefixListId");
    let rule = |port: u16, peer: &str| {
        format!(
            "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}\
             &IpPermissions.1.{peer}"
        )
    };
    let with_list = |port| rule(port, &format!("PrefixListIds.1.PrefixListId={list}"));
    lab.does("AuthorizeSecurityGroupIngress", &with_list(443));
    let refusal = lab.refuses("AuthorizeSecurityGroupIngress", &with_list(80));
    assert!(refusal.starts_with("RulesPerSecurityGroupLimitExceeded"), "two of CloudFront's do not fit: {refusal}");
    let absent = lab.refuses("AuthorizeSecurityGroupIngress", &rule(22, "PrefixListIds.1.PrefixListId=pl-1a2b3c4d"));
    assert_eq!(absent, "InvalidPrefixListID.NotFound: The prefix list ID 'pl-1a2b3c4d' does not exist");
    assert!(lab.does("DescribePrefixLists", "").contains("com.amazonaws.ap-northeast-2.s3"));
}

#[test]
fn volumes_are_those_that_the_launch_asked_for() {
    let lab = Lab::new();
    let instance = lab.instance(
        "BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.VolumeSize=30\
         &BlockDeviceMapping.1.Ebs.VolumeType=gp2&BlockDeviceMapping.1.Ebs.Encrypted=true",
    );
    let shown =
        lab.does("DescribeVolumes", &format!("Filter.1.Name=attachment.instance-id&Filter.1.Value.1={instance}"));
    assert_eq!((one(&shown, "size"), one(&shown, "volumeType")), ("30".to_owned(), "gp2".to_owned()));
    assert_eq!(one(&shown, "encrypted"), "true");
    let credits = lab.does("DescribeInstanceCreditSpecifications", &format!("InstanceId.1={instance}"));
    assert_eq!(one(&credits, "cpuCredits"), "unlimited");
    lab.does("RebootInstances", &format!("InstanceId.1={instance}"));
    let types = lab.does("DescribeInstanceTypes", "InstanceType.1=t4g.small");
    assert!(types.contains("<supportedArchitectures><item>arm64</item></supportedArchitectures>"), "{types}");
}

#[test]
fn instances_are_found_by_their_settings_and_no_filter_is_ignored() {
    let lab = Lab::new();
    let instance = lab.instance("IamInstanceProfile.Name=web");
    let find = |name: &str, value: &str| {
        all(&lab.does("DescribeInstances", &format!("Filter.1.Name={name}&Filter.1.Value.1={value}")), "instanceId")
    };
    for (name, value) in [
        ("iam-instance-profile.name", "w*"),
        ("metadata-options.http-tokens", "required"),
        ("network-interface.addresses.primary", "true"),
        ("network-interface.status", "in-use"),
        ("platform-details", "Linux/UNIX"),
        ("tenancy", "default"),
    ] {
        assert_eq!(find(name, value), [instance.as_str()], "{name}");
    }
    for name in ["host-id", "spot-instance-request-id", "network-interface.ipv6-addresses.ipv6-address", "reason"] {
        assert!(find(name, "*").is_empty(), "{name}");
    }
}

#[test]
fn metadata_options_change_one_by_one() {
    let lab = Lab::new();
    let instance = lab.instance("");
    let modify = |more: &str| lab.ask("ModifyInstanceMetadataOptions", &format!("InstanceId={instance}{more}"));
    assert_eq!(one(&modify("&HttpTokens=optional").unwrap(), "state"), "pending");
    let shown = lab.does("DescribeInstances", &format!("InstanceId.1={instance}"));
    assert_eq!((one(&shown, "httpTokens"), one(&shown, "httpPutResponseHopLimit")), ("optional".into(), "2".into()));
    for (more, code) in [
        ("", "InvalidParameterCombination"),
        ("&HttpTokens=maybe", "InvalidParameterValue"),
        ("&HttpPutResponseHopLimit=65", "InvalidParameterValue"),
        ("&HttpEndpoint=disabled&DryRun=true", "DryRunOperation"),
    ] {
        assert_eq!(modify(more).unwrap_err().code, code, "{more}");
    }
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
fn a_default_vpc_that_was_deleted_can_be_made_again() {
    let lab = Lab::new();
    let there = "DefaultVpcAlreadyExists: A Default VPC already exists for this account in this region.";
    assert_eq!(lab.refuses("CreateDefaultVpc", ""), there);
    for subnet in all(&lab.does("DescribeSubnets", ""), "subnetId") {
        lab.does("DeleteSubnet", &format!("SubnetId={subnet}"));
    }
    let launch = "ImageId=ami-1a2b3c4d&MinCount=1&MaxCount=1";
    assert!(lab.refuses("RunInstances", launch).starts_with("MissingInput: No subnets found for the default VPC"));
    lab.does("CreateDefaultSubnet", "AvailabilityZone=ap-northeast-2b");
    let again = lab.refuses("CreateDefaultSubnet", "AvailabilityZone=ap-northeast-2b");
    assert!(again.starts_with("DefaultSubnetAlreadyExistsInAvailabilityZone"), "{again}");
    let subnet = one(&lab.does("DescribeSubnets", "Filter.1.Name=default-for-az&Filter.1.Value.1=true"), "subnetId");
    lab.does("DeleteSubnet", &format!("SubnetId={subnet}"));
    let vpc = one(&lab.does("DescribeVpcs", ""), "vpcId");
    lab.does("DeleteVpc", &format!("VpcId={vpc}"));
    let refusal = lab.refuses("RunInstances", launch);
    let wanted = "VPCIdNotSpecified: No default VPC for this user. GroupName is only supported for EC2-Classic and \
                  default VPC.";
    assert_eq!(refusal, wanted);
    let group = lab.refuses("CreateSecurityGroup", "GroupName=x&GroupDescription=d");
    assert_eq!(group, "VPCIdNotSpecified: No default VPC for this user");
    lab.does("CreateDefaultVpc", "");
    assert_eq!(all(&lab.does("DescribeSubnets", ""), "subnetId").len(), 4);
    lab.instance("");
}

#[test]
fn a_subnet_tells_how_its_instances_are_named() {
    let lab = Lab::new();
    let id = one(&lab.does("DescribeSubnets", ""), "subnetId");
    let modify = |attribute: &str| lab.ask("ModifySubnetAttribute", &format!("SubnetId={id}&{attribute}"));
    modify("EnableResourceNameDnsARecordOnLaunch.Value=true").unwrap();
    let shown = lab.does("DescribeSubnets", &format!("SubnetId.1={id}"));
    assert_eq!(one(&shown, "enableResourceNameDnsARecord"), "true");
    assert_eq!(one(&shown, "ipv6Native"), "false");
    modify("AssignIpv6AddressOnCreation.Value=false").unwrap();
    assert_eq!(modify("AssignIpv6AddressOnCreation.Value=true").unwrap_err().status, 501);
    let two = modify("MapPublicIpOnLaunch.Value=true&EnableResourceNameDnsARecordOnLaunch.Value=true").unwrap_err();
    assert_eq!(two.code, "InvalidParameterCombination");
}

#[test]
fn tags_of_creations_are_checked_and_not_spoken_of_when_there_are_none() {
    let lab = Lab::new();
    assert!(!lab.does("CreateSecurityGroup", "GroupName=web&GroupDescription=d").contains("tagSet"));
    assert!(!lab.does("CreateVpc", "CidrBlock=10.0.0.0/16").contains("tagSet"));
    assert!(!lab.does("CreateKeyPair", "KeyName=k").contains("tagSet"));
    for (specification, wanted) in [
        ("TagSpecification.1.Tag.1.Key=a", "InvalidParameter: Tag specification resource type must have a value"),
        ("TagSpecification.1.ResourceType=vpc", "InvalidParameter: Tag specification must have at least one tag"),
        (
            "TagSpecification.1.ResourceType=snapshot&TagSpecification.1.Tag.1.Key=a",
            "InvalidParameter: 'snapshot' is not a valid taggable resource type for this operation.",
        ),
    ] {
        assert_eq!(lab.refuses("CreateVpc", &format!("CidrBlock=10.0.0.0/16&{specification}")), wanted);
    }
}
