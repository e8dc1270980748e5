"""What differs between this machine and AWS, said beside an error that the difference may have caused."""

import os
import re
import sys
import types

# Where the package is here, and where it is in AWS.
TASK_ROOT = os.environ.get("LAMBDA_TASK_ROOT", "")
AWS_TASK_ROOT = "/var/task/"
RUNTIME = os.path.dirname(os.path.abspath(__file__))
AWS_RUNTIME = "/var/runtime/"
# What AWS's image has beside the standard library: its SDK and what that needs.
SDK = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"}


def as_in_aws(text):
    """The text with the package and the runtime where they are in AWS."""
    text = text.replace(RUNTIME + os.sep, AWS_RUNTIME)
    return text.replace(TASK_ROOT + os.sep, AWS_TASK_ROOT) if TASK_ROOT else text


def on(error):
    """Why the function may fail on this machine alone, or None. The error itself stays as in AWS."""
    for cause in causes(error):
        for judge in (note_on_sdk, note_on_version, note_on_path):
            text = judge(cause)
            if text is not None:
                return text
    return None


def causes(error):
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        error = error.__cause__ or error.__context__
    return seen


def this_python():
    return "Python %d.%d.%d (%s)" % (sys.version_info[:3] + (sys.executable,))


def runtime():
    return os.environ.get("AWS_EXECUTION_ENV", "").replace("AWS_Lambda_", "")


def note_on_sdk(error):
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return None
    import importlib.util  # Late: only an error needs it, and every start would pay for it.

    name = error.name.partition(".")[0]
    if name not in SDK or name in sys.modules or importlib.util.find_spec(name) is not None:
        return None
    return (
        "%s lacks %s, which AWS's %s has: run `%s -m pip install boto3 urllib3`, or let ALERT_DRILL_PYTHON name the"
        " python of a virtual environment that has them" % (this_python(), name, runtime(), sys.executable)
    )


# Modules of the standard library that not every version has: from which on, and until before which.
FROM = {"annotationlib": (3, 14), "compression": (3, 14), "tomllib": (3, 11)}
UNTIL_3_12 = {"asynchat", "asyncore", "distutils", "imp", "smtpd"}
UNTIL_3_13 = set(
    "aifc audioop cgi cgitb chunk crypt imghdr mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau telnetlib"
    " uu xdrlib".split()
)


def has_module(version, name):
    """Whether a version of Python has this module of the standard library, which another one has."""
    if name in FROM:
        return version >= FROM[name]
    return version < (3, 12) if name in UNTIL_3_12 else version < (3, 13) and name in UNTIL_3_13


def note_on_version(error):
    asked, here = runtime(), sys.version_info[:2]
    if not re.fullmatch(r"python3\.\d+", asked) or asked == "python%d.%d" % here:
        return None
    if isinstance(error, ModuleNotFoundError):
        matters = has_module((3, int(asked.partition(".")[2])), (error.name or "").partition(".")[0])
    elif isinstance(error, ImportError):
        matters = is_standard(error.name)
    elif isinstance(error, AttributeError):
        matters = isinstance(getattr(error, "obj", None), types.ModuleType) and is_standard(error.obj.__name__)
    else:
        matters = isinstance(error, SyntaxError)
    if not matters:
        return None
    return (
        "the runtime is %s, which this machine runs on %s: AWS's may take what this one refuses; put %s into PATH, or"
        " let ALERT_DRILL_PYTHON name one" % (asked, this_python(), asked)
    )


def is_standard(name):
    return (name or "").partition(".")[0] in getattr(sys, "stdlib_module_names", ())


def note_on_path(error):
    path = getattr(error, "filename", None)
    if not isinstance(error, FileNotFoundError) or not isinstance(path, str) or not path.startswith(AWS_TASK_ROOT):
        return None
    if not os.path.exists(os.path.join(TASK_ROOT, path[len(AWS_TASK_ROOT) :])):
        return None
    return (
        "the lab has the package not in /var/task but in the directory that LAMBDA_TASK_ROOT names, as in AWS: open %s"
        " from there, or beside __file__" % path[len(AWS_TASK_ROOT) :]
    )
