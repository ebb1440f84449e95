"""Read `parameters/targets.toml`: where and how each environment's stack is deployed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tap.deploy import tables
from tap.deploy.constraints import did_you_mean
from tap.deploy.files import joined, read_toml
from tap.deploy.models import InputError, Refused, Target
from tap.deploy.tables import Check, list_of, one_of, whole_number

FILE = "parameters/targets.toml"
_DEFAULT = "default"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html
_MOST_MONITORING_MINUTES, _MOST_ALARMS, _MOST_TOPICS = 180, 5, 5
_KEYS: dict[str, Check] = {
    "stack_name": tables.stack_name, "region": tables.region, "accounts": list_of(tables.account, empty=True),
    "role_arn": tables.role_arn, "artifact_bucket": tables.bucket,
    "artifact_bucket_owner": tables.account, "termination_protection": tables.switch,
    # API members OnStackFailure and DeploymentConfig.Mode of CreateChangeSet.
    "on_failure": one_of("ROLLBACK", "DELETE", "DO_NOTHING"), "mode": one_of("STANDARD", "EXPRESS"),
    "rollback_alarms": list_of(tables.matches(".+", "must be the name of an output"), longest=_MOST_ALARMS, empty=True),
    "monitoring_minutes": whole_number(0, _MOST_MONITORING_MINUTES),
    "keep": list_of(tables.matches(r"[A-Za-z0-9]+|\*", "must be the name of a parameter, or *"), empty=True),
    "use": lambda value: None if isinstance(value, str | dict) else "must be a name or a table of figures",
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (NotificationARNs)
    "notification_topics": list_of(
        tables.matches(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+(\.fifo)?", "must be the ARN of an SNS topic"),
        longest=_MOST_TOPICS, empty=True),
    "tags": tables.tags,
    "capabilities": list_of(one_of("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"), empty=True),
}


def read_settings(root: Path, name: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `name`: its own table over `[default]`; tags are merged. Raises InputError.

    `names` are the environments that exist.
    """
    contents = read_toml(root, FILE)
    problems = []
    for title, table in contents.items():
        if title != _DEFAULT and title not in names:
            hint = did_you_mean(title, names) or f": parameters/{title}.json does not exist"
            problems.append(f"[{title}] is not an environment{hint}")
        elif not isinstance(table, dict):
            problems.append(f"{title} must be a table: [{title}]")
        else:
            problems += tables.problems_of(table, _KEYS, title)
            if title == _DEFAULT and "stack_name" in table:
                problems.append(f"[{title}] must not have stack_name: every environment needs its own")
    if problems:
        raise InputError(joined(FILE, problems))
    default, own = contents.get(_DEFAULT, {}), contents.get(name, {})
    settings = {**default, **own}
    if "tags" in settings:
        settings["tags"] = {**default.get("tags", {}), **own.get("tags", {})}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}


def read_target(root: Path, name: str, names: Sequence[str]) -> Target:
    """Return an environment's target.

    `names` are the environments that exist. Raises InputError, and Refused for a setting that a protected environment
    must not have.
    """
    target = Target(**{"stack_name": f"tap-{name}", **read_settings(root, name, names)})
    for setting, value in (("mode", "EXPRESS"), ("on_failure", "DO_NOTHING")):
        if target.termination_protection and getattr(target, setting) == value:
            raise Refused(f'{FILE}: [{name}] is protected, and {setting} = "{value}" is not for such '
                          "environments: leave it out")
    return target
