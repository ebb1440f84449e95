"""The template as a graph, built once: its resources in each scenario, and how they connect."""

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tap.wiring.scenarios import GENERATING_TYPES, Scenario, is_opaque, mentions, scenarios
from tap.wiring.values import as_list, as_maps, at, references, same

# These transforms do not affect the resources that the rules check.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-reference.html
HARMLESS_TRANSFORMS = (
    "AWS::LanguageExtensions", "AWS::Serverless-", "AWS::SecretsManager-", "AWS::CodeDeployBlueGreen")
TRANSFORM = "Fn::Transform"
REWRITTEN = "Custom::Rewritten"
"""The type that stands for a resource which a macro rewrites: like a custom resource, it may be anything."""
CONNECTOR = "AWS::Serverless::Connector"
SECTIONS = ("Resources", "Parameters", "Conditions", "Mappings", "Rules", "Outputs")
# Attributes that identify a resource to another stack; `None` stands for Ref.
IDENTIFIERS = ("Arn", "Id", "Url")


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource in one scenario."""

    logical_id: str
    type: str
    entry: Mapping[str, Any] = field(repr=False)
    """The resource without its condition; `DependsOn` is a list."""

    def at(self, *keys: str) -> Any:
        """Return the property at this path, or None."""
        return at(self.entry, "Properties", *keys)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Logical ids that it depends on or refers to, also in Metadata, since CloudFormation orders by all of them.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
        """
        return frozenset([*self.entry["DependsOn"], *(found.logical_id for found in references(self.entry))])


def _connected(resource: Resource) -> Iterator[str]:
    """Yield the logical ids that a SAM connector names without Ref.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-connector.html
    """
    ends = [end for place in ("Source", "Destination") for end in as_maps(resource.at(place))
            ] if resource.type == CONNECTOR else []
    embedded = resource.entry.get("Connectors")
    if isinstance(embedded, Mapping):
        yield resource.logical_id
        ends += [end for connector in embedded.values() for end in as_maps(at(connector, "Properties", "Destination"))]
    yield from (str(end["Id"]) for end in ends if isinstance(end.get("Id"), str))


