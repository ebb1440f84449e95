"""What a validator says of the template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CFN_LINT = "cfn-lint"

Values = Mapping[str, Mapping[str, Any]]
"""Parameter values by the name of the environment they are for."""


@dataclass(frozen=True)
class Finding:
    """What one tool has to say about one place of the template."""

    tool: str
    severity: str  # error, warning, informational
    rule: str
    line: int
    place: str  # logical id, then the path within the resource; the section first where it is no resource
    message: str
    environments: tuple[str, ...] = ()  # where it is so; none: everywhere, or the message says where

    @property
    def fails(self) -> bool:
        """Whether it fails the lint: every error, and what cfn-lint warns of."""
        return self.severity == "error" or self.tool == CFN_LINT

    def __str__(self) -> str:
        """Return it as one line."""
        where = f" ({', '.join(self.environments)})" if self.environments else ""
        message = " ".join(self.message.split())
        return f"{self.line}: {self.severity} {self.rule} {self.place}: {message}{where}"
