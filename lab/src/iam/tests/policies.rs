//! Managed policies, groups, instance profiles, service-linked roles and the simulator, as clients meet them.

use super::*;

const READ: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#;
const WRITE: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Put*","Resource":"*"}}"#;
const OWN: &str = "arn:aws:iam::111122223333:policy/team/p";

fn act(iam: &Iam, action: &str, more: &[(&str, &str)]) -> Result<String, AwsError> {
    let mut params = vec![("Action", action)];
    params.extend_from_slice(more);
    iam_call(iam, &params)
}

fn refusal(iam: &Iam, action: &str, more: &[(&str, &str)]) -> String {
    act(iam, action, more).unwrap_err().to_string()
}

fn create_policy(iam: &Iam) {
    let params = [("PolicyName", "p"), ("Path", "/team/"), ("PolicyDocument", READ)];
    let created = act(iam, "CreatePolicy", &params).unwrap();
    assert_eq!((element(&created, "Arn"), element(&created, "DefaultVersionId")), (OWN, "v1"));
    assert!(element(&created, "PolicyId").starts_with("ANPA"));
}

#[test]
fn a_policy_has_five_versions_of_which_one_is_in_force() {
    let iam = Iam::default();
    create_policy(&iam);
    let arn = ("PolicyArn", OWN);
    let next = |default| act(&iam, "CreatePolicyVersion", &[arn, ("PolicyDocument", WRITE), ("SetAsDefault", default)]);
    assert_eq!(element(&next("true").unwrap(), "VersionId"), "v2");
    for _ in 0..3 {
        next("false").unwrap();
    }
    assert!(next("false").unwrap_err().message.starts_with("A managed policy can have up to 5 versions."));
    let default = |iam: &Iam| element(&act(iam, "GetPolicy", &[arn]).unwrap(), "DefaultVersionId").to_owned();
    assert_eq!(default(&iam), "v2");
    let version = act(&iam, "GetPolicyVersion", &[arn, ("VersionId", "v2")]).unwrap();
    assert!(element(&version, "Document").contains("s3%3APut%2A"), "{version}");
    assert_eq!(
        refusal(&iam, "DeletePolicyVersion", &[arn, ("VersionId", "v2")]),
        "DeleteConflict: Cannot delete the default version of a policy."
    );
    act(&iam, "SetDefaultPolicyVersion", &[arn, ("VersionId", "v1")]).unwrap();
    assert_eq!(default(&iam), "v1");
    assert!(refusal(&iam, "DeletePolicy", &[arn]).contains("more than one version"));
    for version in ["v2", "v3", "v4", "v5"] {
        act(&iam, "DeletePolicyVersion", &[arn, ("VersionId", version)]).unwrap();
    }
    assert_eq!(element(&next("false").unwrap(), "VersionId"), "v6", "numbers are not used again");
    assert_eq!(
        refusal(&iam, "GetPolicyVersion", &[arn, ("VersionId", "v2")]),
        format!("NoSuchEntity: Policy {OWN} version v2 does not exist or is not attachable.")
    );
}

#[test]
fn a_policy_stays_while_somebody_has_it() {
    let iam = Iam::default();
    create_policy(&iam);
    let arn = ("PolicyArn", OWN);
    act(&iam, "CreateUser", &[("UserName", "alice"), ("PermissionsBoundary", OWN)]).unwrap();
    act(&iam, "CreateGroup", &[("GroupName", "ops")]).unwrap();
    act(&iam, "AttachGroupPolicy", &[("GroupName", "ops"), arn]).unwrap();
    let shown = act(&iam, "GetPolicy", &[arn]).unwrap();
    assert_eq!((element(&shown, "AttachmentCount"), element(&shown, "PermissionsBoundaryUsageCount")), ("1", "1"));
    let entities = act(&iam, "ListEntitiesForPolicy", &[arn]).unwrap();
    assert_eq!((element(&entities, "GroupName"), element(&entities, "UserName")), ("ops", "alice"));
    let conflict = "DeleteConflict: Cannot delete a policy attached to entities.";
    assert_eq!(refusal(&iam, "DeletePolicy", &[arn]), conflict);
    act(&iam, "DetachGroupPolicy", &[("GroupName", "ops"), arn]).unwrap();
    assert_eq!(refusal(&iam, "DeletePolicy", &[arn]), conflict, "as a boundary");
    act(&iam, "DeleteUserPermissionsBoundary", &[("UserName", "alice")]).unwrap();
    act(&iam, "DeletePolicy", &[arn]).unwrap();
    assert_eq!(refusal(&iam, "GetPolicy", &[arn]), format!("NoSuchEntity: Policy {OWN} was not found."));
    assert_eq!(
        refusal(&iam, "AttachUserPolicy", &[("UserName", "alice"), arn]),
        format!("NoSuchEntity: Policy {OWN} does not exist or is not attachable.")
    );
}

