//! Calls through the lab's own door, by keys that it issued, in a lab that enforces IAM.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::http::Request;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::cloud::Cloud;
use crate::gateway;
use crate::identity::IssuedTo;

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";
const REGION: &str = "ap-northeast-2";
const USER: &str = "arn:aws:iam::111122223333:user/alice";

struct Lab(Arc<Cloud>);

impl Lab {
    fn new() -> Self {
        Self(Arc::new(Cloud::new(true)))
    }

    async fn send(
        &self,
        key: &str,
        service: &str,
        request: axum::http::request::Builder,
        body: String,
    ) -> (u16, String) {
        let credential = format!("AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/{service}/aws4_request");
        let (parts, ()) = request.header("authorization", credential).body(()).unwrap().into_parts();
        let reply = gateway::serve(&self.0, &parts, Bytes::from(body), Ipv4Addr::LOCALHOST.into()).await;
        (reply.status.as_u16(), String::from_utf8(reply.body.to_vec()).unwrap())
    }

    /// A call of a query protocol.
    async fn query(&self, key: &str, service: &str, params: &[(&str, &str)]) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
        self.send(key, service, request, form).await
    }

    /// A call of a JSON protocol.
    async fn json(&self, key: &str, service: &str, target: &str, input: Value) -> (u16, String) {
        self.send(key, service, Request::post("/").header("x-amz-target", target), input.to_string()).await
    }

    async fn iam(&self, params: &[(&str, &str)]) -> String {
        let (status, body) = self.query(ACCOUNT, "iam", params).await;
        assert_eq!(status, 200, "{params:?}: {body}");
        body
    }

    /// A key of a new user.
    async fn user(&self, account: &str, name: &str) -> String {
        let (_, body) = self.query(account, "iam", &[("Action", "CreateUser"), ("UserName", name)]).await;
        assert!(body.contains("<UserId>"), "{body}");
        let (_, body) = self.query(account, "iam", &[("Action", "CreateAccessKey"), ("UserName", name)]).await;
        super::element(&body, "AccessKeyId").to_owned()
    }

    async fn allow(&self, name: &str, statement: Value) {
        let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let params =
            [("Action", "PutUserPolicy"), ("UserName", name), ("PolicyName", "p"), ("PolicyDocument", &document)];
        self.iam(&params).await;
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": action, "Resource": resource })
}

#[tokio::test]
async fn each_service_refuses_in_its_own_words() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    let queries = [
        ("ec2", "DescribeInstances", 403, "UnauthorizedOperation", "ec2:DescribeInstances because"),
        (
            "sns",
            "ListTopics",
            403,
            "AuthorizationError",
            "SNS:ListTopics on resource: arn:aws:sns:ap-northeast-2:111122223333:* because",
        ),
        ("iam", "ListUsers", 403, "AccessDenied", "iam:ListUsers on resource: arn:aws:iam::111122223333:user/ because"),
    ];
    for (service, operation, status, code, words) in queries {
        let (seen, body) = lab.query(&key, service, &[("Action", operation)]).await;
        assert_eq!(seen, status, "{body}");
        assert!(body.contains(&format!("<Code>{code}</Code>")), "{body}");
        let sentence =
            format!("User: {USER} is not authorized to perform: {words} no identity-based policy allows the ");
        assert!(body.contains(&sentence), "{body}");
    }
    let jsons = [
        (
            "sqs",
            "AmazonSQS.CreateQueue",
            json!({"QueueName": "q"}),
            403,
            "AccessDenied",
            "sqs:createqueue on resource: arn:aws:sqs:ap-northeast-2:111122223333:q ",
        ),
        (
            "events",
            "AWSEvents.DeleteRule",
            json!({"Name": "r"}),
            400,
            "AccessDeniedException",
            "events:DeleteRule on resource: arn:aws:events:ap-northeast-2:111122223333:rule/r ",
        ),
        (
            "events",
            "AWSEvents.PutRule",
            json!({"Name": "r", "EventBusName": "b"}),
            400,
            "AccessDeniedException",
            "rule/b/r ",
        ),
        (
            "cloudtrail",
            "CloudTrail_20131101.StopLogging",
            json!({"Name": "t"}),
            400,
            "AccessDeniedException",
            "cloudtrail:StopLogging on resource: arn:aws:cloudtrail:ap-northeast-2:111122223333:trail/t ",
        ),
        (
            "logs",
            "Logs_20140328.CreateLogStream",
            json!({"logGroupName": "g", "logStreamName": "s"}),
            400,
            "AccessDeniedException",
            "log-group:g:log-stream:s ",
        ),
    ];
    for (service, target, input, status, code, words) in jsons {
        let (seen, body) = lab.json(&key, service, target, input).await;
        assert_eq!(seen, status, "{body}");
        assert!(body.contains(code) && body.contains(words), "{body}");
    }
    let (status, body) = lab.send(&key, "s3", Request::get("/bucket/a%20b"), String::new()).await;
    assert_eq!(status, 403);
    assert!(body.contains("s3:GetObject on resource: &quot;arn:aws:s3:::bucket/a b&quot; because"), "{body}");
    let (status, body) =
        lab.send(&key, "lambda", Request::post("/2015-03-31/functions/f/invocations"), String::new()).await;
    assert_eq!(status, 403);
    assert!(
        body.contains(
            "lambda:InvokeFunction on resource: arn:aws:lambda:ap-northeast-2:111122223333:function:f because"
        ),
        "{body}"
    );
}

