"""The JSON document that a run with --json prints: its facts and its outcome."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap.cli.terminal import masked
from tap.deploy.models import Environment

# The outcome of a run by exit code, unless the command sets its own.
OUTCOMES = {0: "ok", 1: "failed", 2: "invalid", 3: "declined", 4: "refused", 5: "left running", 6: "stuck",
            7: "failed", 130: "interrupted"}


@dataclass
class Part:
    """The facts about one environment, or about the whole run."""

    facts: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    error: dict[str, Any] | None = None

    def as_json(self, code: int) -> dict[str, Any]:
        """Return the part as a JSON value; `code` determines the outcome if the part has none of its own."""
        about: dict[str, Any] = {
            key: self.facts[key] for key in ("environment", "stack", "region") if key in self.facts}
        return {**about, "outcome": self.outcome or OUTCOMES.get(code, "failed"), "error": self.error, **self.facts}


class Answer:
    """Collects facts while a command runs, to print them exactly once at the end."""

    def __init__(self, *, wanted: bool = False) -> None:
        """Create an empty answer; `wanted` says whether it is printed. It has one part unless `several` is called."""
        self.wanted = wanted
        self._parts = {"": Part()}
        self._is_list = False

    def several(self, names: Iterable[str], *, always: bool = False) -> None:
        """Give the answer a part for each environment: a list, unless there is only one and `always` is off."""
        self._parts = {name: Part({"environment": name, "stack": None, "region": None}) for name in names}
        self._is_list = always or len(self._parts) > 1

    def about(self, env: Environment) -> None:
        """Add an environment's location, as far as its target has it."""
        self.add(env.name, environment=env.name, stack=env.stack_name, region=env.target.region)

    def located(self, env: Environment, region: str) -> None:
        """Add the region of an environment whose target has none, if the answer includes the environment."""
        facts = self._part(env.name).facts
        if facts.get("environment") == env.name and facts.get("region") is None:
            facts["region"] = region

    def add(self, environment: str = "", /, *, outcome: str = "", **facts: Any) -> None:
        """Add facts about an environment, and its part's outcome unless it fails."""
        part = self._part(environment)
        part.facts |= facts
        part.outcome = outcome or part.outcome

    @property
    def failed(self) -> bool:
        """Return whether anything failed."""
        return any(part.error for part in self._parts.values())

    def fail(self, code: int, message: str, details: Sequence[str] = (), environment: str | None = None) -> int:
        """Add an error to an environment's part, or to all parts without error and outcome; return `code`."""
        parts = list(self._parts.values()) if environment is None else [self._part(environment)]
        for part in parts:
            if part.error is None and (environment is not None or not part.outcome or len(parts) == 1):
                part.error = {"message": message, "details": list(details)}
                part.outcome = OUTCOMES.get(code, "failed")
        return code

    def text(self, code: int) -> str:
        """Return the document; empty if it is not wanted or there are no facts, as after --help."""
        parts = list(self._parts.values())
        if not self.wanted or not (self._is_list or any(part.facts or part.error for part in parts)):
            return ""
        documents = [part.as_json(code) for part in parts]
        return json.dumps(_masked(documents if self._is_list else documents[0]), indent=1)

    def _part(self, environment: str) -> Part:
        return self._parts.get(environment) or next(iter(self._parts.values()))


def _masked(value: Any) -> Any:
    """Return JSON with secrets masked before they are escaped."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(key): _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value
