"""The commands of a shell script, as far as workflows write them."""

import re
import shlex
from collections.abc import Iterator, Mapping

ENDS = frozenset({";", "|", "||", "&&", "(", ")", "{", "}", "\n"})
KEYWORDS = frozenset({"!", "do", "done", "elif", "else", "fi", "if", "then"})


def commands(script: str, variables: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield each command with its arguments: variables filled in; without redirections, assignments, loops' heads."""
    script = re.sub(r"\$(\w+)", lambda found: variables.get(found[1], found[0]), script.replace("\\\n", " "))
    for line in script.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for token in [*lexer, "\n"]:
            if token not in ENDS:
                words.append(token)
                continue
            command = _plain(words)
            if command and command[0] != "for" and not re.match(r"\w+=", command[0]):
                yield command
            words = []


def _plain(words: list[str]) -> list[str]:
    found: list[str] = []
    target = False
    for word in words:
        if set(word) <= set("<>&"):
            target = True
            if found and found[-1] == "2":
                found.pop()
        elif target:
            target = False
        elif found or word not in KEYWORDS:
            found.append(word)
    return found
