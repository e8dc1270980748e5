//! Interfaces: made by themselves, attached and detached, with the groups that they bring.

use super::*;

impl Lab {
    fn subnet(&self) -> String {
        one(
            &self.does("DescribeSubnets", "Filter.1.Name=availability-zone&Filter.1.Value.1=ap-northeast-2a"),
            "subnetId",
        )
    }

    fn interface(&self, form: &str) -> String {
        let form = format!("SubnetId={}&{form}", self.subnet());
        one(&self.does("CreateNetworkInterface", &form), "networkInterfaceId")
    }
}

#[test]
fn an_interface_brings_its_groups_to_an_instance_and_takes_them_away() {
    let lab = Lab::new();
    let group = lab.group("web");
    let interface = lab.interface(&format!("SecurityGroupId.1={group}&Description=second"));
    let instance = lab.instance("Placement.AvailabilityZone=ap-northeast-2a");
    let attach = format!("NetworkInterfaceId={interface}&InstanceId={instance}&DeviceIndex");
    let taken =
        format!("InvalidParameterValue: Instance '{instance}' already has an interface attached at device index '0'.");
    assert_eq!(lab.refuses("AttachNetworkInterface", &format!("{attach}=0")), taken);
    assert!(lab.refuses("AttachNetworkInterface", &format!("{attach}=1&DryRun=true")).starts_with("DryRunOperation"));
    let attachment = one(&lab.does("AttachNetworkInterface", &format!("{attach}=1")), "attachmentId");
    let by_group = format!("Filter.1.Name=network-interface.group-id&Filter.1.Value.1={group}");
    assert_eq!(one(&lab.does("DescribeInstances", &by_group), "instanceId"), instance);
    let again = lab.refuses("AttachNetworkInterface", &format!("{attach}=2"));
    assert_eq!(again, format!("InvalidNetworkInterface.InUse: Interface: [{interface}] in use."));
    let in_use = lab.refuses("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}"));
    assert_eq!(in_use, format!("InvalidParameterValue: Network interface '{interface}' is currently in use."));
    let worn = lab.refuses("DeleteSecurityGroup", &format!("GroupId={group}"));
    assert!(worn.starts_with("DependencyViolation"), "{worn}");
    let several = lab.refuses("ModifyInstanceAttribute", &format!("InstanceId={instance}&GroupId.1={group}"));
    assert!(several.contains("multiple interfaces"), "{several}");

    lab.does("DetachNetworkInterface", &format!("AttachmentId={attachment}"));
    assert_eq!(one(&lab.does("DescribeInstances", &by_group), "reservationSet"), "");
    let gone = lab.refuses("DetachNetworkInterface", &format!("AttachmentId={attachment}"));
    assert!(gone.starts_with("InvalidAttachmentID.NotFound"), "{gone}");
    let primary = one(&lab.does("DescribeInstances", &format!("InstanceId.1={instance}")), "attachmentId");
    let refusal = lab.refuses("DetachNetworkInterface", &format!("AttachmentId={primary}"));
    let wanted =
        "OperationNotPermitted: The network interface at device index 0 and networkCard index 0 cannot be detached.";
    assert_eq!(refusal, wanted);
    lab.does("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}"));
    lab.does("DeleteSecurityGroup", &format!("GroupId={group}"));
}

#[test]
fn an_instance_can_start_with_an_interface_that_is_there() {
    let lab = Lab::new();
    let group = lab.group("web");
    let interface = lab.interface(&format!("SecurityGroupId.1={group}&PrivateIpAddress=172.31.0.77"));
    let with = format!("NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.NetworkInterfaceId={interface}");
    let launch =
        |more: &str, count: u8| format!("ImageId=ami-0abcdef1234567890&MinCount={count}&MaxCount={count}&{with}{more}");
    let two = lab.refuses("RunInstances", &launch("", 2));
    assert!(two.starts_with("InvalidParameterCombination"), "{two}");
    let both = lab.refuses("RunInstances", &launch(&format!("&NetworkInterface.1.SecurityGroupId.1={group}"), 1));
    assert!(both.starts_with("InvalidParameterCombination"), "{both}");
    let launched = lab.does("RunInstances", &launch("", 1));
    assert_eq!((one(&launched, "privateIpAddress"), one(&launched, "groupId")), ("172.31.0.77".to_owned(), group));
    let instance = one(&launched, "instanceId");
    assert!(lab.refuses("RunInstances", &launch("", 1)).starts_with("InvalidNetworkInterface.InUse"));
    lab.does("TerminateInstances", &format!("InstanceId.1={instance}"));
    let left = lab.does("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={interface}"));
    assert_eq!(one(&left, "status"), "available", "it outlives the instance that it was there before");
}

