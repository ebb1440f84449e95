"""The ways in which a template's conditions can come out, each with parameters that make them so."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tap.deploy.rules import violations
from tap.template.resolve import NO_VALUE, Reference, Resolver, Text, parameter_value
from tap.wiring.values import Unknown, as_list

# Bounds on the work for templates with many conditions; what changes fewest parameters comes first.
MOST_COMBINATIONS = 400
MOST_SCENARIOS = 48
REGION = "AWS::Region"
# These may do anything with what they are told of, and answer anything.
OPAQUE_TYPES = ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack")
OTHER = None
"""A parameter's value that is no literal of any condition: it stays a reference."""


def is_opaque(kind: str) -> bool:
    """Whether resources of a type may be anything: custom resources, nested stacks, modules."""
    return kind.startswith(OPAQUE_TYPES) or kind.endswith("::MODULE")


class LenientResolver(Resolver):
    """Evaluates what can be evaluated; the rest stays as the reference or the function that it is."""

    def __init__(self, template: Mapping[str, Any], scope: Mapping[str, Any], region: str) -> None:
        """Take the template, the values of parameters that are known, and the region."""
        super().__init__(template, scope, region)
        self._decided: dict[str, bool] = {}

    def condition(self, name: str) -> bool:
        """Return whether a condition holds. Raises ValueError where it cannot be evaluated."""
        if name not in self._decided:
            self._decided[name] = super().condition(name)
        return self._decided[name]

    def _ref(self, name: Any) -> Any:
        return self._seen(super()._ref(name)) if isinstance(name, str) else {"Ref": name}

    def _sub(self, pattern: str, local: Mapping[str, Any]) -> Any:
        return self._seen(super()._sub(pattern, local))

    def _call(self, name: str, argument: Any) -> Any:
        try:
            return self._seen(super()._call(name, argument))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            return {name: argument}

    def _seen(self, value: Any) -> Any:
        """Return a value with references marked as unknown where they are to nothing that can be looked at."""
        if isinstance(value, Text):
            return Text(tuple(map(self._seen, value.parts)))
        if not isinstance(value, Reference):
            return value
        resource = self._template["Resources"].get(value.logical_id)
        if isinstance(resource, Mapping) and not is_opaque(str(resource.get("Type"))):
            return value
        return Unknown(value.logical_id, value.attribute)


@dataclass(frozen=True)
class Scenario:
    """One way in which the conditions come out."""

    conditions: Mapping[str, bool]
    resolver: LenientResolver


def scenarios(
    template: Mapping[str, Any], parameter_sets: Sequence[Mapping[str, Any]] = (), region: str = "us-east-1",
) -> list[Scenario]:
    """Return the scenarios that the template's Rules allow, that of the defaults first.

    With `parameter_sets` there is one for each of these. Without, parameters in conditions take every
    value that makes a difference, within bounds; other parameters have their default, or stay unknown.
    Raises ValueError, TypeError, KeyError or AttributeError where conditions are malformed.
    """
    defaults = _defaults(template)
    if parameter_sets:
        return [_scenario(template, {**defaults, **given}, region) for given in parameter_sets]
    found: dict[tuple[bool, ...], Scenario] = {}
    for values in itertools.islice(_combinations(template, defaults, region), MOST_COMBINATIONS):
        scenario = _scenario(template, values, region)
        outcome = tuple(scenario.conditions.values())
        if outcome not in found and _is_allowed(template, values):
            found[outcome] = scenario
        if len(found) == MOST_SCENARIOS:
            break
    return list(found.values())


def mentions(tree: Any, function: str) -> Iterator[str]:
    """Yield the names that `Ref`, `Condition` or `Fn::If` has in a tree, wherever it is."""
    if isinstance(tree, Mapping):
        for key, item in tree.items():
            if key == function:
                yield from (name for name in as_list(item)[:1] if isinstance(name, str))
            yield from mentions(item, function)
    elif isinstance(tree, list):
        for item in tree:
            yield from mentions(item, function)


def _defaults(template: Mapping[str, Any]) -> dict[str, Any]:
    # What Systems Manager holds is not known, even where the parameter's name is.
    return {name: entry["Default"] for name, entry in template.get("Parameters", {}).items()
            if "Default" in entry and "SSM::Parameter::Value" not in str(entry["Type"])}


def _scenario(template: Mapping[str, Any], values: Mapping[str, Any], region: str) -> Scenario:
    declared = template.get("Parameters", {})
    scope = {name: parameter_value(value, str(declared[name]["Type"])) for name, value in values.items()
             if name in declared and value is not OTHER}
    here = values.get(REGION, region) or region
    pseudo = {"AWS::NoValue": NO_VALUE, "AWS::NotificationARNs": [], "AWS::Partition": "aws",
              "AWS::Region": here, "AWS::URLSuffix": "amazonaws.com"}
    resolver = LenientResolver(template, {**scope, **pseudo}, here)
    return Scenario({name: resolver.condition(name) for name in template.get("Conditions", {})}, resolver)


def _combinations(
    template: Mapping[str, Any], defaults: Mapping[str, Any], region: str,
) -> Iterator[dict[str, Any]]:
    others = _others(template, {REGION: region, **defaults})
    for count in range(len(others) + 1):
        for names in itertools.combinations(others, count):
            for values in itertools.product(*(others[name] for name in names)):
                yield {REGION: region, **defaults, **dict(zip(names, values, strict=True))}


def _others(template: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return, for each parameter that conditions look at, the values besides its default that matter."""
    conditions = template.get("Conditions", {})
    compared: dict[str, list[str]] = {name: [] for name in mentions(conditions, "Ref")}
    for sides in _comparisons(conditions):
        names = [name for side in sides for name in mentions(side, "Ref")]
        for name in names:
            compared[name] += [str(side) for side in sides if isinstance(side, str | int | float)]
    others: dict[str, list[Any]] = {}
    matter: list[Any]
    for name, literals in compared.items():
        declared = template.get("Parameters", {}).get(name, {})
        allowed = [str(value) for value in as_list(declared.get("AllowedValues"))]
        default = defaults.get(name, OTHER)
        if name != REGION and name not in template.get("Parameters", {}):
            continue
        if allowed:
            matter = [value for value in allowed if value in literals]
            matter += [value for value in allowed if value not in literals][:1 if literals else 4]
        else:
            matter = [*literals, OTHER]
        if str(default) not in literals and default is not OTHER and literals:
            matter = [value for value in matter if value in literals]  # the default is the other one
        others[name] = [value for value in dict.fromkeys(matter) if value is OTHER or value != str(default)]
        if default is OTHER:
            others[name] = [value for value in others[name] if value is not OTHER]
    return {name: values for name, values in others.items() if values}


def _comparisons(tree: Any) -> Iterator[list[Any]]:
    if isinstance(tree, Mapping):
        for key, item in tree.items():
            if key == "Fn::Equals" and isinstance(item, list):
                yield item
            else:
                yield from _comparisons(item)
    elif isinstance(tree, list):
        for item in tree:
            yield from _comparisons(item)


def _is_allowed(template: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    if "Rules" not in template:
        return True
    # Without their defaults, parameters that are not given are unknown, and no rule is broken by them.
    declared = {name: {key: item for key, item in entry.items() if key != "Default"}
                for name, entry in template.get("Parameters", {}).items()}
    given = {name: str(value) for name, value in values.items() if value is not OTHER and name in declared}
    try:
        return not violations({"Parameters": declared, "Rules": template["Rules"]}, given)
    except (KeyError, TypeError, AttributeError):
        return True
