"""Phrases that read as translated, each with the words to use instead, do not come back."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("tap", "lambda", "docs", "README.md", "SECURITY.md", "CONTRIBUTING.md", "generate.py", ".github")
KINDS = (".py", ".md", ".toml", ".yml", ".html")

INSTEAD = {
    "is to go to": "goes to",
    "goes on costing": "keeps costing",
    "for sure or perhaps": "will or may",
    "alarm rings": "alarm triggers",
    "gives no answer": "no response from",
    "no reason is given": "no reason given (reason_of)",
    "it gives no reason": "no reason given (reason_of)",
    "look whether": "check that",
    "looks whether": "checks that",
    "to mend": "errors",
    "to consider": "warnings",
    "somebody else made": "another process created",
    "is lost for good": "is permanently deleted",
    "file of variables": "environment file",
    "what a role needs": "the permissions",
    "as it stands": "unchanged",
    "the more so": "especially",
    "as is customary": "as usual",
    "is no region": "is not a region",
    "the work goes on": "the operation continues",
    "not below min": "at least Min",
    "of its own accord": "automatically",
    "for want of": "because there is no",
    "customer-managed": "customer managed",
    "e-mail": "email",
    "organisation": "organization",
}
"""What not to write, in lower case, and what to write."""


def sources() -> list[Path]:
    named = [path for name in FOLDERS for path in (ROOT / name, *(ROOT / name).rglob("*"))]
    return [path for path in named if path.suffix in KINDS]


@pytest.mark.parametrize("phrase", INSTEAD)
def test_a_phrase_is_written_nowhere(phrase: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in sources()
             if phrase in " ".join(path.read_text(encoding="utf-8").lower().split())]
    assert found == [], f"write {INSTEAD[phrase]!r} instead of {phrase!r}"
