//! A function URL that catches what the alarm's function posts, for the time of a run.
//!
//! ```text
//! the alarm's function ─► function URL ─► function ─► queue of the run's own
//!                          open to all     its role may send to this queue, and write its log
//! ```
//! The URL is public, as the sender signs nothing. What keeps others out is the path, which has the token of a webhook that was
//! made for the run: the function answers nobody who does not know it. The URL is the first of this to be removed.
//!
//! Sources: "Control access to Lambda function URLs" in the Lambda developer guide: a URL without authentication needs two
//! statements in the function's policy, for `lambda:InvokeFunctionUrl` and, since October 2025, for `lambda:InvokeFunction`.

use std::time::Duration;

use alert_drill_lab::discord::Webhook;
use aws_sdk_lambda::types::FunctionUrlAuthType;
use serde_json::json;

use super::lambda::{self, Spec};
use super::package::zip;
use super::{ProvisionError, Resource, Site};
use crate::grant;

/// What the names of the function, its role, its log group and its queue begin with.
pub(crate) const CAPTURE_PREFIX: &str = "alert-drill-capture-";

/// The name of the role's one policy.
pub(super) const POLICY: &str = "hand-on";

/// The code of the function, and its module's name.
const CODE: &str = include_str!("capture.py");
const MODULE: &str = "capture";

/// It hands on a request or it does not: Discord's own callers wait no longer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Its first request starts Python, which takes its time with less.
const MEMORY_MB: u16 = 256;

/// A function that hands on what is posted to its URL.
pub(crate) struct CaptureFunction<'a> {
    /// Its name, which begins with [`CAPTURE_PREFIX`].
    pub(crate) name: &'a str,
    /// The queue that it hands on to.
    pub(crate) queue_arn: &'a str,
    /// The same by its URL.
    pub(crate) queue_url: &'a str,
    /// The webhook that it answers for.
    pub(crate) webhook: &'a Webhook,
}

impl CaptureFunction<'_> {
    /// Makes the function and its URL, which it returns. What was made is in the ledger, whether or not this succeeds.
    pub(crate) async fn make(&self, site: Site<'_>) -> Result<String, ProvisionError> {
        let name = self.name;
        let package = zip([(format!("{MODULE}.py"), CODE.as_bytes().to_vec(), false)])?;
        let role_arn = self.role(site).await?;
        site.go_on()?;
        lambda::log_group(site, name).await?;
        site.go_on()?;
        let spec = Spec {
            name,
            runtime: "python3.13",
            architecture: "x86_64",
            handler: &format!("{MODULE}.lambda_handler"),
            timeout: TIMEOUT,
            memory_mb: MEMORY_MB,
            package: &package,
            variables: vec![
                ("QUEUE_URL".to_owned(), self.queue_url.to_owned()),
                ("WEBHOOK_PATH".to_owned(), self.webhook.path()),
                ("CHANNEL_ID".to_owned(), self.webhook.channel_id.clone()),
            ],
        };
        lambda::make(site, &spec, &role_arn).await?;
        site.go_on()?;
        self.url(site).await
    }

    /// The role: it may send to the one queue, and write the function's log.
    async fn role(&self, site: Site<'_>) -> Result<String, ProvisionError> {
        let Site { target, .. } = site;
        let name = format!("{}-role", self.name);
        let role_arn = lambda::role(site, &name).await?;
        site.go_on()?;
        let log_group =
            format!("arn:aws:logs:{}:{}:log-group:/aws/lambda/{}", target.region, target.account, self.name);
        let policy = grant::policy([
            json!({ "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": self.queue_arn }),
            json!({
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": format!("{log_group}:*"),
            }),
        ]);
        let put = target.clients.iam.put_role_policy().role_name(&name).policy_name(POLICY).policy_document(policy);
        put.send().await.map_err(|error| ProvisionError::refused("iam:PutRolePolicy", &name, &error))?;
        Ok(role_arn)
    }

    /// The URL, open to everyone.
    async fn url(&self, site: Site<'_>) -> Result<String, ProvisionError> {
        let lambda = &site.target.clients.lambda;
        let name = self.name;
        let permission = |id: &str, action: &str| {
            lambda.add_permission().function_name(name).statement_id(id).action(action).principal("*")
        };
        let by_url = permission("everyone-may-call-the-url", "lambda:InvokeFunctionUrl")
            .function_url_auth_type(FunctionUrlAuthType::None);
        let behind_url =
            permission("everyone-may-invoke-by-the-url", "lambda:InvokeFunction").invoked_via_function_url(true);
        for permission in [by_url, behind_url] {
            let added = permission.send().await;
            added.map_err(|error| ProvisionError::refused("lambda:AddPermission", name, &error))?;
            site.go_on()?;
        }
        let entry = Resource::FunctionUrl(name.to_owned());
        site.ledger.intend(entry.clone())?;
        let created = lambda.create_function_url_config().function_name(name).auth_type(FunctionUrlAuthType::None);
        let created = created.send().await;
        let created =
            created.map_err(|error| ProvisionError::refused("lambda:CreateFunctionUrlConfig", name, &error))?;
        site.ledger.made(&entry, name);
        Ok(created.function_url().trim_end_matches('/').to_owned())
    }
}
