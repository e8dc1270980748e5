mod enforcement;
mod grammar;
mod policies;

use std::net::Ipv4Addr;

use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;

use super::Iam;
use super::credentials::Unusable;
use crate::gateway::call::Call;
use crate::gateway::error::AwsError;
use crate::gateway::params::Node;
use crate::gateway::service::Service;
use crate::identity::IssuedTo;
use crate::scope::Scope;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;

/// A call with an access key; the answer's XML.
fn call(iam: &Iam, access_key: &str, service: Service, params: &[(&str, &str)]) -> Result<String, AwsError> {
    let identity = iam.identify(Some(access_key));
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let call = Call {
        service,
        operation: params[0].1.to_owned(),
        scope: Scope::new(&identity.account, "us-east-1"),
        identity,
        request_id: "request".to_owned(),
        time: jiff::Timestamp::now(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        user_agent: "test".to_owned(),
        host: "127.0.0.1".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        params: Node::parse(form.as_bytes()).unwrap(),
        body: Bytes::new(),
        labels: Vec::new(),
    };
    let reply = if service == Service::Sts { iam.call_sts(&call)? } else { iam.call(&call)? };
    Ok(String::from_utf8(reply.body.to_vec()).unwrap())
}

fn iam_call(iam: &Iam, params: &[(&str, &str)]) -> Result<String, AwsError> {
    call(iam, ACCOUNT, Service::Iam, params)
}

fn create_role(iam: &Iam, name: &str, trust: &str) -> Result<String, AwsError> {
    iam_call(iam, &[("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", trust)])
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let rest = xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {xml}")).1;
    rest.split_once('<').unwrap().0
}

#[test]
fn a_role_is_known_to_other_services_by_its_arn() {
    let iam = Iam::default();
    let created = create_role(&iam, "notifier", LAMBDA).unwrap();
    let arn = element(&created, "Arn");
    assert_eq!(arn, "arn:aws:iam::111122223333:role/notifier");
    assert!(element(&created, "AssumeRolePolicyDocument").starts_with("%7B%22Version%22%3A%222012-10-17%22"));
    let role = iam.role(arn).unwrap();
    assert_eq!((role.name.as_str(), role.trust_policy.as_str()), ("notifier", LAMBDA));
    assert!(iam.role("arn:aws:iam::111122223333:role/other/notifier").is_none(), "the path is a part of the name");

    let function_arn = "arn:aws:lambda:us-east-1:111122223333:function:lambda-securitygroup-alarm";
    let issued_to = IssuedTo { function_arn: function_arn.to_owned(), version: "$LATEST".to_owned() };
    let session = iam.session(&role, "lambda-securitygroup-alarm", issued_to.clone()).unwrap();
    let identity = iam.identify(Some(&session.access_key));
    let scope = &identity.to_record()["inScopeOf"];
    assert_eq!(
        (&scope["issuerType"], &scope["credentialsIssuedTo"]),
        (&"AWS::Lambda::Function".into(), &function_arn.into())
    );
    assert_eq!(scope["credentialsIssuedToVersion"], format!("{function_arn}:$LATEST"));
    assert_eq!(identity.arn(), "arn:aws:sts::111122223333:assumed-role/notifier/lambda-securitygroup-alarm");
    iam_call(&iam, &[("Action", "DeleteRole"), ("RoleName", "notifier")]).unwrap();
    create_role(&iam, "notifier", LAMBDA).unwrap();
    assert!(iam.session(&role, "s", issued_to).is_none(), "a role made anew is another one");
}

#[test]
fn a_role_that_cannot_be_made_says_why() {
    let iam = Iam::default();
    create_role(&iam, "Notifier", LAMBDA).unwrap();
    let code = |name: &str, trust: &str| create_role(&iam, name, trust).unwrap_err().code.into_owned();
    assert_eq!(code("notifier", LAMBDA), "EntityAlreadyExists");
    assert_eq!(code("a b", LAMBDA), "ValidationError");
    assert_eq!(code("other", "{"), "MalformedPolicyDocument");
    let with_resource = LAMBDA.replace("\"Action\"", "\"Resource\":\"*\",\"Action\"");
    let refused = create_role(&iam, "other", &with_resource).unwrap_err();
    assert!(refused.message.contains("Has prohibited field Resource"), "{}", refused.message);
}

#[test]
fn a_role_with_policies_stays() {
    let iam = Iam::default();
    create_role(&iam, "r", LAMBDA).unwrap();
    let on_role = |action: &str, more: &[(&str, &str)]| {
        let mut params = vec![("Action", action), ("RoleName", "r")];
        params.extend_from_slice(more);
        iam_call(&iam, &params)
    };
    let managed = ("PolicyArn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}"#;
    on_role("AttachRolePolicy", &[managed]).unwrap();
    on_role("PutRolePolicy", &[("PolicyName", "logs"), ("PolicyDocument", document)]).unwrap();
    let attached = on_role("ListAttachedRolePolicies", &[]).unwrap();
    assert_eq!(element(&attached, "PolicyName"), "AWSLambdaBasicExecutionRole");
    let inline = on_role("GetRolePolicy", &[("PolicyName", "logs")]).unwrap();
    assert!(element(&inline, "PolicyDocument").contains("logs%3A%2A"), "{inline}");

    let conflict = |expected: &str| {
        let error = on_role("DeleteRole", &[]).unwrap_err();
        assert_eq!((error.status, error.code.as_ref(), error.message.as_str()), (409, "DeleteConflict", expected));
    };
    conflict("Cannot delete entity, must detach all policies first.");
    on_role("DetachRolePolicy", &[managed]).unwrap();
    conflict("Cannot delete entity, must delete policies first.");
    on_role("DeleteRolePolicy", &[("PolicyName", "logs")]).unwrap();
    on_role("DeleteRole", &[]).unwrap();
    assert_eq!(on_role("GetRole", &[]).unwrap_err().to_string(), "NoSuchEntity: The role with name r cannot be found.");
}

#[test]
fn listings_go_on_where_the_page_ended() {
    let iam = Iam::default();
    for name in ["c", "a", "b"] {
        create_role(&iam, name, LAMBDA).unwrap();
    }
    let first = iam_call(&iam, &[("Action", "ListRoles"), ("MaxItems", "2")]).unwrap();
    assert_eq!(element(&first, "IsTruncated"), "true");
    let second = iam_call(&iam, &[("Action", "ListRoles"), ("Marker", element(&first, "Marker"))]).unwrap();
    assert_eq!((element(&second, "RoleName"), element(&second, "IsTruncated")), ("c", "false"));
}

#[test]
fn a_key_that_the_lab_issued_is_its_users_until_it_is_deleted() {
    let iam = Iam::default();
    iam_call(&iam, &[("Action", "CreateUser"), ("UserName", "alice")]).unwrap();
    let created = iam_call(&iam, &[("Action", "CreateAccessKey"), ("UserName", "alice")]).unwrap();
    let key = element(&created, "AccessKeyId");
    assert_eq!(key.len(), 20);
    let who = call(&iam, key, Service::Sts, &[("Action", "GetCallerIdentity")]).unwrap();
    assert_eq!(element(&who, "Arn"), "arn:aws:iam::111122223333:user/alice");
    let delete = [("Action", "DeleteUser"), ("UserName", "alice")];
    assert_eq!(iam_call(&iam, &delete).unwrap_err().code, "DeleteConflict");
    iam_call(&iam, &[("Action", "DeleteAccessKey"), ("UserName", "alice"), ("AccessKeyId", key)]).unwrap();
    iam_call(&iam, &delete).unwrap();
    assert_eq!(iam.check_usable(key, jiff::Timestamp::now()), Err(Unusable::Revoked), "nobody may use it any more");
}

#[test]
fn a_role_is_assumed_by_whom_its_trust_policy_names() {
    let iam = Iam::default();
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{ACCOUNT}:root"}},
        "Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":"drill"}}}}}}}}"#
    );
    create_role(&iam, "drill", &trust).unwrap();
    let arn = "arn:aws:iam::111122223333:role/drill";
    let assume = |account: &str, arn: &str, session: &str, id: &str| {
        let params = [("Action", "AssumeRole"), ("RoleArn", arn), ("RoleSessionName", session), ("ExternalId", id)];
        call(&iam, account, Service::Sts, &params)
    };
    let session = assume(ACCOUNT, arn, "me", "drill").unwrap();
    let key = element(&session, "AccessKeyId");
    assert!(key.starts_with("ASIA"), "{key}");
    let who = call(&iam, key, Service::Sts, &[("Action", "GetCallerIdentity")]).unwrap();
    assert_eq!(element(&who, "Arn"), "arn:aws:sts::111122223333:assumed-role/drill/me");
    assert!(element(&who, "UserId").ends_with(":me"));

    let denied = assume(OTHER, arn, "me", "drill").unwrap_err();
    let words = format!(
        "AccessDenied: User: arn:aws:iam::{OTHER}:user/lab-user is not authorized to perform: sts:AssumeRole on \
         resource: {arn}"
    );
    assert_eq!(denied.to_string(), words);
    assert_eq!(assume(ACCOUNT, arn, "me", "wrong").unwrap_err().code, "AccessDenied");
    assert_eq!(assume(ACCOUNT, "arn:aws:iam::111122223333:role/gone", "me", "drill").unwrap_err().code, "AccessDenied");
    assert_eq!(assume(ACCOUNT, arn, "a b", "drill").unwrap_err().code, "ValidationError");
    create_role(&iam, "for-lambda", LAMBDA).unwrap();
    let of_service = assume(ACCOUNT, "arn:aws:iam::111122223333:role/for-lambda", "me", "").unwrap_err();
    assert_eq!(of_service.code, "AccessDenied", "the account's own users are not what it trusts");
}

