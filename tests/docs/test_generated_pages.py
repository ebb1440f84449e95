"""The generated pages are what `make template` writes, and cover what they are generated from."""

from pathlib import Path
from typing import Any

import pytest
from looping import some

from tap.cli.main import tap
from tap.docs import application, commands, outputs, parameters
from tap.stack import build
from tap.template.registry import builder

ROOT = Path(__file__).parents[2]
TEMPLATES = {name: builder(name)().to_dict() for name in outputs.SECTIONS}
PAGES = {
    "application": application.page(TEMPLATES["tap"]),
    "parameters": parameters.page(TEMPLATES["tap"]),
    "reference/commands": commands.page(),
    "reference/outputs": outputs.page(TEMPLATES),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_make_template_writes(name: str) -> None:
    assert Path(ROOT, f"docs/{name}.md").read_text(encoding="utf-8") == PAGES[name], "run: make template"


def test_the_page_of_parameters_has_each_with_its_default_and_description() -> None:
    for name, entry in some(build().to_dict()["Parameters"].items()):
        default = {None: "required", "": "empty"}.get(entry.get("Default"), f"`{entry.get('Default')}`")
        assert f"| `{name}` | {default.replace('|', chr(92) + '|')} | {entry['Description']}" in PAGES["parameters"]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_page_of_outputs_has_each_with_its_description(name: str) -> None:
    for output, entry in some(TEMPLATES[name]["Outputs"].items()):
        assert f"| `{output}` | {entry['Description']} |" in PAGES["reference/outputs"]


def options(command: Any) -> list[str]:
    return [option for parameter in command.params for option in parameter.opts if option.startswith("--")]


def test_the_page_of_commands_has_each_with_every_option() -> None:
    for name, command in some(tap.commands.items()):
        nested = getattr(command, "commands", None) or {"": command}
        for part, leaf in some(nested.items()):
            title = f"tap {name} {part}".strip()
            section = PAGES["reference/commands"].partition(f"\n## {title}\n")[2].partition("\n## ")[0]
            assert section, f"{title} has no section"
            assert [option for option in options(leaf) if option not in section] == [], title


def test_a_command_with_exit_codes_of_its_own_lists_them_in_its_section() -> None:
    section = PAGES["reference/commands"].partition("\n## tap run\n")[2].partition("\n## ")[0]
    assert "| 5 | left running: the task is still running |" in section
