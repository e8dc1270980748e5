use super::*;

/// The failing `document`, with the request's id for `ID`.
fn assert_failed(outcome: &InvokeOutcome, error_type: &str, message: &str) {
    let message = message.replace("ID", &outcome.request_id);
    assert_eq!(document(outcome), json!({"errorType": error_type, "errorMessage": message}));
    assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
}

#[tokio::test]
async fn an_exit_during_init_is_tried_once_more_and_reported() {
    let mut lab = Lab::start();
    let function = lab.deploy(&[("INIT", "exit")]);
    let outcome = call(&function, json!({})).await;
    assert_failed(&outcome, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 1");
    let lines = lab.lines();
    let reports: Vec<_> = lines.iter().filter(|line| line.starts_with("INIT_REPORT")).collect();
    assert!(reports[0].ends_with(" ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n"), "{lines:?}");
    assert!(reports[1].ends_with(" ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError\n"), "{lines:?}");
    let id = &outcome.request_id;
    let tail = &lines[lines.len() - 4..];
    assert_eq!(tail[0], format!("START RequestId: {id} Version: $LATEST\n"));
    assert_eq!(
        tail[1],
        format!("RequestId: {id} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n")
    );
    assert_eq!(tail[2], format!("END RequestId: {id}\n"));
    assert!(tail[3].ends_with("Status: error\tError Type: Runtime.ExitError\n"), "{}", tail[3]);
    assert_eq!(function.idle_environments(), 0);
}

#[tokio::test]
async fn a_signal_is_named() {
    let lab = Lab::start();
    let outcome = call(&lab.deploy(&[("INIT", "abort")]), json!({})).await;
    let message = document(&outcome)["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.contains("Error: Runtime exited with error: signal: aborted"), "{message}");
}

#[tokio::test]
async fn an_error_of_init_is_the_function_s_own_document() {
    let mut lab = Lab::start();
    let outcome = call(&lab.deploy(&[("INIT", "error")]), json!({})).await;
    assert_eq!(
        document(&outcome),
        json!({"errorType": "NameError", "errorMessage": "name 'os' is not defined", "stackTrace": ["line 1"]})
    );
    assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
    let lines = lab.lines();
    assert_eq!(lines.iter().filter(|line| *line == "about to fail\n").count(), 2, "{lines:?}");
    assert!(lines.last().unwrap().contains("Status: error\tError Type: Runtime.Unknown"), "{lines:?}");
}

#[tokio::test]
async fn an_init_that_takes_too_long_is_repeated_within_the_invocation() {
    let settings = EngineSettings { init_timeout: Duration::from_millis(150), ..EngineSettings::default() };
    let (_directory, file) = scratch_file();
    let mut lab = Lab::with(settings);
    let function = lab.deploy(&[("INIT", "hang once"), ("FILE", file.to_str().unwrap())]);
    let outcome = call(&function, json!({"a": 1})).await;
    assert_eq!((outcome.function_error, &document(&outcome)["event"]), (None, &json!({"a": 1})));
    assert_eq!(outcome.init_duration, None);
    assert!(lab.lines().iter().any(|line| line.ends_with("\tPhase: init\tStatus: timeout\n")));

    let hanging = lab.deploy_with(
        &[("INIT", "hang")],
        |config| config.timeout = Duration::from_millis(100),
        &[("bootstrap", 0o755, BOOTSTRAP)],
    );
    let outcome = call(&hanging, json!({})).await;
    assert_failed(&outcome, "Sandbox.Timedout", "RequestId: ID Error: Task timed out after 0.10 seconds");
}

#[tokio::test]
async fn a_timeout_kills_the_function_and_all_that_it_started() {
    let mut lab = Lab::start();
    let (_directory, file) = scratch_file();
    let function = lab.deploy_with(
        &[("FILE", file.to_str().unwrap())],
        |config| config.timeout = Duration::from_millis(500),
        &[("bootstrap", 0o755, BOOTSTRAP)],
    );
    let outcome = call(&function, json!({"do": "grandchildren"})).await;
    assert_failed(&outcome, "Sandbox.Timedout", "RequestId: ID Error: Task timed out after 0.50 seconds");
    let grandchild: u64 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    eventually("the grandchild is gone", || is_gone(grandchild)).await;
    let lines = lab.lines();
    let id = &outcome.request_id;
    let timed_out = &lines[lines.len() - 3];
    assert!(timed_out.ends_with(&format!("Z {id} Task timed out after 0.50 seconds\n\n")), "{timed_out}");
    let report = lines.last().unwrap();
    assert!(report.contains("\tDuration: 500.00 ms\t") && report.ends_with("\tStatus: timeout\n"), "{report}");
    assert_eq!(function.idle_environments(), 0);
    let _ = std::fs::remove_file(&file);
    assert_eq!(call(&function, json!({})).await.function_error, None, "the next invocation starts afresh");
}

#[tokio::test]
async fn a_crash_while_invoked_is_reported_and_the_next_invocation_starts_afresh() {
    let lab = Lab::start();
    let function = lab.deploy(&[]);
    let before = document(&call(&function, json!({})).await);
    let outcome = call(&function, json!({"do": "exit"})).await;
    assert_failed(&outcome, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 3");
    assert_ne!(document(&call(&function, json!({})).await)["pid"], before["pid"]);
}

#[tokio::test]
async fn a_handler_s_error_and_a_large_response_leave_the_environment_warm() {
    let mut lab = Lab::start();
    let function = lab.deploy(&[]);
    let outcome = call(&function, json!({"do": "fail"})).await;
    assert_eq!(document(&outcome), json!({"errorType": "ValueError", "errorMessage": "bad", "stackTrace": []}));
    assert_eq!(outcome.function_error, Some(FunctionError::Unhandled));
    assert!(!lab.lines().last().unwrap().contains("Status:"), "AWS's REPORT does not show a handler's error");
    let outcome = call(&function, json!({"do": "large"})).await;
    assert_failed(
        &outcome,
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    );
    assert_eq!(document(&call(&function, json!({})).await)["count"], 3);
}

#[tokio::test]
async fn a_package_that_cannot_start_is_an_invalid_entrypoint() {
    let lab = Lab::start();
    for (file, mode, text, message) in [
        ("main", 0o755, "", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        ("bootstrap", 0o644, "#!/bin/sh\n", "fork/exec /var/task/bootstrap: permission denied"),
        ("bootstrap", 0o755, "no program", "fork/exec /var/task/bootstrap: exec format error"),
        ("bootstrap", 0o755, "#!/no/such/shell\n", "fork/exec /var/task/bootstrap: no such file or directory"),
    ] {
        let function = lab.deploy_with(&[], |_| {}, &[(file, mode, text)]);
        let outcome = call(&function, json!({})).await;
        assert_failed(&outcome, "Runtime.InvalidEntrypoint", &format!("RequestId: ID Error: {message}"));
    }
}
