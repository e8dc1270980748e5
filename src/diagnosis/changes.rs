//! The ways to change a security group, each as the event that EventBridge gets of it.
//!
//! Somebody who writes a rule thinks of one way; the console, an SDK and Terraform take others. Each is tried against the
//! rule's pattern, and those whose records differ in shape are what a function has to cope with.
//!
//! Source: recorded CloudTrail events of these calls, and "CloudTrail record contents" in the CloudTrail user guide.

use serde_json::{Value, json};

use crate::text::Lang;

/// A way to change a security group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    AddInbound,
    AddInboundFlat,
    RemoveInbound,
    RemoveInboundById,
    AddOutbound,
    RemoveOutbound,
    EditRule,
    Delete,
    AddInboundAsRoot,
    AddInboundByRole,
    RefusedAttempt,
    Create,
    DescribeRule,
    AttachToInstance,
    AttachToInterface,
}

impl Change {
    pub(crate) const ALL: [Self; 15] = [
        Self::AddInbound,
        Self::AddInboundFlat,
        Self::RemoveInbound,
        Self::RemoveInboundById,
        Self::AddOutbound,
        Self::RemoveOutbound,
        Self::EditRule,
        Self::Delete,
        Self::AddInboundAsRoot,
        Self::AddInboundByRole,
        Self::RefusedAttempt,
        Self::Create,
        Self::DescribeRule,
        Self::AttachToInstance,
        Self::AttachToInterface,
    ];

