"""The template for one environment: parameters filled in, conditions decided, references kept as values."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

NO_VALUE = object()
MASK = "****"  # as CloudFormation shows a NoEcho value
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
# By partition; amazonaws.com elsewhere.
URL_SUFFIXES = {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu", "aws-iso": "c2s.ic.gov",
                "aws-iso-b": "sc2s.sgov.gov", "aws-iso-e": "cloud.adc-e.uk", "aws-iso-f": "csp.hci.ic.gov"}


@dataclass(frozen=True)
class Reference:
    """A value known only after deployment: `Ref`, or `Fn::GetAtt` if there is an attribute."""

    logical_id: str
    attribute: str | None = None

    def __str__(self) -> str:
        """Return it as `Fn::Sub` writes it."""
        return f"${{{self.logical_id}.{self.attribute}}}" if self.attribute else f"${{{self.logical_id}}}"


@dataclass(frozen=True)
class Text:
    """Text that contains references, from `Fn::Sub` or `Fn::Join`."""

    parts: tuple[Any, ...]

    def __str__(self) -> str:
        """Return it as `Fn::Sub` writes it, such as `${AssetsBucket.Arn}/*`."""
        return "".join(map(str, self.parts))


@dataclass(frozen=True)
class Resolved:
    """A template for one environment. Values are text, lists, maps, `Reference` and `Text`."""

    parameters: Mapping[str, Any]
    conditions: Mapping[str, bool]
    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    dangling: tuple[tuple[str, str], ...]
    """References to resources that this environment lacks, as pairs of entry and missing logical id."""

    def properties(self, logical_id: str) -> Mapping[str, Any]:
        """Return a resource's properties. Raises KeyError if this environment lacks the resource."""
        result: Mapping[str, Any] = self.resources[logical_id].get("Properties", {})
        return result


NOTHING = Resolved({}, {}, {}, {}, ())


def resolve(
    template: Mapping[str, Any], parameters: Mapping[str, str], *, region: str = "us-east-1",
    account: str = "123456789012", partition: str = "aws", stack_name: str = "tap",
) -> Resolved:
    """Return the template's resources and outputs as CloudFormation would see them with these parameters.

    Parameters that are not given take their defaults. Resources and outputs with a false condition are left out, as are
    properties that are `AWS::NoValue`. A function of values known only after deployment, such as `Fn::Select` of an
    attribute, stays a function. Raises ValueError for an unknown parameter, a parameter without a value, an unknown
    condition or mapping entry, a `Fn::Select` or `Fn::Cidr` out of range, and for macros and loops, which only
    CloudFormation evaluates.
    """
    try:
        return _resolved(template, parameters, region, account, partition, stack_name)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it has another shape than a template: {error or type(error).__name__}") from None


def _resolved(template: Mapping[str, Any], parameters: Mapping[str, str], region: str, account: str, partition: str,
              stack_name: str) -> Resolved:
    declared: Mapping[str, Any] = template.get("Parameters", {})
    wrong = [f"{name} is not a parameter" for name in parameters if name not in declared]
    wrong += [f"{name} has no value" for name, entry in declared.items()
              if name not in parameters and "Default" not in entry]
    if wrong:
        raise ValueError(", ".join(wrong))
    values = {name: parameter_value(parameters.get(name, entry.get("Default")), str(entry["Type"]))
              for name, entry in declared.items()}
    pseudo = {
        "AWS::AccountId": account, "AWS::NotificationARNs": [], "AWS::NoValue": NO_VALUE,
        "AWS::Partition": partition, "AWS::Region": region,
        "AWS::StackId": f"arn:{partition}:cloudformation:{region}:{account}:stack/{stack_name}/00000000",
        "AWS::StackName": stack_name, "AWS::URLSuffix": URL_SUFFIXES.get(partition, "amazonaws.com")}
    resolver = Resolver(template, {**values, **pseudo}, region)

    conditions = {name: resolver.condition(name) for name in template.get("Conditions", {})}
    resources = resolver.entries("Resources")
    for entry in resources.values():
        if "DependsOn" in entry:
            names = entry["DependsOn"] if isinstance(entry["DependsOn"], list) else [entry["DependsOn"]]
            # Unlike a reference, CloudFormation ignores DependsOn a resource whose condition is false.
            entry["DependsOn"] = [
                name for name in names if name in resources or name not in template["Resources"]]
    outputs = resolver.entries("Outputs")
    dangling = sorted({
        (title, name) for section in (resources, outputs) for title, entry in section.items()
        for name in _mentions(entry) if name not in resources})
    return Resolved(values, conditions, resources, outputs, tuple(dangling))


def dependencies(resolved: Resolved) -> Mapping[str, set[str]]:
    """Return for each resource the resources that CloudFormation creates before it, by `DependsOn` and references.

    References in Metadata count: CloudFormation orders by references anywhere in a resource.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
    """
    return {title: {name for name in _mentions(entry) if name in resolved.resources}
            for title, entry in resolved.resources.items()}


def waits_for(resolved: Resolved, logical_id: str) -> set[str]:
    """Return all resources created before this one, directly or indirectly; itself only in a cycle."""
    direct = dependencies(resolved)
    needed: set[str] = set()
    new = direct[logical_id]
    while new:
        needed |= new
        new = {name for title in new for name in direct[title]} - needed
    return needed


