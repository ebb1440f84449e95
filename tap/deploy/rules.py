"""Evaluate the template's Rules locally, to reject a forbidden combination of parameters immediately.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
Functions that only AWS can evaluate (Fn::ValueOf, Fn::ValueOfAll, pseudo parameters) are left to CloudFormation.
"""

from collections.abc import Mapping
from typing import Any

from tap.template.resolve import Reference, Resolver, Text, parameter_value


class _UnknownError(Exception):
    """An expression depends on an unknown value."""


def violations(template: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Return the description of each assertion that the parameter values violate.

    Omitted values have the template's defaults. A parameter with neither makes expressions that depend
    on it unknown, and those are skipped.
    """
    declarations: Mapping[str, Any] = template.get("Parameters", {})
    texts = {name: values.get(name, declaration.get("Default")) for name, declaration in declarations.items()}
    evaluator = _Evaluator(template, {name: parameter_value(text, str(declarations[name].get("Type")))
                                      for name, text in texts.items() if text is not None}, region="")
    return [assertion.get("AssertDescription") or f"the template's rule {name} is broken"
            for name, rule in template.get("Rules", {}).items()
            if evaluator.holds(rule.get("RuleCondition", True), unknown=False)
            for assertion in rule["Assertions"] if not evaluator.holds(assertion["Assert"], unknown=True)]


class _Evaluator(Resolver):
    """Evaluates conditions, including the functions that only rules support."""

    def holds(self, expression: Any, *, unknown: bool) -> bool:
        """Return whether an expression is true, or `unknown` if that cannot be determined."""
        try:
            return self.truth(expression)
        except (_UnknownError, ValueError):
            return unknown

    def truth(self, expression: Any) -> bool:
        """Return whether an expression is true. Raises ValueError for an invalid one."""
        match expression:
            case bool():
                return expression
            case "true" | "false":
                return bool(expression == "true")
            case {"Fn::Contains": [members, item]}:
                return self.comparable(self.value(item)) in self._members(members)
            case {"Fn::EachMemberEquals": [members, item]}:
                return set(self._members(members)) <= {self.comparable(self.value(item))}
            case {"Fn::EachMemberIn": [members, others]}:
                return set(self._members(members)) <= set(self._members(others))
            case Mapping() if len(expression) == 1:
                return super().truth(expression)
        raise ValueError(f"{expression} is neither true nor false")

    def comparable(self, value: Any) -> Any:
        """Return a value in comparable form. Raises _UnknownError if it is unknown."""
        if isinstance(value, Reference | Text | Mapping):
            raise _UnknownError
        return super().comparable(value)

    def _members(self, expression: Any) -> list[Any]:
        match expression:
            case {"Fn::RefAll": str() as kind}:
                names = [name for name, entry in self.template["Parameters"].items() if entry.get("Type") == kind]
                values: Any = [self.value({"Ref": name}) for name in names]
            case _:
                values = self.value(expression)
        if not isinstance(values, list):
            raise _UnknownError
        return list(map(self.comparable, values))
