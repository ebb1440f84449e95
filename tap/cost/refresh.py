"""Refresh the price table from the AWS Price List API, for any region.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tap.cost.prices import ELSEWHERE, Price, Prices

# Prefixes of a region's usage types, if any: USE1-, EUC1-, EU- or, for KMS, eu-central-1-.
_PREFIX = r"(?:[A-Z]+[0-9]*-|[a-z]{2}(?:-[a-z]+)+-[0-9]+-)?"
# Listed by the location of the viewers instead of the region.
_WORLDWIDE = ("AmazonCloudFront",)


def refreshed(table: Prices, client: Any, date: str, region: str | None = None) -> tuple[Prices, list[str]]:
    """Return a table with a region's figures from the API, and one line for each price that the API lacks.

    `client` is boto3's for `pricing`; without `region` it is the table's. Where the API has several figures, that for
    the first units counts. A figure that is kept of another region is marked so.
    """
    here = region or table.region
    figures: dict[str, float] = {}
    missing: list[str] = []
    for name, price in table.by_name.items():
        try:
            figures[name] = _figure(_products(client, price, here)) * price.scale
        except (LookupError, ValueError, TypeError) as error:
            missing.append(f"{name}: {price.service} {_usage(price)}: {error}")
    kept = {name: replace(price, checked=ELSEWHERE) if here != table.region and price.service not in _WORLDWIDE
            else price for name, price in table.by_name.items()}
    return replace(table, region=here, by_name=kept).with_usd(figures, date), missing


def _usage(price: Price) -> str:
    return price.usage if price.service in _WORLDWIDE else re.sub(f"^{_PREFIX}(?=.)", "", price.usage)


def _products(client: Any, price: Price, region: str) -> Iterator[Mapping[str, Any]]:
    """Yield the products with the price's usage type, ignoring its region prefix."""
    request = {"ServiceCode": price.service, "Filters": _filters(price, region), "FormatVersion": "aws_v1"}
    while True:
        page = client.get_products(**request)
        for answer in page["PriceList"]:
            product = json.loads(answer) if isinstance(answer, str) else answer
            if re.fullmatch(_PREFIX + re.escape(_usage(price)), product["product"]["attributes"]["usagetype"]):
                yield product
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _filters(price: Price, region: str) -> list[dict[str, str]]:
    wanted = {"operation": price.operation, "databaseEngine": price.engine}
    if price.service not in _WORLDWIDE:
        # Data transfer has a source and a destination.
        wanted["fromRegionCode" if price.service == "AWSDataTransfer" else "regionCode"] = region
    return [{"Type": "CONTAINS", "Field": "usagetype", "Value": _usage(price)},
            *({"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items() if value)]


def _figure(products: Iterator[Mapping[str, Any]]) -> float:
    """Return the on-demand price per unit in US dollars, beyond any free tier."""
    tiers: list[tuple[float, float]] = []
    for product in products:
        for term in product["terms"]["OnDemand"].values():
            for dimension in term["priceDimensions"].values():
                usd = float(dimension["pricePerUnit"]["USD"])
                if usd > 0:
                    tiers.append((float(dimension.get("beginRange", 0)), usd))
    if not tiers:
        raise ValueError("the API has no such price")
    first = min(begin for begin, _ in tiers)
    figures = {usd for begin, usd in tiers if begin == first}
    if len(figures) > 1:
        raise ValueError(f"the API has several: {', '.join(f'{usd:g}' for usd in sorted(figures))}")
    return figures.pop()