#[test]
fn wrong_policies_are_refused() {
    let iam = Iam::default();
    create_policy(&iam);
    let create = |name: &str, document: &str| {
        refusal(&iam, "CreatePolicy", &[("PolicyName", name), ("PolicyDocument", document)])
    };
    assert_eq!(
        create("P", READ),
        "EntityAlreadyExists: A policy called P already exists. Duplicate names are not allowed."
    );
    assert!(create("q", "{").starts_with("MalformedPolicyDocument: "));
    let actions: Vec<String> = (0..700).map(|number| format!("s3:Action{number}")).collect();
    let large =
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{actions:?},"Resource":"*"}}}}"#);
    assert_eq!(create("q", &large), "LimitExceeded: Cannot exceed quota for PolicySize: 6144");
    let aws = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    assert!(refusal(&iam, "DeletePolicy", &[aws]).starts_with("AccessDenied: "));
    assert!(refusal(&iam, "GetPolicy", &[("PolicyArn", "p")]).starts_with("InvalidInput: ARN p is not valid."));
    act(&iam, "CreateUser", &[("UserName", "alice")]).unwrap();
    assert!(
        refusal(&iam, "PutUserPolicy", &[("UserName", "alice"), ("PolicyName", "x"), ("PolicyDocument", &large)])
            .starts_with("LimitExceeded: Maximum policy size of 2048 bytes exceeded for user alice")
    );
    assert_eq!(
        refusal(&iam, "AttachUserPolicy", &[("RoleName", "alice"), aws]),
        "ValidationError: The parameter UserName is missing"
    );
}

#[test]
fn lists_tell_the_own_from_awss() {
    let iam = Iam::default();
    create_policy(&iam);
    let local = act(&iam, "ListPolicies", &[("Scope", "Local")]).unwrap();
    assert_eq!(local.matches("<PolicyName>").count(), 1);
    let aws = act(&iam, "ListPolicies", &[("Scope", "AWS"), ("PathPrefix", "/service-role/")]).unwrap();
    assert!(aws.contains("<PolicyName>AWSLambdaBasicExecutionRole</PolicyName>") && !aws.contains("ReadOnly"), "{aws}");
    create_role(&iam, "r", LAMBDA).unwrap();
    let managed = ("PolicyArn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole");
    act(&iam, "AttachRolePolicy", &[("RoleName", "r"), managed]).unwrap();
    let attached = act(&iam, "ListPolicies", &[("OnlyAttached", "true")]).unwrap();
    assert_eq!(attached.matches("<PolicyName>").count(), 1);
    let document = act(&iam, "GetPolicyVersion", &[managed, ("VersionId", "v1")]).unwrap();
    assert!(element(&document, "Document").contains("logs%3APutLogEvents"), "{document}");
}

#[test]
fn a_group_has_users_and_policies_and_stays_while_it_does() {
    let iam = Iam::default();
    act(&iam, "CreateGroup", &[("GroupName", "ops")]).unwrap();
    let group = ("GroupName", "ops");
    assert_eq!(
        refusal(&iam, "AddUserToGroup", &[group, ("UserName", "alice")]),
        "NoSuchEntity: The user with name alice cannot be found."
    );
    act(&iam, "CreateUser", &[("UserName", "alice")]).unwrap();
    act(&iam, "AddUserToGroup", &[group, ("UserName", "alice")]).unwrap();
    assert_eq!(element(&act(&iam, "GetGroup", &[group]).unwrap(), "UserName"), "alice");
    assert_eq!(element(&act(&iam, "ListGroupsForUser", &[("UserName", "alice")]).unwrap(), "GroupName"), "ops");
    assert!(refusal(&iam, "DeleteGroup", &[group]).starts_with("DeleteConflict: "));
    assert!(refusal(&iam, "DeleteUser", &[("UserName", "alice")]).contains("must remove users from group first"));
    act(&iam, "RemoveUserFromGroup", &[group, ("UserName", "alice")]).unwrap();
    act(&iam, "PutGroupPolicy", &[group, ("PolicyName", "p"), ("PolicyDocument", READ)]).unwrap();
    assert!(refusal(&iam, "DeleteGroup", &[group]).contains("must delete policies first"));
    act(&iam, "DeleteGroupPolicy", &[group, ("PolicyName", "p")]).unwrap();
    act(&iam, "DeleteGroup", &[group]).unwrap();
    act(&iam, "DeleteUser", &[("UserName", "alice")]).unwrap();
}

