//! The process of a Python function: its variables, its output, and how it ends.

use super::*;

#[tokio::test]
async fn the_variables_are_aws_s_and_the_user_s_and_no_others() {
    let lab = Lab::start();
    let code = "import os\ndef f(e, c): return dict(os.environ)\n";
    let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
    let seen = document(&call(&function, json!({})).await);
    let names: Vec<_> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONPATH",
        "TEST_EXE",
        "TZ",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    ];
    // macOS sets this one in every process.
    expected.extend(names.iter().filter(|name| **name == "__CF_USER_TEXT_ENCODING"));
    let mut names: Vec<_> = names.into_iter().filter(|name| *name != "LC_CTYPE").collect();
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!((&seen["TZ"], &seen["LANG"]), (&json!(":UTC"), &json!("en_US.UTF-8")));
    let root = function.package().root().display().to_string();
    assert!(seen["LD_LIBRARY_PATH"].as_str().unwrap().ends_with(&format!(":{root}:{root}/lib:/opt/lib")), "{seen}");
}

#[tokio::test]
async fn standard_output_and_error_keep_their_order_and_lose_nothing_at_the_end() {
    let mut lab = Lab::start();
    let code = "
import os, sys
def f(e, c):
    for n in range(50):
        print('out', n)
        print('err', n, file=sys.stderr)
    print('one\\ntwo')
    print('no end', end='')
    os._exit(0)
";
    let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
    let outcome = call(&function, json!({})).await;
    let id = &outcome.request_id;
    assert_eq!(
        document(&outcome),
        json!({"errorType": "Runtime.ExitError",
            "errorMessage": format!("RequestId: {id} Error: Runtime exited without providing a reason")})
    );
    let lines = lab.lines();
    let begin = lines.iter().position(|line| line.starts_with("START ")).unwrap() + 1;
    let expected: Vec<_> = (0..50)
        .flat_map(|n| [format!("out {n}\n"), format!("err {n}\n")])
        .chain(["one\n", "two\n", "no end\n"].map(str::to_owned))
        .collect();
    assert_eq!(lines[begin..begin + expected.len()], expected);
}

#[tokio::test]
async fn a_loop_without_end_times_out_and_takes_its_processes_with_it() {
    let mut lab = Lab::start();
    let (_directory, file) = scratch_file();
    let code = "
import os, subprocess
def f(e, c):
    child = subprocess.Popen(['/bin/sleep', '600'])
    with open(os.environ['FILE'], 'w') as file:
        file.write(str(child.pid))
    while True:
        pass
";
    let change = |config: &mut FunctionConfig| {
        config.runtime = Runtime::Python(PythonVersion::V3_13);
        config.timeout = Duration::from_secs(1);
        config.handler = "lambda.f".into();
        config.environment.insert("FILE".into(), file.to_str().unwrap().into());
    };
    if let Err(error) = PythonVersion::V3_13.find() {
        return eprintln!("not tested: {error}");
    }
    let function = lab.deploy_with(&[], change, &[("lambda.py", 0o644, code)]);
    let outcome = call(&function, json!({})).await;
    let id = &outcome.request_id;
    assert_eq!(
        document(&outcome),
        json!({"errorType": "Sandbox.Timedout",
            "errorMessage": format!("RequestId: {id} Error: Task timed out after 1.00 seconds")})
    );
    let said = format!("Z {id} Task timed out after 1.00 seconds\n\n");
    assert!(lab.lines().iter().any(|line| line.ends_with(&said)));
    let child: u64 = std::fs::read_to_string(&file).unwrap().parse().unwrap();
    eventually("the child is gone", || is_gone(child)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn more_memory_than_it_has_kills_a_function() {
    let mut lab = Lab::start();
    let code = "
import time
def f(e, c):
    kept = [b'x' * 1_000_000 for n in range(e['megabytes'])]
    time.sleep(e['megabytes'] and 20)
";
    let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
    assert_eq!(call(&function, json!({"megabytes": 0})).await.function_error, None);
    lab.lines();
    let outcome = call(&function, json!({"megabytes": 150})).await;
    let message = format!("RequestId: {} Error: Runtime exited with error: signal: killed", outcome.request_id);
    assert_eq!(document(&outcome), json!({"errorType": "Runtime.OutOfMemory", "errorMessage": message}));
    let lines = lab.lines();
    assert!(lines.contains(&format!("{message}\nRuntime.OutOfMemory\n")), "{lines:?}");
    let report = lines.last().unwrap();
    assert!(report.contains("\tMemory Size: 128 MB\tMax Memory Used: 128 MB\t"), "{report}");
    assert!(report.ends_with("\tStatus: error\tError Type: Runtime.OutOfMemory\n"), "{report}");
    assert_eq!(call(&function, json!({"megabytes": 0})).await.function_error, None, "the next one starts afresh");
}

/// The state of a process, `T` when it is stopped.
#[cfg(target_os = "linux")]
fn state(pid: &Value) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1[..1].to_owned()
}

/// In AWS, what a handler leaves to a thread waits for the next event: an alarm that is sent so may never be.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn between_two_events_a_function_is_frozen_with_its_threads_and_processes() {
    let lab = Lab::start();
    let code = "
import os, subprocess, threading
sent = threading.Event()
go = threading.Event()
def send():
    go.wait()
    sent.set()
def f(e, c):
    if not e:
        threading.Thread(target=send, daemon=True).start()
        return {'pid': os.getpid(), 'child': subprocess.Popen(['/bin/sleep', '600']).pid}
    go.set()
    return sent.wait(10)
";
    let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
    let answer = document(&call(&function, json!({})).await);
    for pid in [&answer["pid"], &answer["child"]] {
        eventually("the process is stopped", || state(pid) == "T").await;
    }
    assert_eq!(call(&function, json!([1])).await.payload, "true", "the thread goes on with the next event");
    eventually("the process is stopped again", || state(&answer["pid"]) == "T").await;
    function.stop();
    eventually("a frozen function can be stopped", || is_gone(answer["pid"].as_u64().unwrap())).await;
}
