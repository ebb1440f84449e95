"""Whether statements allow a request, as far as the statements here go.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from stack_view import as_list


def allows(statements: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether they allow an action on a resource and none denies it; `context` are the request's condition keys."""
    return {each["Effect"] for each in statements if _applies(each, action, resource, context)} == {"Allow"}


def _applies(statement: Mapping[str, Any], action: str, resource: str, keys: Mapping[str, str]) -> bool:
    actions = as_list(statement.get("Action", statement.get("NotAction")))
    named = action in actions or any("*" in each and fnmatchcase(action, each) for each in actions)
    return (named is ("Action" in statement)
            and any(fnmatchcase(resource, str(each)) for each in as_list(statement["Resource"]))
            and all(_holds(operator, values, keys.get(key))
                    for operator, test in statement.get("Condition", {}).items() for key, values in test.items()))


def _holds(operator: str, values: Any, given: str | None) -> bool:
    wanted = [str(each) for each in as_list(values)]
    if operator == "Null":
        return wanted == [str(given is None).lower()]
    if given is None:
        # A key that the request does not have is no reason to refuse with these.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        return operator.startswith("ForAllValues:") or operator.endswith("IfExists")
    match operator.rpartition(":")[2].removesuffix("IfExists"):
        case "StringEquals" | "Bool":
            return given in wanted
        case "StringLike" | "ArnLike":
            return any(fnmatchcase(given, each) for each in wanted)
    raise NotImplementedError(operator)
