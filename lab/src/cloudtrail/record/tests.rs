mod facts;

use std::net::{IpAddr, Ipv4Addr};

use axum::http::{HeaderMap, Method, StatusCode, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::gateway::params::Node;
use crate::identity::Identity;

fn call(service: Service, operation: &str, form: &str) -> Call {
    Call {
        service,
        operation: operation.to_owned(),
        scope: Scope::new("111122223333", "ap-northeast-2"),
        identity: Identity::of_unknown_key("111122223333"),
        request_id: "0c897921-eded-4cdf-ac2a-c0e5ed5f397d".to_owned(),
        time: "2026-11-24T03:00:00.75Z".parse().unwrap(),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: "aws-cli/2".to_owned(),
        host: "127.0.0.1:4566".to_owned(),
        method: Method::POST,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(form.as_bytes()),
        labels: Vec::new(),
        params: Node::parse(form.as_bytes()).unwrap(),
    }
}

fn record(call: &Call, answer: &str) -> Value {
    let reply = Reply::new(StatusCode::OK, "text/xml", &call.request_id, answer.to_owned());
    of_exchange(call, &reply, None).unwrap().json
}

#[test]
fn the_array_form_of_authorize_has_the_shape_of_real_records() {
    let call = call(
        Service::Ec2,
        "AuthorizeSecurityGroupIngress",
        "GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
         &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=TLS",
    );
    let record = record(
        &call,
        "<AuthorizeSecurityGroupIngressResponse><requestId>r</requestId><return>true</return><securityGroupRuleSet>\
         <item><groupId>sg-1</groupId><isEgress>false</isEgress><fromPort>443</fromPort><description>a &amp; b\
         </description></item></securityGroupRuleSet></AuthorizeSecurityGroupIngressResponse>",
    );
    assert_eq!(
        record["requestParameters"],
        json!({
            "groupId": "sg-1",
            "ipPermissions": { "items": [{
                "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "groups": {},
                "ipRanges": { "items": [{ "cidrIp": "0.0.0.0/0", "description": "TLS" }] },
                "ipv6Ranges": {}, "prefixListIds": {},
            }] },
        })
    );
    assert_eq!(
        record["responseElements"],
        json!({
            "requestId": "r", "_return": true,
            "securityGroupRuleSet": { "items": [
                { "groupId": "sg-1", "isEgress": false, "fromPort": 443, "description": "a & b" },
            ] },
        })
    );
    assert_eq!(record["eventTime"], "2026-11-24T03:00:00Z", "to the second, never rounded up");
    assert_eq!(record["readOnly"], false);
}

#[test]
fn the_flat_form_stands_beside_empty_permissions() {
    let call = call(
        Service::Ec2,
        "AuthorizeSecurityGroupIngress",
        "GroupId=sg-1&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0",
    );
    let parameters = &record(&call, "<R><return>true</return></R>")["requestParameters"];
    let wanted = json!({
        "groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIp": "0.0.0.0/0",
    });
    assert_eq!(*parameters, wanted);
}

#[test]
fn modify_keeps_its_wrapper_and_its_capitals() {
    let rule = |n: u8| {
        format!(
            "&SecurityGroupRule.{n}.SecurityGroupRuleId=sgr-{n}&SecurityGroupRule.{n}.SecurityGroupRule.IpProtocol=tcp\
             &SecurityGroupRule.{n}.SecurityGroupRule.FromPort=22&SecurityGroupRule.{n}.SecurityGroupRule.ToPort=22\
             &SecurityGroupRule.{n}.SecurityGroupRule.CidrIpv4=10.0.0.0/8"
        )
    };
    let modify = |form: String| {
        let record = record(&call(Service::Ec2, "ModifySecurityGroupRules", &form), "<R><return>true</return></R>");
        assert_eq!(record["responseElements"]["ModifySecurityGroupRulesResponse"]["return"], true);
        record["requestParameters"]["ModifySecurityGroupRulesRequest"].clone()
    };
    let one = modify(format!("GroupId=sg-1{}", rule(1)));
    assert_eq!(
        one,
        json!({ "GroupId": "sg-1", "SecurityGroupRule": {
            "SecurityGroupRuleId": "sgr-1", "tag": 1,
            "SecurityGroupRule": { "CidrIpv4": "10.0.0.0/8", "FromPort": 22, "IpProtocol": "tcp", "ToPort": 22 },
        } })
    );
    let two = modify(format!("GroupId=sg-1{}{}", rule(1), rule(2)));
    assert!(two["SecurityGroupRule"].is_array(), "several rules are an array: {two}");
}

#[test]
fn a_refused_call_has_a_code_and_no_response() {
    let call = call(Service::Ec2, "AuthorizeSecurityGroupIngress", "GroupId=sg-1&DryRun=true");
    let error = AwsError::new(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
    let record = of_exchange(&call, &call.refuse(&error), Some(&error)).unwrap().json;
    assert_eq!(record["errorCode"], "Client.DryRunOperation");
    assert_eq!(record["responseElements"], Value::Null);
    assert_eq!(record["requestParameters"]["DryRun"], true);
}

#[test]
fn the_other_services_write_a_small_first_letter() {
    let call = call(
        Service::Sns,
        "SetTopicAttributes",
        "TopicArn=arn:x&Attributes.entry.1.key=Policy&Attributes.entry.1.value={}&Tags.member.1.Key=a",
    );
    let record = record(&call, "<R><SetTopicAttributesResult/></R>");
    assert_eq!(
        record["requestParameters"],
        json!({ "attributes": { "Policy": "{}" }, "tags": [{ "key": "a" }], "topicArn": "arn:x" })
    );
    assert_eq!(record["responseElements"], Value::Null);
}

#[test]
fn data_events_are_not_recorded() {
    let publish = call(Service::Sns, "Publish", "TopicArn=arn:x&Message=m");
    let reply = Reply::new(StatusCode::OK, "text/xml", "r", "<R/>");
    assert!(of_exchange(&publish, &reply, None).is_none());
}

#[test]
fn secrets_are_left_out_and_addresses_hidden() {
    let key = call(Service::Iam, "CreateAccessKey", "UserName=alice");
    let answer = "<R><CreateAccessKeyResult><AccessKey><UserName>alice</UserName><AccessKeyId>AKIA</AccessKeyId>\
                  <Status>Active</Status><SecretAccessKey>s3cret</SecretAccessKey>\
                  <CreateDate>2026-11-24T13:00:05Z</CreateDate></AccessKey></CreateAccessKeyResult></R>";
    let record_of_key = record(&key, answer);
    let wanted = json!({ "accessKey": {
        "userName": "alice", "accessKeyId": "AKIA", "status": "Active", "createDate": "Nov 24, 2026, 1:00:05 PM",
    } });
    assert_eq!(record_of_key["responseElements"], wanted);
    assert_eq!(record_of_key["awsRegion"], "us-east-1", "IAM is recorded there whoever signed");
    assert_eq!(record_of_key["tlsDetails"]["clientProvidedHostHeader"], "iam.amazonaws.com");
    let subscribe = call(Service::Sns, "Subscribe", "TopicArn=arn:x&Protocol=email&Endpoint=a%40example.com");
    let parameters = &record(&subscribe, "<R/>")["requestParameters"];
    assert_eq!(parameters["endpoint"], HIDDEN);
}

#[test]
fn an_assumed_role_is_read_only_and_tells_its_credentials() {
    let role = "arn:aws:iam::444455556666:role/r";
    let call = call(Service::Sts, "AssumeRole", &format!("RoleArn={role}&RoleSessionName=s"));
    let answer = "<R><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>x</SecretAccessKey>\
                  <SessionToken>t</SessionToken><Expiration>2026-11-24T00:30:00Z</Expiration></Credentials>\
                  </AssumeRoleResult></R>";
    let record = record(&call, answer);
    assert_eq!((&record["readOnly"], &record["awsRegion"]), (&json!(true), &json!("ap-northeast-2")));
    let credentials = json!({ "accessKeyId": "ASIA", "sessionToken": "t", "expiration": "Nov 24, 2026, 12:30:00 AM" });
    assert_eq!(record["responseElements"], json!({ "credentials": credentials }));
    assert_eq!(record["resources"], json!([{ "accountId": "444455556666", "type": "AWS::IAM::Role", "ARN": role }]));
}

#[test]
fn the_records_of_sts_have_its_second_id_and_those_of_s3_what_went_to_and_fro() {
    let caller = call(Service::Sts, "GetCallerIdentity", "");
    let additional = record(&caller, "<R/>")["additionalEventData"].clone();
    let id = STANDARD.decode(additional["ExtendedRequestId"].as_str().unwrap()).unwrap();
    assert!(id.starts_with(b"1:ap-northeast-2:S:1795489200750:R:"), "{}", String::from_utf8_lossy(&id));
    let details = json!({ "endpointType": "regional", "awsServingRegion": "ap-northeast-2" });
    assert_eq!(additional["RequestDetails"], details);

    let versioning = Call { uri: Uri::from_static("/logs?versioning"), ..call(Service::S3, "GetBucketVersioning", "") };
    let record_of_bucket = record(&versioning, "<VersioningConfiguration/>");
    assert_eq!(record_of_bucket["userAgent"], "[aws-cli/2]");
    let mut additional = record_of_bucket["additionalEventData"].clone();
    assert_eq!(additional["x-amz-id-2"].take().as_str().unwrap().len(), 76);
    let wanted = json!({
        "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader", "x-amz-id-2": null, "bytesTransferredOut": 26,
    });
    assert_eq!(additional, wanted);
    assert_eq!(record(&call(Service::Ec2, "DescribeVpcs", ""), "<R/>").get("additionalEventData"), None);
}

#[test]
fn the_codes_of_errors_have_their_endings() {
    for (service, code, wanted) in [
        (Service::Iam, "NoSuchEntity", "NoSuchEntityException"),
        (Service::Sns, "NotFound", "NotFoundException"),
        (Service::Sts, "AccessDenied", "AccessDenied"),
        (Service::CloudTrail, "TrailNotFoundException", "TrailNotFoundException"),
        (Service::S3, "NoSuchBucket", "NoSuchBucket"),
        (Service::Ec2, "InvalidGroup.NotFound", "Client.InvalidGroup.NotFound"),
    ] {
        assert_eq!(error_code(service, &AwsError::bad_request(code, "")), wanted);
    }
}
