"""Read `parameters/catalog.toml`: the location of the catalog and the handling of its versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tap.deploy import tables
from tap.deploy.files import joined, read_toml
from tap.deploy.models import Environment, InputError, Target
from tap.deploy.parameters import environment_names
from tap.deploy.tables import Check, list_of, matches, whole_number
from tap.deploy.targets import read_settings

CATALOG = "parameters/catalog.toml"
# Settings of the environments' targets that apply here, too. Their role may create only their own resources.
_INHERITED = ("region", "accounts", "artifact_bucket", "artifact_bucket_owner")
# Service Catalog's API type OrganizationNode, and its AccountId.
_NODE = r"\d{12}|o-[a-z0-9]{10,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}"
_TARGET: dict[str, Check] = {
    "stack_name": tables.stack_name, "region": tables.region, "accounts": list_of(tables.account),
    "role_arn": tables.role_arn, "artifact_bucket": tables.bucket,
    "artifact_bucket_owner": tables.account}
_KEYS: dict[str, Check] = {
    **_TARGET, "keep": whole_number(1), "parameters": tables.texts,
    "share_with": list_of(matches(_NODE, "must be the id of an account, an organization (o-…) or an organizational "
                                         "unit (ou-…)"))}


@dataclass(frozen=True)
class Catalog:
    """The location of the catalog and the handling of its versions."""

    env: Environment
    keep: int = 5  # number of newest versions that are not deprecated
    share_with: tuple[str, ...] = ()  # ids of accounts, organizations and organizational units
    parameters: Mapping[str, str] = field(default_factory=dict)  # parameters of the catalog's stack


def read_catalog(root: Path) -> Catalog:
    """Return the settings in parameters/catalog.toml, or the defaults without the file. Raises InputError."""
    table = read_toml(root, CATALOG)
    if problems := tables.problems_of(table, _KEYS):
        raise InputError(joined(CATALOG, problems))
    inherited = {key: value for key, value in read_settings(root, "catalog", environment_names(root)).items()
                 if key in _INHERITED}
    own: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    target = Target(**{"stack_name": "catalog-tap", "capabilities": ("CAPABILITY_NAMED_IAM",), **inherited,
                       **{key: own.pop(key) for key in _TARGET if key in own}})
    return Catalog(Environment("catalog", target, has_commands=False), **own)
