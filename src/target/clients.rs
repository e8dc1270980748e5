//! The AWS clients of a run, made once and shared: one connection pool, one user agent.

use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;

use super::clock::Clock;
use super::waiting::Waiting;

/// How long an endpoint may take for one answer: as long as the AWS CLI waits. The SDK itself waits for ever, and one that
/// was stopped in the middle would never let a run end.
const ATTEMPT: std::time::Duration = std::time::Duration::from_secs(60);

/// What the name of the application begins with that every call of a run has in its user agent; the run's id comes behind it.
pub(crate) const AGENT: &str = "alert-drill-";

/// A client for each service that the harness calls.
#[derive(Clone, Debug)]
pub struct Clients {
    /// What they are made from.
    config: SdkConfig,
    /// The clock of whom they call, where their answers are measured.
    pub(crate) clock: Clock,
    /// CloudTrail.
    pub cloudtrail: aws_sdk_cloudtrail::Client,
    /// CloudWatch.
    pub cloudwatch: aws_sdk_cloudwatch::Client,
    /// EC2.
    pub ec2: aws_sdk_ec2::Client,
    /// EventBridge.
    pub events: aws_sdk_eventbridge::Client,
    /// IAM.
    pub iam: aws_sdk_iam::Client,
    /// KMS.
    pub kms: aws_sdk_kms::Client,
    /// Lambda.
    pub lambda: aws_sdk_lambda::Client,
    /// CloudWatch Logs.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// S3.
    pub s3: aws_sdk_s3::Client,
    /// SNS.
    pub sns: aws_sdk_sns::Client,
    /// SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// STS.
    pub sts: aws_sdk_sts::Client,
}

impl Clients {
    /// The clients of a configuration.
    pub fn new(config: &SdkConfig) -> Self {
        // A bucket's name as a label of the host would need a name server; an endpoint of one's own has none.
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some()).build();
        Self {
            config: config.clone(),
            clock: Clock::default(),
            cloudtrail: aws_sdk_cloudtrail::Client::new(config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            ec2: aws_sdk_ec2::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            kms: aws_sdk_kms::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sns: aws_sdk_sns::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
        }
    }

    /// The clients of a configuration, whose calls are waits and whose answers tell the time.
    pub(super) fn measured(config: &SdkConfig, waiting: &Waiting) -> Self {
        Self { clock: waiting.clock(), ..Self::new(&waiting.measuring(config)) }
    }

    /// The Region of all calls.
    pub(crate) fn region(&self) -> String {
        self.config.region().map(ToString::to_string).unwrap_or_default()
    }

    /// EventBridge in another Region.
    pub(crate) fn events_in(&self, region: &str) -> aws_sdk_eventbridge::Client {
        let config = aws_sdk_eventbridge::config::Builder::from(&self.config);
        aws_sdk_eventbridge::Client::from_conf(config.region(Region::new(region.to_owned())).build())
    }
}

/// The configuration for an emulator on this machine: plain HTTP, any credentials, the run's id in the user agent.
///
/// Nothing is read from the environment or from the user's profiles: no real credentials can reach an emulator.
///
/// The access key is the account's number, which is how emulators know whose call it is. `name` ends the user agent.
pub(crate) fn emulator(endpoint_url: &str, region: &str, account: &str, name: &str) -> SdkConfig {
    let credentials = Credentials::from_keys(account, "alert-drill", None);
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint_url)
        .timeout_config(timeouts())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials));
    builder = builder.http_client(http_client(Some(endpoint_url)));
    if let Ok(name) = AppName::new(format!("{AGENT}{name}")) {
        builder = builder.app_name(name);
    }
    builder.build()
}

/// How long an attempt of a call may take.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build()
}

/// The HTTP client for an endpoint; for AWS's own where none is named. Without TLS where it is not needed: loading the
/// machine's certificates takes longer than a whole drill in the lab.
pub(super) fn http_client(endpoint_url: Option<&str>) -> SharedHttpClient {
    let client = aws_smithy_http_client::Builder::new();
    match endpoint_url.is_some_and(|url| url.starts_with("http://")) {
        true => client.build_http(),
        false => client.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build_https(),
    }
}
