"""What SECURITY.md says is so: every resource, rule, parameter, path and value that it names."""

import re
from pathlib import Path
from typing import Any

import pytest
from stack_view import ENVIRONMENTS, StackView

from tap.lint.checkov import suppressions

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", DOCUMENT))
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")]
        for line in DOCUMENT.splitlines() if line.startswith("| ")]
SWITCHES = {cells[0].strip("`"): [cell.strip("`") for cell in cells[1:]] for cells in ROWS if len(cells) == 4}
FAMILIES = {cells[0]: cells[1:] for cells in ROWS if len(cells) == 3}
# A property.
OTHER = {"AccessControl"}


def test_every_name_is_that_of_a_resource_a_parameter_or_a_rule(template: dict[str, Any]) -> None:
    named = {name for name in NAMED if re.fullmatch(r"(?:[A-Z][a-z0-9]+){1,6}", name)} - OTHER

    assert len(named) > 50
    assert named <= {*template["Resources"], *template["Parameters"], *template["Rules"]}


def test_every_parameter_with_a_value_may_have_it(template: dict[str, Any]) -> None:
    pairs = [name.split("=") for name in NAMED if re.fullmatch(r"[A-Z]\w+=\w+", name)]

    assert pairs
    assert all(value in template["Parameters"][parameter]["AllowedValues"] for parameter, value in pairs)


@pytest.mark.parametrize("switch", list(SWITCHES)[1:])
def test_a_switch_is_as_the_document_says(switch: str, environments: dict[str, StackView]) -> None:
    assert SWITCHES["switch"] == list(ENVIRONMENTS)
    assert SWITCHES[switch] == [str(environments[name].resolved.parameters[switch]) for name in ENVIRONMENTS]


def test_the_first_five_switches_are_those_that_protected_environments_must_have_on(template: dict[str, Any]) -> None:
    asserted = str([template["Rules"][name] for name in ("ProtectedHasControls", "ProtectedHasFlowLogs")])
    protections = set(re.findall(r"'Ref': '(\w+)'", asserted)) - {"Protected", "EmptyAssetsBucketOnDelete", "VpcId"}

    assert protections == set(list(SWITCHES)[1:6])


def test_every_family_names_what_meets_it_and_what_it_answers() -> None:
    assert {"Keys", "Secrets", "Network", "Edge", "IAM", "Containers", "Logs", "Data protection", "Resilience",
            "Supply chain"} <= FAMILIES.keys()
    for family, (means, answers) in FAMILIES.items():
        if family != "family":
            assert "`" in means or family == "Supply chain"
            assert re.search(r"\b[A-Z]{2}-\d", answers), f"{family} names no control of NIST 800-53"


def test_every_check_that_a_resource_suppresses_for_a_reason_is_in_the_document(template: dict[str, Any]) -> None:
    reasoned = {check for _, check, reason in suppressions(template) if not reason.startswith("By ")}

    # Of the function that runs once, when the stack is deleted.
    assert {check for check in reasoned if check not in DOCUMENT} <= {"CKV_AWS_115"}
