"""docs/parameters.md: the template's parameters: `python -m tap.docs.parameters > docs/parameters.md`."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.parts import INTERFACE
from tap.stack import build


def page(template: Mapping[str, Any]) -> str:
    """Return the page: a heading per group of the console's form, with a table row per parameter."""
    return "\n".join(_lines(template)) + "\n"


def _lines(template: Mapping[str, Any]) -> Iterator[str]:
    yield "# Parameters"
    yield ""
    yield "Written by `make template` from the template, as the console's form shows it."
    form = template["Metadata"][INTERFACE]
    for group in form["ParameterGroups"]:
        yield from ("", f"## {group['Label']['default']}", "", "| parameter | default | meaning |", "|---|---|---|")
        for name in group["Parameters"]:
            entry = template["Parameters"][name]
            choices = "".join(f" `{value}`" for value in entry.get("AllowedValues", ()))
            meaning = entry["Description"] + (f" One of:{choices}" if choices else "")
            yield f"| `{name}` | {_shown(entry.get('Default'))} | {meaning} |"


def _shown(default: object) -> str:
    if default is None:
        return "required"
    return "`{}`".format(str(default).replace("|", "\\|")) if default != "" else "empty"


if __name__ == "__main__":
    print(page(build().to_dict()), end="")
