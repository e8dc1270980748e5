//! The CloudTrail record of a call, made from what went over the wire.
//!
//! The lab makes its records from the same things that a relay in front of another endpoint can observe, the request and
//! the answer, so that both make the same record with this code. The field names are those of records of real accounts:
//! EC2's are the element names of its XML with lists under `items`, the other services' are their parameters' names with
//! a small first letter.
//!
//! Source: "CloudTrail record contents" in the CloudTrail user guide, and records of real accounts.

mod additional;
pub(crate) mod by_service;
mod ec2;
mod size;
mod tree;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::deliveries::Carried;
use crate::gateway::call::{Call, Reply};
use crate::gateway::error::AwsError;
use crate::gateway::service::{Protocol, Service};
use crate::ids;
use crate::scope::Scope;
use crate::time;

/// The version of the record format that the lab writes.
const EVENT_VERSION: &str = "1.11";

/// What CloudTrail writes in place of a secret.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// Global services are recorded in this Region, whichever Region signed the call.
const GLOBAL_REGION: &str = "us-east-1";

/// The record of one management call.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The account and the Region in which it is recorded.
    pub scope: Scope,
    /// When the call was made.
    pub time: Timestamp,
    /// The service.
    pub service: Service,
    /// `eventName`.
    pub event_name: String,
    /// `eventID`.
    pub event_id: String,
    /// `requestID`.
    pub request_id: String,
    /// `readOnly`.
    pub read_only: bool,
    /// The access key that signed the call.
    pub access_key: String,
    /// The caller's name as `LookupEvents` knows it: user name or session name.
    pub username: String,
    /// The resources of the call as `LookupEvents` knows them: type and name.
    pub resources: Vec<(String, String)>,
    /// The record as CloudTrail writes it.
    pub json: Value,
}

impl Record {
    /// The EventBridge event that carries the record.
    ///
    /// Source: "AWS service events delivered via AWS CloudTrail" in the EventBridge user guide.
    pub fn to_event(&self) -> Value {
        json!({
            "version": "0",
            "id": ids::uuid(),
            "detail-type": "AWS API Call via CloudTrail",
            "source": self.service.event_bus_source(),
            "account": self.scope.account,
            "time": time::seconds(self.time),
            "region": self.scope.region,
            "resources": [],
            "detail": self.json,
        })
    }

    /// What deliveries of this record are logged under.
    pub fn carried(&self) -> Carried {
        Carried {
            event_id: Some(self.event_id.clone()),
            event_name: Some(self.event_name.clone()),
            request_id: Some(self.request_id.clone()),
        }
    }
}

