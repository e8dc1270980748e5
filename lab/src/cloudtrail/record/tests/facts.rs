//! The fields that records of real accounts have, written down as paths and types, and the lab's records beside them.
//!
//! A path ends in its type: `s` a text, `n` a number, `b` true or false, `{}` an empty list, `0` null. `[]` is each element
//! of a list. A `+` stands before what came later than the records that the table was written from (July 2023): the API's
//! model has it since.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cloudtrail::tests::client::Client;

/// What every record has, but for `requestParameters` and `responseElements`.
const ALWAYS: &str = "eventVersion s|userIdentity.type s|userIdentity.principalId s|userIdentity.arn s\
    |userIdentity.accountId s|userIdentity.accessKeyId s|userIdentity.userName s|eventTime s|eventSource s|eventName s\
    |awsRegion s|sourceIPAddress s|userAgent s|requestID s|eventID s|readOnly b|eventType s|managementEvent b\
    |recipientAccountId s|eventCategory s|tlsDetails.tlsVersion s|tlsDetails.cipherSuite s\
    |tlsDetails.clientProvidedHostHeader s";

const PERMISSION: &str = "requestParameters.groupId s|requestParameters.ipPermissions.items[].ipProtocol s\
    |requestParameters.ipPermissions.items[].fromPort n|requestParameters.ipPermissions.items[].toPort n\
    |requestParameters.ipPermissions.items[].groups {}|requestParameters.ipPermissions.items[].ipRanges.items[].cidrIp s\
    |requestParameters.ipPermissions.items[].ipv6Ranges {}|requestParameters.ipPermissions.items[].prefixListIds {}";

const DONE: &str = "responseElements.requestId s|responseElements._return b";

const MADE: &str = "responseElements.securityGroupRuleSet.items[].groupOwnerId s\
    |responseElements.securityGroupRuleSet.items[].groupId s\
    |responseElements.securityGroupRuleSet.items[].securityGroupRuleId s\
    |responseElements.securityGroupRuleSet.items[].isEgress b\
    |responseElements.securityGroupRuleSet.items[].ipProtocol s|responseElements.securityGroupRuleSet.items[].fromPort n\
    |responseElements.securityGroupRuleSet.items[].toPort n|responseElements.securityGroupRuleSet.items[].cidrIpv4 s\
    |+responseElements.securityGroupRuleSet.items[].securityGroupRuleArn s";

const REVOKED: &str = "+responseElements.revokedSecurityGroupRuleSet.items[].securityGroupRuleId s\
    |+responseElements.revokedSecurityGroupRuleSet.items[].groupId s\
    |+responseElements.revokedSecurityGroupRuleSet.items[].isEgress b\
    |+responseElements.revokedSecurityGroupRuleSet.items[].ipProtocol s\
    |+responseElements.revokedSecurityGroupRuleSet.items[].fromPort n\
    |+responseElements.revokedSecurityGroupRuleSet.items[].toPort n\
    |+responseElements.revokedSecurityGroupRuleSet.items[].cidrIpv4 s";

const LAUNCH: &str = "requestParameters.instancesSet.items[].imageId s|requestParameters.instancesSet.items[].minCount n\
    |requestParameters.instancesSet.items[].maxCount n|requestParameters.instanceType s\
    |requestParameters.groupSet.items[].groupId s|requestParameters.blockDeviceMapping {}\
    |requestParameters.monitoring.enabled b|requestParameters.disableApiTermination b|requestParameters.disableApiStop b\
    |requestParameters.clientToken s|requestParameters.iamInstanceProfile.name s|requestParameters.ebsOptimized b\
    |requestParameters.tagSpecificationSet.items[].resourceType s\
    |requestParameters.tagSpecificationSet.items[].tags[].key s\
    |requestParameters.tagSpecificationSet.items[].tags[].value s|requestParameters.creditSpecification.cpuCredits s\
    |requestParameters.hibernationOptions.configured b";

