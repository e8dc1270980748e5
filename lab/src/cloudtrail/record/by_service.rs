//! Records of what AWS's services call by themselves: `userIdentity.type` is `AWSService`.
//!
//! Written are those that a pipeline of the lab's has in a real account, and that do not follow from themselves: that Lambda
//! takes on a function's role, with each deployment (AWS: whenever the session has come to its end, too), and that
//! CloudTrail looks at the permissions of a trail's bucket when the trail is set (AWS: before each file as well, the file
//! with that record among them).
//!
//! They are management events that only read, so that a rule in state `ENABLED` does not see them. What EventBridge, SNS
//! and SQS hand on are no calls, or data events, which a trail takes only when told to.
//!
//! Source: records of real accounts, and "CloudTrail userIdentity element" in the CloudTrail user guide.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{EVENT_VERSION, Record, additional};
use crate::gateway::service::Service;
use crate::ids;
use crate::scope::Scope;
use crate::time;

/// A session that a service has made of a role.
pub(crate) struct RoleSession<'a> {
    /// The service's principal: `lambda.amazonaws.com`.
    pub(crate) service: &'a str,
    pub(crate) role_arn: &'a str,
    pub(crate) role_name: &'a str,
    /// The role's unique id.
    pub(crate) role_id: &'a str,
    /// The session's name.
    pub(crate) name: &'a str,
    pub(crate) access_key: &'a str,
    pub(crate) session_token: &'a str,
    pub(crate) expires: Timestamp,
}

/// What stands in the record of one call; the rest is the same in all of them.
struct Facts<'a> {
    invoked_by: &'a str,
    service: Service,
    event_name: &'static str,
    request: Value,
    response: Value,
    additional: Value,
    request_id: String,
    /// Type and ARN of what the call is about.
    resource: (&'static str, String),
}

/// Lambda has taken on the role of a function, or another service one of its own.
pub(crate) fn role_assumed(scope: &Scope, session: &RoleSession<'_>) -> Record {
    let account = session.role_arn.split(':').nth(4).unwrap_or(&scope.account);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{}/{}", session.role_name, session.name);
    let id = format!("{}:{}", session.role_id, session.name);
    let facts = Facts {
        invoked_by: session.service,
        service: Service::Sts,
        event_name: "AssumeRole",
        request: json!({ "roleArn": session.role_arn, "roleSessionName": session.name }),
        response: json!({
            "credentials": {
                "accessKeyId": session.access_key,
                "sessionToken": session.session_token,
                "expiration": session.expires.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string(),
            },
            "assumedRoleUser": { "assumedRoleId": id, "arn": arn },
        }),
        additional: json!({ "ExtendedRequestId": additional::extended_request_id(&scope.region, Timestamp::now()) }),
        request_id: ids::uuid(),
        resource: ("AWS::IAM::Role", session.role_arn.to_owned()),
    };
    record(scope, facts)
}

/// CloudTrail has looked at who may do what with a trail's bucket.
pub(crate) fn bucket_examined(scope: &Scope, bucket: &str) -> Record {
    let facts = Facts {
        invoked_by: "cloudtrail.amazonaws.com",
        service: Service::S3,
        event_name: "GetBucketAcl",
        request: json!({
            "bucketName": bucket,
            "Host": format!("{bucket}.s3.{}.amazonaws.com", scope.region),
            "acl": "",
        }),
        response: Value::Null,
        additional: additional::of_s3("AuthHeader", 0, 480),
        request_id: ids::hex(16).to_uppercase(),
        resource: ("AWS::S3::Bucket", format!("arn:aws:s3:::{bucket}")),
    };
    record(scope, facts)
}