#[tokio::test]
async fn a_key_of_nobodys_may_do_everything_as_ever() {
    let lab = Lab::new();
    for key in [ACCOUNT, "test", ""] {
        let (status, body) = lab.query(key, "ec2", &[("Action", "DescribeVpcs")]).await;
        assert_eq!(status, 200, "{key}: {body}");
    }
}

#[tokio::test]
async fn without_enforcement_policies_are_kept_and_not_asked() {
    let lab = Lab(Arc::new(Cloud::new(false)));
    let key = lab.user(ACCOUNT, "alice").await;
    assert_eq!(lab.query(&key, "ec2", &[("Action", "DescribeVpcs")]).await.0, 200);
}

#[tokio::test]
async fn a_group_that_is_named_by_its_name_is_the_one_of_its_id() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    let create = [("Action", "CreateSecurityGroup"), ("GroupName", "g"), ("GroupDescription", "d")];
    let (_, created) = lab.query(ACCOUNT, "ec2", &create).await;
    let id = super::element(&created, "groupId").to_owned();
    let open = |name: &'static str, value: String| {
        let lab = &lab;
        let key = key.clone();
        async move {
            let rule = [("IpProtocol", "tcp"), ("FromPort", "22"), ("ToPort", "22"), ("CidrIp", "203.0.113.0/24")];
            let mut params =
                vec![("Action", "AuthorizeSecurityGroupIngress"), (name, value.as_str()), ("DryRun", "true")];
            params.extend(rule);
            let (_, body) = lab.query(&key, "ec2", &params).await;
            super::element(&body, "Code").to_owned()
        }
    };
    assert_eq!(open("GroupId", id.clone()).await, "UnauthorizedOperation", "before the dry run says that all is well");
    lab.allow("alice", allow("ec2:Authorize*", &format!("arn:aws:ec2:*:*:security-group/{id}"))).await;
    assert_eq!(open("GroupId", id.clone()).await, "DryRunOperation");
    assert_eq!(open("GroupName", "g".to_owned()).await, "DryRunOperation");
    assert_eq!(open("GroupName", "default".to_owned()).await, "UnauthorizedOperation");
}

#[tokio::test]
async fn tags_of_resources_and_requests_are_condition_keys() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    let create =
        |name: &'static str| [("Action", "CreateSecurityGroup"), ("GroupName", name), ("GroupDescription", "d")];
    let (_, created) = lab.query(ACCOUNT, "ec2", &create("g")).await;
    let id = super::element(&created, "groupId").to_owned();
    let delete = [("Action", "DeleteSecurityGroup"), ("GroupId", id.as_str())];
    let if_tagged = |key: &str| json!({ "StringEquals": { key: "drill" } });
    let mut statement = allow("ec2:DeleteSecurityGroup", "*");
    statement["Condition"] = if_tagged("aws:ResourceTag/purpose");
    let mut tagging = allow("ec2:CreateTags", "*");
    tagging["Condition"] = if_tagged("aws:RequestTag/purpose");
    lab.allow("alice", json!([statement, tagging])).await;

    let (_, body) = lab.query(&key, "ec2", &delete).await;
    assert!(body.contains("UnauthorizedOperation"), "{body}");
    let tag = |value: &'static str| {
        [("Action", "CreateTags"), ("ResourceId.1", id.as_str()), ("Tag.1.Key", "purpose"), ("Tag.1.Value", value)]
    };
    assert_eq!(lab.query(&key, "ec2", &tag("other")).await.0, 403);
    assert_eq!(lab.query(&key, "ec2", &tag("drill")).await.0, 200);
    assert_eq!(lab.query(&key, "ec2", &delete).await.0, 200);
}

