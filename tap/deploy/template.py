"""The template as it is deployed: its text, and the dictionary that parameters are checked against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.models import TEMPLATE_BODY_LIMIT


@dataclass(frozen=True)
class Rendered:
    """One template in two forms."""

    document: Mapping[str, Any]
    text: str


def rendered_template() -> Rendered:
    """Build the stack's template: readable text where CloudFormation takes that much, else minified."""
    # troposphere is slow to import, and `tap --help` does not need it.
    from tap.render import to_text
    from tap.stack import build

    template = build()
    text = to_text(template)
    if len(text.encode()) > TEMPLATE_BODY_LIMIT:
        text = to_text(template, minify=True)
    return Rendered(template.to_dict(), text)
