//! Tells the Runtime API that the start failed, so that the reason stands in the function's log as an INIT error
//! (*Lambda runtime API*, "Initialization error").

use std::time::Duration;

use serde_json::json;

use crate::channel::plain_client;
use crate::config::ConfigError;

/// The error type that Lambda shows.
const ERROR_TYPE: &str = "Runtime.ConfigInvalid";

/// Reports the error, as far as there is a Runtime API to report to; the exit code tells the rest.
pub(crate) async fn report(error: &ConfigError) {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    let url = format!("http://{api}/2018-06-01/runtime/init/error");
    let body = json!({ "errorMessage": error.to_string(), "errorType": ERROR_TYPE, "stackTrace": [] });
    let Ok(client) = plain_client() else { return };
    let request = client.post(url).header("Lambda-Runtime-Function-Error-Type", ERROR_TYPE).json(&body);
    if let Err(failed) = request.timeout(Duration::from_secs(2)).send().await {
        eprintln!("notifier: the Runtime API did not take the INIT error: {}", failed.without_url());
    }
}