def references(value: Any) -> Iterator[Reference]:
    """Yield every reference in a resolved value."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Text):
        yield from (part for part in value.parts if isinstance(part, Reference))
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from references(item)


def _mentions(entry: Mapping[str, Any]) -> set[str]:
    return {*entry.get("DependsOn", []), *(reference.logical_id for reference in references(entry))}


def parameter_value(value: Any, kind: str) -> Any:
    """Return the value of a Ref to a parameter of a type: text, also for a number, or a list of text."""
    if kind.startswith(("CommaDelimitedList", "List<")):
        return [item.strip() for item in str(value).split(",")]
    return as_text(value)


def as_text(value: Any) -> str:
    """Return a scalar as CloudFormation's text; booleans in lower case, as YAML and JSON write them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _joined(parts: list[Any]) -> Any:
    """Return text, or a Text if any part is a reference."""
    flat: list[Any] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Text) else [part]:
            if not isinstance(piece, Reference):
                piece = as_text(piece)
                if flat and isinstance(flat[-1], str):
                    flat[-1] += piece
                    continue
            flat.append(piece)
    if all(isinstance(piece, str) for piece in flat):
        return "".join(flat)
    return Text(tuple(piece for piece in flat if piece != ""))


class Resolver:
    """Evaluates the functions of one template.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
    """

    def __init__(self, template: Mapping[str, Any], scope: Mapping[str, Any], region: str) -> None:
        """Take the template, the values of its parameters and pseudo parameters, and the region."""
        self.template = template
        self._scope = scope
        self._region = region

    def condition(self, name: str) -> bool:
        """Return whether a condition holds. Raises ValueError if it does not exist."""
        if name not in self.template.get("Conditions", {}):
            raise ValueError(f"condition {name} does not exist")
        return self.truth(self.template["Conditions"][name])

    def entries(self, section: str) -> dict[str, dict[str, Any]]:
        """Return the evaluated entries of a section, Resources or Outputs.

        Raises ValueError for a macro or a loop in place of an entry.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
        """
        for title in self.template.get(section, {}):
            if title.startswith("Fn::"):
                raise ValueError(f"only CloudFormation evaluates {title} in {section}")
        return {
            title: self.value({key: item for key, item in entry.items() if key != "Condition"})
            for title, entry in self.template.get(section, {}).items()
            if "Condition" not in entry or self.condition(entry["Condition"])}

    def value(self, tree: Any) -> Any:
        """Return the value of a part of the template."""
        if isinstance(tree, list):
            items = [self.value(item) for item in tree]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(tree, Mapping):
            return tree
        if len(tree) == 1:
            (name, argument), = tree.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return self._call(name, argument)
        pairs = {key: self.value(item) for key, item in tree.items()}
        return {key: item for key, item in pairs.items() if item is not NO_VALUE}

    def truth(self, expression: Any) -> bool:
        """Return whether a condition's expression holds. Raises ValueError if it is not a valid expression."""
        (name, argument), = expression.items()
        match name, argument:
            case "Condition", str():
                return self.condition(argument)
            case "Fn::Equals", [left, right]:
                return bool(self.comparable(self.value(left)) == self.comparable(self.value(right)))
            case "Fn::Not", [item]:
                return not self.truth(item)
            case "Fn::And", list():
                return all(self.truth(item) for item in argument)
            case "Fn::Or", list():
                return any(self.truth(item) for item in argument)
        raise ValueError(f"{name} of {argument} is not a valid condition")

    def comparable(self, value: Any) -> Any:
        """Return a value as CloudFormation compares it: numbers and booleans become text."""
        return as_text(value) if isinstance(value, bool | int | float) else value

    def _ref(self, name: str) -> Any:
        return self._scope[name] if name in self._scope else Reference(name)

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Fn::If":
            condition, when_true, when_false = argument
            return self.value(when_true if self.condition(condition) else when_false)
        if name == "Fn::GetAtt":
            logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
            return Reference(logical_id, self.value(attribute))
        if name == "Fn::Sub":
            return self._sub(*argument) if isinstance(argument, list) else self._sub(argument, {})
        argument = self.value(argument)
        match name, argument:
            case "Fn::Join", [str(), list()]:
                delimiter, items = argument
                separated = [part for item in items for part in (delimiter, item)][1:]
                if all(isinstance(part, str | bool | int | float | Reference | Text) for part in separated):
                    return _joined(separated)
            case "Fn::Split", [str() as delimiter, str() as text]:
                return text.split(delimiter)
            case "Fn::Select", [index, list() as items]:
                if set(items) == {MASK}:
                    return MASK  # a masked list may have any length
                if not 0 <= int(index) < len(items):
                    raise ValueError(f"Fn::Select: {items} has no item {index}")
                return items[int(index)]
            case "Fn::GetAZs", str():
                return [f"{argument or self._region}{letter}" for letter in "abc"]
            case "Fn::Cidr", [str() as block, count, *bits]:
                return _cidr(block, int(count), int(bits[0]) if bits else 8)
            case "Fn::FindInMap", [mapping, str() as first, str() as second]:
                try:
                    return self.template.get("Mappings", {})[mapping][first][second]
                except KeyError as error:
                    raise ValueError(f"Fn::FindInMap {argument}: {error} does not exist") from None
        return {name: argument}

    def _sub(self, pattern: str, local: Mapping[str, Any]) -> Any:
        names = {name: self.value(item) for name, item in local.items()}

        def replaced(name: str) -> Any:
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in names:
                return names[name]
            return Reference(*name.split(".", 1)) if "." in name else self._ref(name)

        parts = re.split(r"\$\{([^}]*)\}", pattern)
        return _joined([replaced(part.strip()) if index % 2 else part for index, part in enumerate(parts)])


def _cidr(block: str, count: int, bits: int) -> list[str]:
    network = ipaddress.ip_network(block)
    blocks = [str(part) for part in islice(network.subnets(new_prefix=network.max_prefixlen - bits), count)]
    if len(blocks) < count:
        raise ValueError(f"Fn::Cidr: {block} has no room for {count} ranges with {bits} host bits")
    return blocks
