"""What the resources of a stack are called once they exist: names as CloudFormation makes them, and ARNs."""

import functools
from dataclasses import dataclass
from typing import Any

from iam_facts import FACTS, schema_of
from stack_view import StackView

from tap.template.resolve import Reference, Text

ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass(frozen=True)
class Names:
    """The names in a stack of this name."""

    view: StackView
    stack: str

    @functools.cached_property
    def all_arns(self) -> dict[str, list[str]]:
        return {title: [self.arn(each, title) for each in FACTS["arns"].get(self.view.type_of(title), ())]
                for title in self.view.resolved.resources}

    def arns(self, title: str) -> list[str]:
        """The ARNs of a resource: its own first, then those of what belongs to it."""
        return self.all_arns[title]

    def arn(self, text: str, title: str = "") -> str:
        """An ARN of iam_facts.toml with the words in braces filled in, for a resource if it names one."""
        words = {"{here}": f"{REGION}:{ACCOUNT}", "{account}": ACCOUNT, "{stack}": self.stack}
        if title:
            name = self._name(title)
            words |= {"{name}": name, "{lower}": name.lower(), "{alias}": name,
                      "{short}": f"{self.stack[:5]}-{title[:5]}-1A2B3C4D"}
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    def _name(self, title: str) -> str:
        given = self.view.properties(title).get(FACTS["names"].get(self.view.type_of(title), ""))
        return self.text(given) if given else f"{self.stack}-{title}-1A2B3C4D"

    def text(self, value: Any) -> str:
        """A value with references as the text that it comes to."""
        if isinstance(value, Text):
            return "".join(map(self.text, value.parts))
        if not isinstance(value, Reference):
            return str(value)
        kind = self.view.type_of(value.logical_id)
        if value.attribute is None and not schema_of(kind)["primaryIdentifier"][0].endswith("Arn"):
            name = self._name(value.logical_id)
            return name.lower() if kind.startswith(("AWS::RDS::", "AWS::S3::")) else name
        if value.attribute is None or value.attribute.endswith("Arn"):
            secret = "Secret" in (value.attribute or "")
            return next(arn for arn in self.arns(value.logical_id) if (":secret:" in arn) is secret)
        return "cluster-1" if value.attribute == "DBClusterResourceId" else "1"

    @functools.cached_property
    def owners(self) -> dict[str, list[str]]:
        """The resources of which an ARN is the first, by ARN: ids are the same for all of a type."""
        found: dict[str, list[str]] = {}
        for title, arns in self.all_arns.items():
            for arn in arns[:1]:
                found.setdefault(arn, []).append(title)
        return found
