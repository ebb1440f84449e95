"""`tap cost`, as it is typed."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deploy_fakes import cloud_of
from memory_aws import MemoryAws
from stack_view import ROOT

from tap.cost.prices import PRICES, packaged
from tap.deploy import planfile
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import ChangeSet
from tap.deploy.parameters import load_environment

Run = Callable[..., int | str]


def deployed(template: dict[str, Any] | None, **parameters: str) -> CloudFormation:
    """CloudFormation with one stack, which only ever had change sets where there is no template."""
    aws = MemoryAws()
    aws.add(status="CREATE_COMPLETE" if template else "REVIEW_IN_PROGRESS", template=json.dumps(template),
            parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
    return cloud_of(aws)


STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/tap-dev/1"


@pytest.fixture
def plan(tmp_path: Path, template: dict[str, Any]) -> Path:
    file = tmp_path / "plan.json"
    change_set = ChangeSet("arn", "name", "UPDATE", STACK_ID)
    planfile.save(planfile.saved_plan(load_environment("dev", ROOT, template), change_set, template), file)
    return file


def test_it_shows_tiers_resources_and_the_sum(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev") == 0
    told = capsys.readouterr().out
    for part in ("Network", "NatGateway1", "Fixed", "By use", "total"):
        assert part in told


def test_what_it_rests_upon_is_four_lines_and_in_full_with_details(
        run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev") == 0
    assert len(capsys.readouterr().out.partition("On-demand")[2].splitlines()) <= 5
    assert run("dev", "--details") == 0
    told = capsys.readouterr().out
    for part in ("requests_per_month 100,000", "Not counted: ", "Not seen on a page of AWS itself: "):
        assert part in " ".join(told.split())


def test_quantities_have_no_exponent_and_prices_a_unit(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "requests: 0.00005 at $0.4 per" in told
    assert "storage: 1 at $0.1 per GB-month" in told
    assert not re.search(r"\d[eE][+-]\d", told)


def test_json_has_the_total_and_the_rows(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == pytest.approx(sum(row["usd"] for row in found["rows"]), abs=0.01)
    assert found["prices"]["nat_gateway_hour"]["source"] == "https://aws.amazon.com/vpc/pricing/"
    assert found["unpriced"] == []


def test_two_environments_stand_side_by_side(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev", "--vs", "prod", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["beside"]["name"] == "prod"
    assert found["difference"] == pytest.approx(found["total"] - found["beside"]["total"], abs=0.02)


def test_the_reference_stands_beside(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev", "--reference") == 0
    assert "less than reference" in capsys.readouterr().out


def test_a_plan_stands_beside_what_is_deployed(
        run: Run, plan: Path, template: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    stack = deployed(template, Environment="dev", NatGateways="one-per-az")
    assert run("dev", "--plan", str(plan), "--json", cloud=lambda _env: stack) == 0
    found = json.loads(capsys.readouterr().out)
    gateways = [row["resource"] for row in found["beside"]["rows"] if row["what"] == "public address"]
    assert gateways == ["NatGateway1", "NatGateway2", "NatGateway3"]


def test_a_plan_for_a_new_stack_has_nothing_beside_it(run: Run, plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("dev", "--plan", str(plan), "--json", cloud=lambda _env: deployed(None)) == 0
    assert "beside" not in json.loads(capsys.readouterr().out)


def test_a_plan_for_another_environment_is_refused(run: Run, plan: Path) -> None:
    assert run("prod", "--plan", str(plan)) == f"{plan} is a plan for dev, not prod"


def test_a_plan_of_another_template_is_refused(run: Run, plan: Path) -> None:
    content = json.loads(plan.read_text())
    plan.write_text(json.dumps({**content, "template": "0"}))
    assert "has changed since" in str(run("dev", "--plan", str(plan)))


def test_assumptions_of_a_file_are_used(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "assumptions.json"
    file.write_text('{"default": {"nat_gb": 0}, "dev": {"requests_per_month": 5}}')
    assert run("dev", "--json", "--assumptions", str(file)) == 0
    assumed = json.loads(capsys.readouterr().out)["assumptions"]
    assert (assumed["nat_gb"], assumed["requests_per_month"]) == (0, 5)


@pytest.mark.parametrize(("text", "problem"), [
    ('{"dev": {"request": 1}}', "request is not an assumption"), ('{"dev": {"nat_gb": -1}}', "zero or more, not -1"),
    ('{"dev": {"nat_gb": "1"}}', 'zero or more, not "1"'), ("{", "a.json:1:2: "), ("[]", "must be an object"),
    ('{"dev": {"nat_gb": NaN}}', "zero or more, not NaN"), ('{"dev": {"nat_gb": 1e999}}', "zero or more, not Infinity"),
    ('{"dev": {"nat_gb": 1' + "0" * 400 + "}}", "zero or more, not 1000"), ('{"dev": "x"}', "dev must be an object"),
    ("[" * 100_000, "nested too deeply"), ('{"dev": {}, "dev": {}}', "dev occurs twice")])
def test_assumptions_that_make_no_sense_are_told(run: Run, tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert problem in str(run("dev", "--assumptions", str(tmp_path / "a.json")))


def test_a_file_that_is_not_there_is_named(run: Run) -> None:
    assert run("dev", "--assumptions", "nowhere.json") == "nowhere.json cannot be read: No such file or directory"


def test_a_price_table_that_is_none_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"prices": {"x": {}}}')
    assert "is not a valid price table" in str(run("dev", "--prices", str(tmp_path / "p.json")))


@pytest.mark.parametrize("usd", ["NaN", "-1", "1e999", '"a"'])
def test_a_price_that_is_no_amount_is_told(run: Run, tmp_path: Path, usd: str) -> None:
    table = json.loads(packaged(PRICES))
    table["prices"]["nat_gateway_hour"]["usd"] = "USD"
    (tmp_path / "p.json").write_text(json.dumps(table).replace('"usd": "USD"', f'"usd": {usd}'))
    assert "is not a valid price table" in str(run("dev", "--prices", str(tmp_path / "p.json")))


def test_what_a_price_table_says_does_nothing_to_the_terminal(
        run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = packaged(PRICES).replace('"per": "hour"', r'"per": "hour\u001b[2J"')
    (tmp_path / "p.json").write_text(text)
    assert run("dev", "--prices", str(tmp_path / "p.json")) == 0
    told = capsys.readouterr().out
    assert ("\x1b" not in told, r"hour\x1b[2J" in told) == (True, True)


def test_two_comparisons_at_once_are_refused(run: Run) -> None:
    assert run("dev", "--reference", "--vs", "prod") == "choose one of --vs, --plan and --reference"


def test_refreshing_needs_a_file_to_write(run: Run) -> None:
    assert run("dev", "--refresh") == "--refresh needs --prices FILE: the table to write"
