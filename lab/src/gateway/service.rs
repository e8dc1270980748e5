//! The services that the lab knows, and how each speaks.

use axum::http::HeaderMap;

/// How a service puts an operation and its parameters into HTTP.
///
/// Source: the "AWS protocols" chapters of the Smithy specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Form-encoded parameters, lists as `Name.1`, answers in EC2's own XML.
    Ec2Query,
    /// Form-encoded parameters, lists as `Name.member.1`, answers in XML inside `<OperationResult>`.
    Query,
    /// JSON with the operation in `X-Amz-Target`; the version is the one of the content type.
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
    },
    /// The operation is in method and path, parameters and answer are JSON.
    RestJson,
    /// The operation is in method, path and query, the answer is XML. Only S3 speaks it.
    RestXml,
    /// The operation is in the path, `/service/SERVICE/operation/OPERATION`; parameters and answer are CBOR.
    RpcV2Cbor,
}

/// A service of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the services' own names")]
pub enum Service {
    CloudTrail,
    CloudWatch,
    Ec2,
    Events,
    Iam,
    Kms,
    Lambda,
    Logs,
    S3,
    Sns,
    Sqs,
    Sts,
}

impl Service {
    /// Every service, in alphabetical order.
    pub const ALL: [Self; 12] = [
        Self::CloudTrail,
        Self::CloudWatch,
        Self::Ec2,
        Self::Events,
        Self::Iam,
        Self::Kms,
        Self::Lambda,
        Self::Logs,
        Self::S3,
        Self::Sns,
        Self::Sqs,
        Self::Sts,
    ];

    /// The name in the scope of a signature, which is also the service's part of an ARN.
    pub const fn signing_name(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail",
            Self::CloudWatch => "monitoring",
            Self::Ec2 => "ec2",
            Self::Events => "events",
            Self::Iam => "iam",
            Self::Kms => "kms",
            Self::Lambda => "lambda",
            Self::Logs => "logs",
            Self::S3 => "s3",
            Self::Sns => "sns",
            Self::Sqs => "sqs",
            Self::Sts => "sts",
        }
    }

    /// The name by which people know the service.
    pub const fn title(self) -> &'static str {
        match self {
            Self::CloudTrail => "CloudTrail",
            Self::CloudWatch => "CloudWatch",
            Self::Ec2 => "EC2",
            Self::Events => "EventBridge",
            Self::Iam => "IAM",
            Self::Kms => "KMS",
            Self::Lambda => "Lambda",
            Self::Logs => "CloudWatch Logs",
            Self::S3 => "S3",
            Self::Sns => "SNS",
            Self::Sqs => "SQS",
            Self::Sts => "STS",
        }
    }

    /// The service with this name in the scope of a signature.
    pub fn from_signing_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.signing_name() == name)
    }

    /// How the service speaks; CloudWatch also speaks others, see `Service::protocol_of`.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Ec2 => Protocol::Ec2Query,
            Self::Iam | Self::Sns | Self::Sts => Protocol::Query,
            Self::Sqs => Protocol::Json { version: "1.0" },
            Self::CloudTrail | Self::Events | Self::Kms | Self::Logs => Protocol::Json { version: "1.1" },
            Self::Lambda => Protocol::RestJson,
            Self::S3 => Protocol::RestXml,
            Self::CloudWatch => Protocol::RpcV2Cbor,
        }
    }

    /// How a request with these headers speaks. CloudWatch's clients speak three protocols: CBOR the newest, JSON those of
    /// 2025, forms all before; it answers each in its own.
    pub(crate) fn protocol_of(self, headers: &HeaderMap) -> Protocol {
        let says = |name: &str, value: &str| headers.get(name).is_some_and(|given| given == value);
        match self {
            Self::CloudWatch if says("smithy-protocol", "rpc-v2-cbor") => Protocol::RpcV2Cbor,
            Self::CloudWatch if headers.contains_key("x-amz-target") => Protocol::Json { version: "1.0" },
            Self::CloudWatch => Protocol::Query,
            other => other.protocol(),
        }
    }

    /// What stands before the dot in `X-Amz-Target`. CloudTrail's SDKs send a long and a short form.
    pub(crate) fn from_target_prefix(prefix: &str) -> Option<Self> {
        match prefix {
            "AmazonSQS" => Some(Self::Sqs),
            "AWSEvents" => Some(Self::Events),
            "GraniteServiceVersion20100801" => Some(Self::CloudWatch),
            "Logs_20140328" => Some(Self::Logs),
            "TrentService" => Some(Self::Kms),
            "CloudTrail_20131101" | "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" => Some(Self::CloudTrail),
            _ => None,
        }
    }

    /// The XML namespace of the service's answers; empty for the JSON protocols.
    pub(crate) const fn xml_namespace(self) -> &'static str {
        match self {
            Self::CloudWatch => "http://monitoring.amazonaws.com/doc/2010-08-01/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sns => "http://sns.amazonaws.com/doc/2010-03-31/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::S3 => "http://s3.amazonaws.com/doc/2006-03-01/",
            Self::CloudTrail | Self::Events | Self::Kms | Self::Lambda | Self::Logs | Self::Sqs => "",
        }
    }

    /// The name under which CloudTrail records the service's calls: `eventSource`.
    pub fn event_source(self) -> String {
        format!("{}.amazonaws.com", self.signing_name())
    }

    /// The prefix of the EventBridge source of the service's events: `aws.ec2`.
    pub fn event_bus_source(self) -> String {
        format!("aws.{}", self.signing_name())
    }
}
