//! Who may call a function URL.

use super::super::invoke::{Target, authorize};
use super::{AuthType, FunctionUrl};
use crate::deliveries::{Reason, Refusal};
use crate::identity::Identity;

/// The two actions that a caller must be allowed, each under the condition key that belongs to it.
///
/// Source: "Control access to Lambda function URLs" in the Lambda developer guide.
const ACTIONS: [&str; 2] = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"];

/// Whether the caller may call the URL. With `AuthType` `NONE` everyone is nobody, signed or not.
pub(super) fn check(url: &FunctionUrl, target: &Target, identity: &Identity) -> Result<(), Refusal> {
    let nobody = Identity { access_key: String::new(), ..identity.clone() };
    let identity = match url.auth_type {
        AuthType::None => &nobody,
        AuthType::AwsIam if identity.access_key.is_empty() => {
            let detail = "the function URL has the AuthType AWS_IAM, and the request is not signed";
            return Err(Refusal::new(Reason::PolicyDenied, detail));
        }
        AuthType::AwsIam => identity,
    };
    for action in ACTIONS {
        let key = match action {
            "lambda:InvokeFunctionUrl" => ("lambda:FunctionUrlAuthType", url.auth_type.as_str()),
            _ => ("lambda:InvokedViaFunctionUrl", "true"),
        };
        authorize(identity, target, action, &[key]).map_err(|why| {
            Refusal::new(Reason::PolicyDenied, why.explanation().headline()).explained(why.explanation())
        })?;
    }
    Ok(())
}