/// The record of a call and its answer; none for data events (sending a message, invoking a function), which a trail
/// takes only when told to, and which never reach EventBridge by way of management events.
pub(crate) fn of_exchange(call: &Call, reply: &Reply, refused: Option<&AwsError>) -> Option<Record> {
    if is_data_event(call.service, &call.operation) || is_unauthenticated(call) {
        return None;
    }
    let read_only = is_read_only(&call.operation);
    let event_name = event_name(call.service, &call.operation);
    let region = if call.service == Service::Iam { GLOBAL_REGION } else { &call.scope.region };
    let scope = Scope::new(call.scope.account.clone(), region);
    let event_id = ids::uuid();
    let request = size::or_omitted("requestParameters", request_parameters(call));
    // These two read nothing: CloudTrail counts them as reading, and records what they hand out.
    let hands_out = matches!(call.operation.as_str(), "AssumeRole" | "GetSessionToken");
    let is_silent = refused.is_some() || (read_only && !hands_out);
    let response = if is_silent { Value::Null } else { response_elements(call, reply) };
    let response = size::or_omitted("responseElements", response);
    let host = match call.service {
        Service::Iam => "iam.amazonaws.com".to_owned(),
        service => format!("{}.{region}.amazonaws.com", service.signing_name()),
    };

    let mut json = Map::new();
    json.insert("eventVersion".into(), EVENT_VERSION.into());
    json.insert("userIdentity".into(), call.identity.to_record());
    json.insert("eventTime".into(), time::seconds(call.time).into());
    json.insert("eventSource".into(), call.service.event_source().into());
    json.insert("eventName".into(), event_name.clone().into());
    json.insert("awsRegion".into(), region.into());
    json.insert("sourceIPAddress".into(), call.source_ip.to_string().into());
    json.insert("userAgent".into(), user_agent(call).into());
    if let Some(error) = refused {
        json.insert("errorCode".into(), error_code(call.service, error).into());
        json.insert("errorMessage".into(), size::cut(&error.message).into());
    }
    json.insert("requestParameters".into(), request.clone());
    json.insert("responseElements".into(), response.clone());
    if let Some(additional) = additional::of_exchange(call, region, reply) {
        json.insert("additionalEventData".into(), additional);
    }
    json.insert("requestID".into(), call.request_id.clone().into());
    json.insert("eventID".into(), event_id.clone().into());
    json.insert("readOnly".into(), read_only.into());
    if let Some(resources) = named_resources(call, &request) {
        json.insert("resources".into(), resources);
    }
    json.insert("eventType".into(), "AwsApiCall".into());
    json.insert("managementEvent".into(), true.into());
    json.insert("recipientAccountId".into(), call.scope.account.clone().into());
    json.insert("eventCategory".into(), "Management".into());
    json.insert(
        "tlsDetails".into(),
        json!({
            "tlsVersion": "TLSv1.3",
            "cipherSuite": additional::CIPHER_SUITE,
            "clientProvidedHostHeader": host,
        }),
    );
    Some(Record {
        scope,
        time: call.time,
        service: call.service,
        event_name,
        event_id,
        request_id: call.request_id.clone(),
        read_only,
        access_key: call.identity.access_key.clone(),
        username: call.identity.username(),
        resources: resources(&request, &response),
        json: Value::Object(json),
    })
}

/// `userAgent`, which S3 writes in brackets.
fn user_agent(call: &Call) -> String {
    let cut = size::cut(&call.user_agent);
    if call.service == Service::S3 { format!("[{cut}]") } else { cut.to_owned() }
}

/// Whether somebody opened the link in a mail of SNS: that is a call without a caller, and not recorded.
///
/// Source: "Logging AWS SNS API calls using AWS CloudTrail" in the SNS developer guide.
fn is_unauthenticated(call: &Call) -> bool {
    let signed = call.header("authorization").is_some() || call.query("X-Amz-Credential").is_some();
    call.service == Service::Sns && matches!(call.operation.as_str(), "ConfirmSubscription" | "Unsubscribe") && !signed
}

/// The operations that CloudTrail counts as data events.
///
/// Source: "Logging data events" in the CloudTrail user guide, and each service's chapter on CloudTrail.
pub(crate) fn is_data_event(service: Service, operation: &str) -> bool {
    match service {
        Service::Sns => matches!(operation, "Publish" | "PublishBatch"),
        Service::Sqs => matches!(
            operation,
            "SendMessage"
                | "SendMessageBatch"
                | "ReceiveMessage"
                | "DeleteMessage"
                | "DeleteMessageBatch"
                | "ChangeMessageVisibility"
                | "ChangeMessageVisibilityBatch"
        ),
        Service::Lambda => operation == "Invoke",
        Service::Events => operation == "PutEvents",
        Service::Logs => matches!(operation, "PutLogEvents" | "GetLogEvents" | "FilterLogEvents"),
        Service::S3 => operation.contains("Object"),
        // "Logging Amazon CloudWatch API and console operations with AWS CloudTrail": the data plane.
        Service::CloudWatch => {
            matches!(
                operation,
                "GetMetricData" | "GetMetricStatistics" | "GetMetricWidgetImage" | "ListMetrics" | "PutMetricData"
            )
        }
        Service::CloudTrail | Service::Ec2 | Service::Iam | Service::Kms | Service::Sts => false,
    }
}

/// Whether an operation changes nothing, as `readOnly` says. CloudTrail counts `AssumeRole` among those, and what KMS does
/// with a key.
pub(crate) fn is_read_only(operation: &str) -> bool {
    const PREFIXES: [&str; 9] =
        ["Describe", "Get", "List", "Lookup", "Head", "Test", "Simulate", "Decode", "AssumeRole"];
    const USES_OF_A_KEY: [&str; 4] = ["Encrypt", "Decrypt", "ReEncrypt", "Generate"];
    PREFIXES.iter().chain(&USES_OF_A_KEY).any(|prefix| operation.starts_with(prefix))
}

