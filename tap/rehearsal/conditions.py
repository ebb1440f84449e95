"""Extend the emulator's conditions, which otherwise support `Fn::Select` on list parameters only."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers, stacks

from tap.template.resolve import Resolver

Evaluate = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


def select_from_functions() -> None:
    """Make the emulator evaluate `Fn::Select` of `Fn::Split` and `Fn::Join` in conditions."""
    for module in (changesets, handlers, stacks):
        module._evaluate_conditions = _settling(engine._evaluate_conditions)


def _settling(original: Evaluate) -> Evaluate:
    def evaluate(template: Mapping[str, Any], params: Mapping[str, Any]) -> Any:
        resolver = Resolver(template, {name: entry["Value"] for name, entry in params.items()}, "")
        conditions = {name: _settled(entry, resolver) for name, entry in template.get("Conditions", {}).items()}
        return original({**template, "Conditions": conditions}, params)

    return evaluate


def _settled(tree: Any, resolver: Resolver) -> Any:
    if isinstance(tree, list):
        return [_settled(item, resolver) for item in tree]
    if not isinstance(tree, Mapping):
        return tree
    if "Fn::Select" in tree and isinstance(value := resolver.value(tree), str):
        return value
    return {key: _settled(item, resolver) for key, item in tree.items()}