#[test]
fn an_instance_profile_has_one_role() {
    let iam = Iam::default();
    create_role(&iam, "r", LAMBDA).unwrap();
    create_role(&iam, "s", LAMBDA).unwrap();
    let profile = ("InstanceProfileName", "p");
    act(&iam, "CreateInstanceProfile", &[profile]).unwrap();
    act(&iam, "AddRoleToInstanceProfile", &[profile, ("RoleName", "r")]).unwrap();
    let second = refusal(&iam, "AddRoleToInstanceProfile", &[profile, ("RoleName", "s")]);
    assert_eq!(second, "LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1");
    let shown = act(&iam, "GetInstanceProfile", &[profile]).unwrap();
    assert_eq!(element(&shown, "RoleName"), "r");
    assert!(shown.contains("<Arn>arn:aws:iam::111122223333:instance-profile/p</Arn>"), "{shown}");
    assert_eq!(
        element(&act(&iam, "ListInstanceProfilesForRole", &[("RoleName", "r")]).unwrap(), "InstanceProfileName"),
        "p"
    );
    assert!(
        refusal(&iam, "DeleteRole", &[("RoleName", "r")]).contains("must remove roles from instance profile first")
    );
    assert!(refusal(&iam, "DeleteInstanceProfile", &[profile]).starts_with("DeleteConflict: "));
    act(&iam, "RemoveRoleFromInstanceProfile", &[profile, ("RoleName", "r")]).unwrap();
    act(&iam, "DeleteInstanceProfile", &[profile]).unwrap();
    assert_eq!(refusal(&iam, "GetInstanceProfile", &[profile]), "NoSuchEntity: Instance Profile p cannot be found.");
}

#[test]
fn a_service_linked_role_is_awss_to_change() {
    let iam = Iam::default();
    let service = ("AWSServiceName", "cloudtrail.amazonaws.com");
    let created = act(&iam, "CreateServiceLinkedRole", &[service]).unwrap();
    let arn = "arn:aws:iam::111122223333:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail";
    assert_eq!(element(&created, "Arn"), arn);
    assert!(refusal(&iam, "CreateServiceLinkedRole", &[service]).starts_with("InvalidInput: Service role name "));
    let role = ("RoleName", "AWSServiceRoleForCloudTrail");
    assert!(refusal(&iam, "DeleteRole", &[role]).starts_with("UnmodifiableEntity: "));
    let policy = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    assert!(refusal(&iam, "AttachRolePolicy", &[role, policy]).starts_with("UnmodifiableEntity: "));
    let task = act(&iam, "DeleteServiceLinkedRole", &[role]).unwrap();
    let task = ("DeletionTaskId", element(&task, "DeletionTaskId"));
    assert_eq!(element(&act(&iam, "GetServiceLinkedRoleDeletionStatus", &[task]).unwrap(), "Status"), "SUCCEEDED");
    assert!(act(&iam, "CreateServiceLinkedRole", &[("AWSServiceName", "x.amazonaws.com")]).unwrap_err().status == 501);
}

#[test]
fn the_simulator_says_what_would_be_allowed_and_which_key_it_misses() {
    let iam = Iam::default();
    act(&iam, "CreateUser", &[("UserName", "alice")]).unwrap();
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"ec2:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"ap-northeast-2"}}},
        {"Effect":"Deny","Action":"ec2:TerminateInstances","Resource":"*"}]}"#;
    act(&iam, "PutUserPolicy", &[("UserName", "alice"), ("PolicyName", "p"), ("PolicyDocument", document)]).unwrap();
    let simulate = |action: &str, more: &[(&str, &str)]| {
        let mut params =
            vec![("PolicySourceArn", "arn:aws:iam::111122223333:user/alice"), ("ActionNames.member.1", action)];
        params.extend_from_slice(more);
        act(&iam, "SimulatePrincipalPolicy", &params).unwrap()
    };
    let region = [
        ("ContextEntries.member.1.ContextKeyName", "aws:RequestedRegion"),
        ("ContextEntries.member.1.ContextKeyType", "string"),
        ("ContextEntries.member.1.ContextKeyValues.member.1", "ap-northeast-2"),
    ];
    let without = simulate("ec2:RunInstances", &[]);
    assert_eq!(element(&without, "EvalDecision"), "implicitDeny");
    assert!(without.contains("<MissingContextValues><member>aws:RequestedRegion</member>"), "{without}");
    let allowed = simulate("ec2:RunInstances", &region);
    assert_eq!((element(&allowed, "EvalDecision"), element(&allowed, "SourcePolicyId")), ("allowed", "user_alice_p"));
    assert_eq!(element(&simulate("ec2:TerminateInstances", &region), "EvalDecision"), "explicitDeny");

    let boundary = [("PermissionsBoundaryPolicyInputList.member.1", READ)];
    let bounded = simulate("ec2:RunInstances", &[&region[..], &boundary[..]].concat());
    assert_eq!(
        (element(&bounded, "EvalDecision"), element(&bounded, "AllowedByPermissionsBoundary")),
        ("implicitDeny", "false")
    );
    let custom = [
        ("PolicyInputList.member.1", READ),
        ("ActionNames.member.1", "s3:GetObject"),
        ("ActionNames.member.2", "s3:PutObject"),
    ];
    let custom = act(&iam, "SimulateCustomPolicy", &custom).unwrap();
    assert_eq!(
        (element(&custom, "EvalDecision"), element(&custom, "SourcePolicyId")),
        ("allowed", "PolicyInputList.1")
    );
    assert!(custom.contains("implicitDeny"), "{custom}");
}

