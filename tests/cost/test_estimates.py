"""What environments cost, beside the reference; and that nothing is left out in silence."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from looping import some
from stack_view import ENVIRONMENTS, ROOT

from tap.cost.change import estimates, told
from tap.cost.estimate import Estimate
from tap.cost.prices import REFERENCE, Prices, packaged
from tap.cost.resources import FREE, PRICED
from tap.cost.use import USES
from tap.deploy.models import Environment, Target
from tap.docs.costs import _MEANING, markdown
from tap.template.resolve import resolve

TEST = Environment("test", Target("tap-test", region="us-east-1"))
Beside = Callable[[str], tuple[Estimate, Estimate]]


def test_dev_costs_at_most_three_tenths_of_the_reference(beside_reference: Beside) -> None:
    ours, reference = beside_reference("dev")
    assert ours.total <= 0.30 * reference.total


def test_prod_costs_at_most_a_quarter_more_than_the_reference(beside_reference: Beside) -> None:
    ours, reference = beside_reference("prod")
    assert ours.total <= 1.25 * reference.total


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_resource_of_an_environment_has_a_price_or_is_free(name: str, beside_reference: Beside) -> None:
    for estimate in some(beside_reference(name)):
        assert estimate.unpriced == ()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_sum_is_that_of_the_tiers_and_of_its_parts(name: str, beside_reference: Beside) -> None:
    ours, _ = beside_reference(name)
    by_use = sum(row.usd for row in ours.rows if not row.fixed)
    assert ours.total == pytest.approx(sum(ours.tiers().values()))
    assert ours.total == pytest.approx(ours.fixed + by_use)


def test_a_type_without_a_price_is_named_and_not_counted_as_nothing(cost_of: Callable[..., Estimate]) -> None:
    found = cost_of({"Thing": {"Type": "AWS::Novelty::Thing"}})
    assert found.unpriced == (("Thing", "AWS::Novelty::Thing is not in the price table"),)


def test_a_class_without_a_price_is_named(cost_of: Callable[..., Estimate]) -> None:
    found = cost_of({"Writer": {"Type": "AWS::RDS::DBInstance", "Properties": {"DBInstanceClass": "db.x9.huge"}}})
    assert found.unpriced == (("Writer", "db.x9.huge: aurora_db.x9.huge_hour is not in the price table"),)


def test_a_type_is_either_priced_or_free() -> None:
    assert not FREE & PRICED.keys()


def test_the_reference_has_what_it_bills() -> None:
    kinds = [entry["Type"] for entry in json.loads(packaged(REFERENCE))["Resources"].values()]
    counts = {kind: kinds.count(kind) for kind in ("AWS::EC2::NatGateway", "AWS::RDS::DBInstance",
                                                  "AWS::CloudWatch::Alarm", "AWS::KMS::Key")}
    assert counts == {"AWS::EC2::NatGateway": 3, "AWS::RDS::DBInstance": 2, "AWS::CloudWatch::Alarm": 4,
                      "AWS::KMS::Key": 1}


def test_a_reader_less_is_an_instance_less(template: dict[str, Any]) -> None:
    plain = {"Environment": "test", "DetailedAlarms": "false", "DatabaseMonitoringInterval": "0"}
    with_one = resolve(template, plain)
    without = resolve(template, {**plain, "DatabaseReaderInstance": "false"})
    line = told(*estimates(TEST, with_one, without))
    assert "53.29 less than deployed" in line  # 730 hours of db.t4g.medium at $0.073


def test_a_new_stack_costs_all_of_it(template: dict[str, Any]) -> None:
    line = told(*estimates(TEST, None, resolve(template, {"Environment": "test"})))
    assert line.startswith("Cost: about $")
    assert line.endswith(" a month. Details: tap cost test")


def test_a_plan_says_where_its_prices_are_another_regions(template: dict[str, Any]) -> None:
    after = resolve(template, {"Environment": "test"})
    assert "; prices are for us-east-1, but the environment is in eu-central-1. Details" in told(
        *estimates(TEST, None, after, "eu-central-1"))


def test_a_change_that_costs_nothing_says_so(template: dict[str, Any]) -> None:
    same = resolve(template, {"Environment": "test"})
    assert "a month, as deployed" in told(*estimates(TEST, same, same))


def test_every_figure_has_its_source_and_how_far_it_was_checked(prices: Prices) -> None:
    for name, price in some(prices.by_name.items()):
        assert price.source.startswith("https://"), name
        assert price.checked in prices.checked, name
        assert price.usd > 0, name


def test_every_figure_is_one_that_something_is_priced_with(prices: Prices) -> None:
    source = "".join((ROOT / f"tap/cost/{name}.py").read_text(encoding="utf-8") for name in ("resources", "records"))
    unused = [name for name in prices.by_name if f'"{name}"' not in source
              and not name.startswith(("aurora_db.", "fargate_", "lambda_x86", "lambda_arm"))]
    assert unused == []


def test_the_page_about_costs_is_up_to_date(prices: Prices) -> None:
    committed = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
    assert committed == markdown(prices), "run: python -m tap.docs.costs > docs/costs.md"


def test_every_assumption_is_explained_and_known_by_default() -> None:
    known = json.loads(packaged(USES))
    assert set(_MEANING) == set(known["default"])
    for name, section in known.items():
        assert set(section) <= set(known["default"]), name