#[test]
fn what_the_lab_does_not_have_is_refused_by_name() {
    let iam = Iam::default();
    let login = iam_call(&iam, &[("Action", "CreateLoginProfile")]).unwrap_err();
    assert_eq!(
        (login.status, login.message.as_str()),
        (501, "the lab does not support the operation iam:CreateLoginProfile")
    );
    let federated = call(&iam, ACCOUNT, Service::Sts, &[("Action", "GetFederationToken"), ("Name", "x")]).unwrap_err();
    assert_eq!(federated.message, "the lab does not support the operation sts:GetFederationToken");
    let web = call(&iam, ACCOUNT, Service::Sts, &[("Action", "AssumeRoleWithWebIdentity")]).unwrap_err();
    assert_eq!(web.message, "the lab does not support the operation sts:AssumeRoleWithWebIdentity");
    let params = [
        ("Action", "CreateRole"),
        ("RoleName", "r"),
        ("AssumeRolePolicyDocument", LAMBDA),
        ("PermissionsBoundary", "arn:aws:iam::111122223333:policy/gone"),
    ];
    let boundary = iam_call(&iam, &params).unwrap_err();
    assert_eq!(
        boundary.to_string(),
        "NoSuchEntity: Policy arn:aws:iam::111122223333:policy/gone does not exist or is not attachable."
    );
}