#[tokio::test]
async fn a_topics_policy_lets_a_user_in_that_has_no_policy() {
    let lab = Lab::new();
    let (alice, eve) = (lab.user(ACCOUNT, "alice").await, lab.user(OTHER, "eve").await);
    let (_, created) = lab.query(ACCOUNT, "sns", &[("Action", "CreateTopic"), ("Name", "t")]).await;
    let topic = super::element(&created, "TopicArn").to_owned();
    let publish = [("Action", "Publish"), ("TopicArn", topic.as_str()), ("Message", "m")];
    assert_eq!(lab.query(&alice, "sns", &publish).await.0, 403, "the default policy grants nothing to a user");

    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "AWS": [USER, format!("arn:aws:iam::{OTHER}:user/eve")] },
        "Action": "sns:Publish", "Resource": topic,
    } })
    .to_string();
    let set = [
        ("Action", "SetTopicAttributes"),
        ("TopicArn", topic.as_str()),
        ("AttributeName", "Policy"),
        ("AttributeValue", &policy),
    ];
    assert_eq!(lab.query(ACCOUNT, "sns", &set).await.0, 200);
    assert_eq!(lab.query(&alice, "sns", &publish).await.0, 200);
    let (_, body) = lab.query(&eve, "sns", &publish).await;
    assert!(body.contains("because no identity-based policy allows the SNS:Publish action"), "{body}");
    let admin = [
        ("Action", "AttachUserPolicy"),
        ("UserName", "eve"),
        ("PolicyArn", "arn:aws:iam::aws:policy/AmazonSNSFullAccess"),
    ];
    assert_eq!(lab.query(OTHER, "iam", &admin).await.0, 200);
    assert_eq!(lab.query(&eve, "sns", &publish).await.0, 200);
}

#[tokio::test]
async fn a_role_is_assumed_by_who_may_and_whom_it_trusts_and_its_session_is_its_own() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    let trust = |principal: &str| {
        json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" } })
        .to_string()
    };
    let root = trust(&format!("arn:aws:iam::{ACCOUNT}:root"));
    lab.iam(&[("Action", "CreateRole"), ("RoleName", "drill"), ("Path", "/ops/"), ("AssumeRolePolicyDocument", &root)])
        .await;
    let reader = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
    lab.iam(&[("Action", "AttachRolePolicy"), ("RoleName", "drill"), ("PolicyArn", reader)]).await;
    let arn = "arn:aws:iam::111122223333:role/ops/drill";
    let assume = [("Action", "AssumeRole"), ("RoleArn", arn), ("RoleSessionName", "me")];
    let (status, body) = lab.query(&key, "sts", &assume).await;
    assert_eq!(status, 403, "that the role trusts the account lets the account's policies decide");
    assert!(body.contains(&format!("not authorized to perform: sts:AssumeRole on resource: {arn}<")), "{body}");
    lab.allow("alice", allow("sts:AssumeRole", arn)).await;
    let (status, body) = lab.query(&key, "sts", &assume).await;
    assert_eq!(status, 200, "{body}");
    let session = super::element(&body, "AccessKeyId").to_owned();
    assert_eq!(lab.query(&session, "ec2", &[("Action", "DescribeVpcs")]).await.0, 200);
    let (_, body) = lab.query(&session, "ec2", &[("Action", "CreateVpc"), ("CidrBlock", "10.0.0.0/16")]).await;
    assert!(body.contains("User: arn:aws:sts::111122223333:assumed-role/drill/me is not authorized"), "{body}");

    let narrow = json!({ "Version": "2012-10-17", "Statement": allow("ec2:DescribeVpcs", "*") }).to_string();
    let mut limited = assume.to_vec();
    limited.push(("Policy", &narrow));
    let (_, body) = lab.query(&key, "sts", &limited).await;
    let session = super::element(&body, "AccessKeyId").to_owned();
    assert_eq!(lab.query(&session, "ec2", &[("Action", "DescribeVpcs")]).await.0, 200);
    let (_, body) = lab.query(&session, "ec2", &[("Action", "DescribeSubnets")]).await;
    assert!(body.contains("because no session policy allows the ec2:DescribeSubnets action"), "{body}");
    lab.iam(&[("Action", "DetachRolePolicy"), ("RoleName", "drill"), ("PolicyArn", reader)]).await;
    assert_eq!(
        lab.query(&session, "ec2", &[("Action", "DescribeVpcs")]).await.0,
        403,
        "the role's policies are asked anew"
    );
}

