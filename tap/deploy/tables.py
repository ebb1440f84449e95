"""Checks for TOML tables, key by key: a check returns what is wrong with a value, or None."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from tap.deploy.constraints import did_you_mean

Check = Callable[[Any], str | None]
# It becomes part of host names that credentials are sent to.
REGION = r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LONGEST_KEY, _LONGEST_VALUE = 128, 256  # of a tag


def problems_of(table: Mapping[str, Any], keys: Mapping[str, Check], name: str = "") -> list[str]:
    """Return a line for each unknown key of a table, and for each value that fails its check."""
    where = f"[{name}] " if name else ""
    problems = []
    for key, value in table.items():
        if key not in keys:
            hint = did_you_mean(key, keys) or ": it may have " + ", ".join(keys)
            problems.append(f"{where}has an unknown key {key}{hint}")
        elif problem := keys[key](value):
            problems.append(f"{where}{key} {problem}")
    return problems


def matches(pattern: str, problem: str) -> Check:
    """Return a check for text that matches a pattern."""
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be text in quotes"
        return None if re.fullmatch(pattern, value, re.ASCII) else f'"{value}" {problem}'

    return check


def one_of(*choices: str) -> Check:
    """Return a check for one of several texts."""
    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return "must be text in quotes"
        return None if value in choices else f'"{value}" must be one of {", ".join(choices)}'

    return check


def list_of(check: Check, *, longest: int | None = None, empty: bool = False) -> Check:
    """Return a check for a list of texts that all pass another check; `empty` allows an empty list."""
    def problem(value: Any) -> str | None:
        if not isinstance(value, list) or {type(item) for item in value} - {str} or not (value or empty):
            return 'must be a list of strings, such as ["a", "b"]'
        if longest is not None and len(value) > longest:
            return f"may have up to {longest} items"
        return next(filter(None, map(check, value)), None)

    return problem


def whole_number(low: int, high: int | None = None) -> Check:
    """Return a check for a number from `low` to `high`."""
    problem = f"must be a whole number {f'of at least {low}' if high is None else f'from {low} to {high}'}"
    return lambda value: None if type(value) is int and low <= value <= (high or value) else problem


def switch(value: Any) -> str | None:
    """Check for true or false."""
    return None if isinstance(value, bool) else "must be true or false"


def texts(value: Any) -> str | None:
    """Check for a table whose values are texts."""
    if not isinstance(value, dict):
        return "must be a table of strings"
    wrong = [name for name, text in value.items() if not isinstance(text, str)]
    return f"must contain only strings: put the value of {', '.join(wrong)} in quotes" if wrong else None


def tag_problems(tags: Mapping[str, str]) -> list[str]:
    """Return a line for each tag that CloudFormation rejects, or that services reject for resources.

    Load balancers and ECS accept fewer characters than CloudFormation, and reject the others even in a rollback.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Tag.html
    """
    problems = []
    for key, value in tags.items():
        if key.startswith("aws:"):
            problems.append(f"tag {key} is reserved for AWS: choose a name without aws:")
        elif not 1 <= len(key) <= _LONGEST_KEY:
            problems.append(f'tag "{key}" must have a name of 1 to {_LONGEST_KEY} characters')
        elif not 1 <= len(value) <= _LONGEST_VALUE:
            problems.append(f"tag {key} must have 1 to {_LONGEST_VALUE} characters")
        elif wrong := "".join(sorted({letter for letter in key + value if not _is_allowed_in_tags(letter)})):
            problems.append(f"tag {key} has {wrong}: use letters, digits, spaces and _ . : / = + - @")
    return problems


def _is_allowed_in_tags(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LZN" or letter in "_.:/=+-@"


def tags(value: Any) -> str | None:
    """Check for a table of tags."""
    if problem := texts(value):
        return problem
    return f"has a problem: {problems[0]}" if (problems := tag_problems(value)) else None


def bucket(value: Any) -> str | None:
    """Check for a bucket name, which may contain {account} and {region}."""
    if not isinstance(value, str):
        return "must be text in quotes"
    name = value.replace("{account}", "0" * 12).replace("{region}", "eu-central-1")
    return None if _BUCKET.fullmatch(name) else (
        f'"{value}" must be the name of a bucket; {{account}} and {{region}} are filled in')


# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (StackName)
stack_name = matches("[a-zA-Z][-a-zA-Z0-9]{0,127}", "must start with a letter and contain only letters, digits and "
                                                    "hyphens")
region = matches(REGION, "must be a region, such as eu-central-1")
account = matches(r"\d{12}", "must be an account id of twelve digits")
role_arn = matches(r"arn:[a-z-]+:iam::\d{12}:role/.+", "must be the ARN of an IAM role")
