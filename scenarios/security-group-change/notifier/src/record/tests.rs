use serde_json::json;

use super::*;

fn read(record: &Value) -> Change {
    let envelope = json!({
        "version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
        "account": "111122223333", "time": "2026-11-24T03:50:03Z", "region": "ap-northeast-2", "resources": [],
        "detail": record,
    });
    match Alert::read(&Notice { message: envelope.to_string(), ..Notice::default() }) {
        Alert::Change(change) => *change,
        Alert::Plain(plain) => panic!("{plain:?}"),
    }
}

fn rule(direction: Direction, protocol: &str, ports: (i64, i64), peer: Peer) -> Rule {
    Rule {
        direction: Some(direction),
        protocol: Some(protocol.to_owned()),
        from_port: Some(ports.0),
        to_port: Some(ports.1),
        peer: Some(peer),
        ..Rule::default()
    }
}

fn cidr(range: &str) -> Peer {
    Peer::Cidr(range.to_owned())
}

#[test]
fn the_group_is_found_in_every_shape() {
    let cases = [
        ("array form", json!({ "requestParameters": { "groupId": "sg-1", "ipPermissions": { "items": [] } } }), "sg-1"),
        (
            "flat form",
            json!({ "requestParameters": { "groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 22 } }),
            "sg-1",
        ),
        (
            "revoked by rule id, group in the answer",
            json!({
                "requestParameters": { "securityGroupRuleIds": { "items": [{ "securityGroupRuleId": "sgr-9" }] } },
                "responseElements": { "revokedSecurityGroupRuleSet": { "items": [{ "groupId": "sg-1", "securityGroupRuleId": "sgr-9" }] } },
            }),
            "sg-1",
        ),
        (
            "wrapper, one rule",
            json!({ "requestParameters": { "ModifySecurityGroupRulesRequest": {
                "GroupId": "sg-1", "SecurityGroupRule": { "SecurityGroupRuleId": "sgr-9", "tag": 1 },
            } } }),
            "sg-1",
        ),
        (
            "created",
            json!({
                "requestParameters": { "groupName": "web", "groupDescription": "d", "vpcId": "vpc-1" },
                "responseElements": { "_return": true, "groupId": "sg-1" },
            }),
            "sg-1",
        ),
        (
            "deleted by name",
            json!({ "requestParameters": { "groupName": "web" }, "responseElements": { "_return": true } }),
            "web",
        ),
        (
            "attached to an instance",
            json!({ "requestParameters": { "instanceId": "i-1", "groupSet": { "items": [{ "groupId": "sg-1" }, { "groupId": "sg-2" }] } } }),
            "sg-1, sg-2",
        ),
        (
            "launched with an interface of its own",
            json!({ "requestParameters": { "networkInterfaceSet": { "items": [
                { "deviceIndex": 0, "groupSet": { "items": [{ "groupId": "sg-1" }] } },
            ] } } }),
            "sg-1",
        ),
        ("unknown shape", json!({ "requestParameters": { "NewRequest": { "Targets": [{ "Id": "sg-1" }] } } }), "sg-1"),
        (
            "a peer is not the group",
            json!({ "requestParameters": { "groupId": "sg-1", "ipPermissions": { "items": [
            { "ipProtocol": "-1", "groups": { "items": [{ "groupId": "sg-2" }] } },
        ] } } }),
            "sg-1",
        ),
        ("none", json!({ "requestParameters": null, "responseElements": null }), ""),
    ];
    for (shape, mut record, groups) in cases {
        record["eventName"] = json!("AnyOperation");
        assert_eq!(read(&record).groups.join(", "), groups, "{shape}");
    }
}

#[test]
fn what_was_asked_tells_the_rules_when_there_is_no_answer() {
    let record = json!({
        "eventName": "AuthorizeSecurityGroupIngress",
        "errorCode": "Client.UnauthorizedOperation", "errorMessage": "You are not authorized",
        "requestParameters": { "groupId": "sg-1", "ipPermissions": { "items": [{
            "ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
            "groups": { "items": [{ "groupId": "sg-2", "userId": "111122223333" }] },
            "ipRanges": { "items": [{ "cidrIp": "203.0.113.0/24", "description": "drill" }, { "cidrIp": "1.2.3.4/0" }] },
            "ipv6Ranges": { "items": [{ "cidrIpv6": "::/0" }] },
            "prefixListIds": { "items": [{ "prefixListId": "pl-1" }] },
        }] } },
        "responseElements": null,
    });
    let change = read(&record);
    let peers: Vec<_> = change.rules.iter().map(|rule| rule.peer.clone().unwrap()).collect();
    let expected = [
        cidr("203.0.113.0/24"),
        cidr("1.2.3.4/0"),
        cidr("::/0"),
        Peer::Group("sg-2".to_owned()),
        Peer::PrefixList("pl-1".to_owned()),
    ];
    assert_eq!(peers, expected);
    assert_eq!(peers.iter().map(Peer::is_everyone).collect::<Vec<_>>(), [false, true, true, false, false]);
    assert_eq!(change.rules[0].description.as_deref(), Some("drill"));
    assert_eq!(change.refused.unwrap().code, "Client.UnauthorizedOperation");
}

#[test]
fn what_was_answered_tells_the_rules_completely() {
    let record = json!({
        "eventName": "AuthorizeSecurityGroupEgress",
        "requestParameters": { "groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "cidrIp": "0.0.0.0/0" },
        "responseElements": { "requestId": "r", "_return": true, "securityGroupRuleSet": { "items": [{
            "groupOwnerId": "111122223333", "groupId": "sg-1", "securityGroupRuleId": "sgr-9", "isEgress": true,
            "ipProtocol": "tcp", "fromPort": 80, "toPort": 80, "cidrIpv4": "0.0.0.0/0", "description": "run 1",
        }] } },
    });
    let expected = Rule {
        description: Some("run 1".to_owned()),
        id: Some("sgr-9".to_owned()),
        ..rule(Direction::Egress, "tcp", (80, 80), cidr("0.0.0.0/0"))
    };
    assert_eq!(read(&record).rules, [expected]);
}

#[test]
fn the_flat_form_tells_its_rule() {
    let record = json!({
        "eventName": "RevokeSecurityGroupIngress",
        "requestParameters": { "groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIp": "0.0.0.0/0" },
        "responseElements": { "requestId": "r", "_return": true },
    });
    assert_eq!(read(&record).rules, [rule(Direction::Ingress, "tcp", (22, 22), cidr("0.0.0.0/0"))]);
}

#[test]
fn a_rule_that_is_only_named_is_told_by_its_id() {
    for ids in
        [json!({ "items": [{ "securityGroupRuleId": "sgr-9" }] }), json!(["sgr-9"]), json!({ "items": ["sgr-9"] })]
    {
        let record = json!({
            "eventName": "RevokeSecurityGroupIngress",
            "requestParameters": { "groupId": "sg-1", "securityGroupRuleIds": ids },
            "responseElements": { "_return": true },
        });
        let rules = read(&record).rules;
        assert_eq!((rules.len(), rules[0].id.as_deref()), (1, Some("sgr-9")), "{record}");
    }
}

#[test]
fn modified_rules_are_read_from_an_object_and_from_an_array() {
    let one = json!({ "SecurityGroupRuleId": "sgr-1", "tag": 1, "SecurityGroupRule": {
        "CidrIpv4": "0.0.0.0/0", "FromPort": 22, "ToPort": 22, "IpProtocol": "tcp", "Description": "edited",
    } });
    let other = json!({ "SecurityGroupRuleId": "sgr-2", "tag": 2, "SecurityGroupRule": {
        "ReferencedGroupId": "sg-2", "FromPort": "443", "ToPort": "443", "IpProtocol": "tcp",
    } });
    for (rules, ids) in [(one.clone(), vec!["sgr-1"]), (json!([one, other]), vec!["sgr-1", "sgr-2"])] {
        let change = read(&json!({
            "eventName": "ModifySecurityGroupRules",
            "requestParameters": { "ModifySecurityGroupRulesRequest": { "GroupId": "sg-1", "SecurityGroupRule": rules } },
            "responseElements": { "ModifySecurityGroupRulesResponse": { "return": true } },
        }));
        assert_eq!(change.rules.iter().filter_map(|rule| rule.id.as_deref()).collect::<Vec<_>>(), ids);
        assert_eq!(change.rules[0].description.as_deref(), Some("edited"));
        assert_eq!(change.rules[0].peer, Some(cidr("0.0.0.0/0")));
        if let Some(second) = change.rules.get(1) {
            assert_eq!((second.from_port, second.peer.clone()), (Some(443), Some(Peer::Group("sg-2".to_owned()))));
        }
    }
}

#[test]
fn identities_are_told_apart() {
    let root = json!({ "type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333" });
    let role = json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/ops/kim",
        "sessionContext": { "sessionIssuer": { "type": "Role", "userName": "ops" } },
    });
    let service = json!({ "type": "AWSService", "invokedBy": "cloudformation.amazonaws.com" });
    for (identity, name, kind) in [
        (root, "arn:aws:iam::111122223333:root", Identity::Root),
        (role, "arn:aws:sts::111122223333:assumed-role/ops/kim", Identity::AssumedRole(Some("ops".to_owned()))),
        (service, "cloudformation.amazonaws.com", Identity::Other),
    ] {
        let actor = read(&json!({ "eventName": "DeleteSecurityGroup", "userIdentity": identity })).actor;
        assert_eq!(actor, Actor { name: Some(name.to_owned()), identity: kind });
    }
}

#[test]
fn the_envelope_fills_what_the_record_lacks() {
    let change = read(&json!({ "eventName": "DeleteSecurityGroup" }));
    assert_eq!(change.region.as_deref(), Some("ap-northeast-2"));
    assert_eq!(change.account.as_deref(), Some("111122223333"));
    assert_eq!(change.when, Some(When::At("2026-11-24T03:50:03Z".parse().unwrap())));
}

#[test]
fn a_record_without_an_envelope_is_a_record() {
    let message = json!({ "eventName": "DeleteSecurityGroup", "requestParameters": { "groupId": "sg-1" } }).to_string();
    assert!(
        matches!(Alert::read(&Notice { message, ..Notice::default() }), Alert::Change(change) if change.groups == ["sg-1"])
    );
}

#[test]
fn anything_else_is_kept_word_for_word() {
    let state_change =
        json!({ "detail-type": "EC2 Instance State-change Notification", "detail": { "state": "running" } });
    for (message, kept) in [
        ("hello from the console", "hello from the console"),
        ("\"포트가 열렸습니다\\n확인하세요\"", "포트가 열렸습니다\n확인하세요"),
        ("{ \"eventName\": 5 }", "{ \"eventName\": 5 }"),
        (&state_change.to_string(), &*state_change.to_string()),
        ("", ""),
        ("null", "null"),
    ] {
        let notice = Notice { message: message.to_owned(), subject: Some("s".to_owned()), message_id: None };
        let Alert::Plain(plain) = Alert::read(&notice) else { panic!("{message}") };
        assert_eq!((plain.message.as_str(), plain.subject.as_deref()), (kept, Some("s")));
    }
}
