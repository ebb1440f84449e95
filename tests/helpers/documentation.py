"""The documentation, cut into what its tests check: links, commands, code blocks and names."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (".github", "docs", "examples", "lambda")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, and its lines without the indentation of the fence."""

    language: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    def commands(self) -> list[str]:
        """Return the commands of a block of shell (each line) or of output (each line after a prompt)."""
        text = re.sub(r"\\\n\s*", "", self.text)
        if self.language in ("bash", "sh"):
            return [line.partition("  #")[0].strip() for line in text.splitlines() if line and line[0] not in "# "]
        return [line[2:].strip() for line in text.splitlines() if line.startswith("$ ")]


@dataclass(frozen=True)
class Page:
    """A Markdown file of the repository, known by its path."""

    path: str

    @cached_property
    def text(self) -> str:
        return Path(ROOT, self.path).read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        found = re.findall(r"^( *)```(\w*)\n(.*?)\n *```$", self.text, re.MULTILINE | re.DOTALL)
        return [Block(language, tuple(line.removeprefix(indent) for line in body.split("\n")))
                for indent, language, body in found]

    @cached_property
    def prose(self) -> str:
        """Return the page without its fenced blocks."""
        return re.sub(r"^ *```.*?^ *```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @cached_property
    def in_backticks(self) -> set[str]:
        return {" ".join(text.split()) for text in re.findall(r"`([^`]+)`", self.prose)}

    def links(self) -> list[str]:
        """Return the targets of the links that stay in the repository."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        return sorted({target for target in targets if not re.match(r"[a-z]+:", target)})

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub and the site make them."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}

    def commands(self, program: str) -> list[list[str]]:
        """Return the command lines of a program, in blocks and in backticks, as words."""
        lines = [line for block in self.blocks for line in block.commands()] + sorted(self.in_backticks)
        # A plan is piped on, and a page leaves out what does not matter.
        lines = [re.split(r" (?:\||>+|&&|<) ?", line)[0].replace("…", "").replace("\\|", "|") for line in lines]
        return [shlex.split(line, comments=True) for line in lines if line.startswith(f"{program} ")]


def pages() -> Iterator[Page]:
    """Yield every page that people read, those first that they read first."""
    yield from map(Page, sorted(path.name for path in ROOT.glob("*.md")))
    for folder in FOLDERS:
        yield from (Page(str(path.relative_to(ROOT))) for path in sorted(Path(ROOT, folder).rglob("*.md")))
