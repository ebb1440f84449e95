"""Check parameter values against the template's declarations, before any request to AWS.

The rules are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from tap.deploy.masking import is_masked
from tap.deploy.models import Problem
from tap.template.resolve import as_text

PLACEHOLDER = "REPLACE-"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (parameter value)
_LONGEST = 4_096
_MOST_SHOWN = 100
_NUMBERS = ("Number", "List<Number>")
# A character class that contains another, or an intersection.
_JAVA_SETS = re.compile(r"\[[^\]]*(\[|&&)")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `: did you mean X?`, or an empty text if no known name is close."""
    names = {known_name.lower(): known_name for known_name in known}
    near = difflib.get_close_matches(name.lower(), names, n=1)
    return f": did you mean {names[near[0]]}?" if near else ""


def is_list(declaration: Mapping[str, Any]) -> bool:
    """Return whether a parameter's values are lists, written as comma-separated text."""
    return re.match(r"CommaDelimitedList|List<", str(declaration.get("Type"))) is not None


def is_unchecked(value: str) -> bool:
    """Return whether a value contains a dynamic reference, which only CloudFormation can resolve."""
    return "{{resolve:" in value


def items(value: str) -> list[str]:
    """Return the items of a list parameter's text; CloudFormation trims the spaces around each."""
    return [item.strip() for item in value.split(",")]


def missing(declarations: Mapping[str, Any], names: Collection[str], file: str) -> list[Problem]:
    """Return a problem for each parameter that has neither a value (those in `names`) nor a default."""
    return [
        Problem(f"{name} has no value and no default: set it in {file}{_described(declaration)}", name)
        for name, declaration in declarations.items()
        if name not in names and "Default" not in declaration
    ]


def unknown(declarations: Mapping[str, Any], names: Iterable[str]) -> list[Problem]:
    """Return a problem for each name that is not a parameter of the template."""
    return [
        Problem(f"{name} is not a parameter of the template{did_you_mean(name, declarations)}", name)
        for name in names
        if name not in declarations
    ]


def violation(name: str, value: str, declaration: Mapping[str, Any], file: str) -> str | None:
    """Return what is wrong with one value, or None. Never repeats a NoEcho value."""
    secret = is_no_echo(declaration)
    if value.startswith(PLACEHOLDER):
        placeholder = "its placeholder" if secret else f"the placeholder {value}"
        return f"{name} is still {placeholder}: set it in {file}{_described(declaration)}"
    if is_unchecked(value):
        return None
    if secret and is_masked(value):
        return f"{name} is {value}, a mask for a secret: set the actual value in {file}"
    if len(value.encode("utf-8", "replace")) > _LONGEST:
        return f"{name} is too long: the maximum is {_LONGEST:,} bytes"
    for item in items(value) if is_list(declaration) else [value]:
        broken = _broken_constraint(item, declaration)
        if broken:
            short = item if len(item) <= _MOST_SHOWN else f"{item[:_MOST_SHOWN]}…"
            shown = "have this value (not shown: it is secret)" if secret else f'be "{short}"'
            rule = re.sub("^must ", "it must ", declaration.get("ConstraintDescription") or broken)
            return f"{name} cannot {shown}: {rule}"
    return None


def is_no_echo(declaration: Mapping[str, Any]) -> bool:
    """Return whether the template declares the parameter NoEcho, which may be a boolean or text."""
    return str(declaration.get("NoEcho", "")).lower() == "true"


def _broken_constraint(value: str, declaration: Mapping[str, Any]) -> str | None:
    kind = str(declaration.get("Type"))
    if kind in _NUMBERS:
        if not _NUMBER.fullmatch(value):
            return "it must be a number"
        number = Decimal(value)
        if "MinValue" in declaration and number < Decimal(str(declaration["MinValue"])):
            return f"it must be at least {declaration['MinValue']}"
        if "MaxValue" in declaration and number > Decimal(str(declaration["MaxValue"])):
            return f"it must be at most {declaration['MaxValue']}"
    if kind == "String":
        if "MinLength" in declaration and len(value) < int(declaration["MinLength"]):
            return f"it must have at least {declaration['MinLength']} characters"
        if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
            return f"it must have at most {declaration['MaxLength']} characters"
    allowed = [as_text(allowed_value) for allowed_value in declaration.get("AllowedValues", [])]
    if allowed and not _is_among(value, allowed, by_value=kind in _NUMBERS):
        return f"it must be one of {', '.join(allowed)}"
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and not _matches(str(pattern), value):
        return f"it must match {pattern}"
    return None


def _is_among(value: str, allowed: list[str], *, by_value: bool) -> bool:
    return Decimal(value) in map(Decimal, allowed) if by_value else value in allowed


def _matches(pattern: str, value: str) -> bool:
    """Return whether a value matches CloudFormation's pattern; True if only CloudFormation can tell.

    Patterns are Java's and match the whole value. Classes such as `\\d` are ASCII-only. Nested classes, as in
    [a-z&&[^q]], mean something else in Python, which does not support the rest of Java's syntax either.
    https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
    """
    if _JAVA_SETS.search(re.sub(r"\\.", "", pattern)):
        return True
    try:
        return re.fullmatch(pattern, value, re.ASCII) is not None
    except re.error:
        return True


def _described(declaration: Mapping[str, Any]) -> str:
    description = declaration.get("Description")
    return f" ({str(description).rstrip('.')})" if description else ""