/// `I` is `responseElements.instancesSet.items[].`, `N` a network interface of it.
const LAUNCHED: &str = "responseElements.requestId s|responseElements.reservationId s|responseElements.ownerId s\
    |responseElements.groupSet {}|I.instanceId s|I.imageId s|I.currentInstanceBootMode s|I.instanceState.code n\
    |I.instanceState.name s|I.privateDnsName s|I.amiLaunchIndex n|I.productCodes {}|I.instanceType s|I.launchTime n\
    |I.placement.availabilityZone s|I.placement.tenancy s|I.monitoring.state s|I.subnetId s|I.vpcId s\
    |I.privateIpAddress s|I.stateReason.code s|I.stateReason.message s|I.architecture s|I.rootDeviceType s\
    |I.rootDeviceName s|I.blockDeviceMapping {}|I.virtualizationType s|I.hypervisor s|I.tagSet.items[].key s\
    |I.tagSet.items[].value s|I.clientToken s|I.groupSet.items[].groupId s|I.sourceDestCheck b\
    |I.iamInstanceProfile.arn s|I.iamInstanceProfile.id s|I.ebsOptimized b|I.enaSupport b|I.cpuOptions.coreCount n\
    |I.cpuOptions.threadsPerCore n|I.capacityReservationSpecification.capacityReservationPreference s\
    |I.hibernationOptions.configured b|I.enclaveOptions.enabled b|I.metadataOptions.state s\
    |I.metadataOptions.httpTokens s|I.metadataOptions.httpPutResponseHopLimit n|I.metadataOptions.httpEndpoint s\
    |I.metadataOptions.httpProtocolIpv4 s|I.metadataOptions.httpProtocolIpv6 s|I.metadataOptions.instanceMetadataTags s\
    |I.maintenanceOptions.autoRecovery s|I.privateDnsNameOptions.hostnameType s\
    |I.privateDnsNameOptions.enableResourceNameDnsARecord b|I.privateDnsNameOptions.enableResourceNameDnsAAAARecord b\
    |N.networkInterfaceId s|N.subnetId s|N.vpcId s|N.ownerId s|N.status s|N.macAddress s|N.privateIpAddress s\
    |N.sourceDestCheck b|N.interfaceType s|N.groupSet.items[].groupId s|N.attachment.attachmentId s\
    |N.attachment.deviceIndex n|N.attachment.networkCardIndex n|N.attachment.status s|N.attachment.attachTime n\
    |N.attachment.deleteOnTermination b|N.privateIpAddressesSet.item[].privateIpAddress s\
    |N.privateIpAddressesSet.item[].primary b|N.ipv6AddressesSet {}|N.tagSet {}";

/// The paths of a value, each with its type.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Object(members) if members.is_empty() => "{}",
        Value::Object(members) => {
            for (name, member) in members {
                paths(member, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
            }
            return;
        }
        Value::Array(elements) => {
            elements.iter().for_each(|element| paths(element, &format!("{path}[]"), found));
            return;
        }
        Value::Null => "0",
        Value::Bool(_) => "b",
        Value::Number(_) => "n",
        Value::String(_) => "s",
    };
    found.insert(format!("{path} {kind}"));
}

#[track_caller]
fn assert_fields(record: &Value, tables: &[&str]) {
    let mut found = BTreeSet::new();
    paths(record, "", &mut found);
    let instance = "responseElements.instancesSet.items[]";
    let table: Vec<String> = tables
        .iter()
        .flat_map(|table| table.split('|'))
        .map(|path| {
            let (later, path) = if let Some(path) = path.strip_prefix('+') { ("+", path) } else { ("", path) };
            let in_interface =
                path.strip_prefix("N.").map(|rest| format!("{instance}.networkInterfaceSet.items[].{rest}"));
            let in_instance = || path.strip_prefix("I.").map(|rest| format!("{instance}.{rest}"));
            format!("{later}{}", in_interface.or_else(in_instance).unwrap_or_else(|| path.to_owned()))
        })
        .collect();
    let known: BTreeSet<&str> = table.iter().map(|path| path.trim_start_matches('+')).collect();
    let missing: Vec<_> = table.iter().filter(|path| !path.starts_with('+') && !found.contains(*path)).collect();
    let unknown: Vec<_> = found.iter().filter(|path| !known.contains(path.as_str())).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "{}: without {missing:?}, with {unknown:?}", record["eventName"]);
}

/// Makes a call of EC2 and gives its record.
async fn record_of(client: &Client, operation: &str, form: &str) -> Value {
    client.ec2(operation, form).await;
    let mut records = client.cloud.cloudtrail.records(Some(operation), None);
    records.pop().unwrap()
}

fn text(record: &Value, pointer: &str) -> String {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {record}")).to_owned()
}

async fn group(client: &Client) -> String {
    let made = record_of(client, "CreateSecurityGroup", "GroupName=web&GroupDescription=d").await;
    text(&made, "/responseElements/groupId")
}

const HTTPS: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
    &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0";

