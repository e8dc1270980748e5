//! Principals, actions, resources, and the caller's own permissions.

use super::*;

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/drill/run-1";
const STRANGER: &str = "arn:aws:iam::444455556666:user/mallory";

fn by(principal: Principal) -> RequestContext {
    RequestContext::new(principal, "sns:Publish", TOPIC)
}

fn covers(element: Value, principal: &Principal) -> bool {
    let mut statement = json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC});
    for (name, value) in element.as_object().unwrap() {
        statement[name] = value.clone();
    }
    policy(statement).evaluate(&by(principal.clone())).is_allowed()
}

/// IAM User Guide, *AWS JSON policy elements: Principal*.
#[test]
fn principals() {
    let events = Principal::service("events.amazonaws.com");
    let (alice, session) = (Principal::aws(ALICE), Principal::aws(SESSION));
    let rows: &[(Value, &Principal, bool)] = &[
        (json!("*"), &events, true),
        (json!("*"), &Principal::Anonymous, true),
        (json!({"AWS": "*"}), &events, true),
        (json!({"AWS": "*"}), &alice, true),
        (json!({"Service": "events.amazonaws.com"}), &events, true),
        (json!({"Service": "event.amazonaws.com"}), &events, false),
        (json!({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}), &events, true),
        (json!({"Service": "cloudtrail.amazonaws.com", "AWS": OWNER}), &alice, true),
        (json!({"AWS": OWNER}), &events, false),
        (json!({"AWS": OWNER}), &alice, true),
        (json!({"AWS": "arn:aws:iam::111122223333:root"}), &session, true),
        (json!({"AWS": "444455556666"}), &alice, false),
        (json!({"AWS": ALICE}), &alice, true),
        (json!({"AWS": "arn:aws:iam::111122223333:user/Alice"}), &alice, false),
        (json!({"AWS": "arn:aws:iam::111122223333:role/drill"}), &session, true),
        (json!({"AWS": "arn:aws:iam::111122223333:role/team/drill"}), &session, true),
        (json!({"AWS": "arn:aws:iam::111122223333:role/drill2"}), &session, false),
        (json!({"AWS": "arn:aws:iam::444455556666:role/drill"}), &session, false),
        (json!({"AWS": SESSION}), &session, true),
        (json!({"AWS": "arn:aws:sts::111122223333:assumed-role/drill/run-2"}), &session, false),
        (json!({"AWS": "AIDAJQABLZS4A3QDU576Q"}), &alice, false),
        (json!({"AWS": ALICE}), &Principal::Anonymous, false),
        (json!({"Federated": "cognito-identity.amazonaws.com"}), &alice, false),
        (json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}), &alice, false),
    ];
    for (element, principal, allowed) in rows {
        assert_eq!(covers(json!({"Principal": element}), principal), *allowed, "{element} for {principal}");
    }
    assert!(!covers(json!({"NotPrincipal": {"AWS": ALICE}}), &alice));
    assert!(covers(json!({"NotPrincipal": {"AWS": ALICE}}), &session));
}

