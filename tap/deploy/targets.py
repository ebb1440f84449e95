"""`parameters/targets.toml`: where each environment's stack goes, and how it is treated there."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tap.deploy.constraints import did_you_mean
from tap.deploy.files import joined, read_toml
from tap.deploy.models import InputError, Refused

FILE = "parameters/targets.toml"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (StackName)
_STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/.+")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# It becomes a part of host names, to which credentials go.
REGION = r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"
_KEYS: Mapping[str, type] = {
    "stack_name": str, "region": str, "accounts": list, "role_arn": str, "artifact_bucket": str,
    "termination_protection": bool, "on_failure": str, "mode": str, "rollback_alarms": list,
    "monitoring_minutes": int, "capabilities": list,
}
_KINDS = {str: "text in quotes", bool: "true or false", int: "a whole number", list: 'a list of texts, as ["a", "b"]'}
# API members OnStackFailure and DeploymentConfig.Mode of CreateChangeSet.
_CHOICES = {"on_failure": ("ROLLBACK", "DELETE", "DO_NOTHING"), "mode": ("STANDARD", "EXPRESS")}
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html
_MOST_MONITORING_MINUTES, _MOST_ALARMS = 180, 5
_CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_DEFAULT = "default"


def read_target(root: Path, name: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the settings of environment `name`, the members of `tap.deploy.models.Environment` they are.

    `names` are the environments that exist. What the environment's table does not say comes from
    `[default]`. Raises InputError, and Refused for what a protected environment must not have.
    """
    tables = read_toml(root, FILE)
    problems = []
    for table, settings in tables.items():
        if table != _DEFAULT and table not in names:
            hint = did_you_mean(table, names) or f": there is no parameters/{table}.json"
            problems.append(f"[{table}] is no environment{hint}")
        elif not isinstance(settings, dict):
            problems.append(f"{table} must be a table: [{table}]")
        else:
            problems += [f"[{table}] {problem}" for problem in _problems(table, settings)]
    if problems:
        raise InputError(joined(FILE, problems))
    target = {**tables.get(_DEFAULT, {}), **tables.get(name, {})}
    for setting, value in (("mode", "EXPRESS"), ("on_failure", "DO_NOTHING")):
        if target.get("termination_protection") and target.get(setting) == value:
            raise Refused(f'{FILE}: [{name}] is protected, and {setting} = "{value}" is not for such '
                          "environments: leave it out")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in target.items()}


def _problems(table: str, settings: Mapping[str, Any]) -> list[str]:
    found = []
    for key, value in settings.items():
        if key not in _KEYS:
            found.append(f"has an unknown key {key}{did_you_mean(key, _KEYS) or ': it may have ' + ', '.join(_KEYS)}")
        elif type(value) is not _KEYS[key] or (isinstance(value, list) and {type(item) for item in value} - {str}):
            found.append(f"{key} must be {_KINDS[_KEYS[key]]}")
        else:
            found += [problem] if (problem := _problem(table, key, value)) else []
    return found


def is_bucket(name: str) -> bool:
    """Whether a bucket may have a name, once {account} and {region} are filled in."""
    return bool(_BUCKET.fullmatch(name.replace("{account}", "0" * 12).replace("{region}", "eu-central-1")))


def _problem(table: str, key: str, value: Any) -> str | None:
    if key == "stack_name" and table == _DEFAULT:
        return "must not have stack_name: every environment needs its own"
    if key == "stack_name" and not _STACK_NAME.fullmatch(value):
        return f'stack_name "{value}" must be letters, digits and hyphens, a letter first'
    if key == "region" and not re.fullmatch(REGION, value):
        return f'region "{value}" must be a region, such as eu-central-1'
    if key == "accounts" and not all(map(_ACCOUNT.fullmatch, value)):
        return "accounts must be account ids of twelve digits, in quotes"
    if key == "role_arn" and not _ROLE.fullmatch(value):
        return f'role_arn "{value}" must be the ARN of an IAM role'
    if key == "artifact_bucket" and not is_bucket(value):
        return f'artifact_bucket "{value}" is no name of a bucket; {{account}} and {{region}} are filled in'
    if key in _CHOICES and value not in _CHOICES[key]:
        return f'{key} "{value}" must be one of {", ".join(_CHOICES[key])}'
    if key == "capabilities" and not set(value) <= set(_CAPABILITIES):
        return f"capabilities must be of {', '.join(_CAPABILITIES)}"
    if key == "monitoring_minutes" and not 0 <= value <= _MOST_MONITORING_MINUTES:
        return f"monitoring_minutes must be 0 to {_MOST_MONITORING_MINUTES}"
    if key == "rollback_alarms" and len(value) > _MOST_ALARMS:
        return f"rollback_alarms may name {_MOST_ALARMS} outputs at most"
    return None
