"""Types that the emulator's resource handlers share."""

from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]
"""Returns the client of a service by its name."""
Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]
"""A physical id, and what Fn::GetAtt returns."""
Create = Callable[[Client, str, Properties, str], Created]
Delete = Callable[[Client, str, Properties], None]
Handler = dict[str, Any]
"""MiniStack's entry for a type: `create`, `update`, `delete`."""
