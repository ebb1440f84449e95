"""Permissions: trust policies, the policies of a role, and resource policies.

All functions err on the side of allowing: an unreadable policy may allow anything.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tap.wiring.facts import FACTS
from tap.wiring.graph import Resource, Stack
from tap.wiring.values import Reference, Text, Unknown, as_list, as_maps, at, is_known, references

ROLE = "AWS::IAM::Role"
MANAGED_POLICY = "AWS::IAM::ManagedPolicy"
KEY = "AWS::KMS::Key"
ALIAS = "AWS::KMS::Alias"
ATTACHED_TYPES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", MANAGED_POLICY)
ROLE_TYPES = (ROLE, *ATTACHED_TYPES)
ANYONE = "*"
BUCKET = "AWS::S3::Bucket"
BUCKET_POLICY = "AWS::S3::BucketPolicy"
QUEUE = "AWS::SQS::Queue"
QUEUE_POLICIES = ("AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy")
TOPIC = "AWS::SNS::Topic"
TOPIC_POLICIES = ("AWS::SNS::TopicPolicy", "AWS::SNS::TopicInlinePolicy")
SECRET = "AWS::SecretsManager::Secret"  # noqa: S105  a resource type
# By type: the types of its policies, their property that refers to it, and its property with the physical name.
_RESOURCE_POLICIES = {
    BUCKET: ((BUCKET_POLICY, "Bucket", "BucketName"),),
    QUEUE: ((QUEUE_POLICIES[0], "Queues", "QueueName"), (QUEUE_POLICIES[1], "Queue", "QueueName")),
    TOPIC: ((TOPIC_POLICIES[0], "Topics", "TopicName"), (TOPIC_POLICIES[1], "TopicArn", "TopicName")),
    SECRET: (("AWS::SecretsManager::ResourcePolicy", "SecretId", "Name"),)}
_AWS_POLICY = re.compile(r"arn:[^:]+:iam::aws:policy/(?:[\w-]+/)*([\w-]+)")
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_PRINCIPAL = re.compile(r"(?P<service>.+?)(\.[a-z]{2}(-[a-z]+)+-\d)?\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True)
class Policies:
    """Statements of one or more policies."""

    statements: tuple[Mapping[str, Any], ...]
    is_complete: bool = True
    """Whether the statements are complete and readable."""

    def allow(self, action: str, resource: Resource | None = None) -> bool:
        """Whether an action on a resource is allowed, or may be."""
        return self._any(action, lambda statement: resource is None or _covers(statement, resource))

    def allow_service(self, services: Iterable[str], action: str) -> bool:
        """Whether an action is allowed to any of these services, or may be."""
        return self._any(action, lambda statement: _may_be_service(statement, set(services)))

    def allow_role(self, role: Resource, action: str) -> bool:
        """Whether an action is allowed to a role by name, or to everyone, or may be."""
        return self._any(action, lambda statement: _names_role(statement, role))

    def allow_account(self, accounts: Iterable[str], action: str) -> bool:
        """Whether an action is allowed to any of these accounts, or may be."""
        return self._any(action, lambda statement: _may_be_account(statement, set(accounts)))

    def _any(self, action: str, applies: Callable[[Mapping[str, Any]], bool]) -> bool:
        return not self.is_complete or any(
            statement.get("Effect") == "Allow" and _has_action(statement, action) and applies(statement)
            for statement in self.statements)

    def services(self) -> list[str]:
        """Return the services that are allowed any action, sorted, with `*` if not all are known."""
        allowed = [_services(statement) for statement in self.statements if statement.get("Effect") == "Allow"]
        if not self.is_complete or None in allowed:
            return [ANYONE]
        return sorted({service for found in allowed for service in found or ()})


def policies(*documents: Any) -> Policies:
    """Return the statements of policy documents, ignoring None."""
    found: list[Mapping[str, Any]] = []
    complete = True
    for document in documents:
        statements = as_list(at(document, "Statement"))
        found += as_maps(statements)
        complete &= document is None or (isinstance(document, Mapping) and "Statement" in document)
        complete &= all(isinstance(item, Mapping) and item.get("Effect") in ("Allow", "Deny") for item in statements)
    return Policies(tuple(found), complete)


def role_policies(stack: Stack, role: Resource) -> Policies:
    """Return a role's policies: inline, attached by the role, and attached to it."""
    documents = [item.get("PolicyDocument", "") for item in as_maps(role.at("Policies"))]
    complete = not stack.is_handed_out(role) and len(documents) == len(as_list(role.at("Policies")))
    for value in as_list(role.at("ManagedPolicyArns")):
        policy = stack.target(value, MANAGED_POLICY)
        known = _AWS_POLICY.fullmatch(str(value))
        if policy:
            documents.append(policy.at("PolicyDocument") or "")
        elif known and known[1] in FACTS["managed_policies"]["actions"]:
            actions = FACTS["managed_policies"]["actions"][known[1]]
            documents.append({"Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}})
        else:
            complete = False
    for policy in stack.of_type(*ATTACHED_TYPES):
        for name in [*as_list(policy.at("Roles")), *as_list(policy.at("RoleName"))]:
            attached = stack.named(name, ROLE, "RoleName")
            if attached is role:
                documents.append(policy.at("PolicyDocument") or "")
            # An unknown name may be that of a role with an unknown name.
            complete &= attached is not None or is_known(name) or role.at("RoleName") is None
    found = policies(*documents)
    return Policies(found.statements, complete and found.is_complete)


def policies_on(stack: Stack, resource: Resource) -> list[Resource]:
    """Return the policies that are, or may be, attached to a queue, topic, bucket, secret or event bus."""
    found = []
    for kind, place, name in _RESOURCE_POLICIES.get(resource.type, ()):
        for policy in stack.of_type(kind):
            named = [stack.named(value, resource.type, name) for value in as_list(policy.at(place))]
            if resource in named or None in named:
                found.append(policy)
    return found


def resource_policies(stack: Stack, resource: Resource) -> Policies:
    """Return the statements of the policies on a resource."""
    place = "ResourcePolicy" if resource.type == SECRET else "PolicyDocument"
    return policies(*(policy.at(place) or "" for policy in policies_on(stack, resource)))


def role_may(stack: Stack, role: Resource, action: str, resource: Resource) -> bool:
    """Whether a role may do something to a resource, by its own policies or by the resource's.

    Within an account either is enough:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    return (role_policies(stack, role).allow(action, resource)
            or resource_policies(stack, resource).allow_role(role, action))


def key_of(stack: Stack, value: Any) -> Resource | None:
    """Return the KMS key that a value refers to, directly or through an alias."""
    alias = stack.named(value, ALIAS, "AliasName")
    return stack.target(value, KEY) or (stack.target(alias.at("TargetKeyId"), KEY) if alias else None)


def key_policies(key: Resource) -> Policies:
    """Return the policy of a KMS key; the default policy delegates to the account's IAM policies."""
    return policies(key.at("KeyPolicy"))


def service_of(principal: Any) -> str | None:
    """Return a service principal's name without region and suffix, or None if it is unknown.

    >>> service_of("logs.eu-central-1.amazonaws.com"), service_of("ecs-tasks.amazonaws.com")
    ('logs', 'ecs-tasks')
    """
    if not isinstance(principal, str):
        return None
    found = _PRINCIPAL.fullmatch(principal)
    return found["service"] if found else principal


def _may_be_service(statement: Mapping[str, Any], services: set[str]) -> bool:
    named = _services(statement)
    return named is None or not named.isdisjoint(services)


def _services(statement: Mapping[str, Any]) -> set[str] | None:
    """Return a statement's services, or None for all or unknown services."""
    principal = statement.get("Principal")
    if "NotPrincipal" in statement or not isinstance(principal, Mapping):
        return None
    everyone = ANYONE in as_list(principal.get("AWS")) or ANYONE in as_list(principal.get("Service"))
    names = [service_of(item) for item in as_list(principal.get("Service"))]
    if everyone or None in names or any(str(key).startswith("Fn::") for key in principal):
        return None
    return {name for name in names if name}


def _names_role(statement: Mapping[str, Any], role: Resource) -> bool:
    principal = statement.get("Principal")
    if "NotPrincipal" in statement or not isinstance(principal, Mapping):
        return True
    return any(_is_or_may_be(item, role) for item in as_list(principal.get("AWS")))


def _may_be_account(statement: Mapping[str, Any], accounts: set[str]) -> bool:
    principal = statement.get("Principal")
    if "NotPrincipal" in statement or not isinstance(principal, Mapping):
        return True
    found = [_ACCOUNT.fullmatch(str(item)) for item in as_list(principal.get("AWS"))]
    # An unknown value may be the account's number.
    return any(number is None or number[1] in accounts for number in found)


def _is_or_may_be(principal: Any, role: Resource) -> bool:
    """Whether a principal is a role, everyone, or unknown. The account is not the role."""
    text = str(principal)
    if text.endswith(":root") or re.fullmatch(r"\d{12}|\$\{AWS::AccountId\}", text):
        return False
    names = {found.logical_id for found in references(principal) if not isinstance(found, Unknown)}
    return role.logical_id in names if names else True


def _has_action(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return True
    actions = as_list(statement.get("Action"))
    return any(not isinstance(item, str) or fnmatchcase(action.lower(), item.lower()) for item in actions)


def _covers(statement: Mapping[str, Any], resource: Resource) -> bool:
    return "NotResource" in statement or any(
        _may_mean(item, resource) for item in as_list(statement.get("Resource")))


def _may_mean(arn: Any, resource: Resource) -> bool:
    """Whether an ARN in a policy is, or may be, that of a resource."""
    if not isinstance(arn, str | Reference | Text):
        return True
    names = {found.logical_id for found in references(arn) if not isinstance(found, Unknown)}
    if names:
        return resource.logical_id in names
    parts = str(arn).split(":")
    service = resource.type.split("::")[1].lower()
    return len(parts) < 6 or parts[2] == service or "*" in parts[2]
