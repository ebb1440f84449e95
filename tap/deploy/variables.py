"""Check the application's variables in `parameters/ENV.env`, and upload them for ECS.

The file is uploaded to the artifact bucket under its content's hash. So each change means a new object, a new value of
the parameter EnvironmentFileArn, and a deployment; comments and order make no difference.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tap.deploy.artifacts import bucket_name, put, storage
from tap.deploy.aws import AwsClient
from tap.deploy.files import joined, read
from tap.deploy.models import CallFailed, Environment, InputError

PARAMETER, SECRET, KEYS = "EnvironmentFileArn", "AppSecretArn", "AppSecretKeys"
FOLDER = "variables/"
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SECRET_NAME = re.compile(
    r"(?i)(^|_)(passw(or)?d|pwd|secret|token|credentials?|(api|private|secret|access|signing|encryption)_?key)$")
# A few documented formats of secrets, which nobody should commit.
_SECRET_VALUE = re.compile(r"""(?x)
    -----BEGIN[A-Z ]*PRIVATE\ KEY
    | \b(AKIA|ASIA)[A-Z2-7]{16}\b                      # AWS access key
    | \b(sk|rk)_(live|test)_[A-Za-z0-9]{16,} | \bwhsec_[A-Za-z0-9]{16,}   # Stripe
    | \bgh[pousr]_[A-Za-z0-9]{36} | \bgithub_pat_\w{22,}
    | \bxox[abprs]-[A-Za-z0-9-]{10,}                   # Slack
    | \bAIza[A-Za-z0-9_-]{35}\b                        # Google
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.    # JSON Web Token
    | ://[^/\s:@]+:[^/\s@]+@                           # password in a URL
    """)
_HARMLESS = re.compile(r"|true|false|\d+|arn:.*|https?://.*")  # of a variable whose name suggests a secret


def read_variables(root: Path, name: str, reserved: Collection[str]) -> dict[str, str] | None:
    """Return the variables of an environment's file, None if it does not exist.

    `reserved` has the names that the template sets, which take precedence. Raises InputError with all problems.
    """
    file = f"parameters/{name}.env"
    if not (root / file).exists():
        return None
    variables: dict[str, str] = {}
    problems = []
    for number, line in enumerate(read(root, file).split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        variable, equals, value = line.partition("=")
        line_problems = [f"line {number} is not NAME=value"] if not equals or not _NAME.fullmatch(variable) else [
            f"line {number}: {variable} {problem}" for problem in _problems(variable, value, variables, reserved)]
        problems += line_problems
        variables[variable] = value
    if problems:
        raise InputError(joined(file, problems))
    return variables


def _problems(name: str, value: str, others: Collection[str], reserved: Collection[str]) -> Iterator[str]:
    """Yield the problems with a variable, without its value.

    ECS reads the file as Docker does: the value is all that follows the equals sign, quotes and blanks included.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EnvironmentFile.html
    """
    if name in others:
        yield "occurs twice: remove one of them"
    if name in reserved:
        yield "is set by the stack, which takes precedence: choose another name"
    if value != value.strip() or not value.isprintable():
        yield "has blanks or control characters around or in its value, which would become part of it: remove them"
    if value[:1] in ("'", '"') and value[:1] == value[-1:]:
        yield "has quotes around its value, which would become part of it: remove them"
    if _SECRET_VALUE.search(value) or (_SECRET_NAME.search(name) and not _HARMLESS.fullmatch(value)):
        yield (f"looks like a secret: put it into the secret of {SECRET}, and its name into {KEYS}. This file is in "
               "the repository")


def reserved_names(template: Mapping[str, Any], keys: str = "") -> set[str]:
    """Return the variables that a template's task definitions set themselves; `keys` is the value of AppSecretKeys."""
    containers = [container for resource in template.get("Resources", {}).values()
                  if resource.get("Type") == "AWS::ECS::TaskDefinition"
                  for container in resource.get("Properties", {}).get("ContainerDefinitions", [])]
    entries = [entry for container in containers for section in ("Environment", "Secrets")
               for entry in container.get(section, [])]
    names = [entry.get("Fn::If", [None, entry])[1].get("Name") for entry in entries]
    return {name for name in names if isinstance(name, str)} | set(filter(None, keys.split(",")))


def file_text(variables: Mapping[str, str]) -> str:
    """Return the variables in the format that ECS reads."""
    return "".join(f"{name}={value}\n" for name, value in sorted(variables.items()))


def object_key(variables: Mapping[str, str]) -> str:
    """Return the key of the object with these variables."""
    return f"{FOLDER}{hashlib.sha256(file_text(variables).encode()).hexdigest()}.env"


def with_file_arn(aws: AwsClient, env: Environment) -> Environment:
    """Return an environment with EnvironmentFileArn, if it has an environment file; nothing is uploaded.

    Raises InputError if no bucket is configured.
    """
    variables = env.values.variables
    if variables is None:
        return env
    bucket = bucket_name(env, storage(aws, env))
    if bucket is None:
        raise InputError(f"parameters/{env.name}.env needs an artifact bucket: "
                         f"create one with tap bootstrap {env.name}")
    partition = aws.meta("s3").partition
    arn = f"arn:{partition}:s3:::{bucket}/{object_key(variables)}"
    return env.with_parameters({**env.values.parameters, PARAMETER: arn})


def upload(aws: AwsClient, env: Environment) -> None:
    """Upload the file to the location in EnvironmentFileArn, unless it exists. Raises InputError."""
    variables = env.values.variables
    if variables is None:
        return
    store = storage(aws, env)
    if bucket := bucket_name(env, store):
        put(aws, store, bucket, object_key(variables), file_text(variables).encode())


def read_deployed(aws: AwsClient, arn: str) -> dict[str, str]:
    """Return the variables in the file that a stack uses. Raises CallFailed."""
    bucket, _, key = arn.partition(":::")[2].partition("/")
    text = aws.service("s3")("get_object", Bucket=bucket, Key=key)["Body"].read().decode()
    pairs = (line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str | None, str | None], ...]:
    """Return each variable that differs, with its value before and after; None stands for a missing one."""
    return tuple((name, before.get(name), after.get(name)) for name in sorted({*before, *after})
                 if before.get(name) != after.get(name))


def compare(aws: AwsClient, env: Environment, deployed: str) -> tuple[
        tuple[tuple[str, str | None, str | None], ...], list[str]]:
    """Return the differences from the deployed file, whose ARN is `deployed` or empty, and warnings."""
    wanted = env.values.parameters.get(PARAMETER, "")
    if PARAMETER in env.values.previous or wanted == deployed:
        return (), []
    try:
        return changed(read_deployed(aws, deployed) if deployed else {}, _wanted(aws, env, wanted)), []
    except (CallFailed, UnicodeDecodeError) as error:
        return (), [f"the variables that change are not shown: {error}"]


def _wanted(aws: AwsClient, env: Environment, arn: str) -> Mapping[str, str]:
    if env.values.variables is not None:
        return env.values.variables
    return read_deployed(aws, arn) if arn else {}


def with_variables(env: Environment, root: Path, template: Mapping[str, Any]) -> Environment:
    """Return an environment with its file's variables, if the template supports them. Raises InputError."""
    if PARAMETER not in template.get("Parameters", {}):
        return env
    parameters = env.values.parameters
    variables = read_variables(root, env.name, reserved_names(template, parameters.get(KEYS, "")))
    if variables is not None and parameters.get(PARAMETER):
        raise InputError(f"parameters/{env.name}.env and the parameter {PARAMETER} exclude each other: "
                         "remove one of them")
    return replace(env, values=replace(env.values, variables=variables))