#[test]
fn listings_say_less_than_the_resource_itself() {
    let iam = Iam::default();
    let boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let create: &[(&str, &str)] = &[
        ("Action", "CreateRole"),
        ("RoleName", "r"),
        ("AssumeRolePolicyDocument", LAMBDA),
        ("PermissionsBoundary", boundary),
    ];
    iam_call(&iam, create).unwrap();
    iam_call(&iam, &[("Action", "CreateUser"), ("UserName", "u"), ("PermissionsBoundary", boundary)]).unwrap();
    for (get, name, list) in [("GetRole", "RoleName", "ListRoles"), ("GetUser", "UserName", "ListUsers")] {
        let shown = iam_call(&iam, &[("Action", get), (name, &name[..1].to_lowercase())]).unwrap();
        assert!(shown.contains("<PermissionsBoundary>"), "{shown}");
        let listed = iam_call(&iam, &[("Action", list)]).unwrap();
        assert!(!listed.contains("<PermissionsBoundary>"), "{listed}");
    }
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let create = [("Action", "CreatePolicy"), ("PolicyName", "p"), ("PolicyDocument", document), ("Description", "d")];
    let made = iam_call(&iam, &create).unwrap();
    assert!(!made.contains("<Description>") && !made.contains("<Tags"), "{made}");
    let got = iam_call(&iam, &[("Action", "GetPolicy"), ("PolicyArn", element(&made, "Arn"))]).unwrap();
    assert!(got.contains("<Description>d</Description>") && got.contains("<Tags"), "{got}");
}

#[test]
fn tags_of_a_creation_are_checked() {
    let iam = Iam::default();
    let create = |tags: &[(String, String)]| {
        let mut params = vec![("Action", "CreateUser"), ("UserName", "u")];
        params.extend(tags.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        iam_call(&iam, &params).unwrap_err()
    };
    let numbered = |tags: &[(&str, &str)]| -> Vec<(String, String)> {
        let one = |(n, (key, value)): (usize, &(&str, &str))| {
            let name = format!("Tags.member.{}", n + 1);
            [(format!("{name}.Key"), (*key).to_owned()), (format!("{name}.Value"), (*value).to_owned())]
        };
        tags.iter().enumerate().flat_map(one).collect()
    };
    let long = "k".repeat(129);
    let many: Vec<String> = (0..51).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "v")).collect();
    for (tags, code, words) in [
        (
            numbered(&many),
            "ValidationError",
            "at 'tags' failed to satisfy constraint: Member must have length less than",
        ),
        (numbered(&[("a", "1"), ("A", "2")]), "InvalidInput", "Duplicate tag keys found."),
        (numbered(&[(&long, "1")]), "ValidationError", "Member must have length less than or equal to 128"),
        (numbered(&[("NOWAY!", "1")]), "ValidationError", "at 'tags.1.member.key' failed to satisfy constraint"),
    ] {
        let error = create(&tags);
        assert!(error.code == code && error.message.contains(words), "{error}");
    }
    iam_call(&iam, &[("Action", "CreateUser"), ("UserName", "u")]).unwrap();
    for key in [long.as_str(), "NOWAY!"] {
        let untag = [("Action", "UntagUser"), ("UserName", "u"), ("TagKeys.member.1", key)];
        let error = iam_call(&iam, &untag).unwrap_err();
        assert!(error.code == "ValidationError" && error.message.contains("at 'tagKeys' failed"), "{error}");
    }
}

#[test]
fn an_access_key_tells_its_account_to_whoever_asks() {
    let iam = Iam::default();
    iam_call(&iam, &[("Action", "CreateUser"), ("UserName", "u")]).unwrap();
    let key = iam_call(&iam, &[("Action", "CreateAccessKey"), ("UserName", "u")]).unwrap();
    let ask = |id: &str| call(&iam, OTHER, Service::Sts, &[("Action", "GetAccessKeyInfo"), ("AccessKeyId", id)]);
    assert_eq!(element(&ask(element(&key, "AccessKeyId")).unwrap(), "Account"), ACCOUNT);
    assert_eq!(ask("short").unwrap_err().code, "ValidationError");
}
