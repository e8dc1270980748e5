//! What AWS refuses, in its words and with the place.

use super::*;

fn statement() -> Value {
    json!({"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"})
}

/// The statement with one field replaced, or removed when the value is null.
fn with(field: &str, value: Value) -> Value {
    let mut statement = statement();
    match value {
        Value::Null => drop(statement.as_object_mut().unwrap().remove(field)),
        value => statement[field] = value,
    }
    statement
}

/// IAM User Guide, *Grammar of the IAM JSON policy language*.
#[test]
fn errors_say_what_and_where() {
    let rows = [
        (with("Effect", json!("Alow")), "Statement.Effect: Invalid effect: Alow (neither Allow nor Deny)"),
        (with("Effect", Value::Null), "Statement: Missing required field Effect"),
        (with("Principal", Value::Null), "Statement: Missing required field Principal"),
        (with("Action", Value::Null), "Statement: Missing required field Action"),
        (with("Resource", Value::Null), "Statement: Missing required field Resource"),
        (with("Conditions", json!({})), "Statement.Conditions: Unknown field Conditions"),
        (with("Sid", json!(1)), "Statement.Sid: Syntax errors in policy. (expected a string)"),
        (
            with("NotAction", json!("sns:Publish")),
            "Statement.NotAction: Syntax errors in policy. (Action and NotAction exclude each other)",
        ),
        (with("Action", json!([])), "Statement.Action: Policy statement must contain actions."),
        (
            with("Action", json!(["sns:Publish", "Publish"])),
            "Statement.Action[1]: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (Publish)",
        ),
        (with("Action", json!("s*:Publish")), "Statement.Action: Vendor s* is not valid (s*:Publish)"),
        (with("Resource", json!([])), "Statement.Resource: Policy statement must contain resources."),
        (
            with("Resource", json!("sns-alarm")),
            "Statement.Resource: Resource sns-alarm must be in ARN format or \"*\".",
        ),
        (
            with("Principal", json!("events.amazonaws.com")),
            "Statement.Principal: Invalid principal in policy: \"events.amazonaws.com\"",
        ),
        (with("Principal", json!({})), "Statement.Principal: Invalid principal in policy: {}"),
        (
            with("Principal", json!({"AWS": "arn:aws:iam::111122223333:user/a*"})),
            "Statement.Principal.AWS: Invalid principal in policy: \"AWS\":\"arn:aws:iam::111122223333:user/a*\"",
        ),
        (
            with("Principal", json!({"Service": ["sns.amazonaws.com", "*"]})),
            "Statement.Principal.Service[1]: Invalid principal in policy: \"SERVICE\":\"*\"",
        ),
        (
            with("Principal", json!({"Services": "sns.amazonaws.com"})),
            "Statement.Principal.Services: Invalid principal in policy: unknown kind Services",
        ),
        (
            with("Condition", json!({"StringEqual": {"aws:SourceArn": "a"}})),
            "Statement.Condition.StringEqual: Invalid Condition type : StringEqual",
        ),
        (
            with("Condition", json!({"NullIfExists": {"aws:SourceArn": "true"}})),
            "Statement.Condition.NullIfExists: Invalid Condition type : NullIfExists",
        ),
        (
            with("Condition", json!({"StringEquals": {"SourceArn": "a"}})),
            "Statement.Condition.StringEquals.SourceArn: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (
            with("Condition", json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "203.0.113.0/33"]}})),
            "Statement.Condition.IpAddress.aws:SourceIp: Invalid value for the condition operator IpAddress: \
             \"203.0.113.0/33\" is not an IP address or a CIDR range",
        ),
        (
            with("Condition", json!({"StringEquals": {"aws:SourceArn": [null]}})),
            "Statement.Condition.StringEquals.aws:SourceArn[0]: Syntax errors in policy. (expected a string, a number or \
             a Boolean, or a list of these)",
        ),
        (
            json!([statement(), with("Effect", json!("allow"))]),
            "Statement[1].Effect: Invalid effect: allow (neither Allow nor Deny)",
        ),
        (
            json!([with("Sid", json!("a")), with("Sid", json!("a"))]),
            "Statement[1].Sid: Statement IDs (SID) in a single policy must be unique. (a)",
        ),
        (json!([]), "Statement: Syntax errors in policy. (there is no statement)"),
        (json!("text"), "Statement: Syntax errors in policy. (expected an object)"),
    ];
    for (statement, expected) in rows {
        let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let error = Policy::parse(&text).unwrap_err();
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn errors_of_the_whole_policy() {
    let rows = [
        (r#"{"Statement": "#, "line 1, column 14: This policy contains invalid Json (EOF while parsing a value)"),
        (
            r#"{"Statement": [], "Statement": []}"#,
            "line 1, column 29: This policy contains invalid Json (the key \"Statement\" is there twice)",
        ),
        ("[]", "Syntax errors in policy. (expected an object)"),
        ("{}", "Missing required field Statement"),
        (r#"{"statement": []}"#, "statement: Unknown field statement"),
        (
            r#"{"Version": "2012-10-18", "Statement": []}"#,
            "Version: The policy must contain a valid version string: 2012-10-17 or 2008-10-17, not \"2012-10-18\"",
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(Policy::parse(text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_trust_policy_has_no_resource() {
    let trust = PolicyDocument::trust("lambda.amazonaws.com").to_json();
    let policy = Policy::parse_as(&trust, PolicyKind::Trust).unwrap();
    let assume = |service: &str| {
        RequestContext::new(Principal::service(service), "sts:AssumeRole", "arn:aws:iam::111122223333:role/lambda")
    };
    assert!(policy.evaluate(&assume("lambda.amazonaws.com")).is_allowed());
    assert!(!policy.evaluate(&assume("events.amazonaws.com")).is_allowed());
    assert_eq!(Policy::parse(&trust).unwrap_err().message(), "Missing required field Resource");
    let error = |statement: Value| {
        let text = json!({"Statement": statement}).to_string();
        Policy::parse_as(&text, PolicyKind::Trust).unwrap_err().to_string()
    };
    assert_eq!(error(with("Action", json!("sts:AssumeRole"))), "Statement.Resource: Has prohibited field Resource");
    assert_eq!(
        error(statement()),
        "Statement.Action: AssumeRole policy may only specify STS AssumeRole actions. (sns:Publish)"
    );
}

/// IAM: `Policy document should not specify a principal.`
#[test]
fn an_identity_policy_has_no_principal() {
    let logs =
        json!({"Statement": {"Effect": "Allow", "Action": "logs:*", "Resource": "arn:aws:logs:*:*:*"}}).to_string();
    let policy = Policy::parse_as(&logs, PolicyKind::Identity).unwrap();
    let session = Principal::aws("arn:aws:sts::111122223333:assumed-role/lambda/f");
    let put = |resource: &str| RequestContext::new(session.clone(), "logs:PutLogEvents", resource);
    assert!(policy.evaluate(&put("arn:aws:logs:ap-northeast-2:111122223333:log-group:/aws/lambda/f")).is_allowed());
    assert!(!policy.evaluate(&put(TOPIC)).is_allowed());
    let text = json!({"Statement": statement()}).to_string();
    let error = Policy::parse_as(&text, PolicyKind::Identity).unwrap_err();
    assert_eq!(error.to_string(), "Statement.Principal: Policy document should not specify a principal.");
}

#[test]
fn the_text_is_kept() {
    let text = format!("  {} ", json!({"Id": "x", "Statement": statement()}));
    let policy = Policy::parse(&text).unwrap();
    assert_eq!((policy.text(), policy.id(), policy.version()), (text.as_str(), Some("x"), Version::V2008));
}

/// SNS refuses a wildcard, and any action that is not a topic's: `Policy statement action out of service scope!`.
#[test]
fn actions_out_of_scope() {
    let check = |action: &str| policy(with("Action", json!(action))).check_action_scope(&SNS_TOPIC_ACTIONS);
    assert_eq!(check("sns:publish"), Ok(()));
    for action in ["SNS:*", "sns:CreateTopic", "sqs:SendMessage", "*"] {
        let error = check(action).unwrap_err();
        assert_eq!(error.location(), "Statement[0].Action");
        assert_eq!(error.message(), "Policy statement action out of service scope!");
    }
}

/// Each service has its own words for what is wrong, so that it must know which part it is.
#[test]
fn errors_tell_which_part_is_wrong() {
    let rows = [
        (with("Effect", json!("Alow")), Fault::Effect),
        (with("Effect", Value::Null), Fault::Missing),
        (with("Principal", json!({"AWS": "nobody"})), Fault::Principal),
        (with("Action", json!(["sns:Publish", "Publish"])), Fault::Action),
        (with("Resource", json!("alarm")), Fault::Resource),
        (with("Conditions", json!({})), Fault::Unknown),
        (with("Condition", json!({"StringEqual": {"aws:SourceArn": "a"}})), Fault::Operator),
        (with("Condition", json!({"StringEquals": {"SourceArn": "a"}})), Fault::Condition),
        (json!([statement(), with("Sid", json!(1))]), Fault::Syntax),
        (json!("text"), Fault::Syntax),
    ];
    for (statement, fault) in rows {
        let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        assert_eq!(Policy::parse(&text).unwrap_err().fault(), fault, "{text}");
    }
    assert_eq!(Policy::parse("{").unwrap_err().fault(), Fault::Json);
    assert_eq!(Policy::parse(r#"{"Version": "2013", "Statement": []}"#).unwrap_err().fault(), Fault::Version);
}
