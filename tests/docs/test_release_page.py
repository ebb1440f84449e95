"""The how-to of releasing an image: its commands run, and its numbers are the repository's template's."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from stack_view import ROOT, StackView

from tap.bootstrap.repository import SAMPLES, build
from tap.cli.main import tap
from tap.deploy.images import DEPLOYED
from tap.template.resolve import resolve

PATH = Path(ROOT, "docs/how-to/release-an-image.md")
PAGE = PATH.read_text(encoding="utf-8")
REPOSITORY = build().to_dict()
COMMANDS = [line.split() for line in re.findall(r"^tap (.+)$", PAGE, re.MULTILINE)]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_parses(words: list[str]) -> None:
    name, *arguments = words
    command = tap.commands[name]
    assert isinstance(command.make_context(name, arguments, resilient_parsing=False), click.Context)


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)[)#]", PAGE))
def test_each_link_leads_to_a_file(target: str) -> None:
    assert PATH.parent.joinpath(target).resolve().exists()


def test_the_lifecycle_is_the_templates() -> None:
    stack = StackView(resolve(REPOSITORY, SAMPLES["sample"], stack_name="s"))
    kept, untagged, tagged = json.loads(str(
        stack.properties("Repository")["LifecyclePolicy"]["LifecyclePolicyText"]))["rules"]
    assert f"Untagged images expire after {untagged['selection']['countNumber']} days" in PAGE
    assert f"beyond the newest {tagged['selection']['countNumber']} (" in PAGE
    assert kept["selection"]["tagPrefixList"] == [DEPLOYED]
    assert f"the tag `{DEPLOYED}…`" in PAGE


def test_every_strategy_is_explained(template: dict[str, Any]) -> None:
    names = set(re.findall(r"`([A-Z_]{6,})`", PAGE))
    assert names == set(template["Parameters"]["DeploymentStrategy"]["AllowedValues"])


def test_the_shares_of_traffic_are_the_templates(template: dict[str, Any]) -> None:
    text = json.dumps(template["Resources"]["Service"]["Properties"]["DeploymentConfiguration"])
    canary, linear = (re.findall(rf'"{name}": (\d+)', text)[0] for name in ("CanaryPercent", "StepPercent"))
    assert f"take {canary}% of the traffic" in PAGE
    assert f"another {linear}% of the traffic" in PAGE


def test_the_committed_targets_keep_the_released_image() -> None:
    assert 'keep = ["ContainerImage"]' in Path(ROOT, "parameters/targets.toml").read_text(encoding="utf-8")
