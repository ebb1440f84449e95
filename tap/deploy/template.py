"""The template to deploy: its text, and the dictionary that parameters are checked against."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import InputError
from tap.template.registry import Unbuildable, builder

_DEEPEST = 200
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True)
class Rendered:
    """One template in two forms."""

    document: Mapping[str, Any]
    text: str


def rendered_template(name: str = "tap") -> Rendered:
    """Build a template by name, and return it as a dictionary and as the text that `generate.py` prints.

    Raises InputError for a resource type whose IAM actions are unknown.
    """
    # troposphere is slow to import, and `tap --help` does not need it.
    from tap.template.render import to_text

    try:
        template = builder(name)()
    except Unbuildable as error:
        raise InputError(str(error)) from None
    return Rendered(template.to_dict(), to_text(template))


def parsed(body: str | Mapping[str, Any]) -> dict[str, Any]:
    """Parse a template, YAML with short or long intrinsics or JSON; return a dictionary with the long ones.

    A template that boto3 has already parsed, as it does JSON, is returned unchanged. Raises InputError.
    """
    if isinstance(body, Mapping):
        return dict(body)
    if body.lstrip().startswith("{"):
        # YAML has no surrogates, in which JSON writes an emoji.
        body = _SURROGATES.sub(lambda pair: pair[1] + json.loads(f'"{pair[2]}"'), body)
    # Slow to import, and rarely needed.
    import yaml

    class Loader(yaml.CSafeLoader):
        """Loads YAML with CloudFormation's tags; dates stay text."""

        yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own way)
            first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
            for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()}

    def intrinsic(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
        if isinstance(node, yaml.ScalarNode):
            value: Any = loader.construct_scalar(node)
        elif isinstance(node, yaml.SequenceNode):
            value = loader.construct_sequence(node, deep=True)
        else:
            value = loader.construct_mapping(node, deep=True)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}

    Loader.add_multi_constructor("!", intrinsic)
    try:
        _check_depth(yaml.parse(body, Loader))
        document = yaml.load(body, Loader)  # noqa: S506 (a safe loader)
    except (AttributeError, ValueError) as error:  # for a scalar that does not match its tag
        raise InputError(f"the template does not parse: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise InputError(f"the template{where} does not parse: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(document, dict):
        raise InputError("the template does not parse: it is no map of sections")
    return document


def _check_depth(events: Iterable[Any]) -> None:
    """Raise InputError for a document nested so deeply that parsing or traversing it would exceed the recursion limit.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html: no aliases.
    """
    depth = 0
    for event in events:
        kind = type(event).__name__
        if kind == "AliasEvent":
            raise InputError(f"the template:{event.start_mark.line + 1}:{event.start_mark.column + 1} has an alias, "
                             "which CloudFormation does not take: write out what it stands for")
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if depth > _DEEPEST:
            raise InputError("the template does not parse: it is nested too deeply")


def fingerprint(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a template's content, regardless of formatting.

    CloudFormation returns a template with question marks in place of non-ASCII characters.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("ascii", "replace")).hexdigest()


def same_template(body: str | Mapping[str, Any], text: str) -> bool:
    """Return whether a template that CloudFormation returned has the same content as `text`."""
    return body == text or fingerprint(parsed(body)) == fingerprint(parsed(text))
