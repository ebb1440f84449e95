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


def product(usage: str, *tiers: tuple[str, str], region: str = "us-east-1", **attributes: str) -> str:
    """A product as the API answers it: its usage type, and begin of each range with its dollars."""
    dimensions = {f"SKU.TERM.{place}": {"rateCode": f"SKU.TERM.{place}", "beginRange": begin, "endRange": "Inf",
                                        "unit": "Hrs", "appliesTo": [], "pricePerUnit": {"USD": usd}}
                  for place, (begin, usd) in enumerate(tiers)}
    return json.dumps({
        "product": {"productFamily": "NAT Gateway", "sku": "SKU", "attributes": {
            "regionCode": region, "locationType": "AWS Region", "usagetype": usage, **attributes}},
        "serviceCode": "AmazonEC2", "version": "20261101000000", "publicationDate": "2026-11-01T00:00:00Z",
        "terms": {"OnDemand": {"SKU.TERM": {
            "sku": "SKU", "effectiveDate": "2026-11-01T00:00:00Z", "offerTermCode": "TERM", "termAttributes": {},
            "priceDimensions": dimensions}}}})


class PriceList:
    """The API with these products, one on each page."""

    def __init__(self, *products: str) -> None:
        self.products = [json.loads(each) for each in products]
        self.requests: list[dict[str, Any]] = []

    def get_products(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        found = [each for each in self.products if all(
            self._matches(each["product"]["attributes"], item) for item in request["Filters"])]
        place = int(request.get("NextToken", "0"))
        page = {"FormatVersion": "aws_v1", "PriceList": [json.dumps(each) for each in found[place:place + 1]]}
        return {**page, "NextToken": str(place + 1)} if place + 1 < len(found) else page

    def _matches(self, attributes: dict[str, str], item: dict[str, str]) -> bool:
        value = attributes.get(item["Field"], "")
        # A product here has the attributes that matter to its test.
        if item["Field"] in ("operation", "databaseEngine") and not value:
            return True
        return item["Value"] in value if item["Type"] == "CONTAINS" else item["Value"] == value


NAT = product("NatGateway-Hours", ("0", "0.05"))


def test_a_figure_that_the_api_has_takes_the_place_of_the_old_one(prices: Prices) -> None:
    table, _ = refreshed(prices, PriceList(NAT), "2027-01-01")
    found = table.by_name["nat_gateway_hour"]
    assert (found.usd, found.checked, found.read, table.date) == (0.05, "api", "2027-01-01", "2027-01-01")


def test_a_figure_that_the_api_does_not_have_stays_and_is_named(prices: Prices) -> None:
    table, missing = refreshed(prices, PriceList(), "2027-01-01")
    assert table.by_name == prices.by_name
    assert missing[0] == "nat_gateway_hour: AmazonEC2 NatGateway-Hours: the API has no such price"
    assert len(missing) == len(prices.by_name)


def test_prices_by_the_million_are_told_by_the_million(prices: Prices) -> None:
    api = PriceList(product("WriteRequestUnits", ("0", "0.000000625")))
    assert refreshed(prices, api, "d")[0].by_name["dynamodb_million_writes"].usd == pytest.approx(0.625)


def test_a_free_tier_is_passed_over_and_the_first_tier_counts(prices: Prices) -> None:
    api = PriceList(product("TimedStorage-ByteHrs", ("0", "0"), ("25", "0.25"), ("999", "0.2")))
    assert refreshed(prices, api, "d")[0].by_name["dynamodb_storage_gb_month"].usd == 0.25


def test_several_prices_for_the_same_are_no_answer(prices: Prices) -> None:
    api = PriceList(NAT, product("NatGateway-Hours", ("0", "0.06")))
    table, missing = refreshed(prices, api, "d")
    assert table.by_name["nat_gateway_hour"].usd == 0.045
    assert "the API has several: 0.05, 0.06" in missing[0]


@pytest.mark.parametrize(("name", "usage", "region"), [
    ("nat_gateway_hour", "EUC1-NatGateway-Hours", "eu-central-1"),
    ("nat_gateway_hour", "NatGateway-Hours", "us-east-1"),
    ("nat_gateway_hour", "EU-NatGateway-Hours", "eu-west-1"),
    ("fargate_arm_gb_hour", "APS1-Fargate-ARM-GB-Hours", "ap-southeast-1"),
    ("key_month", "eu-central-1-KMS-Keys", "eu-central-1"), ("web_acl_month", "EUC1-WebACLV2", "eu-central-1")])
def test_a_regions_prices_are_known_by_usage_types_whatever_their_prefix_is(
        prices: Prices, name: str, usage: str, region: str) -> None:
    api = PriceList(product(usage, ("0", "0.7"), region=region), product(f"{usage}-Other", ("0", "0.8"), region=region),
                    product(usage, ("0", "0.9"), region="sa-east-1"))
    table, _ = refreshed(prices, api, "2027-01-01", region)
    assert (table.region, table.by_name[name].usd, table.by_name[name].checked) == (region, 0.7, "api")


def test_data_to_the_internet_is_priced_by_where_it_comes_from(prices: Prices) -> None:
    api = PriceList(product("EUC1-DataTransfer-Out-Bytes", ("0", "0.07"), fromRegionCode="eu-central-1"))
    assert refreshed(prices, api, "d", "eu-central-1")[0].by_name["data_out_gb"].usd == 0.07


def test_a_figure_that_stays_another_regions_is_marked_and_a_worldwide_one_is_not(prices: Prices) -> None:
    table, _ = refreshed(prices, PriceList(), "d", "eu-central-1")
    assert table.by_name["nat_gateway_hour"].checked == "elsewhere"
    assert table.by_name["cloudfront_gb"].checked == prices.by_name["cloudfront_gb"].checked
    assert "elsewhere" in prices.checked


def test_every_request_is_one_that_the_api_takes(prices: Prices) -> None:
    api = PriceList()
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
    api = PriceList(NAT)
    _refreshed(tmp_path / "p.json", lambda: api, lambda: "2027-01-01", None)
    assert read_prices(tmp_path / "p.json").by_name["nat_gateway_hour"].usd == 0.05
    told = capsys.readouterr().err
    assert f"1 of {len(prices.by_name)} prices from AWS for us-east-1" in told
    assert "unchanged: nat_gateway_gb" in told


def test_an_api_that_knows_nothing_leaves_the_table_alone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has none of the prices"):
        _refreshed(tmp_path / "p.json", lambda: PriceList(), lambda: "2027-01-01", None)
    assert not (tmp_path / "p.json").exists()
