"""What the guides to an account and to CI leave out: no output, parameter or workflow."""

import re

import pytest
from looping import some
from stack_view import ROOT

from tap.bootstrap.template import build

ACCOUNT, CI = ((ROOT / f"docs/how-to/{name}.md").read_text() for name in ("prepare-an-account", "deploy-from-ci"))
TEMPLATE = build().to_dict()


@pytest.mark.parametrize("name", TEMPLATE["Outputs"])
def test_every_output_is_explained(name: str) -> None:
    assert f"| `{name}` |" in ACCOUNT


@pytest.mark.parametrize("name", TEMPLATE["Parameters"])
def test_every_parameter_is_explained(name: str) -> None:
    assert re.search(rf"^\|[^|]*`{name}`", ACCOUNT, re.MULTILINE)


def test_every_workflow_is_explained() -> None:
    for path in some((ROOT / ".github/workflows").glob("*.yml")):
        assert f"| `.github/workflows/{path.name}` |" in CI