class Stack:
    """The resources of one scenario."""

    def __init__(
        self, conditions: Mapping[str, bool], resources: Mapping[str, Resource], outputs: Sequence[Any] = (),
    ) -> None:
        """Take the values of the conditions, and the resources and outputs that exist with them."""
        self.conditions = conditions
        self.resources = resources
        self._connected = frozenset(name for resource in resources.values() for name in _connected(resource))
        self._outputs = frozenset(
            found.logical_id for found in references(list(outputs))
            if found.attribute is None or str(found.attribute).endswith(IDENTIFIERS))
        self._waits_for: dict[str, frozenset[str]] = {}

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types."""
        return (resource for resource in self.resources.values() if resource.type in types)

    def target(self, value: Any, *types: str) -> Resource | None:
        """Return the resource of these types that a value refers to, or None unless there is exactly one."""
        ids = {found.logical_id for found in references(value)}
        hits = [self.resources[name] for name in ids if name in self.resources and self.resources[name].type in types]
        return hits[0] if len(hits) == 1 else None

    def targets(self, value: Any, *types: str) -> list[Resource] | None:
        """Return the resources that a list refers to, or None if an item is not a resource of these types."""
        hits = [self.target(item, *types) for item in as_list(value)]
        return None if None in hits else [hit for hit in hits if hit]

    def referring_to(self, resource: Resource, *types: str) -> Iterator[Resource]:
        """Yield the resources of these types (by default, any type) that refer to this one."""
        return (other for other in self.resources.values()
                if (not types or other.type in types) and resource.logical_id in other.needs and other is not resource)

    def is_handed_out(self, resource: Resource) -> bool:
        """Whether a resource with unknown behaviour, such as a custom resource, refers to this one."""
        return any(is_opaque(other.type) for other in self.referring_to(resource)) or (
            resource.logical_id in self._connected)

    def is_shared(self, resource: Resource) -> bool:
        """Whether a resource is handed out or identified by an output, so that another stack may add what it lacks.

        This does not excuse what fails while the stack is created: its outputs do not exist until then.
        """
        return resource.logical_id in self._outputs or self.is_handed_out(resource)

    def waits_for(self, resource: Resource, other: Resource) -> bool:
        """Whether CloudFormation creates the other resource before this one, directly or indirectly."""
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
        """Evaluate a template. It has no scenarios if it is malformed or a macro may change it."""
        self.left_out = _obstacle(template)
        """Why the template is not checked, or which resources are not; empty if all of it is checked."""
        self._template: Mapping[str, Any] = {}
        self._scenarios: list[Scenario] = []
        self._evaluated: dict[tuple[Any, ...], Resource | None] = {}
        self._stacks: dict[int, Stack] = {}
        if self.left_out:
            return
        try:
            self._scenarios = scenarios(template, parameter_sets, region)
        except (ValueError, TypeError, KeyError, AttributeError):
            self.left_out = "its conditions cannot be evaluated"  # cfn-lint's own rules say why
            return
        self._outputs = [entry for entry in template.get("Outputs", {}).values() if isinstance(entry, Mapping)]
        self._template = {name: entry for name, entry in template["Resources"].items()
                          if isinstance(entry, Mapping) and isinstance(entry.get("Type"), str)}
        self._conditions = {
            name: tuple(dict.fromkeys([*_own_conditions(entry), *mentions(entry, "Fn::If")]))
            for name, entry in self._template.items()}
        self._varied = bool(parameter_sets)

    def stacks(self, types: Sequence[str]) -> list[Stack]:
        """Return the stacks that differ in resources of these types; empty if there are no such resources."""
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
            evaluated = {name: self._evaluate(name, scenario, place) for name in self._template}
            resources = {name: resource for name, resource in evaluated.items() if resource}
            outputs = [scenario.resolver.value(entry.get("Value")) for entry in self._outputs
                       if _exists(entry, scenario)]
            self._stacks[place] = Stack(scenario.conditions, resources, outputs)
        return self._stacks[place]

    def _evaluate(self, name: str, scenario: Scenario, place: int) -> Resource | None:
        """Return a resource in a scenario, or None where it does not exist there.

        Scenarios that agree on the conditions of a resource share its evaluation.
        """
        outcome = tuple(scenario.conditions.get(condition, False) for condition in self._conditions[name])
        key = (name, (*outcome, place) if self._varied else outcome)
        if key not in self._evaluated:
            entry = self._template[name]
            self._evaluated[key] = _resource(name, entry, scenario) if _exists(entry, scenario) else None
        return self._evaluated[key]


def _own_conditions(entry: Mapping[str, Any]) -> list[str]:
    return [name for name in as_list(entry.get("Condition")) if isinstance(name, str)]


def _exists(entry: Mapping[str, Any], scenario: Scenario) -> bool:
    return all(scenario.conditions.get(condition, True) for condition in _own_conditions(entry))


def _resource(name: str, entry: Mapping[str, Any], scenario: Scenario) -> Resource:
    evaluated = scenario.resolver.value({key: item for key, item in entry.items() if key != "Condition"})
    depends_on = [item for item in as_list(entry.get("DependsOn")) if isinstance(item, str)]
    kind = REWRITTEN if _is_rewritten(entry) else str(entry["Type"])
    return Resource(name, kind, {**evaluated, "DependsOn": depends_on})


def _obstacle(template: Mapping[str, Any]) -> str:
    """Return why a template cannot be checked; empty if it can."""
    malformed = [name for name in SECTIONS if not isinstance(template.get(name, {}), Mapping)]
    if malformed or "Resources" not in template:
        return f"{(malformed or ['Resources'])[0]} is not a map"
    names = [str(at(item, "Name") or item) for item in as_list(template.get("Transform"))]
    macros = [name for name in names if not name.startswith(HARMLESS_TRANSFORMS)]
    if macros:
        return f"the macro {macros[0]} may change any resource"
    return "Fn::Transform may change any resource" if TRANSFORM in template["Resources"] else ""


def _is_rewritten(tree: Any) -> bool:
    """Whether a macro may change its siblings. A macro without siblings only returns a value, which is unknown.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-transform.html
    """
    if isinstance(tree, Mapping):
        return (TRANSFORM in tree and len(tree) > 1) or any(map(_is_rewritten, tree.values()))
    return isinstance(tree, list) and any(map(_is_rewritten, tree))


_GRAPHS: "weakref.WeakKeyDictionary[Any, Graph]" = weakref.WeakKeyDictionary()


def generating(template: Mapping[str, Any]) -> list[str]:
    """Return the logical ids of the resources that a transform replaces or rewrites."""
    resources = template.get("Resources")
    return [name for name, entry in resources.items()
            if str(at(entry, "Type")).startswith(GENERATING_TYPES) or _is_rewritten(entry)
            ] if isinstance(resources, Mapping) else []


def graph_of(cfn: Any) -> Graph:
    """Return the graph of a `cfnlint.template.Template`, built on first use."""
    if cfn not in _GRAPHS:
        sets = [found.parameters for found in cfn.context.parameter_sets or []]
        _GRAPHS[cfn] = Graph(cfn.template, sets, cfn.regions[0])
    return _GRAPHS[cfn]
