//! Instances: launches, their groups, their states.

use super::*;

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
        ("ImageId=ami-1a2b3c4d&MinCount=1001&MaxCount=1001", "InstanceLimitExceeded"),
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
fn an_instance_says_who_stopped_it_and_when() {
    let lab = Lab::new();
    let instance = format!("InstanceId.1={}", lab.instance(""));
    lab.does("StopInstances", &instance);
    let stopped = lab.does("DescribeInstances", &instance);
    assert_eq!(one(&stopped, "reason"), "User initiated (2026-11-24 03:00:00 GMT)");
    assert!(stopped.contains("<code>Client.UserInitiatedShutdown</code>"), "{stopped}");
    lab.does("StartInstances", &instance);
    assert_eq!(one(&lab.does("DescribeInstances", &instance), "reason"), "");
    for operation in ["StartInstances", "StopInstances", "RebootInstances", "TerminateInstances"] {
        assert_eq!(lab.refuses(operation, ""), "InvalidParameterCombination: No instances specified");
    }
}

#[test]
fn every_attribute_of_an_instance_can_be_asked_for() {
    let lab = Lab::new();
    let instance = lab.instance("");
    for attribute in [
        "instanceType",
        "kernel",
        "ramdisk",
        "userData",
        "disableApiTermination",
        "instanceInitiatedShutdownBehavior",
        "rootDeviceName",
        "blockDeviceMapping",
        "productCodes",
        "sourceDestCheck",
        "groupSet",
        "ebsOptimized",
        "sriovNetSupport",
        "enaSupport",
        "enclaveOptions",
        "disableApiStop",
    ] {
        let form = format!("InstanceId={instance}&Attribute={attribute}");
        assert!(lab.does("DescribeInstanceAttribute", &form).contains(&format!("<{attribute}")), "{attribute}");
    }
}
