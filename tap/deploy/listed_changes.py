"""Read the changes of a change set, page by page, with those of nested stacks."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tap.deploy.aws import Call
from tap.deploy.models import Change, Detail


def read_changes(call: Call, request: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Change]:
    """Return all changes of a change set; `answer` is the first page, the response to `request`."""
    changes = list(answer["Changes"])
    while answer.get("NextToken"):
        answer = call("describe_change_set", **request, NextToken=answer["NextToken"])
        changes += answer["Changes"]
    return [listed for change in changes if "ResourceChange" in change
            for listed in _with_nested(call, request, change["ResourceChange"])]


def _with_nested(call: Call, request: Mapping[str, Any], change: dict[str, Any]) -> Iterator[Change]:
    """Yield a change; for a nested stack, also that stack's changes, prefixed with its name."""
    yield _change(change)
    if nested := change.get("ChangeSetId"):
        own = {**{key: value for key, value in request.items() if key != "StackName"}, "ChangeSetName": nested}
        for below in read_changes(call, own, call("describe_change_set", **own)):
            yield replace(below, logical_id=f"{change['LogicalResourceId']}/{below.logical_id}")


def _change(change: dict[str, Any]) -> Change:
    return Change(
        action=change["Action"],
        logical_id=change["LogicalResourceId"],
        physical_id=change.get("PhysicalResourceId"),
        resource_type=change["ResourceType"],
        replacement=change.get("Replacement"),
        scope=tuple(change.get("Scope", ())),
        policy_action=change.get("PolicyAction"),
        details=tuple(_detail(detail) for detail in change.get("Details", ())),
        drift=change.get("ResourceDriftStatus"),
        nested=change.get("ChangeSetId"),
    )


def _detail(detail: Mapping[str, Any]) -> Detail:
    target = detail.get("Target", {})
    return Detail(
        attribute=target.get("Attribute", ""), name=target.get("Name"), path=target.get("Path"),
        requires_recreation=target.get("RequiresRecreation"), evaluation=detail.get("Evaluation"),
        source=detail.get("ChangeSource"), cause=detail.get("CausingEntity"),
        before=target.get("BeforeValue"), after=target.get("AfterValue"),
        deployed=target.get("Drift", {}).get("PreviousValue"))
