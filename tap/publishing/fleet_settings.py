"""Read `parameters/fleet.toml`: the accounts and regions of a stack set, its parameters and its preferences."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tap.deploy import tables
from tap.deploy.constraints import did_you_mean
from tap.deploy.files import joined, read_toml
from tap.deploy.models import Environment, InputError, Target, Values
from tap.deploy.parameters import environment_names, parameter_problems, read_environment
from tap.deploy.tables import Check, list_of, matches, one_of, problems_of, switch, texts, whole_number
from tap.deploy.targets import read_settings
from tap.deploy.template import Rendered
from tap.deploy.variables import PARAMETER

FILE = "parameters/fleet.toml"
SELF, SERVICE = "SELF_MANAGED", "SERVICE_MANAGED"  # API type PermissionModels
# The templates that a fleet can deploy, and the capabilities that they need.
TEMPLATES = {"tap": ("CAPABILITY_IAM",), "bootstrap": ("CAPABILITY_IAM",), "catalog": ("CAPABILITY_NAMED_IAM",)}
_PERCENT = re.compile(r"([0-9]{1,2}|100)%")
_accounts, _regions = list_of(tables.account), list_of(tables.region)


def _share(least: int) -> Check:
    number = whole_number(least)

    def problem(value: Any) -> str | None:
        if isinstance(value, str) and _PERCENT.fullmatch(value):
            return None
        return number(value) and f'must be a number of accounts of at least {least}, or a percentage such as "10%"'

    return problem


def _overrides(value: Any) -> str | None:
    keys = {"accounts": _accounts, "regions": _regions, "parameters": texts}
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return "must be tables: [[<fleet>.overrides]]"
    for item in value:
        if item_problems := problems_of(item, keys):
            return f"has one whose {item_problems[0]}"
        if not item.get("parameters") or not ({"accounts", "regions"} & item.keys()):
            return "must each have parameters, and accounts, regions or both"
    return None


_KEYS: dict[str, Check] = {
    "stack_set_name": tables.stack_name,
    "template": one_of(*TEMPLATES), "environment": matches(".+", "must be the name of an environment"),
    "region": tables.region, "administrators": _accounts, "artifact_bucket": tables.bucket,
    "artifact_bucket_owner": tables.account,
    "permission_model": one_of(SELF, SERVICE), "call_as": one_of("SELF", "DELEGATED_ADMIN"),
    "administration_role_arn": tables.role_arn,
    "execution_role_name": matches(r"[\w+=,.@-]{1,64}", "must be the name of an IAM role"),
    "accounts": _accounts, "regions": _regions,
    "organizational_units": list_of(matches(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}",
                                            "must be the id of an organizational unit (ou-…) or a root (r-…)")),
    "auto_deployment": switch, "retain_stacks_on_account_removal": switch,
    "failure_tolerance": _share(0), "max_concurrent": _share(1),
    "region_concurrency": one_of("SEQUENTIAL", "PARALLEL"),
    "concurrency_mode": one_of("STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"),
    "parameters": texts, "tags": texts, "overrides": _overrides,
}
# Settings that only one of the permission models supports.
_ONLY = {SELF: ("accounts", "administration_role_arn", "execution_role_name"),
         SERVICE: ("organizational_units", "auto_deployment", "retain_stacks_on_account_removal", "call_as")}


@dataclass(frozen=True)
class Override:
    """Parameter values for some accounts, some regions, or some accounts in some regions."""

    parameters: Mapping[str, str]
    accounts: tuple[str, ...] = ()  # empty for all
    regions: tuple[str, ...] = ()

    def covers(self, account: str, region: str) -> bool:
        """Whether it applies to an account in a region."""
        return account in (self.accounts or (account,)) and region in (self.regions or (region,))


@dataclass(frozen=True)
class Fleet:
    """One stack set and its targets. The keys are the terms of the API operation CreateStackSet and others."""

    env: Environment  # environment of the stack set: stack_name is the stack set's name, values apply to every stack
    template: str
    regions: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    organizational_units: tuple[str, ...] = ()
    permission_model: str = SELF
    call_as: str = "SELF"
    administration_role_arn: str | None = None
    execution_role_name: str | None = None
    auto_deployment: bool = False
    retain_stacks_on_account_removal: bool = True
    failure_tolerance: int | str = 0
    max_concurrent: int | str = 1
    region_concurrency: str = "SEQUENTIAL"
    concurrency_mode: str = "STRICT_FAILURE_TOLERANCE"
    overrides: tuple[Override, ...] = ()

    @property
    def name(self) -> str:
        """The stack set's name."""
        return self.env.stack_name

    @property
    def preferences(self) -> dict[str, Any]:
        """The preferences of an operation (API type StackSetOperationPreferences)."""
        result: dict[str, Any] = {"RegionConcurrencyType": self.region_concurrency, "RegionOrder": list(self.regions),
                                  "ConcurrencyMode": self.concurrency_mode}
        for key, value in (("FailureTolerance", self.failure_tolerance), ("MaxConcurrent", self.max_concurrent)):
            kind, number = ("Count", value) if isinstance(value, int) else ("Percentage", int(value.rstrip("%")))
            result[f"{key}{kind}"] = number
        return result

    def overridden(self, account: str, region: str) -> dict[str, str]:
        """Return the values that override the stack set's for an account in a region; later overrides win."""
        return {key: value for override in self.overrides if override.covers(account, region)
                for key, value in override.parameters.items()}