fn record(scope: &Scope, facts: Facts<'_>) -> Record {
    let Facts { invoked_by, service, event_name, request, response, additional, request_id, resource } = facts;
    let (time, event_id) = (Timestamp::now(), ids::uuid());
    let (kind, arn) = resource;
    let resources = super::resources(&request, &response);
    let members = [
        ("eventVersion", EVENT_VERSION.into()),
        ("userIdentity", json!({ "type": "AWSService", "invokedBy": invoked_by })),
        ("eventTime", time::seconds(time).into()),
        ("eventSource", service.event_source().into()),
        ("eventName", event_name.into()),
        ("awsRegion", scope.region.as_str().into()),
        ("sourceIPAddress", invoked_by.into()),
        ("userAgent", invoked_by.into()),
        ("requestParameters", request),
        ("responseElements", response),
        ("additionalEventData", additional),
        ("requestID", request_id.as_str().into()),
        ("eventID", event_id.as_str().into()),
        ("readOnly", true.into()),
        ("resources", json!([{ "accountId": scope.account, "type": kind, "ARN": arn }])),
        ("eventType", "AwsApiCall".into()),
        ("managementEvent", true.into()),
        ("recipientAccountId", scope.account.as_str().into()),
        ("sharedEventID", ids::uuid().into()),
        ("eventCategory", "Management".into()),
    ];
    let json: Map<String, Value> = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Record {
        scope: scope.clone(),
        time,
        service,
        event_name: event_name.to_owned(),
        event_id,
        request_id,
        read_only: true,
        access_key: String::new(),
        username: String::new(),
        resources,
        json: Value::Object(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paths of all values, with what kind of value stands there.
    fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| paths(member, &format!("{path}.{name}"), found));
            }
            Value::Array(elements) => elements.iter().for_each(|element| paths(element, &format!("{path}[]"), found)),
            Value::String(_) => found.push(format!("{path}: text")),
            Value::Number(_) => found.push(format!("{path}: number")),
            Value::Bool(_) => found.push(format!("{path}: flag")),
            Value::Null => found.push(format!("{path}: null")),
        }
    }

    fn shape(record: &Value) -> Vec<String> {
        let mut found = Vec::new();
        paths(record, "", &mut found);
        found
    }

    /// Those that every record of a service has, in the order of real ones: `{}` stands for what differs.
    fn expected(differing: [&[&str]; 3]) -> Vec<String> {
        let [request, response, additional] = differing;
        let before = [
            ".eventVersion: text",
            ".userIdentity.type: text",
            ".userIdentity.invokedBy: text",
            ".eventTime: text",
            ".eventSource: text",
            ".eventName: text",
            ".awsRegion: text",
            ".sourceIPAddress: text",
            ".userAgent: text",
        ];
        let after = [
            ".requestID: text",
            ".eventID: text",
            ".readOnly: flag",
            ".resources[].accountId: text",
            ".resources[].type: text",
            ".resources[].ARN: text",
            ".eventType: text",
            ".managementEvent: flag",
            ".recipientAccountId: text",
            ".sharedEventID: text",
            ".eventCategory: text",
        ];
        let parts = [&before[..], request, response, additional, &after[..]];
        parts.concat().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_role_that_lambda_takes_on_has_the_shape_of_real_records() {
        let scope = Scope::new("111122223333", "ap-northeast-2");
        let role_arn = "arn:aws:iam::111122223333:role/service-role/notifier";
        let session = RoleSession {
            service: "lambda.amazonaws.com",
            role_arn,
            role_name: "notifier",
            role_id: "AROAEXAMPLE",
            name: "alarm",
            access_key: "ASIAEXAMPLE",
            session_token: "token",
            expires: "2025-10-27T00:16:57Z".parse().unwrap(),
        };
        let record = role_assumed(&scope, &session);
        let wanted = expected([
            &[".requestParameters.roleArn: text", ".requestParameters.roleSessionName: text"],
            &[
                ".responseElements.credentials.accessKeyId: text",
                ".responseElements.credentials.sessionToken: text",
                ".responseElements.credentials.expiration: text",
                ".responseElements.assumedRoleUser.assumedRoleId: text",
                ".responseElements.assumedRoleUser.arn: text",
            ],
            &[".additionalEventData.ExtendedRequestId: text"],
        ]);
        assert_eq!(shape(&record.json), wanted);
        assert_eq!(record.json["userIdentity"], json!({ "type": "AWSService", "invokedBy": "lambda.amazonaws.com" }));
        let response = &record.json["responseElements"];
        let names: Vec<_> = record.resources.iter().map(|(_, name)| name.as_str()).collect();
        let session = "arn:aws:sts::111122223333:assumed-role/notifier/alarm";
        let wanted = ["ASIAEXAMPLE", "alarm", "AROAEXAMPLE:alarm", session, role_arn];
        assert_eq!(names, wanted, "what LookupEvents finds it by");
        assert_eq!(response["credentials"]["expiration"], "Oct 27, 2025, 12:16:57 AM");
        assert_eq!(response["assumedRoleUser"]["arn"], session, "the path of the role is not in it");
    }

    #[test]
    fn a_bucket_that_cloudtrail_looks_at_has_the_shape_of_real_records() {
        let record = bucket_examined(&Scope::new("111122223333", "us-east-1"), "logs");
        let wanted = expected([
            &[".requestParameters.bucketName: text", ".requestParameters.Host: text", ".requestParameters.acl: text"],
            &[".responseElements: null"],
            &[
                ".additionalEventData.SignatureVersion: text",
                ".additionalEventData.CipherSuite: text",
                ".additionalEventData.bytesTransferredIn: number",
                ".additionalEventData.AuthenticationMethod: text",
                ".additionalEventData.x-amz-id-2: text",
                ".additionalEventData.bytesTransferredOut: number",
            ],
        ]);
        assert_eq!(shape(&record.json), wanted);
        assert_eq!(record.json["requestParameters"]["Host"], "logs.s3.us-east-1.amazonaws.com");
        assert_eq!((record.event_name.as_str(), record.read_only), ("GetBucketAcl", true));
    }
}
