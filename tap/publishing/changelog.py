"""Read versions and their release notes from CHANGELOG.md, in the format of Keep a Changelog.

https://keepachangelog.com/en/1.1.0/
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tap.deploy.files import read
from tap.deploy.models import InputError

FILE = "CHANGELOG.md"
# https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string, without groups.
_NUMBER = r"(?:0|[1-9]\d*)"
SEMVER = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?"
_HEADING = re.compile(rf"^## \[({SEMVER})\](?: - (\d{{4}}-\d{{2}}-\d{{2}}))?( \[YANKED\])?[ \t]*$", re.MULTILINE)
_MEANT_AS_HEADING = re.compile(r"^ {0,3}##?[ \t]*(?:\[(?!unreleased\])|v?\d).*", re.MULTILINE | re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SECTION_END = re.compile(r"^(?:## |\[[^\]]+\]: )", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """A version and its release notes."""

    version: str
    text: str


def release(root: Path, version: str | None) -> Release:
    """Return a version's section of CHANGELOG.md; by default the first one, which is the newest.

    Raises InputError where there is none, where it is empty, where it was yanked, and where a heading is none of a
    version: the newest could be passed over for it.
    """
    # Comments are ignored, but their lines stay, to keep the line numbers of the text below.
    text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), read(root, FILE))
    for heading in _MEANT_AS_HEADING.finditer(text):
        if not _HEADING.match(text, heading.start()):
            line = text.count("\n", 0, heading.start()) + 1
            raise InputError(f"{FILE}:{line}: {heading[0].strip()[:60]} is not a version heading: write it as ## "
                             "[1.0.0] - 2026-03-01")
    sections = {match[1]: match for match in reversed(list(_HEADING.finditer(text)))}
    if not sections:
        raise InputError(f"{FILE} has no version: add a heading such as ## [1.0.0] - 2026-03-01 below [Unreleased]")
    chosen = version or list(sections)[-1]
    if chosen not in sections:
        raise InputError(f"{FILE} has no section [{chosen}]; the latest is [{list(sections)[-1]}]")
    match = sections[chosen]
    if match[3]:
        raise InputError(f"{FILE}: version {chosen} was yanked: publish another version")
    end = _SECTION_END.search(text, match.end())
    section = text[match.end():end.start() if end else len(text)].strip()
    if not section:
        raise InputError(f"{FILE}: section [{chosen}] is empty: describe what is new")
    return Release(chosen, section)
