"""The image contract and the page of existing VPCs say what the template and tap doctor do."""

import re
from collections.abc import Callable
from pathlib import Path

from stack_view import EXISTING_VPC, ROOT, StackView

from tap.deploy.existing_vpc import FREE_FOR_BALANCER, FREE_FOR_DATABASE, NEEDED

CONTRACT, VPC_PAGE = (Path(ROOT, "docs", page).read_text(encoding="utf-8")
                      for page in ("reference/image-contract.md", "how-to/use-an-existing-vpc.md"))


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
