"""The lab's Python runtime: asks the Runtime API for events and hands them to the handler, as AWS's runtime does."""

import decimal
import http.client
import importlib
import importlib.machinery
import io
import json
import logging
import os
import re
import site
import sys
import time
import traceback

import alert_drill_note

API = "/2018-06-01/runtime"
NO_BREAK_SPACE = "\u00a0"


class Fault(Exception):
    """An error of the runtime itself, with AWS's error type."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace or []


class RuntimeApi:
    def __init__(self, address):
        # No timeout: the wait for the next event has none either.
        self.connection = http.client.HTTPConnection(address)

    def next(self):
        self.connection.request("GET", API + "/invocation/next")
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError("the Runtime API answered %d: %r" % (response.status, body))
        return response.headers, body

    def post(self, path, body, content_type, error_type=None, note=None):
        headers = {"Content-Type": content_type}
        if error_type is not None:
            headers["Lambda-Runtime-Function-Error-Type"] = error_type
        if note is not None:
            # The lab's own header: AWS's Runtime API has nothing of the kind.
            headers["Alert-Drill-Note"] = note.encode("utf-8")
        self.connection.request("POST", API + path, body, headers)
        response = self.connection.getresponse()
        return response.status, response.read()

    def respond(self, request_id, body, content_type):
        status, answer = self.post("/invocation/%s/response" % request_id, body, content_type)
        if status >= 300:
            # A response that is too large ends the process in AWS as well, with this line.
            sys.stderr.write(
                "[ERROR] [%d] LAMBDA_RUNTIME Failed to post handler success response. Http response code: %d. %s\n"
                % (time.time() * 1000, status, answer.decode("utf-8").strip())
            )
            sys.exit(1)


class Attributes:
    """An object with a fixed set of attributes, absent ones None."""

    __slots__ = ()

    def __init__(self, values):
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self):
        shown = ["%s=%s" % (name, getattr(self, name)) for name in self.__slots__]
        return "%s([%s])" % (type(self).__name__, ",".join(shown))


class CognitoIdentity(Attributes):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(Attributes):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Attributes):
    __slots__ = ("custom", "env", "client")


W3C = ("traceparent", "tracestate", "baggage")


class LambdaContext:
    def __init__(self, headers):
        environ = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        # AWS gives the text of the variable, not a number.
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self._w3c = {}
        self.client_context = self._client_context(headers.get("Lambda-Runtime-Client-Context"))
        identity = self._json(headers.get("Lambda-Runtime-Cognito-Identity"), "Cognito Identity") or {}
        self.identity = CognitoIdentity(
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            }
        )
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        self._deadline_in_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    @staticmethod
    def _json(text, name):
        if not text:
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, error))

    def _client_context(self, text):
        values = self._json(text, "Client Context")
        if values is None:
            return None
        # The trace context comes in the client context, and is not a part of it.
        carried = values.pop("w3c", None)
        if isinstance(carried, dict):
            self._w3c = {name: carried[name] for name in W3C if isinstance(carried.get(name), str)}
        context = ClientContext(values)
        if context.client is not None:
            context.client = Client(context.client)
        return context

    def w3c(self):
        return dict(self._w3c)

    def get_remaining_time_in_millis(self):
        return max(self._deadline_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        # Each message is an event of its own in AWS, with a line break or without.
        message = str(message)
        sys.stdout.write(message if message.endswith("\n") else message + "\n")

    def __repr__(self):
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return "LambdaContext([%s])" % ",".join("%s=%s" % item for item in shown.items())


class RequestIdFilter(logging.Filter):
    request_id = ""

    def filter(self, record):
        record.aws_request_id = RequestIdFilter.request_id
        return True


# The format of the log, and what the lab's log reader knows a record by. The function sees nothing of the latter.
JSON = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
FRAME = os.environ.pop("_ALERT_DRILL_LOG_FRAME", None)


def write_record(text, level):
    """Writes one event of the log, however many lines it has, and whatever the function has made of its output."""
    data = text.encode("utf-8", "backslashreplace")
    head = "\x1e%s %s %d\n" % (FRAME, level, len(data))
    sys.__stdout__.flush()
    sys.__stdout__.buffer.write(head.encode("ascii") + data)
    sys.__stdout__.buffer.flush()


def rounded(level):
    """The standard level at or below a level of the function's own."""
    return min(50, max(0, level)) // 10 * 10