/// `eventName`: the operation's name, which Lambda writes with the date of its API version.
///
/// Source: "Logging AWS Lambda API calls using AWS CloudTrail" in the Lambda developer guide.
fn event_name(service: Service, operation: &str) -> String {
    let suffix = match (service, operation) {
        (
            Service::Lambda,
            "CreateFunction"
            | "DeleteFunction"
            | "ListFunctions"
            | "PublishVersion"
            | "ListVersionsByFunction"
            | "CreateAlias"
            | "UpdateAlias"
            | "DeleteAlias"
            | "GetAlias"
            | "ListAliases",
        ) => "20150331",
        (
            Service::Lambda,
            "GetFunction"
            | "GetFunctionConfiguration"
            | "UpdateFunctionCode"
            | "UpdateFunctionConfiguration"
            | "AddPermission"
            | "RemovePermission"
            | "GetPolicy",
        ) => "20150331v2",
        (Service::Lambda, "PutFunctionConcurrency" | "DeleteFunctionConcurrency") => "20171031",
        (Service::Lambda, "TagResource" | "UntagResource" | "ListTags") => "20170331v2",
        _ => "",
    };
    format!("{operation}{suffix}")
}

/// `errorCode`: EC2's codes stand behind `Client.` or `Server.`, the others' as they are.
fn error_code(service: Service, error: &AwsError) -> String {
    match service {
        // Its status is 503, but it is the caller who has called too often.
        Service::Ec2 if error.is_client_fault() || error.code == "RequestLimitExceeded" => {
            format!("Client.{}", error.code)
        }
        Service::Ec2 => format!("Server.{}", error.code),
        // Their codes in the answer have no ending; in a record, all but these do.
        Service::Iam | Service::Sns | Service::Sts => match error.code.as_ref() {
            code @ ("AccessDenied" | "AuthorizationError") => code.to_owned(),
            code if code.ends_with("Exception") => code.to_owned(),
            // The status of an endpoint that gave no code.
            code if code.bytes().all(|byte| byte.is_ascii_digit()) => code.to_owned(),
            code => format!("{code}Exception"),
        },
        _ => error.code.to_string(),
    }
}

/// `resources`, which the records of a few services have beside their parameters.
fn named_resources(call: &Call, request: &Value) -> Option<Value> {
    let account = &call.scope.account;
    match call.service {
        Service::S3 => {
            let arn = format!("arn:aws:s3:::{}", request["bucketName"].as_str()?);
            Some(json!([{ "accountId": account, "type": "AWS::S3::Bucket", "ARN": arn }]))
        }
        Service::Sts if call.operation == "AssumeRole" => {
            let arn = request["roleArn"].as_str()?;
            let owner = arn.split(':').nth(4).unwrap_or(account);
            Some(json!([{ "accountId": owner, "type": "AWS::IAM::Role", "ARN": arn }]))
        }
        _ => None,
    }
}

fn request_parameters(call: &Call) -> Value {
    match call.service.protocol() {
        Protocol::Ec2Query => ec2::request(&call.operation, &call.params),
        Protocol::Query => {
            let mut parameters = tree::of_query(&call.params);
            // Where messages go is personal data: a mailbox, a telephone.
            if call.service == Service::Sns && parameters.get("endpoint").is_some() {
                parameters["endpoint"] = HIDDEN.into();
            }
            parameters
        }
        Protocol::Json { .. } => {
            let mut parameters = tree::of_json(&call.body);
            // What was encrypted, and what it became, is never in a record.
            if let (Service::Kms, Value::Object(members)) = (call.service, &mut parameters) {
                members.retain(|name, _| !matches!(name.as_str(), "plaintext" | "ciphertextBlob"));
            }
            parameters
        }
        Protocol::RestJson => {
            let mut parameters = match tree::of_json(&call.body) {
                Value::Object(parameters) => parameters,
                _ => Map::new(),
            };
            for (label, value) in &call.labels {
                parameters.insert(tree::small_first(label), value.clone().into());
            }
            // The code itself is never in a record.
            parameters.remove("zipFile");
            if let Some(code) = parameters.get_mut("code") {
                *code = json!({});
            }
            if let Some(variables) = parameters.get_mut("environment") {
                *variables = json!({});
            }
            or_null(parameters)
        }
        Protocol::RestXml => s3_request(call),
        // CloudWatch's operations in the lab are all data events.
        Protocol::RpcV2Cbor => Value::Null,
    }
}

