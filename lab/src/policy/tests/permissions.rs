//! The caller's side: identity policies, a boundary and a session, with and without a resource's policy.
//!
//! Source: IAM User Guide, *Policy evaluation for requests within a single account* and *Cross-account policy evaluation*.

use super::*;

const USER: &str = "arn:aws:iam::111122223333:user/alice";
const ROLE: &str = "arn:aws:iam::111122223333:role/drill";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/drill/me";
const BUCKET: &str = "arn:aws:s3:::bucket";

fn identity(effect: &str, action: &str) -> Policy {
    let statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
    Policy::parse_as(&json!({"Version": "2012-10-17", "Statement": statement}).to_string(), PolicyKind::Identity)
        .unwrap()
}

fn resource(effect: &str, principal: Value) -> Policy {
    policy(json!({"Effect": effect, "Principal": principal, "Action": "s3:*", "Resource": BUCKET}))
}

fn decide(caller: &str, permissions: &Permissions, resource: Option<&Policy>, owner: &str) -> String {
    let request = RequestContext::new(Principal::aws(caller), "s3:ListBucket", BUCKET);
    match permissions.authorize(resource, &request, owner) {
        Ok(()) => "allowed".to_owned(),
        Err(denial) => denial.because("s3:ListBucket"),
    }
}

const NO_IDENTITY: &str = "because no identity-based policy allows the s3:ListBucket action";
const NO_BOUNDARY: &str = "because no permissions boundary allows the s3:ListBucket action";
const NO_SESSION: &str = "because no session policy allows the s3:ListBucket action";
const NO_RESOURCE: &str = "because no resource-based policy allows the s3:ListBucket action";

#[test]
fn every_layer_must_allow_and_none_may_deny() {
    let (list, other) = (identity("Allow", "s3:List*"), identity("Allow", "ec2:*"));
    let deny = identity("Deny", "s3:ListBucket");
    let rows = [
        (vec![], None, None, NO_IDENTITY),
        (vec![&list], None, None, "allowed"),
        (vec![&other, &list], None, None, "allowed"),
        (vec![&list, &deny], None, None, "with an explicit deny in an identity-based policy"),
        (vec![&list], Some(&list), None, "allowed"),
        (vec![&list], Some(&other), None, NO_BOUNDARY),
        (vec![], Some(&list), None, NO_IDENTITY),
        (vec![&list], Some(&deny), None, "with an explicit deny in a permissions boundary"),
        (vec![&list], None, Some(vec![&list]), "allowed"),
        (vec![&list], None, Some(vec![&other, &list]), "allowed"),
        (vec![&list], None, Some(vec![&other]), NO_SESSION),
        (vec![&list], None, Some(vec![]), NO_SESSION),
        (vec![], None, Some(vec![&list]), NO_IDENTITY),
        (vec![&list], None, Some(vec![&deny]), "with an explicit deny in a session policy"),
        (vec![&list], Some(&other), Some(vec![&other]), NO_BOUNDARY),
    ];
    for (index, (own, boundary, session, expected)) in rows.into_iter().enumerate() {
        let permissions = Permissions {
            identity: own.into_iter().cloned().collect(),
            boundary: boundary.cloned(),
            session: session.map(|session| session.into_iter().cloned().collect()),
        };
        assert_eq!(decide(SESSION, &permissions, None, OWNER), expected, "row {index}");
    }
}

/// A resource's policy of one's own account allows by itself, but for what limits a role.
#[test]
fn what_a_resource_grants_within_the_account() {
    let other = identity("Allow", "ec2:*");
    let none = Permissions::default();
    let bounded = Permissions { boundary: Some(other.clone()), ..Permissions::default() };
    let in_session = Permissions { session: Some(vec![other.clone()]), ..Permissions::default() };
    let rows = [
        (USER, &none, json!({"AWS": USER}), "allowed"),
        (USER, &bounded, json!({"AWS": USER}), "allowed"),
        (USER, &none, json!({"AWS": OWNER}), NO_IDENTITY),
        (USER, &none, json!("*"), "allowed"),
        (USER, &bounded, json!("*"), NO_BOUNDARY),
        (USER, &none, json!({"AWS": ROLE}), NO_IDENTITY),
        (SESSION, &none, json!({"AWS": ROLE}), "allowed"),
        (SESSION, &bounded, json!({"AWS": ROLE}), NO_BOUNDARY),
        (SESSION, &in_session, json!({"AWS": ROLE}), NO_SESSION),
        (SESSION, &in_session, json!({"AWS": SESSION}), "allowed"),
        (SESSION, &bounded, json!({"AWS": [ROLE, SESSION]}), "allowed"),
    ];
    for (caller, permissions, principal, expected) in rows {
        let policy = resource("Allow", principal.clone());
        assert_eq!(decide(caller, permissions, Some(&policy), OWNER), expected, "{caller} {principal}");
    }
    let all = Permissions { identity: vec![identity("Allow", "*")], ..Permissions::default() };
    let denied = resource("Deny", json!({"AWS": USER}));
    assert_eq!(decide(USER, &all, Some(&denied), OWNER), "with an explicit deny in a resource-based policy");
}

/// Another account's resource takes both: what one may by oneself, and what the resource grants.
#[test]
fn another_accounts_resource_needs_both_sides() {
    let other_account = "444455556666";
    let all = Permissions { identity: vec![identity("Allow", "*")], ..Permissions::default() };
    let grants =
        [json!({"AWS": USER}), json!({"AWS": OWNER}), json!("*")].map(|principal| resource("Allow", principal));
    for grant in &grants {
        assert_eq!(decide(USER, &all, Some(grant), other_account), "allowed");
        assert_eq!(decide(USER, &Permissions::default(), Some(grant), other_account), NO_IDENTITY);
    }
    assert_eq!(decide(USER, &all, None, other_account), NO_RESOURCE);
    let stranger = resource("Allow", json!({"AWS": "arn:aws:iam::111122223333:user/bob"}));
    assert_eq!(decide(USER, &all, Some(&stranger), other_account), NO_RESOURCE);
}

/// A denial carries the statements of its layer, so that it can be explained.
#[test]
fn a_denial_has_the_statements_that_missed() {
    let near = Permissions { identity: vec![identity("Allow", "s3:ListBuckets")], ..Permissions::default() };
    let request = RequestContext::new(Principal::aws(USER), "s3:ListBucket", BUCKET);
    let denial = near.authorize(None, &request, OWNER).unwrap_err();
    assert_eq!((denial.layer, denial.explicit), (Layer::Identity, false));
    let miss = &denial.explanation.nearest_miss().unwrap().misses[0];
    assert_eq!(
        (miss.element(), miss.wanted(), miss.seen()),
        ("Action", vec!["s3:ListBuckets".to_owned()], Some(vec!["s3:ListBucket".to_owned()]))
    );
}