#[test]
fn a_simulation_decides_what_it_shows_and_no_more() {
    let iam = Iam::default();
    let names: Vec<_> = (0..2000).map(|n| (format!("ActionNames.member.{n}"), format!("s3:Action{n}"))).collect();
    let resources: Vec<_> =
        (0..2000).map(|n| (format!("ResourceArns.member.{n}"), format!("arn:aws:s3:::bucket/{n}"))).collect();
    let mut form: Vec<(&str, &str)> =
        names.iter().chain(&resources).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.extend([("MaxItems", "2"), ("PolicyInputList.member.1", READ)]);
    let page = act(&iam, "SimulateCustomPolicy", &form).unwrap();
    assert_eq!(page.matches("<EvalActionName>s3:Action0</EvalActionName>").count(), 2, "{page}");
    assert_eq!(element(&page, "Marker"), "00000001");
    form.push(("Marker", "03999998"));
    let last = act(&iam, "SimulateCustomPolicy", &form).unwrap();
    assert_eq!((element(&last, "EvalActionName"), element(&last, "IsTruncated")), ("s3:Action1999", "false"));

    let large = READ.replace("\"Resource\"", &format!("\"Sid\":\"{}\",\"Resource\"", "x".repeat(100_000)));
    let crowd = [&form[..names.len() + resources.len()], &[("MaxItems", "1000"), ("PolicyInputList.member.1", &large)]];
    let refused = act(&iam, "SimulateCustomPolicy", &crowd.concat()).unwrap_err().to_string();
    assert!(refused.contains("ask for fewer with MaxItems"), "{refused}");
    let long = "x".repeat(2049);
    let long = [
        ("ActionNames.member.1", "s3:GetObject"),
        ("ResourceArns.member.1", &long),
        ("PolicyInputList.member.1", READ),
    ];
    let refused = act(&iam, "SimulateCustomPolicy", &long).unwrap_err().to_string();
    assert!(refused.contains("length less than or equal to 2048"), "{refused}");
}

#[test]
fn a_session_expires_and_a_key_can_be_turned_off() {
    let iam = Iam::default();
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession"]}}"#;
    create_role(&iam, "drill", trust).unwrap();
    let params = [
        ("Action", "AssumeRole"),
        ("RoleArn", "arn:aws:iam::111122223333:role/drill"),
        ("RoleSessionName", "me"),
        ("DurationSeconds", "900"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "red"),
    ];
    let session = call(&iam, ACCOUNT, Service::Sts, &params).unwrap();
    let key = element(&session, "AccessKeyId");
    let in_seconds = |seconds: i64| jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    assert_eq!(iam.check_usable(key, in_seconds(890)), Ok(()));
    assert_eq!(iam.check_usable(key, in_seconds(901)), Err(Unusable::Expired));
    let said = |service| Unusable::Expired.refusal(service).to_string();
    assert_eq!(said(Service::Sts), "ExpiredToken: The security token included in the request is expired");
    assert_eq!(said(Service::Events), "ExpiredTokenException: The security token included in the request is expired");
    assert_eq!(said(Service::S3), "ExpiredToken: The provided token has expired.");
    assert_eq!(said(Service::Ec2), "RequestExpired: Request has expired.");

    act(&iam, "CreateUser", &[("UserName", "alice")]).unwrap();
    let created = act(&iam, "CreateAccessKey", &[("UserName", "alice")]).unwrap();
    let key = element(&created, "AccessKeyId");
    let turn =
        |status| act(&iam, "UpdateAccessKey", &[("UserName", "alice"), ("AccessKeyId", key), ("Status", status)]);
    turn("Inactive").unwrap();
    assert_eq!(iam.check_usable(key, in_seconds(0)), Err(Unusable::Revoked));
    turn("Active").unwrap();
    assert_eq!(iam.check_usable(key, in_seconds(0)), Ok(()));
}
