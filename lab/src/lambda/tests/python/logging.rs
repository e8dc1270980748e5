//! What Python's `logging` writes: a record is one event, and JSON where the log is.

use super::*;

/// Deploys `lambda.f` with a log of this form; none where this machine has no Python.
fn deploy_logging(lab: &Lab, format: LogFormat, code: &str) -> Option<Arc<Function>> {
    if let Err(error) = PythonVersion::V3_13.find() {
        eprintln!("not tested: {error}");
        return None;
    }
    let change = |config: &mut FunctionConfig| {
        config.runtime = Runtime::Python(PythonVersion::V3_13);
        config.handler = "lambda.f".into();
        config.logging.format = format;
    };
    Some(lab.deploy_with(&[], change, &[("lambda.py", 0o644, code)]))
}

const CODE: &str = r#"
import logging
log = logging.getLogger("alarm")
def f(event, context):
    print("a\nb")
    print("no end", end="")
    log.warning("one\ntwo")
    print(" yet")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("caught", extra={"group": "sg-1"})
    log.debug("unseen")
"#;

#[tokio::test]
async fn a_record_of_several_lines_is_one_event() {
    let mut lab = Lab::start();
    let Some(function) = deploy_logging(&lab, LogFormat::Text, CODE) else { return };
    let outcome = call(&function, json!({})).await;
    assert_eq!(outcome.function_error, None);
    let lines = lab.lines();
    let own: Vec<_> = lines.iter().skip_while(|line| !line.starts_with("START ")).skip(1).collect();
    assert_eq!((own[0].as_str(), own[1].as_str(), own[3].as_str()), ("a\n", "b\n", "no end yet\n"), "{own:?}");
    assert!(own[2].starts_with("[WARNING]\t") && own[2].ends_with("\tone\ntwo\n"), "{own:?}");
    assert!(
        own[4].starts_with("[ERROR]\t") && own[4].contains("\tcaught\nTraceback (most recent call last):\n"),
        "{own:?}"
    );
    assert!(own[4].ends_with("ZeroDivisionError: division by zero\n"), "{own:?}");
    assert!(own[5].starts_with("END "), "{own:?}");
}

#[tokio::test]
async fn records_are_json_where_the_log_is_and_what_is_below_the_level_is_missing() {
    let mut lab = Lab::start();
    let format = LogFormat::Json { application: Level::Error, system: Level::Warn };
    let Some(function) = deploy_logging(&lab, format, CODE) else { return };
    let outcome = call(&function, json!({})).await;
    let lines: Vec<_> = lab.lines().into_iter().filter(|line| !line.starts_with("LAB\t")).collect();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let record: Value = serde_json::from_str(line).unwrap();
    let names: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "timestamp",
            "level",
            "message",
            "logger",
            "stackTrace",
            "errorType",
            "errorMessage",
            "requestId",
            "location",
            "group"
        ]
    );
    assert_eq!(
        (&record["level"], &record["message"], &record["logger"]),
        (&json!("ERROR"), &json!("caught"), &json!("alarm"))
    );
    assert_eq!((&record["errorType"], &record["group"]), (&json!("ZeroDivisionError"), &json!("sg-1")));
    assert_eq!(record["requestId"], json!(outcome.request_id));
    assert!(record["stackTrace"][0].as_str().unwrap().contains("/var/task/lambda.py\", line 10, in f"), "{record}");
    assert!(record["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
}

#[tokio::test]
async fn an_error_that_nobody_caught_is_json_as_well() {
    let mut lab = Lab::start();
    let format = LogFormat::Json { application: Level::Info, system: Level::Info };
    let code = "def f(event, context):\n    raise ValueError('bad')\n";
    let Some(function) = deploy_logging(&lab, format, code) else { return };
    let outcome = call(&function, json!({})).await;
    let records: Vec<Value> = lab.lines().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let error = records.iter().find(|record| record["level"] == "ERROR").unwrap();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&json!("ValueError"), &json!("bad")));
    assert_eq!(error["requestId"], json!(outcome.request_id));
    let report = records.last().unwrap();
    assert_eq!(
        (&report["type"], &report["record"]["errorType"]),
        (&json!("platform.report"), &json!("Runtime.Unknown"))
    );
}
