"""What the pages for application teams name exists, and the image contract is what the template says."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stack_view import EXISTING_VPC, ROOT, StackView

from tap.cli.main import tap
from tap.deploy.existing_vpc import FREE_FOR_BALANCER, FREE_FOR_DATABASE, NEEDED

PAGES = ("docs/reference/image-contract.md", "docs/explanation/limits.md", "docs/how-to/use-an-existing-vpc.md")
TEXTS = {page: Path(ROOT, page).read_text(encoding="utf-8") for page in PAGES}
CONTRACT, _, VPC_PAGE = (TEXTS[page] for page in PAGES)
LINKS = sorted({(page, target) for page, text in TEXTS.items() for target in re.findall(r"\]\(([^)#:]+)[)#]", text)})


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_each_link_leads_to_a_file(page: str, target: str) -> None:
    assert Path(ROOT, page).parent.joinpath(target).resolve().exists()


@pytest.mark.parametrize("command", sorted({
    each for text in TEXTS.values() for each in re.findall(r"`tap (\w+)", text)}))
def test_each_command_exists(command: str) -> None:
    assert command in tap.commands


@pytest.mark.parametrize("name", sorted({each for text in TEXTS.values() for each in re.findall(
    r"`([A-Z][a-z]\w*?)(?:=\w+)?`", text)}))
def test_each_parameter_exists(template: dict[str, Any], name: str) -> None:
    assert name in template["Parameters"]


def test_the_contract_lists_every_variable_of_the_stack(dev: StackView) -> None:
    container, = dev.properties("TaskDefinition")["ContainerDefinitions"]
    names = {each["Name"] for key in ("Environment", "Secrets") for each in container[key]}
    assert [name for name in sorted(names) if f"`{name}`" not in CONTRACT] == []


def test_the_contracts_numbers_are_the_templates(dev: StackView) -> None:
    container, = dev.properties("TaskDefinition")["ContainerDefinitions"]
    tmpfs, = container["LinuxParameters"]["Tmpfs"]
    check, group = container["HealthCheck"], dev.properties("TargetGroup")
    assert f"`{tmpfs['ContainerPath']}`: {tmpfs['Size']} MiB" in CONTRACT
    assert f"`SIGKILL` follows after {container['StopTimeout']} seconds" in CONTRACT
    assert f"run every {check['Interval']} seconds" in CONTRACT
    assert f"healthy within {check['StartPeriod']} seconds" in CONTRACT
    assert f"answers 200 within {group['HealthCheckTimeoutSeconds']} seconds" in CONTRACT
    assert container["ReadonlyRootFilesystem"] is True


def test_the_example_of_a_vpc_is_one_that_the_template_takes(accepts: Callable[[str, str], bool]) -> None:
    values = dict(re.findall(r'^   "(\w+)": "([^"]+)"', VPC_PAGE, re.MULTILINE))
    assert values == EXISTING_VPC
    assert all(accepts(name, value) for name, value in values.items())


def test_the_page_asks_of_a_vpc_what_the_doctor_checks() -> None:
    assert [service for service in NEEDED if f"`{service}`" not in VPC_PAGE] == []
    assert f"to an internet gateway | {FREE_FOR_BALANCER} |" in VPC_PAGE
    assert f"not to an internet gateway | {FREE_FOR_DATABASE} |" in VPC_PAGE
