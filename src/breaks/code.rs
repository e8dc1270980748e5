//! Breaks of the function's code: the workbook's notifier in Python, right but for one thing, takes the place of what
//! the function has.

use aws_sdk_lambda::client::Waiters as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::Runtime;

use super::{BreakError, Site};
use crate::pipeline::package;

/// The notifier of the workbook, as it should be.
const SOURCE: &str = include_str!("lambda_function.py");

const FILE: &str = "lambda_function.py";

const HANDLER: &str = "lambda_function.lambda_handler";

/// The variable that the notifier reads.
const WEBHOOK_VARIABLE: &str = "DISCORD_WEBHOOK_URL";

/// How long an emulator may take to put new code in place.
const UPDATE: std::time::Duration = std::time::Duration::from_secs(60);

/// The code is deployed anew.
#[derive(Debug)]
pub(super) struct Change(pub(super) Deployment);

/// The notifier, broken.
#[derive(Debug)]
pub(super) struct Deployment {
    /// What of its source is something else.
    pub(super) edits: &'static [(&'static str, &'static str)],
    /// The handler's setting.
    pub(super) handler: &'static str,
    /// The timeout in seconds, where it is not left as it is.
    pub(super) timeout: Option<i32>,
    /// AWS's policy that the function's role gets as well.
    pub(super) policy: Option<&'static str>,
}

impl Deployment {
    pub(super) const fn edited(edits: &'static [(&'static str, &'static str)]) -> Self {
        Self { edits, handler: HANDLER, timeout: None, policy: None }
    }

    fn source(&self, webhook_variable: &str) -> String {
        let edited = self.edits.iter().fold(SOURCE.to_owned(), |source, (from, to)| source.replace(from, to));
        edited.replace(&format!("\"{WEBHOOK_VARIABLE}\""), &format!("\"{webhook_variable}\""))
    }
}

fn zipped(source: String) -> Result<Vec<u8>, BreakError> {
    let zipped = package::zip([(FILE.to_owned(), source.into_bytes(), false)]);
    zipped.map_err(|error| BreakError::invalid("lambda:UpdateFunctionCode", FILE, error))
}

/// The workbook's notifier in Python, working: the zip for a `python3` function whose handler is
/// `lambda_function.lambda_handler` and whose webhook is in `DISCORD_WEBHOOK_URL`. Its messages are in Korean.
///
/// # Errors
/// The zip cannot be written.
pub fn working_function() -> Result<Vec<u8>, BreakError> {
    zipped(SOURCE.to_owned())
}

pub(super) async fn apply(site: &Site<'_>, Change(deployment): &Change) -> Result<(), BreakError> {
    let (lambda, name) = (&site.clients.lambda, site.names.function.as_str());
    let what = site.what("function", name);
    let standing = lambda.get_function_configuration().function_name(name).send().await;
    let standing = standing.map_err(|error| BreakError::refused("lambda:GetFunctionConfiguration", &what, &error))?;
    if let Some(policy) = deployment.policy {
        let role = standing.role().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
        let attached = site.clients.iam.attach_role_policy().role_name(role).policy_arn(policy).send().await;
        attached.map_err(|error| BreakError::refused("iam:AttachRolePolicy", role, &error))?;
    }
    let package = zipped(deployment.source(&site.names.webhook_variable))?;
    let updated = lambda.update_function_code().function_name(name).zip_file(Blob::new(package)).send().await;
    let updated = updated.map_err(|error| BreakError::refused("lambda:UpdateFunctionCode", &what, &error))?;
    ready(site).await?;
    // A Python of the function's own stays: the code runs on each.
    let is_python = standing.runtime().is_some_and(|runtime| runtime.as_str().starts_with("python"));
    let same_code = standing.code_sha256().is_some() && standing.code_sha256() == updated.code_sha256();
    let same_handler = standing.handler() == Some(deployment.handler);
    let same_timeout = deployment.timeout.is_none() || deployment.timeout == standing.timeout();
    if same_code && same_handler && same_timeout && is_python {
        return site.already(format!("the code of the {what}"));
    }
    let update = lambda.update_function_configuration().function_name(name).handler(deployment.handler);
    let update = update.set_runtime((!is_python).then_some(Runtime::Python313)).set_timeout(deployment.timeout);
    update.send().await.map_err(|error| BreakError::refused("lambda:UpdateFunctionConfiguration", &what, &error))?;
    ready(site).await
}

/// Waits until Lambda has put an update in place: it refuses the next one before.
async fn ready(site: &Site<'_>) -> Result<(), BreakError> {
    let name = site.names.function.as_str();
    let waited = site.clients.lambda.wait_until_function_updated_v2().function_name(name).wait(UPDATE).await;
    waited.map(|_| ()).map_err(|error| BreakError::invalid("lambda:GetFunction", site.what("function", name), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_edit_finds_its_place_in_the_source_once() {
        let mut sources = std::collections::HashSet::new();
        for one in crate::breaks::all() {
            let crate::breaks::Change::Code(Change(deployment)) = &one.change else { continue };
            for (from, to) in deployment.edits {
                assert_eq!(SOURCE.matches(from).count(), 1, "{}: {from}", one.name);
                assert_ne!(from, to);
            }
            let whole = (deployment.source("WEBHOOK"), deployment.handler);
            assert!(sources.insert(whole), "{} breaks what another does", one.name);
        }
    }

    #[test]
    fn the_variable_of_the_webhook_is_the_scenarios() {
        let source = Deployment::edited(&[]).source("WEBHOOK");
        assert!(source.contains("os.environ[\"WEBHOOK\"]"), "{source}");
        assert!(!source.contains(WEBHOOK_VARIABLE));
    }
}
