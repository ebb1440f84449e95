"""The one JSON document that a run with --json prints: what is known, and how it ended."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tap.cli.terminal import masked
from tap.deploy.models import Environment

# How a run ended, by exit code, where a command has no word of its own for it.
OUTCOMES = {0: "ok", 1: "failed", 2: "invalid", 3: "declined", 4: "refused", 5: "left running", 6: "stuck",
            7: "failed", 130: "interrupted"}


@dataclass
class Part:
    """What is to be said of one environment, or of all that was asked for."""

    facts: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    error: dict[str, Any] | None = None

    def as_json(self, code: int) -> dict[str, Any]:
        """Return it as JSON has it; `code` is how the run ended, where the part has no outcome of its own."""
        about: dict[str, Any] = {
            key: self.facts[key] for key in ("environment", "stack", "region") if key in self.facts}
        return {**about, "outcome": self.outcome or OUTCOMES.get(code, "failed"), "error": self.error, **self.facts}


class Answer:
    """Takes facts while a command runs; they are printed once, whatever happens."""

    def __init__(self, *, wanted: bool = False) -> None:
        """Take whether it will be printed. It is about one thing, unless `several` says otherwise."""
        self.wanted = wanted
        self._parts = {"": Part()}
        self._is_list = False

    def several(self, names: Iterable[str], *, always: bool = False) -> None:
        """Say that the answer is about these environments: a list, unless there is one and not `always`."""
        self._parts = {name: Part({"environment": name, "stack": None, "region": None}) for name in names}
        self._is_list = always or len(self._parts) > 1

    def about(self, env: Environment) -> None:
        """Take where an environment is, as far as its target says."""
        self.add(env.name, environment=env.name, stack=env.stack_name, region=env.target.region)

    def located(self, env: Environment, region: str) -> None:
        """Take the region of an environment whose target says none, if the answer is about it."""
        facts = self._part(env.name).facts
        if facts.get("environment") == env.name and facts.get("region") is None:
            facts["region"] = region

    def add(self, environment: str = "", /, *, outcome: str = "", **facts: Any) -> None:
        """Take facts of an environment, and with what outcome its part ends, unless it fails."""
        part = self._part(environment)
        part.facts |= facts
        part.outcome = outcome or part.outcome

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return any(part.error for part in self._parts.values())

    def fail(self, code: int, message: str, details: Sequence[str] = (), environment: str | None = None) -> int:
        """Take why an environment's part failed, or every part that has no error yet and no outcome; return `code`."""
        parts = list(self._parts.values()) if environment is None else [self._part(environment)]
        for part in parts:
            if part.error is None and (environment is not None or not part.outcome or len(parts) == 1):
                part.error = {"message": message, "details": list(details)}
                part.outcome = OUTCOMES.get(code, "failed")
        return code

    def text(self, code: int) -> str:
        """Return the document; empty where it is not wanted, or where there is nothing to say, as after --help."""
        parts = list(self._parts.values())
        if not self.wanted or not (self._is_list or any(part.facts or part.error for part in parts)):
            return ""
        documents = [part.as_json(code) for part in parts]
        return json.dumps(_masked(documents if self._is_list else documents[0]), indent=1)

    def _part(self, environment: str) -> Part:
        return self._parts.get(environment) or next(iter(self._parts.values()))


def _masked(value: Any) -> Any:
    """Return JSON without secrets: they are hidden before they are escaped."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(key): _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value
