"""A finding of a validator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CFN_LINT = "cfn-lint"
WIRING = "tap.wiring"  # our rules for it

Values = Mapping[str, Mapping[str, Any]]
"""Parameter values by environment."""


@dataclass(frozen=True)
class Finding:
    """What one tool reports for one place in the template."""

    tool: str
    severity: str  # error, warning, informational
    rule: str
    line: int
    place: str  # logical id and path within the resource; starts with the section if it is not a resource
    message: str
    environments: tuple[str, ...] = ()  # environments that it occurs in; empty for all, or if the message names them

    @property
    def fails(self) -> bool:
        """Whether it fails the lint: any error, and any warning of cfn-lint."""
        return self.severity == "error" or self.tool == CFN_LINT

    def __str__(self) -> str:
        """Return the finding as one line."""
        where = f" ({', '.join(self.environments)})" if self.environments else ""
        message = " ".join(self.message.split())
        return f"{self.line}: {self.severity} {self.rule} {self.place}: {message}{where}"