#[tokio::test]
async fn opening_and_closing_in_the_array_form() {
    let client = Client::new();
    let group = group(&client).await;
    let form = format!("GroupId={group}&{HTTPS}");
    let opened = record_of(
        &client,
        "AuthorizeSecurityGroupIngress",
        &format!("{form}&IpPermissions.1.IpRanges.1.Description=x"),
    )
    .await;
    let described = "requestParameters.ipPermissions.items[].ipRanges.items[].description s\
                     |responseElements.securityGroupRuleSet.items[].description s";
    assert_fields(&opened, &[ALWAYS, PERMISSION, DONE, MADE, described]);
    let closed = record_of(&client, "RevokeSecurityGroupIngress", &form).await;
    let described = "+responseElements.revokedSecurityGroupRuleSet.items[].description s";
    assert_fields(&closed, &[ALWAYS, PERMISSION, DONE, REVOKED, described]);
}

#[tokio::test]
async fn opening_in_the_flat_form_and_closing_by_id() {
    let client = Client::new();
    let group = group(&client).await;
    let form = format!("GroupId={group}&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0");
    let opened = record_of(&client, "AuthorizeSecurityGroupIngress", &form).await;
    let flat = "requestParameters.groupId s|requestParameters.ipPermissions {}|requestParameters.ipProtocol s\
                |requestParameters.fromPort n|requestParameters.toPort n|requestParameters.cidrIp s";
    assert_fields(&opened, &[ALWAYS, flat, DONE, MADE]);
    let rule = text(&opened, "/responseElements/securityGroupRuleSet/items/0/securityGroupRuleId");
    let form = format!("GroupId={group}&SecurityGroupRuleId.1={rule}");
    let closed = record_of(&client, "RevokeSecurityGroupIngress", &form).await;
    let by_id = "requestParameters.groupId s|requestParameters.ipPermissions {}\
                 |requestParameters.securityGroupRuleIds.items[].securityGroupRuleId s";
    assert_fields(&closed, &[ALWAYS, by_id, DONE, REVOKED]);
}

#[tokio::test]
async fn a_refused_call() {
    let client = Client::new();
    // A group of a VPC of one's own: in the default one, revoking what is not there succeeds.
    let vpc = record_of(&client, "CreateVpc", "CidrBlock=10.0.0.0/16").await;
    let vpc = text(&vpc, "/responseElements/vpc/vpcId");
    let made = record_of(&client, "CreateSecurityGroup", &format!("GroupName=w&GroupDescription=d&VpcId={vpc}")).await;
    let group = text(&made, "/responseElements/groupId");
    let refused = record_of(&client, "RevokeSecurityGroupEgress", &format!("GroupId={group}&{HTTPS}")).await;
    let failure = "errorCode s|errorMessage s|responseElements 0";
    assert_fields(&refused, &[ALWAYS, PERMISSION, failure]);
    assert_eq!(refused["errorCode"], "Client.InvalidPermission.NotFound");
    let dry =
        record_of(&client, "AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{HTTPS}&DryRun=true")).await;
    assert_fields(&dry, &[ALWAYS, PERMISSION, failure, "requestParameters.DryRun b"]);
    assert_eq!(dry["errorCode"], "Client.DryRunOperation");
}

#[tokio::test]
async fn groups_and_their_description() {
    let client = Client::new();
    let tagged = "GroupName=web&GroupDescription=d&TagSpecification.1.ResourceType=security-group\
                  &TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    let made = record_of(&client, "CreateSecurityGroup", tagged).await;
    let fields = "requestParameters.groupName s|requestParameters.groupDescription s\
                  |requestParameters.tagSpecificationSet.items[].resourceType s\
                  |requestParameters.tagSpecificationSet.items[].tags[].key s\
                  |requestParameters.tagSpecificationSet.items[].tags[].value s|responseElements.groupId s\
                  |+responseElements.tagSet.items[].key s|+responseElements.tagSet.items[].value s\
                  |+responseElements.securityGroupArn s";
    assert_fields(&made, &[ALWAYS, DONE, fields]);
    let shown = record_of(&client, "DescribeSecurityGroups", "Filter.1.Name=group-name&Filter.1.Value.1=web").await;
    let fields = "requestParameters.securityGroupSet {}|requestParameters.securityGroupIdSet {}\
                  |requestParameters.filterSet.items[].name s\
                  |requestParameters.filterSet.items[].valueSet.items[].value s|responseElements 0";
    assert_fields(&shown, &[ALWAYS, fields]);
    assert_eq!(shown["readOnly"], true);
    let group = text(&made, "/responseElements/groupId");
    let gone = record_of(&client, "DeleteSecurityGroup", &format!("GroupId={group}")).await;
    assert_fields(&gone, &[ALWAYS, DONE, "requestParameters.groupId s|+responseElements.groupId s"]);
}

