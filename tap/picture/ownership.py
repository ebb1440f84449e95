"""Assign every resource to the drawn resource that it belongs to."""

from collections.abc import Mapping, Set

from tap.picture.kinds import BELONGS
from tap.template.resolve import Resolved, dependencies, references


def owners(resolved: Resolved, drawn: Set[str]) -> dict[str, str]:
    """Return the drawn resource that each resource belongs to; itself if it belongs to none.

    A resource follows the property that `BELONGS` names for its type, as far as that leads. From there it belongs
    to the nearest drawn resource that refers to it, or else to whose the nearest is that does, such as the vault of
    a selection that names its role; and failing that to the nearest that it refers to.
    """
    needs = dependencies(resolved)
    users: dict[str, set[str]] = {name: set() for name in resolved.resources}
    for name, needed in needs.items():
        # Alarms and dashboards do not own what they watch.
        if not str(resolved.resources[name]["Type"]).startswith("AWS::CloudWatch::"):
            for other in needed:
                users[other].add(name)
    order = {name: index for index, name in enumerate(resolved.resources)}

    ends = {name: _followed(name, resolved, drawn) for name in resolved.resources}

    def owner(name: str) -> str:
        end = ends[name]
        return (end if end in drawn else _nearest(end, users, drawn, ends, order)
                or _nearest(name, needs, drawn, {}, order) or name)

    return {name: owner(name) for name in resolved.resources}


def _followed(name: str, resolved: Resolved, drawn: Set[str]) -> str:
    """Return the end of a resource's ownership chain: a drawn resource, or the last one that the chain reaches."""
    seen: set[str] = set()
    while name not in drawn:
        seen.add(name)
        path = BELONGS.get(str(resolved.resources[name]["Type"]))
        hits = [reference.logical_id for reference in references(resolved.properties(name).get(path))] if path else []
        hits = [hit for hit in hits if hit in resolved.resources and hit not in seen]
        if not hits:
            break
        name = next((hit for hit in reversed(hits) if hit in drawn), hits[0])
    return name


def _nearest(name: str, near: Mapping[str, Set[str]], drawn: Set[str], ends: Mapping[str, str],
             order: Mapping[str, int]) -> str | None:
    seen = {name}
    level = [name]
    while level:
        level = sorted({other for title in level for other in near[title]} - seen, key=order.__getitem__)
        for hits in (level, [ends.get(title) for title in level]):
            for hit in hits:
                if hit in drawn:
                    return hit
        seen |= set(level)
    return None
