"""The lab's Python runtime: asks the Runtime API for events and hands them to the handler, as AWS's runtime does."""

import decimal
import http.client
import importlib
import importlib.machinery
import json
import logging
import os
import re
import sys
import time
import traceback

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

    def post(self, path, body, content_type, error_type=None):
        headers = {"Content-Type": content_type}
        if error_type is not None:
            headers["Lambda-Runtime-Function-Error-Type"] = error_type
        self.connection.request("POST", API + path, body, headers)
        self.connection.getresponse().read()


class Attributes:
    """An object with a fixed set of attributes, absent ones None."""

    def __init__(self, names, values):
        for name in names:
            setattr(self, name, values.get(name))

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ",".join("%s=%s" % item for item in vars(self).items()))


class CognitoIdentity(Attributes):
    pass


class Client(Attributes):
    pass


class ClientContext(Attributes):
    pass


CLIENT = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


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
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        self.client_context = self._client_context(headers.get("Lambda-Runtime-Client-Context"))
        identity = self._json(headers.get("Lambda-Runtime-Cognito-Identity"), "Cognito Identity") or {}
        self.identity = CognitoIdentity(
            ("cognito_identity_id", "cognito_identity_pool_id"),
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            },
        )
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
        context = ClientContext(("custom", "env", "client"), values)
        if context.client is not None:
            context.client = Client(CLIENT, context.client)
        return context

    def get_remaining_time_in_millis(self):
        return max(self._deadline_in_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return "LambdaContext([%s])" % ",".join("%s=%s" % item for item in shown.items())


class RequestIdFilter(logging.Filter):
    request_id = ""

    def filter(self, record):
        record.aws_request_id = RequestIdFilter.request_id
        return True


class StdoutHandler(logging.Handler):
    def emit(self, record):
        # Looked up at each call, and with the line break in the format, as AWS's handler has it.
        sys.stdout.write(self.format(record))


def set_up_logging():
    # AWS's functions see their output at once, whatever they print to.
    sys.stdout.reconfigure(line_buffering=True, write_through=True)
    sys.stderr.reconfigure(line_buffering=True, write_through=True)
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = StdoutHandler()
    handler.setFormatter(formatter)
    handler.addFilter(RequestIdFilter())
    logging.getLogger().addHandler(handler)


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
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        place = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), [place])
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
        # Frames of the runtime itself say nothing to the author of the function.
        while frames and frames[0].filename == __file__:
            frames = frames[1:]
        # Four fields only: a frame of Python 3.13 also prints carets, which AWS's runtime does not.
        trace = traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])
    return {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def log_error(error):
    text = "[ERROR] " + error["errorType"]
    if error["errorMessage"]:
        text += ": " + error["errorMessage"]
    lines = [text, "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            bare = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(bare)) + bare)
    # Carriage returns keep the error together as one event of the log.
    sys.stdout.write("\r".join(lines).replace("\n", "\r") + "\n")


# json writes no numbers but its own: a Decimal becomes a marked text first, and its own digits afterwards.
DECIMAL = os.urandom(8).hex() + ":"


def to_default(value):
    if isinstance(value, decimal.Decimal):
        return float("nan") if value.is_nan() else DECIMAL + str(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


# AWS's runtime writes non-ASCII characters as they are since Python 3.12.
ENSURE_ASCII = os.environ.get("AWS_EXECUTION_ENV") in (
    "AWS_Lambda_python3.9",
    "AWS_Lambda_python3.10",
    "AWS_Lambda_python3.11",
)


def marshal(value):
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        text = json.dumps(value, default=to_default, ensure_ascii=ENSURE_ASCII)
        text = re.sub('"%s([^"]*)"' % DECIMAL, r"\1", text)
        return text.encode("utf-8"), "application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def unmarshal(body):
    try:
        return json.loads(body)
    except Exception as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


def report(api, path, error, request_id=""):
    result = document(error, request_id)
    log_error(result)
    body = json.dumps(result).encode("utf-8")
    api.post(path, body, "application/vnd.aws.lambda.error+json", result["errorType"])


def handle(api, handler, headers, body):
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    RequestIdFilter.request_id = request_id
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
    try:
        result, content_type = marshal(handler(unmarshal(body), LambdaContext(headers)))
    except Exception as error:
        report(api, "/invocation/%s/error" % request_id, error, request_id)
    else:
        api.post("/invocation/%s/response" % request_id, result, content_type)


# What AWS's image has beside the standard library: its SDK and what that needs.
SDK = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}


class SdkFinder:
    """Finds the SDK, if this machine has it."""

    def __init__(self, path):
        self.path = path

    def find_spec(self, name, path=None, target=None):
        if path is None and name in SDK:
            return importlib.machinery.PathFinder.find_spec(name, self.path)
        return None


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
    sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"]] + configured + standard
    # Packages that were installed to be edited come with finders of their own.
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if getattr(finder, "__module__", "").startswith("_frozen_importlib")
    ]
    sys.meta_path.append(SdkFinder(machine))


def main():
    set_up_logging()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    set_up_path()
    try:
        handler = find_handler(os.environ["_HANDLER"])
    except Exception as error:
        report(api, "/init/error", error)
        sys.exit(1)
    while True:
        headers, body = api.next()
        handle(api, handler, headers, body)


if __name__ == "__main__":
    main()
