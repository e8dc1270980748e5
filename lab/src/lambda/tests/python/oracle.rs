//! The same functions under AWS's own runtime client (`awslambdaric` from PyPI) and under the lab's: what both answer and
//! write must agree. Skipped where the Python that runs python3.13 lacks awslambdaric.
//!
//! To run it: `ALERT_DRILL_PYTHON=.venv/bin/python cargo test …` with a virtual environment that has `awslambdaric`.

use super::*;

/// AWS's client as a custom runtime. Managed runtimes alone set the first variable, by which the client chooses how it
/// encodes.
const CLIENT: &str = "#!/bin/sh
AWS_EXECUTION_ENV=AWS_Lambda_python3.13 PYTHONDONTWRITEBYTECODE=1 exec \"$TEST_PYTHON\" -X utf8 -m awslambdaric \"$_HANDLER\"
";

/// Name, handler, code of `lambda.py`.
const CASES: &[(&str, &str, &str)] = &[
    // What handlers return.
    ("an object", "lambda.f", "def f(e, c): return {'a': [1, 2.5, None, True], 'event': e}"),
    ("nothing", "lambda.f", "def f(e, c): pass"),
    ("unicode", "lambda.f", "def f(e, c): return '보안 그룹 \\u2028 \\x00 😀'"),
    ("a lone surrogate", "lambda.f", "def f(e, c): return '\\ud800'"),
    ("a Decimal", "lambda.f", "import decimal\ndef f(e, c): return {'d': decimal.Decimal('1.10')}"),
    ("a large Decimal", "lambda.f", "import decimal\ndef f(e, c): return [decimal.Decimal('1E+30')]"),
    ("a Decimal that is no number", "lambda.f", "import decimal\ndef f(e, c): return [decimal.Decimal('-NaN')]"),
    ("no number", "lambda.f", "def f(e, c): return [float('nan'), float('inf'), float('-inf')]"),
    ("bytes", "lambda.f", "def f(e, c): return b'{\"raw\": 1}'"),
    ("bytes inside", "lambda.f", "def f(e, c): return {'a': b'abc', b'k': 1}"),
    ("bytes that are no text", "lambda.f", "def f(e, c): return [b'\\xff']"),
    ("a set", "lambda.f", "def f(e, c): return {1, 2}"),
    ("a datetime", "lambda.f", "import datetime\ndef f(e, c): return datetime.datetime(2026, 1, 1)"),
    ("an object of a class", "lambda.f", "class A: pass\ndef f(e, c): return {'a': A()}"),
    ("a generator", "lambda.f", "def f(e, c): return (x for x in [1])"),
    ("a coroutine", "lambda.f", "async def f(e, c): return 1"),
    ("a tuple", "lambda.f", "def f(e, c): return (1, (2, 3))"),
    (
        "a named tuple",
        "lambda.f",
        "import collections\nP = collections.namedtuple('P', 'x y')\ndef f(e, c): return [P(1, b'2')]",
    ),
    (
        "a data class",
        "lambda.f",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\ndef f(e, c): return A(1)",
    ),
    (
        "an enumeration",
        "lambda.f",
        "import enum\nclass E(enum.IntEnum):\n    A = 3\ndef f(e, c): return {'e': E.A, 'k': {E.A: 1}}",
    ),
    ("a text enumeration", "lambda.f", "import enum\nclass E(str, enum.Enum):\n    A = 'a'\ndef f(e, c): return [E.A]"),
    ("keys of all kinds", "lambda.f", "def f(e, c): return {1: 'a', 2.5: 'b', None: 'c', True: 'd'}"),
    ("a key that is no key", "lambda.f", "def f(e, c): return {(1, 2): 'a'}"),
    ("what contains itself", "lambda.f", "def f(e, c):\n    a = []\n    a.append(a)\n    return a"),
    ("a default dictionary", "lambda.f", "import collections\ndef f(e, c): return collections.defaultdict(int, a=1)"),
    (
        "a counter and a deque",
        "lambda.f",
        "import collections\ndef f(e, c): return [collections.Counter('aab'), collections.deque([1])]",
    ),
    ("a mapping that is no dict", "lambda.f", "import types\ndef f(e, c): return types.MappingProxyType({'a': 1})"),
    ("a large integer", "lambda.f", "def f(e, c): return 2 ** 70"),
    ("a large answer", "lambda.f", "def f(e, c): return 'x' * 7_000_000"),
    // What handlers raise.
    ("an error", "lambda.f", "def f(e, c):\n    raise ValueError('bad')"),
    ("an error without a message", "lambda.f", "def f(e, c):\n    raise ValueError"),
    ("an error in Korean", "lambda.f", "def f(e, c):\n    raise ValueError('웹훅이 없다')"),
    (
        "an error deep down",
        "lambda.f",
        "def g(n):\n    if n == 0:\n        return {}['k']\n    return g(n - 1)\ndef f(e, c):\n    return g(3)",
    ),
    (
        "an error from another",
        "lambda.f",
        "def f(e, c):\n    try:\n        1 / 0\n    except ZeroDivisionError as z:\n        raise RuntimeError('later') from z",
    ),
    ("an error of its own class", "lambda.f", "class Mine(Exception):\n    pass\ndef f(e, c):\n    raise Mine('a', 1)"),
    ("an error over two lines", "lambda.f", "def f(e, c):\n    return dict(\n        a=int('x'),\n    )"),
    ("an endless recursion", "lambda.f", "def f(e, c):\n    return f(e, c)"),
    (
        "a group of errors",
        "lambda.f",
        "def f(e, c):\n    raise ExceptionGroup('many', [ValueError('a'), KeyError('b')])",
    ),
    ("an error of the library", "lambda.f", "import json\ndef f(e, c):\n    return json.loads('{')"),
    ("a missing argument", "lambda.f", "def f(e): pass"),
    ("no function", "lambda.f", "f = 3"),
    ("a missing variable", "lambda.f", "import os\ndef f(e, c):\n    return os.environ['WEBHOOK']"),
    ("an import in the handler", "lambda.f", "def f(e, c):\n    import requestz"),
    ("an exit", "lambda.f", "import sys\ndef f(e, c):\n    print('leaving')\n    sys.exit(4)"),
    ("an exit without a code", "lambda.f", "import sys\ndef f(e, c):\n    sys.exit()"),
    ("a hard exit", "lambda.f", "import os\ndef f(e, c):\n    print('leaving', end='')\n    os._exit(7)"),
    ("an abort", "lambda.f", "import os\ndef f(e, c):\n    os.abort()"),
    // INIT.
    ("no module", "other.f", ""),
    ("a missing import", "lambda.f", "import requestz"),
    ("a missing name", "lambda.f", "from json import nothing\ndef f(e, c): pass"),
    ("no handler", "lambda.f", "def g(e, c): pass"),
    ("no dot", "lambda", "def f(e, c): pass"),
    ("a method", "lambda.A.f", "class A:\n    def f(e, c): pass"),
    ("a builtin module", "sys.exit", ""),
    ("a syntax error", "lambda.f", "def f(e, c):\n    return (1\n"),
    ("an indentation error", "lambda.f", "def f(e, c):\nreturn 1\n"),
    ("tabs and spaces", "lambda.f", "def f(e, c):\n\tif e:\n        return 1\n"),
    ("an error at the top", "lambda.f", "print('first')\nx = undefined\n"),
    (
        "an error at the top of a module of its own",
        "lambda.f",
        "class Bad(Exception): pass\ndef g():\n    raise Bad('x')\ng()\n",
    ),
    ("an exit at the top", "lambda.f", "import sys\nsys.exit(3)"),
    ("a module in a folder", "pkg/deep/mod.f", ""),
    ("a module with dots", "pkg.deep.mod.f", ""),
    ("a relative import beyond", "pkg.bad.f", ""),
    ("a file name with a dash", "my-function.f", ""),
    // Output.
    (
        "prints",
        "lambda.f",
        "import sys\ndef f(e, c):\n    print('a\\nb')\n    print('c', end='')\n    print('d', file=sys.stderr)\n    print()\n    sys.stdout.write('no end')",
    ),
    (
        "levels",
        "lambda.f",
        "import logging\nlogging.getLogger().setLevel('INFO')\ndef f(e, c):\n    for l in ('debug', 'info', 'warning', 'error', 'critical'):\n        getattr(logging, l)('at %s', l)",
    ),
    (
        "the default level",
        "lambda.f",
        "import logging\ndef f(e, c):\n    logging.info('unseen')\n    logging.warning('seen')\n    logging.getLogger('mine').error('named')",
    ),
    (
        "basicConfig",
        "lambda.f",
        "import logging\nlogging.basicConfig(level=logging.INFO)\ndef f(e, c):\n    logging.info('unseen')",
    ),
    (
        "a forced basicConfig",
        "lambda.f",
        "import logging\nlogging.basicConfig(level=logging.INFO, force=True)\ndef f(e, c):\n    logging.info('on stderr')",
    ),
    (
        "a formatter of its own",
        "lambda.f",
        "import logging\nlogging.getLogger().handlers[0].setFormatter(logging.Formatter('%(levelname)s %(aws_request_id)s %(message)s'))\ndef f(e, c):\n    logging.error('x')",
    ),
    (
        "a logged exception",
        "lambda.f",
        "import logging\ndef f(e, c):\n    try:\n        1 / 0\n    except Exception:\n        logging.exception('caught')",
    ),
    (
        "a record with more in it",
        "lambda.f",
        "import logging\nlog = logging.getLogger('mine')\ndef f(e, c):\n    log.warning('%s', e, extra={'group': ['sg-1'], 'n': None})\n    log.log(35, 'between')",
    ),
    ("logging at the top", "lambda.f", "import logging\nlogging.error('early')\ndef f(e, c): pass"),
    (
        "several handlers",
        "lambda.f",
        "import logging, sys\nlogging.getLogger().addHandler(logging.StreamHandler(sys.stdout))\ndef f(e, c):\n    logging.error('twice')",
    ),
    // The context.
    (
        "the context",
        "lambda.f",
        "def f(e, c):\n    c.log('a line\\n')\n    return [c.aws_request_id, c.function_name, c.function_version, c.invoked_function_arn, c.memory_limit_in_mb, c.log_group_name, c.identity.cognito_identity_id, c.identity.cognito_identity_pool_id, c.client_context, 2000 < c.get_remaining_time_in_millis() <= 30000, c.tenant_id, c.w3c() if hasattr(c, 'w3c') else {}]",
    ),
    (
        "the context as text",
        "lambda.f",
        "import re\ndef f(e, c):\n    return re.sub('log_stream_name=[^,]*', '', repr(c)) + repr(c.identity)",
    ),
    ("a strange attribute", "lambda.f", "def f(e, c):\n    c.identity.other = 1"),
    (
        "variables",
        "lambda.f",
        "import os\ndef f(e, c):\n    return {k: os.environ.get(k) for k in ('_HANDLER', 'AWS_REGION', 'AWS_LAMBDA_FUNCTION_NAME', 'TZ', 'LANG', 'HOME', 'AWS_EXECUTION_ENV')}",
    ),
    (
        "the trace id",
        "lambda.f",
        "import os\ndef f(e, c):\n    return os.environ['_X_AMZN_TRACE_ID'].startswith('Root=1-')",
    ),
    ("local time", "lambda.f", "import time\ndef f(e, c):\n    return [time.tzname[0], time.timezone]"),
    (
        "the directory",
        "lambda.f",
        "import os\ndef f(e, c):\n    return os.getcwd() == os.environ['LAMBDA_TASK_ROOT'] == os.path.dirname(os.path.abspath(__file__))",
    ),
];