#[tokio::test]
async fn a_launch_and_what_follows() {
    let client = Client::new();
    let group = group(&client).await;
    let form = format!(
        "ImageId=ami-029eb80bc237bec6f&MinCount=1&MaxCount=1&InstanceType=t3.micro&SecurityGroupId.1={group}\
         &ClientToken=t&IamInstanceProfile.Name=p&EbsOptimized=false&TagSpecification.1.ResourceType=instance\
         &TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b&CreditSpecification.CpuCredits=unlimited\
         &HibernationOptions.Configured=false&UserData=c2VjcmV0"
    );
    let launch = record_of(&client, "RunInstances", &form).await;
    let named = "+N.privateDnsName s|+N.privateIpAddressesSet.item[].privateDnsName s|requestParameters.userData s";
    assert_fields(&launch, &[ALWAYS, LAUNCH, LAUNCHED, named]);
    assert_eq!(launch["requestParameters"]["userData"], "<sensitiveDataRemoved>");
    let instance = text(&launch, "/responseElements/instancesSet/items/0/instanceId");
    let worn = record_of(&client, "ModifyInstanceAttribute", &format!("InstanceId={instance}&GroupId.1={group}")).await;
    assert_fields(
        &worn,
        &[ALWAYS, DONE, "requestParameters.instanceId s|requestParameters.groupSet.items[].groupId s"],
    );
    let ended = record_of(&client, "TerminateInstances", &format!("InstanceId.1={instance}")).await;
    let fields = "requestParameters.instancesSet.items[].instanceId s|responseElements.requestId s|I.instanceId s\
                  |I.currentState.code n|I.currentState.name s|I.previousState.code n|I.previousState.name s";
    assert_fields(&ended, &[ALWAYS, fields]);
}

#[tokio::test]
async fn the_calls_that_are_wrapped() {
    let client = Client::new();
    let group = group(&client).await;
    let opened = record_of(&client, "AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{HTTPS}")).await;
    let rule = text(&opened, "/responseElements/securityGroupRuleSet/items/0/securityGroupRuleId");
    let form = format!(
        "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={rule}\
         &SecurityGroupRule.1.SecurityGroupRule.IpProtocol=tcp&SecurityGroupRule.1.SecurityGroupRule.FromPort=80\
         &SecurityGroupRule.1.SecurityGroupRule.ToPort=80&SecurityGroupRule.1.SecurityGroupRule.CidrIpv4=10.0.0.0/8"
    );
    let edited = record_of(&client, "ModifySecurityGroupRules", &form).await;
    assert_eq!(
        edited["requestParameters"],
        json!({ "ModifySecurityGroupRulesRequest": {
            "GroupId": group,
            "SecurityGroupRule": {
                "SecurityGroupRule": { "CidrIpv4": "10.0.0.0/8", "FromPort": 80, "IpProtocol": "tcp", "ToPort": 80 },
                "SecurityGroupRuleId": rule,
                "tag": 1,
            },
        } })
    );
    let fields = "ModifySecurityGroupRulesResponse.xmlns s|ModifySecurityGroupRulesResponse.requestId s\
                  |ModifySecurityGroupRulesResponse.return b";
    assert_fields(&edited["responseElements"], &[fields]);
    let read =
        record_of(&client, "DescribeSecurityGroupRules", "Filter.1.Name=group-id&Filter.1.Value.1=sg-1&MaxResults=5")
            .await;
    assert_eq!(
        read["requestParameters"],
        json!({ "DescribeSecurityGroupRulesRequest": {
            "Filter": { "Name": "group-id", "Value": { "content": "sg-1", "tag": 1 }, "tag": 1 },
            "MaxResults": 5,
        } })
    );
    assert_eq!(read["responseElements"], Value::Null);
}

#[tokio::test]
async fn ids_and_filters_of_the_describing_calls_are_there_when_empty() {
    let client = Client::new();
    for (operation, wanted) in [
        ("DescribeInstances", json!({ "instancesSet": {}, "filterSet": {} })),
        ("DescribeInstanceStatus", json!({ "instancesSet": {}, "filterSet": {}, "includeAllInstances": false })),
        ("DescribeVpcs", json!({ "vpcSet": {}, "filterSet": {} })),
        ("DescribeSubnets", json!({ "subnetSet": {}, "filterSet": {} })),
        ("DescribeRegions", json!({ "regionSet": {} })),
        ("DescribeNetworkInterfaces", json!({ "networkInterfaceIdSet": {}, "filterSet": {} })),
    ] {
        assert_eq!(record_of(&client, operation, "").await["requestParameters"], wanted, "{operation}");
    }
}
