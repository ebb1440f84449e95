"""IAM statements generated from the tables, split to fit IAM's size limits."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import awacs.aws
from awacs import s3
from awacs.aws import Action, Condition, Deny, Statement
from awacs.iam import CreateServiceLinkedRole, PassRole
from troposphere import Sub

from tap.environment import LONGEST_TAG
from tap.parts import allow, policy
from tap.permissions.table import by_scope, entry, listed, load

NARROWED = "Narrowed by name and tag, where IAM has them"
"""Reason to suppress Checkov's check for write access to `*`."""
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters without white space.
MANAGED_POLICY_LIMIT = 6_144
_ROOM_FOR_A_VALUE = 256  # characters of a Ref's value, such as an ARN
# The longest values in use.
_PSEUDO = {"Partition": "aws-us-gov", "Region": "ap-southeast-1", "AccountId": "1" * 12,
           "URLSuffix": "amazonaws.com.cn"}
_MOST_ACTIONS = 80  # per statement, so that statements pack well into policies
_HERE = "${AWS::Region}:${AWS::AccountId}"
# The artifact buckets of all regions and their objects, whose names match the stacks' buckets.
_ARTIFACTS = "arn:${AWS::Partition}:s3:::tap-artifacts-${AWS::AccountId}-*"


@dataclass(frozen=True)
class Names:
    """Names in the statements; a value of type `Any` may be a Ref or Sub."""

    prefix: str  # prefix of stack names, up to four characters
    application: Any  # value of the resources' Application tag
    boundary: Any  # ARN of the roles' permissions boundary


def execution(types: Iterable[str], names: Names) -> list[Statement]:
    """Return the permissions for CloudFormation to create, update, tag and delete these resource types.

    One or more statements per scope, with its name as Sid. Raises LookupError for a type without an entry.
    """
    entries = [entry(kind) for kind in sorted(set(types))]
    actions = by_scope(entries)
    creations = sorted(
        action.partition(":")[2] for action in actions.get("any", ()) if action.startswith(("ec2:All", "ec2:Cre")))
    statements = [_statement(scope, in_scope[start:start + _MOST_ACTIONS], names, creations, start // _MOST_ACTIONS)
                  for scope, in_scope in actions.items() for start in range(0, len(in_scope), _MOST_ACTIONS)]
    account = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
    for sid, action, roles, key, services in (
            ("PassedTo", PassRole, f"{account}{names.prefix}*", "iam:PassedToService", listed(entries, "passes_to")),
            ("Linked", CreateServiceLinkedRole, f"{account}aws-service-role/*", "iam:AWSServiceName",
             listed(entries, "links"))):
        if services:
            statements.append(_named(sid, allow([action], Sub(roles), condition=Condition(
                awacs.aws.StringEquals({key: services})))))
    return statements


def boundary(names: Names) -> list[Statement]:
    """Return the permissions boundary for the roles of a stack."""
    # Reading is for the environment file that `tap` uploads there; the role's own policy names it.
    statements = [keep_artifacts(NotAction=[s3.GetBucketLocation, s3.GetObject]), *(
        _statement(scope, actions, names, []) for scope, actions in by_scope(load("boundary").values()).items())]
    for statement in statements:  # a boundary is one policy, and Sids would fill a tenth of it
        del statement.properties["Sid"]
    return statements


def keep_artifacts(**actions: Sequence[Action]) -> Statement:
    """Return a statement that denies `Action`, or all but `NotAction`, on the account's artifact buckets."""
    return Statement(Sid="KeepArtifacts", Effect=Deny, Resource=[Sub(_ARTIFACTS)], **actions)


def split(statements: Sequence[Statement]) -> list[list[Statement]]:
    """Return the statements in groups that each fit a managed policy.

    Raises ValueError for a statement that does not fit by itself.
    """
    groups: list[list[Statement]] = [[]]
    for statement in statements:
        if size(policy(statement)) > MANAGED_POLICY_LIMIT:
            raise ValueError(f"statement {statement.properties['Sid']} is larger than a managed policy may be")
        if size(policy(*groups[-1], statement)) > MANAGED_POLICY_LIMIT:
            groups.append([])
        groups[-1].append(statement)
    return groups


def size(document: Mapping[str, Any]) -> int:
    """Return the maximum number of characters of a policy, without white space, as IAM counts."""
    return len("".join(json.dumps(_longest(document), separators=(",", ":")).split()))


def _longest(value: Any) -> Any:
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{AWS::(\w+)\}", lambda match: _PSEUDO[match[1]], text)
        case {"Ref": "Application"}:
            return "x" * LONGEST_TAG
        case {"Ref": _} | {"Fn::GetAtt": _} | {"Fn::Sub": _}:
            return "x" * _ROOM_FOR_A_VALUE
        case Mapping():
            return {key: _longest(item) for key, item in value.items()}
        case list():
            return [_longest(item) for item in value]
    return value


def _statement(scope: str, actions: Sequence[str], names: Names, creations: list[str], part: int = 0) -> Statement:
    limits = load("scopes")[scope]
    resources = [_text(pattern, names) for pattern in limits["resources"]]
    tests = [getattr(awacs.aws, operator.replace(":", ""))(
                {key: _value(value, names, creations) for key, value in test.items()})
             for operator, test in limits.get("condition", {}).items()]
    sid = scope.title().replace("_", "") + (str(part + 1) if part else "")
    return _named(sid, allow([Action(*action.split(":")) for action in actions], *resources,
                             condition=Condition(tests) if tests else None))


def _named(sid: str, statement: Statement) -> Statement:
    statement.Sid = sid
    return statement


def _value(value: Any, names: Names, creations: list[str]) -> Any:
    whole = {"{application}": names.application, "{boundary}": names.boundary, "{creations}": creations}
    if isinstance(value, list):
        return value
    return whole[value] if value in whole else _text(value, names)


def _text(text: str, names: Names) -> Any:
    for word, meaning in (("{names}", names.prefix), ("{lower}", names.prefix.lower()), ("{here}", _HERE)):
        text = text.replace(word, meaning)
    return Sub(text) if "${" in text else text

