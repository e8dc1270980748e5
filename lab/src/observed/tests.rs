use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use super::*;
use crate::cloud::Cloud;
use crate::gateway;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A signed request of the query protocols.
fn request(service: &str, form: &str) -> (request::Parts, Bytes) {
    let credential = format!("AWS4-HMAC-SHA256 Credential=111122223333/20261124/ap-northeast-2/{service}/aws4_request");
    let request = Request::builder()
        .method(Method::POST)
        .uri("/")
        .header("authorization", credential)
        .header("host", "127.0.0.1:4566")
        .header("user-agent", "aws-cli/2")
        .header("content-type", "application/x-www-form-urlencoded");
    request.body(Bytes::copy_from_slice(form.as_bytes())).unwrap().into_parts()
}

fn observed(request: &(request::Parts, Bytes), response: &response::Parts, body: &Bytes) -> Option<Record> {
    let (request, request_body) = (&request.0, &request.1);
    Observed { request, request_body, time: Timestamp::UNIX_EPOCH, source_ip: HERE, response, response_body: body }
        .record()
}

fn answer(status: StatusCode, headers: &[(&str, &str)], body: impl Into<Bytes>) -> (response::Parts, Bytes) {
    let mut response = axum::http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap().into_parts()
}

#[tokio::test]
async fn a_relay_makes_the_same_record_as_the_lab_itself() {
    let cloud: Arc<Cloud> = Arc::default();
    for (service, form) in [
        ("ec2", "Action=CreateSecurityGroup&Version=2016-11-15&GroupName=seen&GroupDescription=d"),
        (
            "ec2",
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupName=seen&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=203.0.113.0/24",
        ),
        // Refused: there is such a rule already.
        (
            "ec2",
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupName=seen&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=203.0.113.0/24",
        ),
        (
            "ec2",
            "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupName=seen&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=203.0.113.0/24&DryRun=true",
        ),
        ("sns", "Action=CreateTopic&Version=2010-03-31&Name=alarm"),
        ("sns", "Action=DeleteTopic&Version=2010-03-31&TopicArn=nonsense"),
    ] {
        let request = request(service, form);
        let reply = gateway::serve(&cloud, &request.0, request.1.clone(), HERE).await;
        let of_lab = cloud
            .cloudtrail
            .records(None, None)
            .into_iter()
            .find(|record| reply.headers.get("x-amzn-requestid").unwrap() == record["requestID"].as_str().unwrap());
        let mut of_lab = of_lab.unwrap_or_else(|| panic!("the lab has no record of {form}"));
        let mut response = axum::http::Response::new(()).into_parts().0;
        (response.status, response.headers) = (reply.status, reply.headers.clone());
        let mut of_relay = observed(&request, &response, &reply.body).unwrap().json;
        for record in [&mut of_lab, &mut of_relay] {
            // A record has an id of its own, and the test's clock stands still.
            record["eventID"] = json!(null);
            record["eventTime"] = json!(null);
        }
        assert_eq!(of_relay, of_lab, "{form}");
    }
}

#[test]
fn the_request_id_is_the_one_that_the_caller_was_told() {
    let asked = request("ec2", "Action=CreateSecurityGroup&GroupName=g");
    let id = |headers: &[(&str, &str)], body: &'static str| {
        let (response, body) = answer(StatusCode::OK, headers, body);
        observed(&asked, &response, &body).unwrap().request_id
    };
    assert_eq!(id(&[("x-amzn-requestid", "in-headers")], "<r><requestId>in-body</requestId></r>"), "in-headers");
    assert_eq!(id(&[("x-amz-request-id", "of-s3")], ""), "of-s3");
    assert_eq!(id(&[], "<r><requestId>in-body</requestId></r>"), "in-body");
    assert_eq!(id(&[], "").len(), 36, "one is made up where the endpoint has none");
}

#[test]
fn an_error_is_read_in_the_services_own_form() {
    let refused = |service: &str, form: &str, headers: &[(&str, &str)], body: &str| {
        let (response, body) = answer(StatusCode::BAD_REQUEST, headers, body.to_owned());
        let json = observed(&request(service, form), &response, &body).unwrap().json;
        (json["errorCode"].as_str().unwrap().to_owned(), json["errorMessage"].as_str().unwrap().to_owned())
    };
    let xml = "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>no &apos;g&apos;</Message></Error></Errors></Response>";
    let ec2 = refused("ec2", "Action=DeleteSecurityGroup&GroupName=g", &[], xml);
    assert_eq!(ec2, ("Client.InvalidGroup.NotFound".to_owned(), "no 'g'".to_owned()));
    let xml =
        "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>gone</Message></Error></ErrorResponse>";
    let sns = refused("sns", "Action=DeleteTopic&TopicArn=t", &[], xml);
    assert_eq!(sns, ("NotFoundException".to_owned(), "gone".to_owned()), "as CloudTrail writes it");
    // An endpoint that breaks says nothing of the sort; the status is all that is known.
    let nothing = refused("sns", "Action=DeleteTopic&TopicArn=t", &[], "");
    assert_eq!(nothing, ("400".to_owned(), String::new()));
}

#[test]
fn a_packed_answer_is_read_and_nonsense_is_no_call() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"<R><requestId>r</requestId><groupId>sg-1</groupId></R>").unwrap();
    let (response, body) = answer(StatusCode::OK, &[("content-encoding", "gzip")], packed.finish().unwrap());
    let record = observed(&request("ec2", "Action=CreateSecurityGroup&GroupName=g"), &response, &body).unwrap();
    assert_eq!((record.request_id.as_str(), &record.json["responseElements"]["groupId"]), ("r", &json!("sg-1")));

    let (response, body) = answer(StatusCode::OK, &[], "");
    for (service, form) in [("ec2", "Nothing=at&all"), ("", ""), ("sns", "Action=Publish&Message=m")] {
        assert_eq!(observed(&request(service, form), &response, &body), None, "{form}");
    }
}

#[test]
fn what_is_asked_for_is_read_from_every_protocol() {
    let named = |(parts, body): (request::Parts, Bytes)| {
        let asked = asked(&parts, &body).unwrap();
        let parameters: Vec<String> = asked.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}:{} {} {}", asked.service, asked.operation, asked.reads, parameters.join(" "))
    };
    let form = "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-1&IpPermissions.1.FromPort=22";
    assert_eq!(
        named(request("ec2", form)),
        "ec2:AuthorizeSecurityGroupIngress false GroupId=sg-1 IpPermissions.1.FromPort=22"
    );
    let json = |service: &str, method: Method, uri: &str, target: Option<&str>, body: &str| {
        let credential =
            format!("AWS4-HMAC-SHA256 Credential=111122223333/20261124/ap-northeast-2/{service}/aws4_request");
        let mut request = Request::builder().method(method).uri(uri).header("authorization", credential);
        request = target.into_iter().fold(request, |request, target| request.header("x-amz-target", target));
        request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap().into_parts()
    };
    let put = r#"{"Rule":"r","Targets":[{"Id":"1","Arn":"a"}]}"#;
    assert_eq!(
        named(json("events", Method::POST, "/", Some("AWSEvents.PutTargets"), put)),
        "events:PutTargets false Rule=r Targets.1.Id=1 Targets.1.Arn=a"
    );
    let path = "/2015-03-31/functions/f/configuration";
    assert_eq!(
        named(json("lambda", Method::GET, path, None, "")),
        "lambda:GetFunctionConfiguration true FunctionName=f"
    );
    assert_eq!(named(json("s3", Method::DELETE, "/b/k/l", None, "")), "s3:DeleteObject false Bucket=b Key=k/l");
}
