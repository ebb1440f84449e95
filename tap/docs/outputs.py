"""The outputs of the templates: `python -m tap.docs.outputs > docs/reference/outputs.md`."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.docs.application import shown
from tap.template.registry import builder

HEAD = """# Outputs

Written by `make template` from the templates. `tap outputs ENV` prints those of an environment. Other stacks of the
account and region can import the outputs that have an export name."""
SECTIONS = {
    "tap": "The stack",
    "bootstrap": "The bootstrap stack",
    "catalog": "The catalog stack",
}


def page(templates: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page: for each template, by its name in the registry, a table of its outputs."""
    return "\n".join(_lines(templates)) + "\n"


def _lines(templates: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield HEAD
    for name, template in templates.items():
        yield from ("", f"## {SECTIONS[name]}", "", "| output | what it is | export name | only where |",
                    "|---|---|---|---|")
        for title, output in template["Outputs"].items():
            export = f"`{shown(output['Export']['Name'])}`" if "Export" in output else ""
            condition = f"`{output['Condition']}`" if "Condition" in output else ""
            yield f"| `{title}` | {output['Description']} | {export} | {condition} |"


if __name__ == "__main__":
    print(page({name: builder(name)().to_dict() for name in SECTIONS}), end="")
