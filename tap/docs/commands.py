"""Every command of `tap`, as its help describes it: `python -m tap.docs.commands > docs/reference/commands.md`."""

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tap.cli.main import tap

HEAD = """# Commands

Written by `make template` from the command line's own help. In a usage line, `ENV` is an environment: the name of a
file in `parameters/`, without `.json`.

Without a terminal, or with `NO_COLOR` set, all output is plain text. Turn on completion in bash with
`eval "$(_TAP_COMPLETE=bash_source tap)"`; zsh and fish have `zsh_source` and `fish_source`."""


def page() -> str:
    """Return the page: a table of all commands, their exit codes, and a section for each command."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    root = tap.make_context("tap", [], resilient_parsing=True)
    commands = list(_commands(root, tap))
    common = Counter(command.epilog for _, command in commands if command.epilog).most_common(1)[0][0]
    yield from (HEAD, "", "| command | what it does |", "|---|---|")
    for context, command in commands:
        name = context.command_path
        yield f"| [`{name}`](#{name.replace(' ', '-')}) | {_text(command.help).partition(chr(10))[0]} |"
    yield from ("", "## Exit codes", "", "All commands share these, except where a command lists its own.", "")
    yield from _codes(common)
    for context, command in commands:
        yield from _section(context, command, common)


def _commands(parent: Any, group: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each command with its context, those of a group in the place of the group."""
    for name, command in sorted(group.commands.items()):
        context = command.make_context(name, [], parent=parent, resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from _commands(context, command)
        elif not command.hidden:
            yield context, command


def _section(context: Any, command: Any, common: str) -> Iterator[str]:
    yield from ("", f"## {context.command_path}", "", "```text", command.get_usage(context).removeprefix("Usage: "),
                "```", "", _text(command.help))
    records = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
    options = [record for record in records if record[0].startswith("-")]
    yield from ("", "| option | meaning |", "|---|---|")
    yield from (f"| `{_cell(names)}` | {_cell(meaning)} |" for names, meaning in options)
    if command.epilog and command.epilog != common:
        yield from ("", "Exit codes:", "")
        yield from _codes(command.epilog)


def _text(help_text: str) -> str:
    return inspect.cleandoc(help_text).replace("\b\n", "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _codes(epilog: str) -> Iterator[str]:
    """Yield a table of the exit codes in an epilog: lines with two blanks, a number, and what it means."""
    yield from ("| code | meaning |", "|---|---|")
    yield from (f"| {code} | {_cell(meaning)} |"
                for code, meaning in re.findall(r"^ +(\d+) +(.*(?:\n {5,}\S.*)*)", epilog, re.MULTILINE))


if __name__ == "__main__":
    print(page(), end="")
