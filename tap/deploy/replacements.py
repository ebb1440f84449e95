"""Find the resources that an update replaces, and the values that depend on them, from the templates alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tap.deploy import resource_types
from tap.deploy.resource_types import Key
from tap.template.resolve import Reference, Resolved, Text


@dataclass(frozen=True)
class Update:
    """A stack's resources before and after an update, and the ones that are replaced."""

    before: Resolved
    after: Resolved
    replaced: frozenset[str]
    perhaps: frozenset[str] = frozenset()  # may be replaced: the service decides, or a reference does

    @property
    def new(self) -> frozenset[str]:
        """Return the logical ids of resources that are created: added, replaced, or possibly replaced."""
        return self.replaced | self.perhaps | (self.after.resources.keys() - self.before.resources.keys())

    def old_value(self, value: Any) -> Any:
        """Return an existing resource's value in comparable form."""
        return _comparable(value, frozenset())

    def new_value(self, value: Any) -> Any:
        """Return a value after the update: a reference to a created resource differs from every existing value."""
        return _comparable(value, self.replaced | (self.after.resources.keys() - self.before.resources.keys()))


def update(before: Resolved, after: Resolved, replaced: Iterable[str] = ()) -> Update:
    """Return an update, with replacements determined by each type's create-only properties.

    `replaced` has the resources that CloudFormation lists as replaced. A resource whose create-only properties refer to
    a replaced one is replaced, too. The create-only properties are those of the registry schemas.
    """
    common = [name for name, entry in after.resources.items()
              if name in before.resources and entry["Type"] == before.resources[name]["Type"]]
    known = frozenset(replaced) | (before.resources.keys() & after.resources.keys()) - set(common)
    while True:
        draft = Update(before, after, known)
        more = known | {name for name in common if _changes(draft, name, resource_types.create_only)}
        if more == known:
            break
        known = more
    perhaps = frozenset(name for name in common
                        if name not in known and _changes(draft, name, resource_types.conditionally_create_only))
    return Update(before, after, known, perhaps)


def _changes(this: Update, name: str, paths: Any) -> bool:
    old, new = (side.properties(name) for side in (this.before, this.after))
    return any(this.old_value(value_at(old, path)) != this.new_value(value_at(new, path))
               for path in paths(this.after.resources[name]["Type"]))


def renames(before: Resolved, after: Resolved) -> dict[str, str]:
    """Return the logical ids that changed for an unchanged resource, from old to new.

    Resources of the same type are unchanged if their properties differ only in such logical ids.
    """
    removed, added = (
        {name: entry for name, entry in this.resources.items() if name not in other.resources}
        for this, other in ((before, after), (after, before)))
    gone = removed.keys() | added.keys()
    waiting: dict[Any, list[str]] = {}
    for name, entry in added.items():
        waiting.setdefault((entry["Type"], _nameless(entry.get("Properties"), gone)), []).append(name)
    new_names = {}
    for name, entry in removed.items():
        if same := waiting.get((entry["Type"], _nameless(entry.get("Properties"), gone))):
            new_names[name] = same.pop(0)
    return new_names


def _nameless(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, Reference):
        return ("" if value.logical_id in names else value.logical_id, value.attribute)
    if isinstance(value, Text):
        return tuple(_nameless(part, names) for part in value.parts)
    if isinstance(value, Mapping):
        return tuple(sorted((key, _nameless(item, names)) for key, item in value.items()))
    if isinstance(value, list):
        return tuple(_nameless(item, names) for item in value)
    return value


def renamed(resolved: Resolved, names: Mapping[str, str]) -> Resolved:
    """Return a template with logical ids renamed; `names` maps old to new ones."""
    def moved(value: Any) -> Any:
        match value:
            case Reference():
                return Reference(names.get(value.logical_id, value.logical_id), value.attribute)
            case Text():
                return Text(tuple(map(moved, value.parts)))
            case Mapping():
                return {key: moved(item) for key, item in value.items()}
            case list():
                return [moved(item) for item in value]
        return value

    return replace(resolved, resources={names.get(name, name): moved(entry)
                                        for name, entry in resolved.resources.items()})


def value_at(properties: Any, path: str) -> Any:
    """Return a property by its path, such as `Budget/BudgetName`; None if it is not set."""
    for part in path.split("/"):
        properties = properties.get(part) if isinstance(properties, Mapping) else None
    return properties


def keys(properties: Mapping[str, Any], key: Key) -> Iterator[tuple[Any, ...]]:
    """Yield the values of a unique key, part by part; nothing if a part is not set."""
    name, wildcard, _ = (key[-1].partition("/*"))
    items = value_at(properties, name) if wildcard else [None]
    for item in items if isinstance(items, list) else []:
        values = [_part(properties, part) for part in (key[:-1] if wildcard else key)] + ([item] if wildcard else [])
        if all(value is not None for value in values):
            yield tuple(values)


def _part(properties: Mapping[str, Any], part: str) -> Any:
    path, asks, wanted = part.rstrip("?").partition("=")
    value = value_at(properties, path)
    if asks:
        return wanted if str(value).lower() == wanted else None
    return "" if value is None and part.endswith("?") else value


def _comparable(value: Any, created: Iterable[str]) -> Any:
    """Return a value as nested tuples and text; numbers and booleans as CloudFormation writes them."""
    match value:
        case Reference():
            return (value.logical_id, value.attribute, value.logical_id in created)
        case Text():
            return tuple(_comparable(part, created) for part in value.parts)
        case Mapping():
            return tuple(sorted((str(key), _comparable(item, created)) for key, item in value.items()))
        case list() | tuple():
            return tuple(_comparable(item, created) for item in value)
        case bool():
            return str(value).lower()
        case None:
            return None
    return str(value)
