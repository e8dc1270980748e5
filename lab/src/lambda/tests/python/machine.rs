//! What this machine's Python lacks and AWS's has is told apart from the function's own mistakes.

use super::*;

/// Whether the machine's Python finds a module.
fn has(module: &str) -> bool {
    let Ok(python) = PythonVersion::V3_13.find() else { return false };
    let code = format!("import importlib.util, sys; sys.exit(importlib.util.find_spec({module:?}) is None)");
    std::process::Command::new(python.path).args(["-c", &code]).status().unwrap().success()
}

#[tokio::test]
async fn a_missing_sdk_is_the_machine_s_fault_and_stays_lambda_s_error() {
    let mut lab = Lab::start();
    let Some(module) = ["boto3", "urllib3", "six", "dateutil"].into_iter().find(|module| !has(module)) else {
        return eprintln!("not tested: this machine's Python has all of the SDK");
    };
    for code in [format!("import {module}.part\ndef f(e, c): pass\n"), format!("def f(e, c):\n    import {module}\n")] {
        let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, &code)]) else { return };
        let outcome = call(&function, json!({})).await;
        let error = document(&outcome);
        let at_init = code.starts_with("import");
        assert_eq!(error["errorType"], if at_init { "Runtime.ImportModuleError" } else { "ModuleNotFoundError" });
        let message = error["errorMessage"].as_str().unwrap();
        assert!(message.ends_with(&format!("No module named '{module}'")), "{message}");
        let note = outcome.note.unwrap();
        let python = PythonVersion::V3_13.find().unwrap();
        let path = python.path.display();
        assert_eq!(
            note,
            format!(
                "Python {} ({path}) lacks {module}, which AWS's python3.13 has: run `{path} -m pip install boto3 urllib3`, or \
                 let ALERT_DRILL_PYTHON name the python of a virtual environment that has them",
                python.version
            )
        );
        assert!(lab.lines().contains(&format!("LAB\t{note}\n")), "the log says it as well");
    }
}

#[tokio::test]
async fn a_function_s_own_mistakes_have_no_note() {
    let lab = Lab::start();
    for code in [
        "import requestz\ndef f(e, c): pass\n",
        "from json import nothing_of_it\ndef f(e, c): pass\n",
        "def f(e, c): open('/var/task/missing.json')\n",
        "def f(e, c): open('missing.json')\n",
        "def f(e, c): raise ValueError('boto3')\n",
    ] {
        // The runtime of the machine's own version: another version's library might have what this one lacks.
        let Some(function) = deploy(&lab, "lambda.f", &[("lambda.py", 0o644, code)]) else { return };
        let outcome = call(&function, json!({})).await;
        assert!(outcome.function_error.is_some());
        let note = outcome.note.filter(|note| !note.starts_with("the runtime is "));
        assert_eq!(note, None, "{code}");
    }
}

#[tokio::test]
async fn a_file_that_is_asked_for_in_var_task_is_found_by_its_note() {
    let lab = Lab::start();
    let code = "def f(e, c): return open('/var/task/data/settings.json').read()\n";
    let files = [("lambda.py", 0o644, code), ("data/settings.json", 0o644, "{}")];
    let Some(function) = deploy(&lab, "lambda.f", &files) else { return };
    let outcome = call(&function, json!({})).await;
    assert_eq!(document(&outcome)["errorType"], "FileNotFoundError");
    let note = outcome.note.unwrap();
    assert!(note.contains("LAMBDA_TASK_ROOT") && note.contains("open data/settings.json from there"), "{note}");
}

#[tokio::test]
async fn what_only_the_runtime_s_own_version_has_is_told() {
    let mut lab = Lab::start();
    let python = match PythonVersion::V3_14.find() {
        Ok(python) if !python.version.starts_with("3.14.") => python,
        Ok(_) => return eprintln!("not tested: this machine has Python 3.14"),
        Err(error) => return eprintln!("not tested: {error}"),
    };
    for code in ["import annotationlib\n", "x = t'a template'\n", "from annotationlib import Format\n"] {
        let change = |config: &mut FunctionConfig| {
            config.runtime = Runtime::Python(PythonVersion::V3_14);
            config.handler = "lambda.f".into();
        };
        let function = lab.deploy_with(&[], change, &[("lambda.py", 0o644, code)]);
        let note = call(&function, json!({})).await.note.unwrap();
        let path = python.path.display();
        let begin = format!("the runtime is python3.14, which this machine runs on Python {} ({path})", python.version);
        assert!(note.starts_with(&begin), "{note}");
        let line = format!("LAB\tRuntime: python3.14\tPython: {}\tPath: {path}\n", python.version);
        assert!(lab.lines().contains(&line));
    }
}