/// Where the client itself fails, or the interpreter complains of its lines: the log shows the client's own code.
const DIES_IN_THE_CLIENT: &[&str] = &["a lone surrogate", "a coroutine", "a large answer"];

/// Whose last record has no line break at its end: in this test it stays in the client's pipe.
const UNFINISHED: &[&str] = &["a formatter of its own", "a logged exception"];

/// What is there beside `lambda.py`.
const OTHER_FILES: &[(&str, u32, &str)] = &[
    ("bootstrap", 0o755, CLIENT),
    ("pkg/__init__.py", 0o644, ""),
    ("pkg/deep/mod.py", 0o644, "from ..near import N\ndef f(e, c): return [__name__, N]\n"),
    ("pkg/near.py", 0o644, "N = 1\n"),
    ("pkg/bad.py", 0o644, "from ...far import N\n"),
    ("my-function.py", 0o644, "def f(e, c): return __name__\n"),
];

/// The Python of the runtime, if it has AWS's client.
fn python_with_client() -> Option<PathBuf> {
    let python = match PythonVersion::V3_13.find() {
        Ok(python) => python.path,
        Err(error) => {
            eprintln!("not tested: {error}");
            return None;
        }
    };
    let found = std::process::Command::new(&python).args(["-c", "import awslambdaric"]).output().unwrap();
    if !found.status.success() {
        eprintln!("not tested: {} has no awslambdaric", python.display());
        return None;
    }
    Some(python)
}

