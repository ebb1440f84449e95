"""The template's Rules, evaluated here, so that a forbidden combination of parameters is refused at once.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
What needs AWS to answer (Fn::ValueOf, Fn::ValueOfAll, pseudo parameters) is left to CloudFormation.
"""

from collections.abc import Mapping
from typing import Any

from tap.deploy.constraints import is_list, items


class _CannotTell(Exception):
    """An expression depends on something that is not known here."""


def violations(template: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Return the description of each assertion that the parameter values break.

    `values` are the given ones; the template's defaults stand for the others. A parameter with
    neither makes what depends on it unknown, and nothing is said about that.
    """
    declarations: Mapping[str, Any] = template.get("Parameters", {})
    scope: dict[str, Any] = {}
    for name, declaration in declarations.items():
        text = values.get(name, declaration.get("Default"))
        if text is not None:
            scope[name] = items(str(text)) if is_list(declaration) else str(text)
    evaluator = _Evaluator(scope, declarations)
    broken = []
    for rule_name, rule in template.get("Rules", {}).items():
        if not evaluator.holds(rule.get("RuleCondition", True), unknown=False):
            continue
        for assertion in rule["Assertions"]:
            if not evaluator.holds(assertion["Assert"], unknown=True):
                broken.append(
                    assertion.get("AssertDescription") or f"the template's rule {rule_name} is broken"
                )
    return broken


class _Evaluator:
    def __init__(self, scope: Mapping[str, Any], declarations: Mapping[str, Any]) -> None:
        self._scope = scope
        self._declarations = declarations

    def holds(self, expression: Any, *, unknown: bool) -> bool:
        try:
            return self._truth(expression)
        except _CannotTell:
            return unknown

    def _truth(self, expression: Any) -> bool:
        value = self._value(expression)
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise _CannotTell

    def _value(self, expression: Any) -> Any:
        if isinstance(expression, list):
            return [self._value(item) for item in expression]
        if not isinstance(expression, Mapping):
            return expression if isinstance(expression, bool) else str(expression)
        if len(expression) != 1:
            raise _CannotTell
        [(function, argument)] = expression.items()
        match function, argument:
            case "Ref", str():
                if argument not in self._scope:
                    raise _CannotTell
                return self._scope[argument]
            case "Fn::RefAll", str():
                return self._all_of_type(argument)
            case "Fn::And", list():
                return all(self._truth(item) for item in argument)
            case "Fn::Or", list():
                return any(self._truth(item) for item in argument)
            case "Fn::Not", [item]:
                return not self._truth(item)
            case "Fn::Equals", [left, right]:
                return self._value(left) == self._value(right)
            case "Fn::Contains", [members, item]:
                return self._value(item) in self._members(members)
            case "Fn::EachMemberEquals", [members, item]:
                wanted = self._value(item)
                return all(member == wanted for member in self._members(members))
            case "Fn::EachMemberIn", [members, others]:
                allowed = self._members(others)
                return all(member in allowed for member in self._members(members))
        raise _CannotTell

    def _members(self, expression: Any) -> list[Any]:
        value = self._value(expression)
        if not isinstance(value, list):
            raise _CannotTell
        return value

    def _all_of_type(self, kind: str) -> list[Any]:
        names = [name for name, declaration in self._declarations.items() if declaration.get("Type") == kind]
        if any(name not in self._scope for name in names):
            raise _CannotTell
        return [self._scope[name] for name in names]