    /// The record's `eventName`.
    pub(crate) const fn event_name(self) -> &'static str {
        match self {
            Self::AddInbound
            | Self::AddInboundFlat
            | Self::AddInboundAsRoot
            | Self::AddInboundByRole
            | Self::RefusedAttempt => "AuthorizeSecurityGroupIngress",
            Self::RemoveInbound | Self::RemoveInboundById => "RevokeSecurityGroupIngress",
            Self::AddOutbound => "AuthorizeSecurityGroupEgress",
            Self::RemoveOutbound => "RevokeSecurityGroupEgress",
            Self::EditRule => "ModifySecurityGroupRules",
            Self::Delete => "DeleteSecurityGroup",
            Self::Create => "CreateSecurityGroup",
            Self::DescribeRule => "UpdateSecurityGroupRuleDescriptionsIngress",
            Self::AttachToInstance => "ModifyInstanceAttribute",
            Self::AttachToInterface => "ModifyNetworkInterfaceAttribute",
        }
    }

    /// Whether an alarm for changed security groups has to ring for it. The rest opens nothing by itself.
    pub(crate) const fn must_alert(self) -> bool {
        !matches!(
            self,
            Self::RefusedAttempt | Self::Create | Self::DescribeRule | Self::AttachToInstance | Self::AttachToInterface
        )
    }

    /// Whether its record has a shape of its own that a function has to read.
    pub(crate) const fn has_own_shape(self) -> bool {
        self.must_alert() || matches!(self, Self::RefusedAttempt)
    }

    /// What somebody does, in words.
    pub(crate) fn words(self, lang: Lang) -> &'static str {
        let (english, korean) = match self {
            Self::AddInbound => ("an inbound rule is added", "인바운드 규칙 추가"),
            Self::AddInboundFlat => (
                "an inbound rule is added in the flat form of older clients",
                "인바운드 규칙 추가 (옛 클라이언트 형식)",
            ),
            Self::RemoveInbound => ("an inbound rule is removed", "인바운드 규칙 삭제"),
            Self::RemoveInboundById => ("an inbound rule is removed by its id", "인바운드 규칙 삭제 (규칙 ID 지정)"),
            Self::AddOutbound => ("an outbound rule is added", "아웃바운드 규칙 추가"),
            Self::RemoveOutbound => ("an outbound rule is removed", "아웃바운드 규칙 삭제"),
            Self::EditRule => ("a rule is edited in the console", "콘솔에서 기존 규칙 편집"),
            Self::Delete => ("the group is deleted", "보안 그룹 삭제"),
            Self::AddInboundAsRoot => ("the root user adds an inbound rule", "루트 사용자의 인바운드 규칙 추가"),
            Self::AddInboundByRole => ("a role's session adds an inbound rule", "역할 세션의 인바운드 규칙 추가"),
            Self::RefusedAttempt => ("an attempt to add an inbound rule is refused", "거부된 인바운드 규칙 추가 시도"),
            Self::Create => ("a group is created", "보안 그룹 생성"),
            Self::DescribeRule => ("a rule's description is changed", "규칙 설명 변경"),
            Self::AttachToInstance => ("a group is attached to an instance", "인스턴스에 보안 그룹 연결"),
            Self::AttachToInterface => {
                ("a group is attached to a network interface", "네트워크 인터페이스에 보안 그룹 연결")
            }
        };
        lang.choose(english, korean)
    }

    /// The event, as it comes to the default bus.
    pub(crate) fn event(self, site: &Site<'_>) -> Value {
        event(self.record(site), TIME, site)
    }

    fn record(self, site: &Site<'_>) -> Value {
        let refused = self == Self::RefusedAttempt;
        let (request, response) = (self.request(site), if refused { Value::Null } else { self.response(site) });
        let mut record = json!({
            "eventVersion": "1.10",
            "userIdentity": self.identity(site),
            "eventTime": TIME,
            "eventSource": "ec2.amazonaws.com",
            "eventName": self.event_name(),
            "awsRegion": site.region,
            "sourceIPAddress": SOURCE_IP,
            "userAgent": "AWS Internal",
        });
        if refused {
            record["errorCode"] = "Client.InvalidPermission.Duplicate".into();
            record["errorMessage"] =
                "the specified rule \"peer: 203.0.113.0/24, TCP, from port: 22, to port: 22, ALLOW\" \
                                      already exists"
                    .into();
        }
        record["requestParameters"] = request;
        record["responseElements"] = response;
        record["requestID"] = REQUEST_ID.into();
        record["eventID"] = "0a2f7b1c-58d1-4f7e-8d35-5b1f0f4a9c21".into();
        record["readOnly"] = false.into();
        record["eventType"] = "AwsApiCall".into();
        record["managementEvent"] = true.into();
        record["recipientAccountId"] = site.account.into();
        record["eventCategory"] = "Management".into();
        record["sessionCredentialFromConsole"] = "true".into();
        record
    }

    fn identity(self, Site { account, .. }: &Site<'_>) -> Value {
        match self {
            Self::AddInboundAsRoot => json!({
                "type": "Root",
                "principalId": account,
                "arn": format!("arn:aws:iam::{account}:root"),
                "accountId": account,
                "accessKeyId": "ASIAEXAMPLE",
            }),
            Self::AddInboundByRole => json!({
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLE:on-duty",
                "arn": format!("arn:aws:sts::{account}:assumed-role/operator/on-duty"),
                "accountId": account,
                "accessKeyId": "ASIAEXAMPLE",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROAEXAMPLE",
                        "arn": format!("arn:aws:iam::{account}:role/operator"),
                        "accountId": account,
                        "userName": "operator",
                    },
                    "attributes": { "creationDate": TIME, "mfaAuthenticated": "false" },
                },
            }),
            _ => json!({
                "type": "IAMUser",
                "principalId": "AIDAEXAMPLE",
                "arn": format!("arn:aws:iam::{account}:user/{USER}"),
                "accountId": account,
                "accessKeyId": "ASIAEXAMPLE",
                "userName": USER,
            }),
        }
    }

    fn request(self, Site { group_id, .. }: &Site<'_>) -> Value {
        let range = json!({ "items": [{ "cidrIp": CIDR, "description": "added by hand" }] });
        let permissions = json!({
            "items": [{
                "ipProtocol": "tcp",
                "fromPort": 22,
                "toPort": 22,
                "groups": {},
                "ipRanges": range,
                "ipv6Ranges": {},
                "prefixListIds": {},
            }],
        });
        match self {
            Self::AddInboundFlat => json!({
                "groupId": group_id,
                "ipPermissions": {},
                "ipProtocol": "tcp",
                "fromPort": 22,
                "toPort": 22,
                "cidrIp": CIDR,
            }),
            Self::RemoveInboundById => json!({
                "groupId": group_id,
                "ipPermissions": {},
                "securityGroupRuleIds": { "items": [{ "securityGroupRuleId": RULE_ID }] },
            }),
            Self::EditRule => json!({
                "ModifySecurityGroupRulesRequest": {
                    "GroupId": group_id,
                    "SecurityGroupRule": {
                        "SecurityGroupRuleId": RULE_ID,
                        "tag": 1,
                        "SecurityGroupRule": {
                            "CidrIpv4": CIDR,
                            "FromPort": 22,
                            "ToPort": 22,
                            "IpProtocol": "tcp",
                            "Description": "edited by hand",
                        },
                    },
                },
            }),
            Self::Delete => json!({ "groupId": group_id }),
            Self::Create => json!({
                "groupName": "securitygroup-new",
                "groupDescription": "made by hand",
                "vpcId": "vpc-0123456789abcdef0",
            }),
            Self::AttachToInstance => json!({
                "instanceId": "i-0123456789abcdef0",
                "groupSet": { "items": [{ "groupId": group_id }] },
            }),
            Self::AttachToInterface => json!({
                "networkInterfaceId": "eni-0123456789abcdef0",
                "groupSet": { "items": [{ "groupId": group_id }] },
            }),
            _ => json!({ "groupId": group_id, "ipPermissions": permissions }),
        }
    }

    fn response(self, Site { account, group_id, .. }: &Site<'_>) -> Value {
        let mut response = json!({ "requestId": REQUEST_ID, "_return": true });
        match self {
            Self::EditRule => {
                json!({ "ModifySecurityGroupRulesResponse": { "requestId": REQUEST_ID, "return": true } })
            }
            Self::Create => json!({ "requestId": REQUEST_ID, "_return": true, "groupId": group_id }),
            Self::AddInbound
            | Self::AddInboundFlat
            | Self::AddInboundAsRoot
            | Self::AddInboundByRole
            | Self::AddOutbound => {
                response["securityGroupRuleSet"] = json!({
                    "items": [{
                        "groupOwnerId": account,
                        "groupId": group_id,
                        "securityGroupRuleId": RULE_ID,
                        "isEgress": self == Self::AddOutbound,
                        "ipProtocol": "tcp",
                        "fromPort": 22,
                        "toPort": 22,
                        "cidrIpv4": CIDR,
                        "description": "added by hand",
                    }],
                });
                response
            }
            _ => response,
        }
    }
}

