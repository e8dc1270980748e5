use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::{Notice, notices};

fn message(detail: &Value, language: Language) -> String {
    let envelope = json!({ "region": "ap-northeast-2", "account": "111122223333", "detail": detail });
    compose(&Alert::read(&Notice { message: envelope.to_string(), ..Notice::default() }), language)
}

fn authorized() -> Value {
    json!({
        "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/team/kim_minsu", "userName": "kim_minsu" },
        "eventTime": "2026-11-24T15:50:03Z", "eventName": "AuthorizeSecurityGroupIngress",
        "awsRegion": "ap-northeast-2", "sourceIPAddress": "203.0.113.7", "recipientAccountId": "111122223333",
        "eventID": "7e96f0e7-4d78-423d-b3f5-391370685b30",
        "requestParameters": { "groupId": "sg-04cfb7a4712d75b00", "ipPermissions": {} },
        "responseElements": { "securityGroupRuleSet": { "items": [{
            "groupId": "sg-04cfb7a4712d75b00", "securityGroupRuleId": "sgr-0bb31cddb2c27f401", "isEgress": false,
            "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0", "description": "SSH",
        }] } },
    })
}

#[test]
fn the_message_in_korean() {
    let expected = "\
🚨 보안 그룹 변경: 인바운드 규칙 추가
이벤트 이름: `AuthorizeSecurityGroupIngress`
보안 그룹 ID: `sg-04cfb7a4712d75b00`
시간 (KST): `2026-11-25 00:50:03`
사용자 ARN: `arn:aws:iam::111122223333:user/team/kim_minsu`
소스 IP: `203.0.113.7`
리전: `ap-northeast-2`
계정 ID: `111122223333`
- 인바운드 TCP 22 ← `0.0.0.0/0` ⚠️ (인터넷 전체) · `SSH` · `sgr-0bb31cddb2c27f401`
이벤트 ID: `7e96f0e7-4d78-423d-b3f5-391370685b30`";
    assert_eq!(message(&authorized(), Language::Korean), expected);
}

#[test]
fn a_refused_call_in_english() {
    let mut record = authorized();
    record["responseElements"] = Value::Null;
    record["errorCode"] = json!("Client.InvalidPermission.Duplicate");
    record["errorMessage"] = json!("the specified rule already exists");
    record["userIdentity"] = json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/ops/kim",
        "sessionContext": { "sessionIssuer": { "userName": "ops" } },
    });
    record["requestParameters"] = json!({
        "groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "-1", "fromPort": 0, "toPort": 0, "cidrIp": "10.0.0.0/8",
    });
    let expected = "\
⛔ Security group change refused (not applied): inbound rule added
Event name: `AuthorizeSecurityGroupIngress`
Security group ID: `sg-1`
Time (KST): `2026-11-25 00:50:03`
User ARN: `arn:aws:sts::111122223333:assumed-role/ops/kim` (role `ops`)
Source IP: `203.0.113.7`
Region: `ap-northeast-2`
Account ID: `111122223333`
Refused: `Client.InvalidPermission.Duplicate`
Reason: `the specified rule already exists`
- inbound all traffic ← `10.0.0.0/8`
Event ID: `7e96f0e7-4d78-423d-b3f5-391370685b30`";
    assert_eq!(message(&record, Language::English), expected);
}

#[test]
fn only_what_was_opened_to_everyone_is_marked() {
    for (event_name, line) in [
        ("AuthorizeSecurityGroupIngress", "- inbound TCP 22 ← `0.0.0.0/0` ⚠️ (the whole Internet)"),
        ("RevokeSecurityGroupIngress", "- inbound TCP 22 ← `0.0.0.0/0` (the whole Internet)"),
        ("AuthorizeSecurityGroupEgress", "- outbound TCP 22 → `0.0.0.0/0` (the whole Internet)"),
    ] {
        let request = json!({ "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIp": "0.0.0.0/0" });
        let record = json!({ "eventName": event_name, "requestParameters": request });
        assert_eq!(message(&record, Language::English).lines().next_back(), Some(line));
    }
}

#[test]
fn the_root_user_stands_out() {
    let mut record = authorized();
    record["userIdentity"] = json!({ "type": "Root", "arn": "arn:aws:iam::111122223333:root" });
    assert!(message(&record, Language::Korean).contains("사용자 ARN: `arn:aws:iam::111122223333:root` ⚠️ 루트 사용자"));
}

#[test]
fn what_a_record_lacks_is_said() {
    let text = message(&json!({ "eventName": "DeleteSecurityGroup", "eventTime": "yesterday" }), Language::Korean);
    assert!(text.contains("보안 그룹 ID: (기록에 없음)\n시간 (KST): `yesterday`\n사용자 ARN: (기록에 없음)"), "{text}");
}

#[test]
fn ports_read_as_people_say_them() {
    for (protocol, from, to, shown) in [
        ("tcp", json!(22), json!(22), "TCP 22"),
        ("udp", json!(8000), json!(8100), "UDP 8000-8100"),
        ("tcp", json!(0), json!(65535), "TCP all ports"),
        ("-1", json!(-1), json!(-1), "all traffic"),
        ("icmp", json!(-1), json!(-1), "ICMP"),
        ("icmp", json!(8), json!(0), "ICMP type 8/0"),
        ("17", json!(53), json!(53), "UDP 53"),
        ("50", Value::Null, Value::Null, "protocol `50`"),
    ] {
        let request = json!({ "groupId": "sg-1", "ipProtocol": protocol, "fromPort": from, "toPort": to, "cidrIp": "10.0.0.0/8" });
        let text = message(
            &json!({ "eventName": "RevokeSecurityGroupEgress", "requestParameters": request }),
            Language::English,
        );
        assert!(text.ends_with(&format!("\n- outbound {shown} → `10.0.0.0/8`")), "{text}");
    }
}