#[test]
fn interfaces_are_checked_before_they_are_made() {
    let lab = Lab::new();
    let (subnet, foreign) = (lab.subnet(), lab.group_in_own_vpc());
    lab.interface("PrivateIpAddress=172.31.0.50");
    for (form, wanted) in [
        ("SubnetId=subnet-1a2b3c4d".to_owned(), "InvalidSubnetID.NotFound".to_owned()),
        (
            format!("SubnetId={subnet}&SecurityGroupId.1={foreign}"),
            format!("InvalidParameter: Security group {foreign} and subnet {subnet} belong to different networks."),
        ),
        (format!("SubnetId={subnet}&PrivateIpAddress=10.0.0.1"), "InvalidParameterValue: Address 10.0.0.1".to_owned()),
        (format!("SubnetId={subnet}&PrivateIpAddress=172.31.0.50"), "InvalidIPAddress.InUse".to_owned()),
        (format!("SubnetId={subnet}&InterfaceType=efa"), "NotImplemented".to_owned()),
        (format!("SubnetId={subnet}&DryRun=true"), "DryRunOperation".to_owned()),
    ] {
        let refusal = lab.refuses("CreateNetworkInterface", &form);
        assert!(refusal.starts_with(&wanted), "{form}: {refusal}");
    }
    assert_eq!(all(&lab.does("DescribeNetworkInterfaces", ""), "networkInterfaceId").len(), 1);
    let (first, again) = (lab.interface("ClientToken=t"), lab.interface("ClientToken=t"));
    assert_eq!(first, again, "a client token makes one interface");
}

#[test]
fn secondary_addresses_come_go_and_move() {
    let lab = Lab::new();
    let first = lab.interface("PrivateIpAddresses.1.Primary=true&PrivateIpAddresses.1.PrivateIpAddress=172.31.0.20&PrivateIpAddresses.2.PrivateIpAddress=172.31.0.21");
    let second = lab.interface("SecondaryPrivateIpAddressCount=2");
    let addresses = |id: &str| {
        let shown = lab.does("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={id}"));
        all(&one(&shown, "privateIpAddressesSet"), "privateIpAddress")
    };
    assert_eq!(addresses(&first), ["172.31.0.20", "172.31.0.21"]);
    assert_eq!(addresses(&second).len(), 3);
    let take = format!("NetworkInterfaceId={second}&PrivateIpAddress.1=172.31.0.21");
    assert!(lab.refuses("AssignPrivateIpAddresses", &take).starts_with("InvalidIPAddress.InUse"));
    lab.does("AssignPrivateIpAddresses", &format!("{take}&AllowReassignment=true"));
    assert_eq!(addresses(&first), ["172.31.0.20"]);
    lab.does("UnassignPrivateIpAddresses", &take);
    assert_eq!(addresses(&second).len(), 3);
    let primary = lab
        .refuses("UnassignPrivateIpAddresses", &format!("NetworkInterfaceId={first}&PrivateIpAddress.1=172.31.0.20"));
    assert!(primary.starts_with("InvalidParameterValue"), "{primary}");
}

#[test]
fn an_instance_launched_without_a_public_address_starts_again_without_one() {
    let lab = Lab::new();
    let private = "NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.AssociatePublicIpAddress=false";
    let instance = format!("InstanceId.1={}", lab.instance(private));
    lab.does("StopInstances", &instance);
    lab.does("StartInstances", &instance);
    let shown = lab.does("DescribeInstances", &instance);
    assert!(shown.contains("<name>running</name>") && !shown.contains("<ipAddress>"), "{shown}");
}

#[test]
fn attributes_of_an_interface_can_be_asked_for_one_by_one() {
    let lab = Lab::new();
    let interface = lab.interface("Description=second");
    let ask = |attribute: &str| {
        lab.ask("DescribeNetworkInterfaceAttribute", &format!("NetworkInterfaceId={interface}&Attribute={attribute}"))
    };
    assert_eq!(one(&ask("description").unwrap(), "value"), "second");
    assert_eq!(one(&ask("groupSet").unwrap(), "groupName"), "default");
    assert_eq!(one(&ask("sourceDestCheck").unwrap(), "value"), "true");
    assert!(!ask("attachment").unwrap().contains("attachmentId"), "it is attached to nothing");
    assert_eq!(ask("colour").unwrap_err().code, "InvalidParameterValue");
}
