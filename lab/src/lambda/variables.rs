//! The environment variables of a function, exactly: AWS's, the user's, and nothing of the lab's own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use super::Deployment;
use super::logging::LogFormat;
use super::logs::LogStream;

/// Variables that `CreateFunction` refuses in a function's configuration ("Defined runtime environment variables").
pub const RESERVED_VARIABLES: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Tells the lab's runtime how to begin a record of the log, as `_LAMBDA_TELEMETRY_LOG_FD` tells AWS's where to write it.
const FRAME: &str = "_ALERT_DRILL_LOG_FRAME";

/// The variables of one environment.
pub(super) fn variables(
    deployment: &Deployment,
    runtime_directory: &Path,
    log_stream: &LogStream,
    runtime_api: SocketAddr,
) -> BTreeMap<String, String> {
    let config = &deployment.config;
    let runtime_directory = runtime_directory.display().to_string();
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: &str| variables.insert(name.to_owned(), value.to_owned());

    // What the user may replace.
    let managed = config.runtime.execution_environment();
    set(
        "PATH",
        if managed.is_some() {
            "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
        } else {
            "/usr/local/bin:/usr/bin/:/bin:/opt/bin"
        },
    );
    set("LANG", "en_US.UTF-8");
    set("TZ", ":UTC");
    if managed.is_some() {
        set("PYTHONPATH", &runtime_directory);
        // Libraries that a package brings are found where AWS finds them.
        let task_root = deployment.package.root().display();
        set(
            "LD_LIBRARY_PATH",
            &format!(
                "/var/lang/lib:/lib64:/usr/lib64:{runtime_directory}:{runtime_directory}/lib:{task_root}:{task_root}/lib:/opt/lib"
            ),
        );
    }
    if let Some(endpoint) = &config.endpoint_url {
        set("AWS_ENDPOINT_URL", endpoint);
    }
    for (name, value) in &config.environment {
        set(name, value);
    }

    // What is reserved.
    if let Some(managed) = &managed {
        set("AWS_EXECUTION_ENV", managed);
    }
    set("_HANDLER", &config.handler);
    set("AWS_REGION", &config.region);
    set("AWS_DEFAULT_REGION", &config.region);
    set("AWS_LAMBDA_FUNCTION_NAME", &config.name);
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &config.memory_size.to_string());
    set("AWS_LAMBDA_FUNCTION_VERSION", &config.version);
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_GROUP_NAME", &config.logging.group);
    if let LogFormat::Json { application, .. } = config.logging.format {
        set("AWS_LAMBDA_LOG_FORMAT", "JSON");
        set("AWS_LAMBDA_LOG_LEVEL", application.name());
    }
    set("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.name());
    if managed.is_some() {
        // For the lab's runtime, which takes it away before the function's code is there.
        set(FRAME, log_stream.frame());
    }
    set("AWS_LAMBDA_RUNTIME_API", &runtime_api.to_string());
    set("AWS_ACCESS_KEY_ID", &config.credentials.access_key_id);
    set("AWS_SECRET_ACCESS_KEY", &config.credentials.secret_access_key);
    set("AWS_SESSION_TOKEN", &config.credentials.session_token);
    set("LAMBDA_TASK_ROOT", &deployment.package.root().display().to_string());
    set("LAMBDA_RUNTIME_DIR", &runtime_directory);
    variables
}