# As the log reader names them, whatever the function calls its levels.
LEVELS = {0: "-", 10: "DEBUG", 20: "INFO", 30: "WARN", 40: "ERROR", 50: "FATAL"}


class LambdaLoggerHandler(logging.Handler):
    def emit(self, record):
        write_record(self.format(record), LEVELS[rounded(record.levelno)])


class LambdaFormatter(logging.Formatter):
    def formatException(self, ei):
        return alert_drill_note.as_in_aws(super().formatException(ei))


# What a record has by itself: everything else was given by `extra`, and becomes a member.
OWN = (set(vars(logging.makeLogRecord({}))) - {"taskName"}) | {"aws_request_id", "tenant_id"}


class LambdaJsonFormatter(logging.Formatter):
    def format(self, record):
        level = rounded(record.levelno)
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        members = {
            "timestamp": "%s.%03dZ" % (seconds, int(record.created * 1000) % 1000),
            "level": logging.getLevelName(level),
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            error_type, error, trace = record.exc_info
            members["stackTrace"] = [alert_drill_note.as_in_aws(line) for line in traceback.format_tb(trace)]
            members["errorType"] = error_type.__name__
            members["errorMessage"] = alert_drill_note.as_in_aws(str(error))
        members["requestId"] = record.aws_request_id
        if record.exc_info:
            members["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        for name, value in vars(record).items():
            if name not in OWN and name not in members and value is not None:
                members[name] = value
        return json.dumps(members, ensure_ascii=False) + "\n"


class Unbuffered(io.TextIOWrapper):
    """A stream whose output is in the log at once, with a line break or without: a process that dies loses none."""

    def write(self, text):
        length = super().write(text)
        self.flush()
        return length


def set_up_output():
    # The bytes are UTF-8 and strict, as AWS's locale has them.
    sys.stdout = sys.__stdout__ = Unbuffered(sys.stdout.detach(), "utf-8", "strict")
    sys.stderr = sys.__stderr__ = Unbuffered(sys.stderr.detach(), "utf-8", "backslashreplace")


def set_up_logging():
    # For every formatter, those of the function too.
    logging.Formatter.converter = time.gmtime
    if JSON:
        formatter = LambdaJsonFormatter()
    else:
        formatter = LambdaFormatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
        )
    handler = LambdaLoggerHandler()
    handler.setFormatter(formatter)
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    # Python has no level below this one.
    level = {"TRACE": "DEBUG"}.get(level, level)
    if level in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
        logging.getLogger().setLevel(level)


def find_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error)) from error
    except SyntaxError as error:
        place = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), [place]) from error
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))


def document(error, request_id=""):
    """The error document of AWS."""
    if isinstance(error, Fault):
        error_type, message, trace = error.error_type, error.message, error.trace
    else:
        error_type, message = type(error).__name__, str(error)
        frames = traceback.extract_tb(error.__traceback__)
        # Frames of the runtime itself say nothing to the author of the function, unless there are no others.
        own = [frame for frame in frames if frame.filename == __file__]
        if len(own) < len(frames):
            while frames[0].filename == __file__:
                frames = frames[1:]
        # Four fields only: a frame of Python 3.13 also prints carets, which AWS's runtime does not.
        trace = traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])
    return {
        "errorMessage": alert_drill_note.as_in_aws(message),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": [alert_drill_note.as_in_aws(element) for element in trace],
    }


