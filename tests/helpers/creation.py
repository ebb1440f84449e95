"""A stack's life as IAM sees it: what CloudFormation requests for each resource, and what the stack's roles request.

For every resource, in the order of their creation: each action of the registry's create handler, with the tags of the
request and those that the resource has at that moment, then read, the change of a single tag, an update, and deletion.
What AWS does beyond the registry's schemas is in iam_facts.toml.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from evaluation import allows
from iam_facts import FACTS, of_handler, pattern, resources_of, schema_of
from physical_names import REGION, Names
from stack_view import StackView, as_list, statements_of

from tap.parts import TAGGED_AS
from tap.permissions.table import ABOUT, entry
from tap.template.resolve import dependencies, references

APPLICATION = "transaction-processing"
MOMENTS = ("create", "read", "change a tag", "update", "delete")
_CREATING = ("Allocate", "Create", "Register", "Request", "Put")
_READING = ("Describe", "Get", "List")
_UNTAGGING = ("Delete", "Remove", "Untag")
_TAG = "aws:ResourceTag/Application"


@dataclass(frozen=True)
class Request:
    """An action on an ARN, with the condition keys that the request has."""

    moment: str
    resource: str
    action: str
    arn: str
    keys: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.moment} {self.resource}: {self.action} on {self.arn} with {dict(self.keys)}"


def refused(requests: Iterable[Request], *policies: Iterable[Mapping[str, Any]]) -> list[str]:
    """The requests that not all of several policies allow, such as a role's and its boundary's."""
    given = [list(statements) for statements in policies]
    return [str(each) for each in requests
            if not all(allows(statements, each.action, each.arn, each.keys) for statements in given)]


def creation_order(needs: Mapping[str, set[str]]) -> list[str]:
    left = dict(needs)
    order: list[str] = []
    while left:
        ready = sorted(title for title, before in left.items() if before <= set(order))
        assert ready, f"a circle: {sorted(left)}"
        order += ready
        left = {title: before for title, before in left.items() if title not in ready}
    return order


@dataclass(frozen=True)
class Life:
    """The life of one stack; `boundary` is the value that its roles' permissions boundary has in conditions."""

    names: Names
    boundary: str

    @property
    def view(self) -> StackView:
        return self.names.view

    @functools.cached_property
    def requests(self) -> list[Request]:
        """What CloudFormation requests with the role that it acts as."""
        order = creation_order(self._needs)
        return [request for moment in MOMENTS for title in (reversed(order) if moment == "delete" else order)
                for request in self._of(moment, title)]

    def as_roles(self) -> Iterator[tuple[str, Request]]:
        """What services do as the stack's roles: what the roles' policies show, and what the facts tell."""
        for role, properties in self.view.all("AWS::IAM::Role").items():
            for statement in self.view.statements(role):
                for action in statement["Action"]:
                    for arn in self._arns_of_role(statement, action):
                        yield role, Request("as role", role, action, arn, self._keys_of_role(statement, action))
            trusted, = statements_of(properties["AssumeRolePolicyDocument"])
            for fact in FACTS["as_role"]:
                if trusted["Principal"] == {"Service": fact["service"]}:
                    yield role, Request("as role", role, fact["action"], self.names.arn(fact["on"]), {})

    # What a handler calls.

    def _of(self, moment: str, title: str) -> Iterator[Request]:
        kind = self.view.type_of(title)
        for action in self._actions(moment, kind):
            for arn in self._evaluated_on(action, title):
                yield from self._variants(moment, title, action, arn)
        for fact in FACTS["calls"]:
            if kind == fact["type"] and moment in fact["moments"] and _applies(fact, self.view.properties(title)):
                arns = [self.names.arn(fact["on"])] if "on" in fact else self._evaluated_on(fact["action"], title)
                for arn in arns:
                    yield Request(moment, title, fact["action"], arn, self._keys(moment, title, fact["action"], arn))
        if moment in ("create", "update"):
            yield from self._roles(moment, title)

    def _actions(self, moment: str, kind: str) -> list[str]:
        left_out = {action for actions in entry(kind).get("left_out", {}).values() for action in actions}
        # _roles has these, and FACTS["calls"] tells when.
        elsewhere = {"iam:PassRole", "iam:CreateServiceLinkedRole"}
        elsewhere |= {fact["action"] for fact in FACTS["calls"] if fact["type"] == kind and moment in fact["moments"]}
        if moment == "change a tag":
            actions = _tagging(kind)
        elif "source" in entry(kind):
            actions = [action for scope, each in entry(kind).items() if scope not in ABOUT for action in each]
        else:
            actions = list(of_handler(kind, moment))
            if moment in ("create", "update"):
                actions += [action for each in entry(kind).get("also", {}).values() for action in each]
            if moment == "create":
                actions += _adding_tags(kind)
            if moment == "update":
                elsewhere |= set(_tagging(kind))
        return sorted(set(actions) - left_out - elsewhere)

    def _roles(self, moment: str, title: str) -> Iterator[Request]:
        """Roles that are handed to services, and service-linked roles."""
        about = entry(self.view.type_of(title))
        for role in sorted({each.logical_id for each in references(self.view.properties(title))}):
            if role in self.view.all("AWS::IAM::Role") and "passes_to" in about:
                trusted, = statements_of(self.view.properties(role)["AssumeRolePolicyDocument"])
                for service in as_list(trusted["Principal"]["Service"]):
                    yield Request(moment, title, "iam:PassRole", self.names.arns(role)[0],
                                  {"iam:PassedToService": str(service)})
        for service in about.get("links", ()):
            arn = self.names.arn(f"arn:aws:iam::{{account}}:role/aws-service-role/{service}/AWSServiceRoleForIt")
            yield Request(moment, title, "iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": service})

    # On what, and with which condition keys.

    def _evaluated_on(self, action: str, title: str) -> list[str]:
        """The ARNs that an action is evaluated on: by a fact, or the resource's and of what it refers to, or `*`."""
        fact = FACTS["on"].get(action, {"arns": [], "besides": True})
        known = [self.names.arn(each) for each in fact["arns"]]
        return [*known, *self._by_reference(action, title)] if fact.get("besides") else known

    def _by_reference(self, action: str, title: str) -> list[str]:
        formats = [pattern(each) for kind in resources_of(action) for each in kind["ARNFormats"]
                   if "${Vendor}" not in each]  # any ARN at all
        if not formats:
            return ["*"]
        own = _fitting(self.names.arns(title), formats)
        if own and action in _tagging(self.view.type_of(title)):
            return own
        others = [arn for each in sorted(self._needs[title]) for arn in _fitting(self.names.arns(each), formats)]
        if found := [*own, *others]:
            return found
        for each in self.view.resolved.resources:
            if found := _fitting(self.names.arns(each), formats):
                return found
        if found := _fitting(FACTS["existing_vpc"], formats):
            return found
        raise LookupError(f"iam_facts.toml knows no ARN for {action} of {title}: {formats}")

    def _variants(self, moment: str, title: str, action: str, arn: str) -> Iterator[Request]:
        keys = self._keys(moment, title, action, arn)
        if moment == "create" and action == "ec2:CreateTags":
            creating = next(each for each in of_handler(self.view.type_of(title), "create")
                            if _verb(each).startswith(_CREATING) and each != action)
            yield Request(moment, title, action, arn, {**keys, "ec2:CreateAction": _verb(creating)})
            if not _late(self.view.type_of(title), "the handler has ended"):
                return
        yield Request(moment, title, action, arn, keys)

    def _keys(self, moment: str, title: str, action: str, arn: str) -> dict[str, str]:
        keys = {_TAG: APPLICATION} if self._has_tags(moment, title, action, arn) else {}
        if moment == "create" and action in (*_adding_tags(self.view.type_of(title)), *self._creating(title)):
            keys |= {"aws:RequestTag/Application": APPLICATION, "aws:RequestTag/Team": "payments"}
        elif moment == "change a tag" and not _verb(action).startswith(_UNTAGGING):
            keys |= {"aws:RequestTag/Team": "payments"}
        if action.startswith("kms:") and not self.view.type_of(title).startswith("AWS::KMS::"):
            service = self.view.type_of(title).split("::")[1].lower()
            keys |= {"kms:ViaService": f"{service}.{REGION}.amazonaws.com", "kms:GrantIsForAWSResource": "true"}
        if action.startswith("iam:") and ":role/" in arn:
            keys["iam:PermissionsBoundary"] = self.boundary
        if action == "route53:ChangeResourceRecordSets":
            keys["route53:ChangeResourceRecordSetsRecordTypes"] = "A"
        return keys

    def _has_tags(self, moment: str, title: str, action: str, arn: str) -> bool:
        """Whether what an ARN names has the tag Application, and the tag counts by then."""
        owners = self.names.owners.get(arn, [])
        owner = title if title in owners else next(iter(owners), None)
        if owner is None or not self._tagged(owner):
            return False
        kind = self.view.type_of(owner)
        if _late(kind, "minutes later") and moment in ("create", "read"):
            return False
        if owner != title or moment != "create":
            return True
        return action not in (*self._creating(title), *_adding_tags(kind)) and not _late(kind, "the handler has ended")

    def _creating(self, title: str) -> list[str]:
        return [each for each in of_handler(self.view.type_of(title), "create") if _verb(each).startswith(_CREATING)]

    def _tagged(self, title: str) -> bool:
        tags = self.view.properties(title).get(TAGGED_AS.get(self.view.type_of(title), "Tags"), {})
        return "Application" in tags or any(each.get("Key") == "Application" for each in tags if isinstance(each, dict))

    def _arns_of_role(self, statement: Mapping[str, Any], action: str) -> list[str]:
        if statement["Resource"] == ["*"]:
            return [self.names.arn(each) for each in FACTS["on"].get(action, {}).get("arns", ["*"])]
        return [self.names.text(each).replace("*", "x") for each in statement["Resource"]]

    def _keys_of_role(self, statement: Mapping[str, Any], action: str) -> dict[str, str]:
        if action.startswith("kms:"):
            tests = {key: value for each in statement.get("Condition", {}).values() for key, value in each.items()}
            via = as_list(tests.get("kms:ViaService", f"service.{REGION}.amazonaws.com"))[0]
            return {"kms:ViaService": str(via), "kms:GrantIsForAWSResource": "true"}
        if action.startswith("secretsmanager:"):
            cluster = self.names.arns(self.view.title("AWS::RDS::DBCluster"))[0]
            return {"secretsmanager:ResourceTag/aws:rds:primaryDBClusterArn": cluster}
        if action == "iam:PassRole":  # what a role of the stack passes is a task's
            return {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        return {}

    @functools.cached_property
    def _needs(self) -> Mapping[str, set[str]]:
        return dependencies(self.view.resolved)


def _applies(fact: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    return all(_has(properties, *each) for each in fact.get("where", {}).items()) and not any(
        _has(properties, *each) for each in fact.get("unless", {}).items())


def _has(tree: Any, name: str, value: str) -> bool:
    """Whether a property of this name has this value, a pattern, anywhere in a tree."""
    if isinstance(tree, Mapping):
        return (name in tree and fnmatchcase(str(tree[name]).lower(), value)) or any(
            _has(each, name, value) for each in tree.values())
    return isinstance(tree, list) and any(_has(each, name, value) for each in tree)


def _fitting(arns: Iterable[str], formats: Iterable[str]) -> list[str]:
    return [arn for arn in arns if any(fnmatchcase(arn, each) for each in formats)]


def _late(kind: str, until: str) -> bool:
    return any((each["type"], each["until"]) == (kind, until) for each in FACTS["tags_late"])


def _tagging(kind: str) -> list[str]:
    found: list[str] = schema_of(kind).get("tagging", {}).get("permissions", [])
    return [each for each in found if not _verb(each).startswith(_READING)]


def _adding_tags(kind: str) -> list[str]:
    return [each for each in _tagging(kind) if not _verb(each).startswith(_UNTAGGING)]


def _verb(action: str) -> str:
    return action.partition(":")[2]