/// When the change was made. In Korea it is 01:02:03 of the next day: a time that was not converted cannot look right.
pub(crate) const TIME: &str = "2026-03-14T16:02:03Z";

/// The time of day of [`TIME`], as it is and in Korea.
pub(crate) const TIME_IN_UTC: &str = "16:02:03";
/// The same in Korea.
pub(crate) const TIME_IN_KOREA: &str = "01:02:03";

/// Who made it.
pub(crate) const USER: &str = "on-duty";

/// From where: a documentation range's address.
pub(crate) const SOURCE_IP: &str = "198.51.100.24";

const CIDR: &str = "203.0.113.0/24";
const RULE_ID: &str = "sgr-0123456789abcdef0";
const REQUEST_ID: &str = "3a9c1f60-6a4e-4d0f-93c9-2b6b4d0a7e55";

/// Where a change is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    /// The account.
    pub(crate) account: &'a str,
    /// The Region.
    pub(crate) region: &'a str,
    /// The group that is changed.
    pub(crate) group_id: &'a str,
}

/// The event that a record of EC2's comes to the default bus in.
pub(crate) fn event(record: Value, time: &str, Site { account, region, .. }: &Site<'_>) -> Value {
    json!({
        "version": "0",
        "id": "5d8f2a34-0f5e-4b52-9a10-7d1c52a06f11",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2",
        "account": account,
        "time": time,
        "region": region,
        "resources": [],
        "detail": record,
    })
}
