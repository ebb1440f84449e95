"""`tap cost --refresh`: the price table anew from the AWS Price List API, whose answers have AWS's shape."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from looping import some

from tap.cli.cost import _refreshed
from tap.cost.prices import Prices, read_prices
from tap.cost.refresh import refreshed
from tap.deploy.models import InputError


def product(*tiers: tuple[str, str]) -> str:
    """A product of the price list: begin of the range, and dollars."""
    dimensions = {f"sku.{place}": {"beginRange": begin, "unit": "Hrs", "pricePerUnit": {"USD": usd}}
                  for place, (begin, usd) in enumerate(tiers)}
    return json.dumps({"product": {"sku": "SKU"}, "terms": {"OnDemand": {"SKU.TERM": {"priceDimensions": dimensions}}}})


class PriceList:
    """The API, with what it knows by usage type."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        self.known = known
        self.requests: list[dict[str, Any]] = []

    def get_products(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        (usage,) = [each["Value"] for each in request["Filters"] if each["Field"] == "usagetype"]
        return {"FormatVersion": "aws_v1", "PriceList": self.known.get(usage, [])}


def test_a_figure_that_the_api_has_takes_the_place_of_the_old_one(prices: Prices) -> None:
    table, _ = refreshed(prices, PriceList({"NatGateway-Hours": [product(("0", "0.05"))]}), "2027-01-01")
    found = table.by_name["nat_gateway_hour"]
    assert (found.usd, found.checked, found.read, table.date) == (0.05, "api", "2027-01-01", "2027-01-01")


def test_a_figure_that_the_api_does_not_have_stays_and_is_named(prices: Prices) -> None:
    table, missing = refreshed(prices, PriceList({}), "2027-01-01")
    assert table.by_name == prices.by_name
    assert missing[0] == "nat_gateway_hour: AmazonEC2 NatGateway-Hours: the API has no such price"
    assert len(missing) == len(prices.by_name)


def test_prices_by_the_million_are_told_by_the_million(prices: Prices) -> None:
    api = PriceList({"WriteRequestUnits": [product(("0", "0.000000625"))]})
    assert refreshed(prices, api, "d")[0].by_name["dynamodb_million_writes"].usd == pytest.approx(0.625)


def test_a_free_tier_is_passed_over_and_the_first_tier_counts(prices: Prices) -> None:
    api = PriceList({"TimedStorage-ByteHrs": [product(("0", "0"), ("25", "0.25"), ("999", "0.2"))]})
    assert refreshed(prices, api, "d")[0].by_name["dynamodb_storage_gb_month"].usd == 0.25


def test_several_prices_for_the_same_are_no_answer(prices: Prices) -> None:
    api = PriceList({"NatGateway-Hours": [product(("0", "0.05")), product(("0", "0.06"))]})
    table, missing = refreshed(prices, api, "d")
    assert table.by_name["nat_gateway_hour"].usd == 0.045
    assert "the API has several: 0.05, 0.06" in missing[0]


def test_every_request_is_one_that_the_api_takes(prices: Prices) -> None:
    api = PriceList({})
    refreshed(prices, api, "d")
    model = ServiceModel(Loader().load_service_model("pricing", "service-2")).operation_model("GetProducts")
    shapes = model.input_shape.members
    for request in some(api.requests):
        assert set(request) <= set(shapes)
        for each in request["Filters"]:
            assert set(each) == set(shapes["Filters"].member.members)
            assert each["Type"] in shapes["Filters"].member.members["Type"].enum


def test_a_table_is_written_as_it_is_read(prices: Prices, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(prices.text())
    assert read_prices(tmp_path / "p.json") == prices


def test_the_table_is_written_and_what_stays_is_told(
        prices: Prices, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    api = PriceList({"NatGateway-Hours": [product(("0", "0.05"))]})
    _refreshed(tmp_path / "p.json", lambda: api, lambda: "2027-01-01")
    assert read_prices(tmp_path / "p.json").by_name["nat_gateway_hour"].usd == 0.05
    told = capsys.readouterr().err
    assert f"1 of {len(prices.by_name)} prices from AWS" in told
    assert "kept as it was: nat_gateway_gb" in told


def test_an_api_that_knows_nothing_leaves_the_table_alone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="knows none of the prices"):
        _refreshed(tmp_path / "p.json", lambda: PriceList({}), lambda: "2027-01-01")
    assert not (tmp_path / "p.json").exists()
