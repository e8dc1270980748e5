//! The managed Python runtime, on a machine that has a Python. Without one, these tests only say so.

use super::*;

mod logging;
mod machine;
mod oracle;
mod process;

fn deploy(lab: &Lab, handler: &str, files: &[(&str, u32, &str)]) -> Option<Arc<Function>> {
    if let Err(error) = PythonVersion::V3_13.find() {
        eprintln!("not tested: {error}");
        return None;
    }
    let change = |config: &mut FunctionConfig| {
        config.runtime = Runtime::Python(PythonVersion::V3_13);
        config.handler = handler.into();
    };
    Some(lab.deploy_with(&[], change, files))
}

#[tokio::test]
async fn a_handler_gets_its_event_and_context_and_its_output_is_in_the_log() {
    let mut lab = Lab::start();
    let code = r#"
import logging, os
logging.getLogger().setLevel(logging.INFO)
def lambda_handler(event, context):
    print("인쇄")
    logging.info("logged")
    return {"event": event, "name": context.function_name, "arn": context.invoked_function_arn,
            "memory": context.memory_limit_in_mb, "id": context.aws_request_id, "version": context.function_version,
            "group": context.log_group_name, "stream": context.log_stream_name,
            "time": context.get_remaining_time_in_millis() > 1000, "identity": context.identity.cognito_identity_id,
            "custom": context.client_context.custom, "execution": os.environ["AWS_EXECUTION_ENV"], "korean": "보안"}
"#;
    let Some(function) = deploy(&lab, "deep/lambda.lambda_handler", &[("deep/lambda.py", 0o644, code)]) else { return };
    let request =
        InvokeRequest { client_context: Some(r#"{"custom":{"a":1}}"#.into()), ..InvokeRequest::new(r#"{"n":1}"#) };
    let outcome = function.invoke(request).await.unwrap();
    let answer = document(&outcome);
    assert_eq!(
        answer,
        json!({"event": {"n": 1}, "name": "f", "arn": config().arn, "memory": "128", "id": outcome.request_id,
            "version": "$LATEST", "group": "/aws/lambda/f", "stream": outcome.log_stream, "time": true,
            "identity": null, "custom": {"a": 1}, "execution": "AWS_Lambda_python3.13", "korean": "보안"})
    );
    let lines = lab.lines();
    assert!(lines[0].starts_with("INIT_START Runtime Version: python:3.13.v0\t"), "{lines:?}");
    let python = PythonVersion::V3_13.find().unwrap();
    let path = python.path.display();
    assert_eq!(lines[1], format!("LAB\tRuntime: python3.13\tPython: {}\tPath: {path}\n", python.version));
    assert!(lines[2].starts_with("START "), "{lines:?}");
    assert_eq!(lines[3], "인쇄\n");
    assert!(lines[4].starts_with("[INFO]\t"), "{lines:?}");
    assert!(lines[4].ends_with(&format!("Z\t{}\tlogged\n", outcome.request_id)), "{lines:?}");
    assert!(lines[5].starts_with("END "), "{lines:?}");
}

#[tokio::test]
async fn an_error_of_the_handler_has_a_trace_that_starts_in_its_code() {
    let mut lab = Lab::start();
    let code = "def lambda_handler(event, context):\n    return {}['missing']\n";
    let Some(function) = deploy(&lab, "lambda.lambda_handler", &[("lambda.py", 0o644, code)]) else { return };
    let outcome = call(&function, json!({})).await;
    let error = document(&outcome);
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("KeyError"), &json!("'missing'")));
    assert_eq!(error["requestId"], json!(outcome.request_id));
    let trace = error["stackTrace"][0].as_str().unwrap();
    assert!(trace.contains("/lambda.py\", line 2, in lambda_handler\n    return {}['missing']\n"), "{trace}");
    let lines = lab.lines();
    assert!(lines.iter().any(|line| line.starts_with("[ERROR] KeyError: 'missing'\nTraceback")), "{lines:?}");
    assert_eq!(function.idle_environments(), 1);
}

#[tokio::test]
async fn what_breaks_at_init_is_named_as_aws_names_it() {
    let mut lab = Lab::start();
    for (handler, code, error_type, message) in [
        ("other.f", "", "Runtime.ImportModuleError", "Unable to import module 'other': No module named 'other'"),
        (
            "lambda.f",
            "import requestz",
            "Runtime.ImportModuleError",
            "Unable to import module 'lambda': No module named 'requestz'",
        ),
        ("lambda.f", "x = 1", "Runtime.HandlerNotFound", "Handler 'f' missing on module 'lambda'"),
        ("lambda.f", "def f(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'lambda': "),
        (
            "lambda",
            "x = 1",
            "Runtime.MalformedHandlerName",
            "Bad handler 'lambda': not enough values to unpack (expected 2, got 1)",
        ),
        ("lambda.f", "print(oops)", "NameError", "name 'oops' is not defined"),
    ] {
        let Some(function) = deploy(&lab, handler, &[("lambda.py", 0o644, code)]) else { return };
        let outcome = call(&function, json!({})).await;
        let error = document(&outcome);
        assert_eq!(error["errorType"], error_type);
        assert!(error["errorMessage"].as_str().unwrap().starts_with(message), "{error}");
        assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
        let lines = lab.lines();
        assert!(lines.iter().any(|line| line.starts_with(&format!("[ERROR] {error_type}: "))), "{lines:?}");
    }
}

#[tokio::test]
async fn what_is_no_json_cannot_be_returned() {
    let lab = Lab::start();
    let code = "import decimal\ndef f(event, context):\n    return decimal.Decimal('1.10') if event else object()\n";
    let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
    let error = document(&call(&function, json!({})).await);
    assert_eq!(error["errorType"], "Runtime.MarshalError");
    assert_eq!(error["errorMessage"], "Unable to marshal response: Object of type object is not JSON serializable");
    assert_eq!(call(&function, json!([1])).await.payload, "1.10");
}

#[tokio::test]
async fn a_module_that_only_the_machine_has_is_not_found() {
    let lab = Lab::start();
    let code = "import sys, os\ndef f(event, context):\n    return [sys.path, os.environ['LAMBDA_TASK_ROOT']]\n";
    let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
    let answer = document(&call(&function, json!({})).await);
    let path: Vec<_> = answer[0].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap()).collect();
    assert_eq!(path[0], answer[1], "the package comes first");
    assert!(!path.iter().any(|entry| entry.contains("-packages")), "{path:?}");
    let code = "import pip\ndef f(event, context): pass\n";
    let function = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]).unwrap();
    assert_eq!(document(&call(&function, json!({})).await)["errorType"], "Runtime.ImportModuleError");
}

#[tokio::test]
async fn what_the_lab_does_not_run_is_refused_by_name() {
    let lab = Lab::start();
    let change = |config: &mut FunctionConfig| config.runtime = Runtime::Python(PythonVersion::V3_13);
    let function = lab.deploy_with(&[("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap")], change, &[("lambda.py", 0o644, "")]);
    let error = function.invoke(InvokeRequest::new("{}")).await.unwrap_err();
    assert_eq!(error.error_type(), "ServiceException");
    assert!(error.to_string().contains("AWS_LAMBDA_EXEC_WRAPPER names (/opt/wrap)"), "{error}");
}
