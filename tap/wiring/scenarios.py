"""The possible values of a template's conditions, each with parameters that lead to them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tap.deploy.rules import violations
from tap.template.resolve import NO_VALUE, Reference, Resolver, Text, as_text, parameter_value
from tap.wiring.facts import FACTS
from tap.wiring.values import Unknown, as_list

# Limits for templates with many conditions; scenarios that change the fewest parameters come first.
MOST_COMBINATIONS = 400
MOST_SCENARIOS = 48
REGION = "AWS::Region"
# These may do anything with their input and return anything.
OPAQUE_TYPES = ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack")
# A transform replaces these with unknown resources, permissions and policies.
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
GENERATING_TYPES = ("AWS::Serverless::",)
HARMLESS_TYPES = tuple(FACTS["harmless_custom_resources"]["types"])
OTHER = None
"""A parameter value that differs from every literal in conditions: it stays a reference."""


def is_opaque(kind: str) -> bool:
    """Whether resources of a type may do anything: custom resources, nested stacks, modules, what SAM replaces."""
    return (kind.startswith((*OPAQUE_TYPES, *GENERATING_TYPES)) or kind.endswith("::MODULE")) and (
        kind not in HARMLESS_TYPES)


class LenientResolver(Resolver):
    """Evaluates as much as possible; the rest stays a reference or a function."""

    def __init__(self, template: Mapping[str, Any], scope: Mapping[str, Any], region: str) -> None:
        """Take the template, the values of parameters that are known, and the region."""
        super().__init__(template, scope, region)
        self._decided: dict[str, bool] = {}

    def condition(self, name: str) -> bool:
        """Return whether a condition holds. Raises ValueError if it cannot be evaluated."""
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
        """Return a value with references to unknown things marked as unknown."""
        if isinstance(value, Text):
            return Text(tuple(map(self._seen, value.parts)))
        if not isinstance(value, Reference):
            return value
        resource = self.template["Resources"].get(value.logical_id)
        if isinstance(resource, Mapping) and not is_opaque(str(resource.get("Type"))):
            return value
        return Unknown(value.logical_id, value.attribute)


@dataclass(frozen=True)
class Scenario:
    """One set of values for the conditions."""

    conditions: Mapping[str, bool]
    resolver: LenientResolver


def scenarios(
    template: Mapping[str, Any], parameter_sets: Sequence[Mapping[str, Any]] = (), region: str = "us-east-1",
) -> list[Scenario]:
    """Return the scenarios that the template's Rules allow, starting with the defaults.

    With `parameter_sets`, there is one scenario for each. Otherwise, parameters in conditions take every value that
    makes a difference, within limits; other parameters have their default or are unknown. Raises ValueError, TypeError,
    KeyError or AttributeError if conditions are malformed.
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
    """Yield the names that `Ref`, `Condition` or `Fn::If` refers to anywhere in a tree."""
    if isinstance(tree, Mapping):
        for key, item in tree.items():
            if key == function:
                yield from (name for name in as_list(item)[:1] if isinstance(name, str))
            yield from mentions(item, function)
    elif isinstance(tree, list):
        for item in tree:
            yield from mentions(item, function)


def _defaults(template: Mapping[str, Any]) -> dict[str, Any]:
    # Values in Systems Manager are unknown, even if the parameter's name is known.
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
    alternatives = _alternatives(template, {REGION: region, **defaults})
    for count in range(len(alternatives) + 1):
        for names in itertools.combinations(alternatives, count):
            for values in itertools.product(*(alternatives[name] for name in names)):
                yield {REGION: region, **defaults, **dict(zip(names, values, strict=True))}


def _alternatives(template: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return, for each parameter that conditions compare, the values besides its default that make a difference."""
    declared = {**template.get("Parameters", {}), REGION: {}}
    values = {name: _alternative_values(declared[name], literals, defaults.get(name, OTHER))
              for name, literals in _compared_literals(template.get("Conditions", {})).items() if name in declared}
    return {name: alternatives for name, alternatives in values.items() if alternatives}


def _compared_literals(conditions: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the literals that conditions compare each parameter with."""
    literals: dict[str, list[str]] = {name: [] for name in mentions(conditions, "Ref")}
    for sides in _comparisons(conditions):
        for name in (name for side in sides for name in mentions(side, "Ref")):
            literals[name] += [str(side) for side in sides if isinstance(side, str | int | float)]
    return literals


def _alternative_values(declaration: Mapping[str, Any], literals: list[str], default: Any) -> list[Any]:
    allowed = [as_text(value) for value in as_list(declaration.get("AllowedValues"))]
    values: list[Any] = [*literals, OTHER]
    if allowed:
        values = [value for value in allowed if value in literals]
        values += [value for value in allowed if value not in literals][:1 if literals else 4]
    if default is OTHER:
        return [value for value in dict.fromkeys(values) if value is not OTHER]
    if literals and str(default) not in literals:  # the default stands for all other values
        values = [value for value in values if value in literals]
    return [value for value in dict.fromkeys(values) if value is OTHER or value != str(default)]


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
    # Parameters without a given value are unknown here and break no rule.
    declared = {name: {key: item for key, item in entry.items() if key != "Default"}
                for name, entry in template.get("Parameters", {}).items()}
    given = {name: str(value) for name, value in values.items() if value is not OTHER and name in declared}
    try:
        return not violations({"Parameters": declared, "Rules": template["Rules"]}, given)
    except (KeyError, TypeError, AttributeError):
        return True
