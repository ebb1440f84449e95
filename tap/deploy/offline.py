"""Compute a change set from two templates, without AWS.

It contains what follows from the templates and the registry schemas. Only a real change set knows the account's state:
values of SSM parameters, drift, and replacements that the service itself decides on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.deploy import guard, resource_types
from tap.deploy.diff import ATTRIBUTES, Difference, compare, differences, shown, unlisted
from tap.deploy.models import Change, ChangeSet, Detail, Environment
from tap.deploy.plan import Plan, parameter_values
from tap.deploy.planning import denied, worst
from tap.deploy.prediction import predicted
from tap.deploy.replacements import Update, update
from tap.template.resolve import Resolved, references

# The default of clusters, and of instances without a cluster:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster",)


UNKNOWN = ("planned without AWS: drift, SSM parameters, kept values and what services decide are known to a change set "
           "only")


def plan(env: Environment, before: Resolved, after: Resolved, document: Mapping[str, Any]) -> Plan:
    """Return the plan for an update from one template to another, or for a new stack if `before` has no resources."""
    content = change_set(update(before, after))
    prediction = predicted(env, content, before, after)
    changed = compare(before, after) if before.resources else []
    return Plan(
        env, content, worst(guard.verdicts(content), prediction.verdicts), parameter_values(env, document, content),
        tuple(map(env.masked, (*unlisted(changed, content), UNKNOWN))),
        denied=tuple(denied(env.values.stack_policy, content)), differences=tuple(changed),
        deployed=before if before.resources else None)


def change_set(change: Update) -> ChangeSet:
    """Return the change set of an update, in the order of the new template, removals last."""
    kind = "UPDATE" if change.before.resources else "CREATE"
    changes = [listed_change for name in change.after.resources if (listed_change := _change(change, name))]
    changes += [_removal(change, name) for name in change.before.resources if name not in change.after.resources]
    empty = not changes and change.before.outputs == change.after.outputs
    return ChangeSet("", "offline", kind, "", tuple(changes), empty)


def _change(change: Update, name: str) -> Change | None:
    after = change.after.resources[name]
    if name not in change.before.resources:
        return Change("Add", name, None, after["Type"], None)
    details = tuple(_details(change, name))
    if not details and name not in change.replaced:
        return None
    replacement = "True" if name in change.replaced else "Conditional" if name in change.perhaps else "False"
    policy = _policy(change.before.resources[name], "UpdateReplacePolicy", ()) if replacement != "False" else None
    return Change("Modify", name, name, after["Type"], replacement,
                  tuple(dict.fromkeys(detail.attribute for detail in details)),
                  f"ReplaceAnd{policy}" if policy else None, details)


def _removal(change: Update, name: str) -> Change:
    entry = change.before.resources[name]
    return Change("Remove", name, name, entry["Type"], None,
                  policy_action=_policy(entry, "DeletionPolicy", _SNAPSHOT_BY_DEFAULT))


def _policy(entry: Mapping[str, Any], attribute: str, snapshot: tuple[str, ...]) -> str:
    policy = str(entry.get(attribute, "Snapshot" if entry["Type"] in snapshot else "Delete"))
    return "Retain" if policy == "RetainExceptOnCreate" else policy


def _details(change: Update, name: str) -> Iterator[Detail]:
    old, new = (side.resources[name] for side in (change.before, change.after))
    for attribute in ATTRIBUTES:
        if attribute != "Properties" and old.get(attribute) != new.get(attribute):
            yield Detail(attribute, source="DirectModification", before=shown(old.get(attribute, "")),
                         after=shown(new.get(attribute, "")))
    for difference in differences(old.get("Properties", {}), new.get("Properties", {})):
        yield _detail(change, name, difference)
    yield from _caused(change, name)


def _detail(change: Update, name: str, difference: Difference) -> Detail:
    kind = change.after.resources[name]["Type"]
    return Detail("Properties", difference.path[0], f"/Properties/{'/'.join(difference.path)}",
                  _recreation(kind, difference.path), "Static", "DirectModification", None,
                  shown(difference.before), shown(difference.after))


def _caused(change: Update, name: str) -> Iterator[Detail]:
    """Yield the details of properties that change because a resource that they refer to is replaced."""
    kind = change.after.resources[name]["Type"]
    for title, value in change.after.properties(name).items():
        causes = sorted({reference.logical_id for reference in references(value)
                         if reference.logical_id in change.replaced})
        if causes and change.old_value(change.before.properties(name).get(title)) != change.new_value(value):
            for cause in causes:
                yield Detail("Properties", title, f"/Properties/{title}", _recreation(kind, (title,)), "Dynamic",
                             "ResourceReference", cause)


def _recreation(kind: str, path: tuple[str, ...]) -> str:
    def covers(names: Any) -> bool:
        return any(tuple(name.split("/"))[:len(path)] == path[:len(name.split("/"))] for name in names)

    if covers(resource_types.create_only(kind)):
        return "Always"
    return "Conditionally" if covers(resource_types.conditionally_create_only(kind)) else "Never"