/// IAM User Guide, *IAM JSON policy elements: Action*, *Resource* and *IAM ARNs*.
#[test]
fn actions_and_resources() {
    let rows = [
        (json!({"Action": "SNS:publish", "Resource": TOPIC}), true),
        (json!({"Action": "sns:*", "Resource": "*"}), true),
        (json!({"Action": "*", "Resource": "arn:aws:sns:*:111122223333:sns-*"}), true),
        (json!({"Action": "sns:Pub?ish", "Resource": "arn:aws:sns"}), true),
        (json!({"Action": "sqs:*", "Resource": "*"}), false),
        (json!({"Action": ["sns:Subscribe", "sns:Publish"], "Resource": ["arn:aws:sns:*:*:other", TOPIC]}), true),
        (json!({"Action": "sns:Publish", "Resource": TOPIC.to_uppercase().replace("ARN:", "arn:")}), false),
        (json!({"Action": "sns:Publish", "Resource": "arn:aws:sns:*:sns-securitygroup-alarm"}), true),
        (json!({"Action": "sns:Publish", "Resource": "arn:aws:sns:ap-northeast-2:${aws:SourceAccount}:*"}), true),
        (json!({"Action": "sns:Publish", "Resource": "arn:aws:sns:ap-northeast-2:${aws:username}:*"}), false),
        (json!({"Action": "sns:Publish", "NotResource": "arn:aws:sns:ap-northeast-2:${aws:username}:*"}), false),
        (json!({"Action": "sns:Publish", "NotResource": TOPIC}), false),
        (json!({"Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:other"}), true),
        (json!({"NotAction": "sns:Publish", "Resource": TOPIC}), false),
        (json!({"NotAction": ["sns:Subscribe", "sns:Delete*"], "Resource": TOPIC}), true),
    ];
    for (mut statement, allowed) in rows {
        statement["Effect"] = json!("Allow");
        statement["Principal"] = json!("*");
        assert_eq!(policy(statement.clone()).evaluate(&publish()).is_allowed(), allowed, "{statement}");
    }
}

/// IAM User Guide, *Policy evaluation logic* and *Cross-account policy evaluation logic*.
#[test]
fn own_permissions() {
    let grant = |principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": TOPIC});
    let deny = json!({"Sid": "no", "Effect": "Deny", "Principal": {"AWS": ALICE}, "Action": "*", "Resource": "*"});
    let none = None;
    let denies = Some(policy(json!([deny, grant(json!("*"))])));
    let names_alice = Some(policy(grant(json!({"AWS": ALICE}))));
    let names_account = Some(policy(grant(json!({"AWS": OWNER}))));
    let names_stranger = Some(policy(grant(json!({"AWS": "444455556666"}))));
    let rows: &[(&Option<Policy>, &str, bool, Outcome)] = &[
        (&none, ALICE, true, Outcome::Allow),
        (&none, ALICE, false, Outcome::ImplicitDeny),
        (&denies, ALICE, true, Outcome::ExplicitDeny),
        (&names_alice, ALICE, false, Outcome::Allow),
        (&names_account, ALICE, false, Outcome::ImplicitDeny),
        (&names_account, ALICE, true, Outcome::Allow),
        (&none, STRANGER, true, Outcome::ImplicitDeny),
        (&names_stranger, STRANGER, false, Outcome::ImplicitDeny),
        (&names_stranger, STRANGER, true, Outcome::Allow),
    ];
    for (policy, arn, own, outcome) in rows {
        let decision = authorize(policy.as_ref(), &by(Principal::aws(*arn)), OWNER, *own);
        assert_eq!(decision.explanation().outcome(), *outcome, "{arn}, own permissions {own}: {decision}");
    }
    let service = authorize(None, &publish(), OWNER, true);
    assert!(!service.is_allowed(), "a service has no permissions of its own");
}

/// Keys that follow from the principal: IAM User Guide, *AWS global condition context keys*.
#[test]
fn principal_keys() {
    let rows = [
        (Principal::service("sns.amazonaws.com"), "aws:PrincipalIsAWSService", Some("true")),
        (Principal::service("sns.amazonaws.com"), "aws:PrincipalServiceName", Some("sns.amazonaws.com")),
        (Principal::aws(ALICE), "aws:username", Some("alice")),
        (Principal::aws(ALICE), "aws:PrincipalArn", Some(ALICE)),
        (Principal::aws(SESSION), "aws:PrincipalArn", Some("arn:aws:iam::111122223333:role/drill")),
        (Principal::aws(SESSION), "aws:username", None),
        (Principal::aws(SESSION), "aws:PrincipalAccount", Some(OWNER)),
        (Principal::Anonymous, "aws:PrincipalArn", None),
    ];
    for (principal, key, value) in rows {
        let request = by(principal);
        assert_eq!(request.values(key).map(|v| v[0].as_str()), value, "{key} of {}", request.principal);
    }
}
