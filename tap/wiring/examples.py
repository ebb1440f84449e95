"""The example of each rule: a diff from a template with a finding to the fixed template."""

from importlib import resources


def example(rule_id: str) -> str:
    """Return a rule's example, a diff: `-` marks lines of the broken template, `+` lines of the fixed one."""
    return resources.files("tap.wiring").joinpath("examples", f"{rule_id}.diff").read_text("utf-8")


def broken(text: str) -> str:
    """Return the broken template of an example.

    >>> broken(" a\\n-b\\n+c\\n")
    'a\\nb\\n'
    """
    return _without(text, "+")


def fixed(text: str) -> str:
    """Return the fixed template of an example.

    >>> fixed(" a\\n-b\\n+c\\n")
    'a\\nc\\n'
    """
    return _without(text, "-")


def _without(text: str, mark: str) -> str:
    return "".join(line[1:] for line in text.splitlines(keepends=True) if not line.startswith(mark))