/// What an invocation answered and wrote, without what differs from one to the next.
async fn run(function: &Arc<Function>, lab: &mut Lab) -> (Value, Vec<String>) {
    lab.lines();
    let outcome = call(function, json!({"detail": {"이름": "sg", "n": 1.5}})).await;
    let root = format!("{}/", function.package().root().display());
    let plain = |text: &str| impersonal(&text.replace(&outcome.request_id, "ID").replace(&root, "/var/task/"));
    let payload = plain(&String::from_utf8_lossy(&outcome.payload));
    let answer = serde_json::from_str(&payload).unwrap_or(Value::String(payload));
    // Environments of cases before may still be dying, and finishing their last lines.
    let lines = std::iter::from_fn(|| lab.logs.try_recv().ok()).filter(|event| *event.stream == *outcome.log_stream);
    let lines: Vec<_> = lines.map(|event| event.message).collect();
    let own = lines.iter().filter(|line| {
        !["INIT_START ", "LAB\t", "START ", "END ", "REPORT ", "INIT_REPORT "].iter().any(|is| line.starts_with(is))
            && !line.contains(r#""type":"platform."#)
    });
    // A record that is one event here comes line by line from the client, which writes to a pipe in this test.
    let own = own.flat_map(|line| line.split(['\r', '\n'])).filter(|line| !line.is_empty());
    (
        json!({"error": outcome.function_error.is_some(), "answer": answer}),
        own.map(|line| undated(&plain(line))).collect(),
    )
}

/// The text without what follows from the client's own code: its place, its lines, how deep it calls.
fn impersonal(text: &str) -> String {
    let mut plain = String::new();
    for part in text.split_inclusive([',', ' ']) {
        let number = |word: &str| word.chars().all(|letter| letter.is_ascii_digit()).then_some("N");
        let kept = match part.rsplit_once("/awslambdaric/") {
            Some((path, file)) => {
                let before = path.rsplit_once('"').map_or(path, |(before, _)| before);
                format!("{before}\"/var/runtime/{file}")
            }
            None => part.to_owned(),
        };
        if plain.ends_with("repeated ")
            || plain.ends_with("bootstrap.py\\\", line ")
            || plain.ends_with("bootstrap.py\", line ")
        {
            plain.push_str(number(part.trim_end_matches([',', ' '])).unwrap_or(part));
            plain.push_str(&part[part.trim_end_matches([',', ' ']).len()..]);
        } else {
            plain.push_str(&kept);
        }
    }
    plain
}

/// A line with zeros for the digits of its time.
fn undated(line: &str) -> String {
    if let Ok(Value::Object(mut record)) = serde_json::from_str(line) {
        if let Some(time) = record.get_mut("timestamp") {
            // Clients differ in how exactly they say when an error happened.
            *time = json!(time.as_str().is_some_and(|time| time.len() >= "2026-11-24T15:00:00".len()));
        }
        return Value::Object(record).to_string();
    }
    let Some((level, rest)) = line.split_once('\t') else { return line.to_owned() };
    let Some((time, rest)) = rest.split_once('\t') else { return line.to_owned() };
    format!("{level}\t{}\t{rest}", time.replace(|letter: char| letter.is_ascii_digit(), "0"))
}

/// The cases in which the form of the log matters.
const LOGGED: &[&str] = &[
    "an error",
    "an error in Korean",
    "an error at the top",
    "prints",
    "levels",
    "the default level",
    "a formatter of its own",
    "a logged exception",
    "a record with more in it",
    "logging at the top",
];

#[tokio::test]
async fn the_lab_s_python_runtime_agrees_with_aws_s_own() {
    let Some(python) = python_with_client() else { return };
    let python = python.to_str().unwrap();
    let mut lab = Lab::start();
    let mut different = Vec::new();
    let json = LogFormat::Json { application: Level::Trace, system: Level::Info };
    let as_json = CASES.iter().filter(|(name, ..)| LOGGED.contains(name)).map(|case| (case, json));
    for ((name, handler, code), format) in CASES.iter().map(|case| (case, LogFormat::Text)).chain(as_json) {
        let mut files = vec![("lambda.py", 0o644, *code)];
        files.extend(OTHER_FILES);
        let set = |runtime| {
            move |config: &mut FunctionConfig| {
                (config.runtime, config.handler) = (runtime, (*handler).into());
                config.logging.format = format;
                // Only managed runtimes set it; the client's own answer depends on nothing of it.
                config.environment.insert("PYTHONDONTWRITEBYTECODE".into(), "1".into());
            }
        };
        let variables = [("TEST_PYTHON", python)];
        let ours = lab.deploy_with(&variables, set(Runtime::Python(PythonVersion::V3_13)), &files);
        let theirs = lab.deploy_with(&variables, set(Runtime::ProvidedAl2023), &files);
        let (mut ours, theirs) = (run(&ours, &mut lab).await, run(&theirs, &mut lab).await);
        if UNFINISHED.contains(name) && ours.1.len() > theirs.1.len() {
            ours.1.pop();
        }
        if ours.0 != theirs.0 || ours.1 != theirs.1 && !DIES_IN_THE_CLIENT.contains(name) {
            different.push(format!("{name}, {format:?}\n  lab: {ours:?}\n  AWS: {theirs:?}"));
        }
    }
    eprintln!("{} cases differ", different.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
}