#[tokio::test]
async fn handing_over_a_role_takes_pass_role() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    lab.allow("alice", allow("lambda:*", "*")).await;
    let role = "arn:aws:iam::111122223333:role/r";
    let input = json!({ "FunctionName": "f", "Role": role, "Runtime": "python3.13", "Handler": "a.b", "Code": {} });
    let create = || lab.send(&key, "lambda", Request::post("/2015-03-31/functions"), input.to_string());
    let (status, body) = create().await;
    assert_eq!(status, 403);
    assert!(body.contains(&format!("iam:PassRole on resource: {role} because")), "{body}");
    let mut pass = allow("iam:PassRole", role);
    pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": "lambda.amazonaws.com" } });
    lab.allow("alice", json!([allow("lambda:*", "*"), pass])).await;
    let (_, body) = create().await;
    assert!(!body.contains("PassRole"), "{body}");
}

#[tokio::test]
async fn what_ec2_says_in_code_can_be_read() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    let (_, body) =
        lab.query(&key, "ec2", &[("Action", "TerminateInstances"), ("InstanceId.1", "i-0123456789abcdef0")]).await;
    let code = body.split_once("failure message: ").unwrap().1.split_once('<').unwrap().0;
    let (_, body) =
        lab.query(ACCOUNT, "sts", &[("Action", "DecodeAuthorizationMessage"), ("EncodedMessage", code)]).await;
    let decoded = super::element(&body, "DecodedMessage").replace("&quot;", "\"");
    let decoded: Value = serde_json::from_str(&decoded).unwrap();
    assert_eq!(decoded["context"]["action"], "ec2:TerminateInstances");
    assert_eq!(decoded["context"]["resource"], "arn:aws:ec2:ap-northeast-2:111122223333:instance/i-0123456789abcdef0");
    assert_eq!(decoded["explicitDeny"], false);
    let (status, _) =
        lab.query(ACCOUNT, "sts", &[("Action", "DecodeAuthorizationMessage"), ("EncodedMessage", "x")]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_refused_call_is_recorded_with_its_error() {
    let lab = Lab::new();
    let key = lab.user(ACCOUNT, "alice").await;
    lab.query(&key, "ec2", &[("Action", "DeleteSecurityGroup"), ("GroupId", "sg-0123456789abcdef0")]).await;
    let input =
        json!({ "LookupAttributes": [{ "AttributeKey": "EventName", "AttributeValue": "DeleteSecurityGroup" }] });
    let (_, body) = lab.json(ACCOUNT, "cloudtrail", "CloudTrail_20131101.LookupEvents", input).await;
    let found: Value = serde_json::from_str(&body).unwrap();
    let record: Value = serde_json::from_str(found["Events"][0]["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(record["errorCode"], "Client.UnauthorizedOperation");
    assert_eq!(record["userIdentity"]["userName"], "alice");
    assert_eq!(record["responseElements"], Value::Null);
}

/// Source: "Using source function ARN to control function access behavior" in the Lambda developer guide.
#[tokio::test]
async fn a_function_is_told_by_its_arn_from_whoever_else_takes_on_its_role() {
    let lab = Lab::new();
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "AWS": ACCOUNT, "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole",
    } });
    let trust = trust.to_string();
    lab.iam(&[("Action", "CreateRole"), ("RoleName", "closer"), ("AssumeRolePolicyDocument", &trust)]).await;
    let function_arn = "arn:aws:lambda:ap-northeast-2:111122223333:function:closer";
    let document = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*",
        "Condition": { "ArnEquals": { "lambda:SourceFunctionArn": function_arn } },
    } });
    let document = document.to_string();
    let policy =
        [("Action", "PutRolePolicy"), ("RoleName", "closer"), ("PolicyName", "p"), ("PolicyDocument", &document)];
    lab.iam(&policy).await;
    let arn = "arn:aws:iam::111122223333:role/closer";
    let role = lab.0.iam.role(arn).unwrap();
    let of = |function_arn: &str| {
        let issued_to = IssuedTo { function_arn: function_arn.to_owned(), version: "1".to_owned() };
        lab.0.iam.session(&role, "closer", issued_to).unwrap().access_key
    };
    let assume = [("Action", "AssumeRole"), ("RoleArn", arn), ("RoleSessionName", "closer")];
    let (_, assumed) = lab.query(ACCOUNT, "sts", &assume).await;
    let by_hand = super::element(&assumed, "AccessKeyId").to_owned();
    for (key, expected) in [(of(function_arn), 200), (of(&format!("{function_arn}-2")), 403), (by_hand, 403)] {
        let (status, body) = lab.query(&key, "ec2", &[("Action", "DescribeInstances")]).await;
        assert_eq!(status, expected, "{body}");
    }
}
