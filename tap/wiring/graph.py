"""What the rules need of a template, worked out once: its resources in each scenario, and how they connect."""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tap.wiring.scenarios import Scenario, is_opaque, mentions, scenarios
from tap.wiring.values import as_list, at, references, same

# What these transforms add does not change what the rules look at.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
HARMLESS_TRANSFORMS = (
    "AWS::LanguageExtensions", "AWS::Serverless-", "AWS::SecretsManager-", "AWS::CodeDeployBlueGreen")


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource as it is in one scenario."""

    logical_id: str
    type: str
    entry: Mapping[str, Any] = field(repr=False)
    """Everything of it but its condition; `DependsOn` is a list."""

    def at(self, *keys: str) -> Any:
        """Return the property at this path; None where there is none."""
        return at(self.entry, "Properties", *keys)

    @cached_property
    def needs(self) -> frozenset[str]:
        """The logical ids that it depends on or refers to, in Metadata too: CloudFormation orders by all.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
        """
        return frozenset([*self.entry["DependsOn"], *(found.logical_id for found in references(self.entry))])


class Stack:
    """The resources of one scenario."""

    def __init__(self, conditions: Mapping[str, bool], resources: Mapping[str, Resource]) -> None:
        """Take the truth of each condition, and the resources that there are then."""
        self.conditions = conditions
        self.resources = resources
        self._waits_for: dict[str, frozenset[str]] = {}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types."""
        return (resource for resource in self.resources.values() if resource.type in types)

    def target(self, value: Any, *types: str) -> Resource | None:
        """Return the one resource of these types that a value refers to; None where there is not exactly one."""
        ids = {found.logical_id for found in references(value)}
        hits = [self.resources[name] for name in ids if name in self.resources and self.resources[name].type in types]
        return hits[0] if len(hits) == 1 else None

    def targets(self, value: Any, *types: str) -> list[Resource] | None:
        """Return what each item of a list refers to; None where one of them is no resource of these types."""
        hits = [self.target(item, *types) for item in as_list(value)]
        return None if None in hits else [hit for hit in hits if hit]

    def referring_to(self, resource: Resource, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types (of all, where none is given) that refer to this one."""
        return (other for other in self.resources.values()
                if (not types or other.type in types) and resource.logical_id in other.needs and other is not resource)

    def is_handed_out(self, resource: Resource) -> bool:
        """Whether something that may do anything gets hold of this resource."""
        return any(is_opaque(other.type) for other in self.referring_to(resource))

    def waits_for(self, resource: Resource, other: Resource) -> bool:
        """Whether CloudFormation makes the other resource before this one, by however many steps."""
        if resource.logical_id not in self._waits_for:
            found: set[str] = set()
            new = set(resource.needs & self.resources.keys())
            while new:
                found |= new
                new = {name for title in new for name in self.resources[title].needs} & self.resources.keys() - found
            self._waits_for[resource.logical_id] = frozenset(found)
        return other.logical_id in self._waits_for[resource.logical_id]

    def named(self, value: Any, kind: str, name_property: str) -> Resource | None:
        """Return the resource of a type that a value refers to, or that has this value as its physical name."""
        hit = self.target(value, kind)
        return hit or next((other for other in self.of_type(kind) if same(other.at(name_property), value)), None)


class Graph:
    """A template in all its scenarios."""

    def __init__(
        self, template: Mapping[str, Any], parameter_sets: Sequence[Mapping[str, Any]] = (), region: str = "us-east-1",
    ) -> None:
        """Evaluate a template. One that is malformed, or that a macro may change, has no scenarios."""
        self._template: Mapping[str, Any] = {}
        self._scenarios: list[Scenario] = []
        self._made: dict[tuple[Any, ...], Resource | None] = {}
        self._stacks: dict[int, Stack] = {}
        if not _is_readable(template):
            return
        try:
            self._scenarios = scenarios(template, parameter_sets, region)
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # cfn-lint's own rules say what is wrong
        self._template = {name: entry for name, entry in template["Resources"].items()
                          if isinstance(entry, Mapping) and isinstance(entry.get("Type"), str)}
        self._conditions = {
            name: tuple(dict.fromkeys([*_own_conditions(entry), *mentions(entry, "Fn::If")]))
            for name, entry in self._template.items()}
        self._varied = bool(parameter_sets)

    def stacks(self, types: Sequence[str]) -> list[Stack]:
        """Return the stacks that differ in resources of these types; none where there are no such resources."""
        relevant = [name for name, entry in self._template.items() if entry["Type"] in types]
        if not relevant:
            return []
        names = sorted({condition for name in relevant for condition in self._conditions[name]})
        distinct: dict[tuple[Any, ...], int] = {}
        for place, scenario in enumerate(self._scenarios):
            outcome = tuple(scenario.conditions.get(name) for name in names)
            distinct.setdefault((*outcome, place) if self._varied else outcome, place)
        return [self._stack(place) for place in distinct.values()]

    def _stack(self, place: int) -> Stack:
        if place not in self._stacks:
            scenario = self._scenarios[place]
            made = {name: self._resource(name, scenario, place) for name in self._template}
            resources = {name: resource for name, resource in made.items() if resource}
            self._stacks[place] = Stack(scenario.conditions, resources)
        return self._stacks[place]

    def _resource(self, name: str, scenario: Scenario, place: int) -> Resource | None:
        """Return a resource, the same one for all scenarios that do not differ in its conditions."""
        outcome = tuple(scenario.conditions.get(condition, False) for condition in self._conditions[name])
        key = (name, (*outcome, place) if self._varied else outcome)
        if key not in self._made:
            entry = self._template[name]
            exists = all(scenario.conditions.get(condition, True) for condition in _own_conditions(entry))
            self._made[key] = _evaluated(name, entry, scenario) if exists else None
        return self._made[key]


def _own_conditions(entry: Mapping[str, Any]) -> list[str]:
    return [name for name in as_list(entry.get("Condition")) if isinstance(name, str)]


def _evaluated(name: str, entry: Mapping[str, Any], scenario: Scenario) -> Resource:
    evaluated = scenario.resolver.value({key: item for key, item in entry.items() if key != "Condition"})
    depends_on = [item for item in as_list(entry.get("DependsOn")) if isinstance(item, str)]
    return Resource(name, str(entry["Type"]), {**evaluated, "DependsOn": depends_on})


def _is_readable(template: Mapping[str, Any]) -> bool:
    if not all(isinstance(template.get(section, {}), Mapping)
               for section in ("Resources", "Parameters", "Conditions", "Mappings", "Rules")):
        return False
    transforms = as_list(template.get("Transform"))
    return ("Resources" in template and all(map(_is_final, template["Resources"].values()))
            and all(str(name).startswith(HARMLESS_TRANSFORMS) for name in transforms)
            and not _has_macro(template["Resources"]))


def _is_final(entry: Any) -> bool:
    """Whether a resource is what CloudFormation makes: SAM's own types are gone once they are transformed."""
    return not str(at(entry, "Type")).startswith("AWS::Serverless::")


def _has_macro(tree: Any) -> bool:
    if isinstance(tree, Mapping):
        return "Fn::Transform" in tree or any(map(_has_macro, tree.values()))
    return isinstance(tree, list) and any(map(_has_macro, tree))


_GRAPHS: "weakref.WeakKeyDictionary[Any, Graph]" = weakref.WeakKeyDictionary()


def graph_of(cfn: Any) -> Graph:
    """Return the graph of a `cfnlint.template.Template`, made when it is first asked for."""
    if cfn not in _GRAPHS:
        sets = [found.parameters for found in cfn.context.parameter_sets or []]
        _GRAPHS[cfn] = Graph(cfn.template, sets, cfn.regions[0])
    return _GRAPHS[cfn]
