"""Predict which changes of an update will fail.

CloudFormation creates a replacement before it deletes the original, and deletes removed resources last:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
Until then, anything that must be unique collides with what exists.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy import resource_types
from tap.deploy.replacements import Update, keys, renamed, renames, update, value_at
from tap.template.resolve import Resolved, references


@dataclass(frozen=True)
class Failure:
    """Why a change fails, and what to do instead."""

    reason: str
    way_out: str


def failures(change: Update, live_versions: Mapping[str, str] | None = None) -> dict[str, Failure]:
    """Return the changes that will fail, by logical id.

    `live_versions` has the running engine versions by logical id, which may be newer than the template's, because minor
    upgrades are automatic. A failure only due to new logical ids names the command that
    renames the resources.
    """
    failing = _all(change, live_versions or {})
    names = renames(change.before, change.after) if failing else {}
    if names:
        remaining = _all(update(renamed(change.before, names), change.after), live_versions or {})
        command = " ".join(f"{old}={new}" for old, new in names.items())
        failing |= {name: Failure(failure.reason, f"the resource has a new logical id: tap rename ENV {command}")
                    for name, failure in failing.items() if name not in remaining}
    return failing


def _all(change: Update, live_versions: Mapping[str, str]) -> dict[str, Failure]:
    failing: dict[str, Failure] = {}
    for search in (collisions(change), moves(change), downgrades(change, live_versions)):
        for name, failure in search:
            failing.setdefault(name, failure)
    return failing


def collisions(change: Update) -> Iterator[tuple[str, Failure]]:
    """Yield resources created with a unique value that another resource has until clean-up."""
    existing = _owners(change.before, change.old_value)
    for name in sorted(change.new):
        kind = change.after.resources[name]["Type"]
        for key in resource_types.unique_keys(kind):
            for values in keys(change.after.properties(name), key):
                owner = existing.get((kind, key, change.new_value(values)))
                if owner and not (owner == name and resource_types.leaves_a_gap(kind)):
                    yield name, _collision(change, name, owner, key)


def _owners(resolved: Resolved, comparable: Callable[[Any], Any]) -> dict[tuple[Any, ...], str]:
    return {(entry["Type"], key, comparable(values)): name
            for name, entry in resolved.resources.items()
            for key in resource_types.unique_keys(entry["Type"])
            for values in keys(entry.get("Properties", {}), key)}


def _collision(change: Update, name: str, owner: str, key: resource_types.Key) -> Failure:
    what = " and ".join(re.split(r"[?=]|/\*", part)[0].replace("/", ".") for part in key)
    if owner == name:
        perhaps = "it may be replaced, and then " if name in change.perhaps else ""
        return Failure(f"{perhaps}its replacement is created first, with the same {what} as the original",
                       f"change {what} as well, or remove it in one deployment and add it in the next")
    if owner in change.after.resources:
        return Failure(f"{owner} has the same {what} until the update's clean-up",
                       f"change {owner} in a separate deployment first, or choose another {what}")
    return Failure(f"{owner}, which is removed last, has the same {what}", f"remove {owner} in a separate deployment "
                                                                           "first")


def moves(change: Update) -> Iterator[tuple[str, Failure]]:
    """Yield existing resources that would have to move to another VPC.

    A resource is in the VPC of the subnets and security groups that it refers to. For ids from parameters, only a
    VPC that is created or removed at the same time shows it.
    """
    for name, entry in change.after.resources.items():
        if entry["Type"] not in resource_types.BOUND_TO_VPC or name in change.new:
            continue
        others = sorted({reference.logical_id for reference in references(entry.get("Properties", {}))
                         if _moved(change, reference.logical_id)})
        left = sorted({reference.logical_id for reference in references(change.before.properties(name))
                       if _loses_vpc(change, reference.logical_id)})
        if others or left:
            reason = (f"it cannot move to the VPC of {', '.join(others)}" if others else
                      f"it cannot leave the VPC of {', '.join(left)}, which is removed")
            yield name, Failure(reason, "create a new environment and move data and traffic there")


def _moved(change: Update, name: str) -> bool:
    """Return whether a resource moves to another VPC, or is new in one that is created."""
    old, new = (_vpc(side, name) for side in (change.before, change.after))
    if name in change.before.resources:
        return name in change.replaced and change.old_value(old) != change.new_value(new)
    return any(reference.logical_id in change.new for reference in references(new))


def _loses_vpc(change: Update, name: str) -> bool:
    """Return whether a resource was in a VPC that the update removes."""
    return any(target.logical_id not in change.after.resources for target in references(_vpc(change.before, name)))


def _vpc(side: Resolved, name: str) -> Any:
    return side.resources.get(name, {}).get("Properties", {}).get("VpcId")


def downgrades(change: Update, live_versions: Mapping[str, str]) -> Iterator[tuple[str, Failure]]:
    """Yield resources whose engine version would be lower than the running one."""
    for name, running, wanted in version_changes(change, live_versions):
        if _numbers(wanted) < _numbers(running)[:len(_numbers(wanted))]:
            yield name, Failure(f"engine version {wanted} is lower than the running version {running}; engines cannot "
                                "be downgraded",
                                f"set the version to {running}, or restore a snapshot to a new environment")


def version_changes(change: Update, live_versions: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield logical id, running and new engine version of each existing engine that changes its version."""
    for name, entry in change.after.resources.items():
        known = resource_types.ENGINE_VERSIONS.get(entry["Type"])
        if not known or name in change.new:
            continue
        running = live_versions.get(name) or value_at(change.before.properties(name), known[0])
        wanted = value_at(entry.get("Properties", {}), known[0])
        if isinstance(running, str) and isinstance(wanted, str) and running != wanted:
            yield name, running, wanted


def is_major(running: str, wanted: str) -> bool:
    """Return whether a version change is a major upgrade.

    From PostgreSQL 10, the major version is the first number; for other engines it is the first two.
    """
    old, new = _numbers(running), _numbers(wanted)
    length = 1 if old[:1] >= [10] else 2
    return new[:length] > old[:length]


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