def template_of(name: str, root: Path) -> str:
    """Return the name of a fleet's template. Raises InputError."""
    return str(_table(name, root).get("template", "tap"))


def read_fleet(name: str, root: Path, rendered: Rendered) -> Fleet:
    """Return a fleet after checking its parameters for every account and region. Raises InputError."""
    table = _table(name, root)
    environments = environment_names(root)
    inherited = {key: value for key, value in read_settings(root, name, environments).items()
                 if key in ("region", "artifact_bucket", "artifact_bucket_owner")}
    settings = {**inherited,
                **{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}}
    environment = settings.pop("environment", None)
    template = settings.pop("template", "tap")
    base = read_environment(environment, root, rendered.document).values if environment else Values()
    values = replace(base, parameters={**base.parameters, **settings.pop("parameters", {})},
                     tags={**base.tags, **settings.pop("tags", {})})
    target = Target(settings.pop("stack_set_name", f"tap-{name}"), settings.pop("region", None),
                    accounts=settings.pop("administrators", ()), artifact_bucket=settings.pop("artifact_bucket", None),
                    artifact_bucket_owner=settings.pop("artifact_bucket_owner", None),
                    capabilities=TEMPLATES[template])
    overrides = tuple(Override(item["parameters"], tuple(item.get("accounts", ())), tuple(item.get("regions", ())))
                      for item in settings.pop("overrides", ()))
    fleet = Fleet(Environment(name, target, values), template, overrides=overrides, **settings)
    problems = [*_unread_variables(fleet, root, environment), *_parameter_problems(fleet, rendered)]
    if problems := [f"[{name}] {problem}" for problem in problems]:
        raise InputError(joined(FILE, problems))
    return fleet


def _table(name: str, root: Path) -> dict[str, Any]:
    tables = read_toml(root, FILE)
    if stray := [key for key in tables if not isinstance(tables[key], dict)]:
        raise InputError(joined(FILE, [f"{key} is not in a table: move it below [<fleet>]" for key in stray]))
    if name not in tables:
        there = ", ".join(tables) or "none"
        raise InputError(f"fleet {name} does not exist{did_you_mean(name, tables) or ':'} {FILE} has {there}")
    table: dict[str, Any] = tables[name]
    problems = problems_of(table, _KEYS, name)
    model = table.get("permission_model", SELF)
    other = SERVICE if model == SELF else SELF
    problems += [f"[{name}] {key} requires permission_model {other}, but it is {model}"
                 for key in _ONLY[other] if key in table]
    problems += [f"[{name}] requires {key}" for key in ("regions", _ONLY[model][0] if model in _ONLY else "accounts")
                 if key not in table]
    problems += _strangers(name, table, model)
    if problems:
        raise InputError(joined(FILE, problems))
    return table


def _strangers(name: str, table: Mapping[str, Any], model: str) -> list[str]:
    """Return a line for each override of an account or region that is not a target of the fleet."""
    strangers = []
    items = table.get("overrides", [])
    if _overrides(items) is None:
        # Only AWS knows which accounts are in an organizational unit.
        for key in ("accounts", "regions") if model == SELF else ("regions",):
            known: Sequence[str] = table.get(key, ())
            strangers += [f"[{name}] overrides {value}, which is not one of its {key}" for item in items
                      for value in item.get(key, ()) if value not in known]
    return strangers


def _unread_variables(fleet: Fleet, root: Path, environment: str | None) -> list[str]:
    """Return a problem if the environment has an environment file, which the fleet's tasks would not get.

    A stack set has one value for all accounts, and ECS reads the file from a bucket that each account has to reach.
    """
    named = {*fleet.env.values.parameters, *(name for override in fleet.overrides for name in override.parameters)}
    if not environment or PARAMETER in named or not (root / f"parameters/{environment}.env").exists():
        return []
    return [f"does not read parameters/{environment}.env: upload it where each account can read it, and set "
            f'{PARAMETER} in parameters or overrides of the fleet; or "" for no variables']


def _parameter_problems(fleet: Fleet, rendered: Rendered) -> list[str]:
    accounts = {"": None, **dict.fromkeys(account for override in fleet.overrides for account in override.accounts)}
    combinations = {tuple(sorted(fleet.overridden(account, region).items()))
                    for account in accounts for region in fleet.regions} | {()}
    lines: dict[str, None] = {}
    for combination in sorted(combinations):
        lines |= dict.fromkeys(map(str, parameter_problems(
            rendered.document, {**fleet.env.values.parameters, **dict(combination)}, FILE)))
    return list(lines)