#[test]
fn too_many_rules_give_way_and_the_fields_stay() {
    let mut record = authorized();
    let rules: Vec<_> = (0..60)
        .map(|index| json!({
            "groupId": "sg-1", "securityGroupRuleId": format!("sgr-{index}"), "isEgress": false, "ipProtocol": "tcp",
            "fromPort": index, "toPort": index, "cidrIpv4": "203.0.113.0/24", "description": "가".repeat(255),
        }))
        .collect();
    record["responseElements"]["securityGroupRuleSet"]["items"] = json!(rules);
    let text = message(&record, Language::Korean);
    assert!(length(&text) <= LIMIT);
    assert_eq!(text.lines().filter(|line| line.starts_with("- ")).count(), 5);
    assert!(text.contains("\n… 외 55건\n"), "{text}");
    assert!(text.ends_with("이벤트 ID: `7e96f0e7-4d78-423d-b3f5-391370685b30`"));
}

#[test]
fn seven_fields_at_their_longest_stay_whole() {
    let arn = format!("arn:aws:iam::111122223333:user/{}/{}", "p".repeat(510), "n".repeat(64));
    let mut record = authorized();
    record["userIdentity"]["arn"] = json!(arn);
    record["errorCode"] = json!("Client.UnauthorizedOperation");
    record["errorMessage"] = json!("Encoded authorization failure message: ".to_owned() + &"x".repeat(4000));
    let text = message(&record, Language::Korean);
    assert!(length(&text) <= LIMIT, "{}", length(&text));
    for whole in
        [arn.as_str(), "Client.UnauthorizedOperation", "거부 이유: `Encoded authorization", "sg-04cfb7a4712d75b00"]
    {
        assert!(text.contains(whole), "{whole}");
    }
}

#[test]
fn a_description_cannot_shape_the_alarm() {
    let mut record = authorized();
    let hostile = "` @everyone\n**이벤트 ID:** [여기](https://example.com) <@&1> ||x||";
    record["responseElements"]["securityGroupRuleSet"]["items"][0]["description"] = json!(hostile);
    let text = message(&record, Language::Korean);
    assert!(text.contains("· `' @everyone **이벤트 ID:** [여기](https://example.com) <@&1> ||x||` ·"), "{text}");
    assert_eq!(text.lines().count(), 10);
}

#[test]
fn other_messages_are_shown_as_they_are() {
    let plain = |message: &str| {
        let notice = Notice {
            message: message.to_owned(),
            subject: Some("시험".to_owned()),
            message_id: Some("m-1".to_owned()),
        };
        compose(&Alert::read(&notice), Language::Korean)
    };
    let expected =
        "🔔 보안 그룹 알림 (CloudTrail 기록이 아닌 메시지)\n제목: `시험`\n```\n한 줄\n두 줄\n```\nSNS 메시지 ID: `m-1`";
    assert_eq!(plain("한 줄\n두 줄"), expected);
    assert!(plain("").contains("(빈 메시지)"));
    let long = plain(&"🚨".repeat(5000));
    assert!(length(&long) <= LIMIT && length(&long) > LIMIT - 4, "{}", length(&long));
}

/// Any JSON, with the names that records have among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    const KEYS: [&str; 26] = [
        "detail",
        "eventName",
        "requestParameters",
        "responseElements",
        "groupId",
        "groupName",
        "ipPermissions",
        "items",
        "ipRanges",
        "cidrIp",
        "description",
        "securityGroupRuleSet",
        "ModifySecurityGroupRulesRequest",
        "SecurityGroupRule",
        "userIdentity",
        "arn",
        "type",
        "sessionContext",
        "sessionIssuer",
        "userName",
        "eventTime",
        "errorCode",
        "errorMessage",
        "eventID",
        "sourceIPAddress",
        "ipProtocol",
    ];
    let text = prop_oneof![Just("Root".to_owned()), Just("-1".to_owned()), ".{0,40}", "[`*@\n가🚨]{0,3000}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        text.prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(6, 48, 8, |inner| {
        let key = (0..KEYS.len()).prop_map(|index| KEYS[index].to_owned());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|list| json!(list)),
            prop::collection::vec((key, inner), 0..8).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever arrives becomes a message that Discord takes.
    #[test]
    fn any_json_becomes_a_message_within_the_limit(value in any_json(), name in ".{0,20}", korean in any::<bool>()) {
        let language = if korean { Language::Korean } else { Language::English };
        let mut record = value.clone();
        if let Value::Object(object) = &mut record {
            object.insert("eventName".to_owned(), json!(name));
        }
        for message in [value.to_string(), json!({ "detail": record }).to_string()] {
            for notice in notices(&json!({ "Records": [{ "Sns": { "Message": message, "Subject": value } }] })) {
                let text = compose(&Alert::read(&notice), language);
                prop_assert!(length(&text) <= LIMIT && !text.trim().is_empty());
                prop_assert_eq!(text.matches('`').count() % 2, 0);
            }
        }
    }

    #[test]
    fn any_text_becomes_a_message_within_the_limit(message in "(?s).{0,3000}") {
        let text = compose(&Alert::read(&Notice { message, ..Notice::default() }), Language::Korean);
        prop_assert!(length(&text) <= LIMIT && !text.trim().is_empty());
    }
}
