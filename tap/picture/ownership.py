"""Which drawn resource every other resource belongs to."""

from collections.abc import Mapping, Set

from tap.picture.kinds import BELONGS
from tap.template.resolve import Resolved, dependencies, references


def owners(resolved: Resolved, drawn: Set[str]) -> dict[str, str]:
    """Return the drawn resource that each resource belongs to; one that belongs to none is its own.

    A resource follows the property that `BELONGS` names for its type, as far as that leads. From there it belongs
    to the nearest drawn resource that refers to it, or else to whose the nearest is that does, such as the vault of
    a selection that names its role; and failing that to the nearest that it refers to.
    """
    needs = dependencies(resolved)
    users: dict[str, set[str]] = {name: set() for name in resolved.resources}
    for name, needed in needs.items():
        # What watches others does not own them.
        if not str(resolved.resources[name]["Type"]).startswith("AWS::CloudWatch::"):
            for other in needed:
                users[other].add(name)
    order = {name: place for place, name in enumerate(resolved.resources)}

    ends = {name: _followed(name, resolved, drawn) for name in resolved.resources}

    def owner(name: str) -> str:
        end = ends[name]
        return (end if end in drawn else _nearest(end, users, drawn, ends, order)
                or _nearest(name, needs, drawn, {}, order) or name)

    return {name: owner(name) for name in resolved.resources}


def _followed(name: str, resolved: Resolved, drawn: Set[str]) -> str:
    """Return where the chain of what belongs to what ends: at a drawn resource, or where it leads no further."""
    seen: set[str] = set()
    while name not in drawn:
        seen.add(name)
        path = BELONGS.get(str(resolved.resources[name]["Type"]))
        hits = [each.logical_id for each in references(resolved.properties(name).get(path))] if path else []
        hits = [each for each in hits if each in resolved.resources and each not in seen]
        if not hits:
            break
        name = next((each for each in reversed(hits) if each in drawn), hits[0])
    return name


def _nearest(name: str, near: Mapping[str, Set[str]], drawn: Set[str], ends: Mapping[str, str],
             order: Mapping[str, int]) -> str | None:
    seen = {name}
    level = [name]
    while level:
        level = sorted({other for each in level for other in near[each]} - seen, key=order.__getitem__)
        for hits in (level, [ends.get(each) for each in level]):
            for each in hits:
                if each in drawn:
                    return each
        seen |= set(level)
    return None