fn s3_request(call: &Call) -> Value {
    let mut parameters = Map::new();
    let bucket = call.uri.path().trim_matches('/').split('/').next().unwrap_or_default();
    if !bucket.is_empty() {
        parameters.insert("bucketName".into(), bucket.into());
    }
    parameters.insert("Host".into(), call.host.clone().into());
    for (key, value) in form_urlencoded::parse(call.uri.query().unwrap_or_default().as_bytes()) {
        if !key.starts_with("X-Amz-") && key != "x-id" {
            parameters.insert(key.into_owned(), value.into_owned().into());
        }
    }
    if call.operation == "PutBucketPolicy" {
        let policy = serde_json::from_slice::<Value>(&call.body).unwrap_or(Value::Null);
        parameters.insert("bucketPolicy".into(), policy);
    }
    Value::Object(parameters)
}

fn response_elements(call: &Call, reply: &Reply) -> Value {
    match call.service.protocol() {
        Protocol::Ec2Query => ec2::response(&call.operation, &reply.body),
        Protocol::Query => tree::of_query_xml(&reply.body),
        Protocol::Json { .. } | Protocol::RestJson => {
            let mut elements = tree::of_json(&reply.body);
            if let Some(variables) = elements.get_mut("environment").filter(|environment| environment.is_object()) {
                *variables = json!({});
            }
            elements
        }
        Protocol::RestXml | Protocol::RpcV2Cbor => Value::Null,
    }
}

fn or_null(elements: Map<String, Value>) -> Value {
    if elements.is_empty() { Value::Null } else { Value::Object(elements) }
}

/// The types of the resources that `LookupEvents` can look up by name, and the fields that name them.
const RESOURCES: &[(&str, &str)] = &[
    ("groupId", "AWS::EC2::SecurityGroup"),
    ("GroupId", "AWS::EC2::SecurityGroup"),
    ("instanceId", "AWS::EC2::Instance"),
    ("vpcId", "AWS::EC2::VPC"),
    ("subnetId", "AWS::EC2::Subnet"),
    ("networkInterfaceId", "AWS::EC2::NetworkInterface"),
    ("imageId", "AWS::EC2::Ami"),
    ("keyName", "AWS::EC2::KeyPair"),
    ("userName", "AWS::IAM::User"),
    ("ruleArn", "AWS::Events::Rule"),
    ("topicArn", "AWS::SNS::Topic"),
    ("subscriptionArn", "AWS::SNS::Subscription"),
    ("roleName", "AWS::IAM::Role"),
    ("functionName", "AWS::Lambda::Function"),
    ("bucketName", "AWS::S3::Bucket"),
    ("queueUrl", "AWS::SQS::Queue"),
    ("trailARN", "AWS::CloudTrail::Trail"),
];

/// The resources that a call names, in its request or in its answer.
fn resources(request: &Value, response: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in [request, response] {
        collect(part, &mut found);
    }
    let session = &response["assumedRoleUser"];
    let of_session = [
        ("AWS::IAM::AccessKey", &response["credentials"]["accessKeyId"]),
        ("AWS::STS::AssumedRole", &request["roleSessionName"]),
        ("AWS::STS::AssumedRole", &session["assumedRoleId"]),
        ("AWS::STS::AssumedRole", &session["arn"]),
        ("AWS::IAM::Role", &request["roleArn"]),
    ];
    if session.is_object() {
        found
            .extend(of_session.iter().filter_map(|(kind, name)| Some(((*kind).to_owned(), name.as_str()?.to_owned()))));
    }
    found
}

fn collect(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) => {
                        let kind =
                            RESOURCES.iter().find(|(field, _)| field == name).map(|(_, kind)| (*kind).to_owned());
                        if let Some(entry) =
                            kind.map(|kind| (kind, text.clone())).filter(|entry| !found.contains(entry))
                        {
                            found.push(entry);
                        }
                    }
                    _ => collect(member, found),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