def log_error(error):
    if JSON:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        members = dict({"timestamp": now, "level": "ERROR"}, **error)
        return write_record(json.dumps(members, ensure_ascii=ENSURE_ASCII) + "\n", "ERROR")
    text = "[ERROR] " + error["errorType"]
    if error["errorMessage"]:
        text += ": " + error["errorMessage"]
    lines = [text, "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            bare = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(bare)) + bare)
    write_record("\n".join(lines) + "\n", "ERROR")


# json writes no numbers but its own: a Decimal becomes a marked text first, and its own digits afterwards.
DECIMAL = os.urandom(8).hex() + ":"


def to_default(value):
    if isinstance(value, decimal.Decimal):
        return float("nan") if value.is_nan() else DECIMAL + str(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def plain(value):
    """The value as AWS's encoder sees it: bytes are UTF-8 text, and a named tuple is an object."""
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, dict):
        return {key.decode("utf-8") if isinstance(key, bytes) else key: plain(of) for key, of in value.items()}
    as_dict = getattr(value, "_asdict", None)
    if callable(as_dict):
        return plain(as_dict())
    if isinstance(value, tuple):
        return [plain(element) for element in value]
    return value


# AWS's runtime writes non-ASCII characters as they are since Python 3.12.
ENSURE_ASCII = os.environ.get("AWS_EXECUTION_ENV") in (
    "AWS_Lambda_python3.9",
    "AWS_Lambda_python3.10",
    "AWS_Lambda_python3.11",
)


def encode(value):
    try:
        value = plain(value)
    except RecursionError:
        # It contains itself, which the encoder words better.
        pass
    text = json.dumps(value, default=to_default, ensure_ascii=ENSURE_ASCII)
    return re.sub('"%s([^"]*)"' % DECIMAL, r"\1", text)


def marshal(value):
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        return encode(value), "application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def unmarshal(body):
    try:
        return json.loads(body)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


def report(api, path, error, request_id=""):
    result = document(error, request_id)
    hint = alert_drill_note.on(error)
    if hint is not None:
        # Whatever level the log has: the lab says it, not the function.
        write_record("LAB\t%s\n" % hint, "FATAL")
    log_error(result)
    body = json.dumps(result, ensure_ascii=ENSURE_ASCII).encode("utf-8", "surrogatepass")
    api.post(path, body, "application/vnd.aws.lambda.error+json", result["errorType"], hint)


def handle_event_request(api, request_handler, headers, body):
    """Its name and the line of the call are those that AWS shows when the call itself fails."""
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    RequestIdFilter.request_id = request_id
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    try:
        lambda_context = LambdaContext(headers)
        event = unmarshal(body)
        response = request_handler(event, lambda_context)
        result, content_type = marshal(response)
    except Exception as error:
        report(api, "/invocation/%s/error" % request_id, error, request_id)
    else:
        # A text that is no Unicode ends the process here, as in AWS.
        result = result if isinstance(result, bytes) else result.encode("utf-8")
        api.respond(request_id, result, content_type)


class SdkFinder:
    """Finds the SDK, if this machine has it."""

    def __init__(self, path):
        self.path = path

    def find_spec(self, name, path=None, target=None):
        if path is None and name in alert_drill_note.SDK:
            return importlib.machinery.PathFinder.find_spec(name, self.path)
        return None


def user_site():
    """Where `pip install` puts packages for a user who may not write to the machine's own."""
    if sys.prefix != sys.base_prefix:
        return []
    return [site.getusersitepackages()]


def set_up_path():
    # A module that only this machine has would be missing in AWS: the function must not find it here either.
    library = os.path.dirname(os.__file__)
    standard = [
        entry
        for entry in sys.path
        if entry in (library, os.path.join(library, "lib-dynload")) or entry.endswith(".zip")
    ]
    machine = [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    configured = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [alert_drill_note.TASK_ROOT] + configured + standard
    # Packages that were installed to be edited come with finders of their own.
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if getattr(finder, "__module__", "").startswith("_frozen_importlib")
    ]
    sys.meta_path.append(SdkFinder(user_site() + machine))


# What AWS's runtime warns of before every error of INIT, word for word.
INIT_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare"
    " cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes,"
    " runtime updates can be triggered by a function change, or can be applied automatically. To determine if the"
    " runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with a"
    " change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous"
    " runtime version. For more information, see"
    " https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


def main():
    set_up_output()
    set_up_logging()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    set_up_path()
    try:
        handler = find_handler(os.environ["_HANDLER"])
    except Exception as error:
        logging.warning(INIT_WARNING)
        report(api, "/init/error", error)
        sys.exit(1)
    while True:
        headers, body = api.next()
        handle_event_request(api, handler, headers, body)


if __name__ == "__main__":
    main()
