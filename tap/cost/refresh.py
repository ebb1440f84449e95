"""The price table anew from the AWS Price List API.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

import json
from collections.abc import Mapping
from typing import Any

from tap.cost.prices import Price, Prices


def refreshed(table: Prices, client: Any, date: str) -> tuple[Prices, list[str]]:
    """Return a table with the figures that the API answers, and a line for each price that it does not.

    `client` is boto3's for `pricing`. Where the API has several figures, that for the first units counts.
    """
    figures: dict[str, float] = {}
    missing: list[str] = []
    for name, price in table.by_name.items():
        try:
            answers = client.get_products(ServiceCode=price.service, Filters=_filters(price, table.region),
                                          FormatVersion="aws_v1")["PriceList"]
            figures[name] = _figure(answers) * price.scale
        except (LookupError, ValueError, TypeError) as error:
            missing.append(f"{name}: {price.service} {price.usage}: {error}")
    return table.with_usd(figures, date), missing


def _filters(price: Price, region: str) -> list[dict[str, str]]:
    wanted = {"usagetype": price.usage, "operation": price.operation, "databaseEngine": price.engine}
    # What CloudFront and transfers to the Internet cost is listed by place, not by region.
    if price.service not in ("AmazonCloudFront", "AWSDataTransfer"):
        wanted["regionCode"] = region
    return [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items() if value]


def _figure(answers: list[Any]) -> float:
    """Return the on-demand price in US dollars for one unit beyond a free tier."""
    found: list[tuple[float, float]] = []
    for answer in answers:
        product: Mapping[str, Any] = json.loads(answer) if isinstance(answer, str) else answer
        for term in product["terms"]["OnDemand"].values():
            for dimension in term["priceDimensions"].values():
                usd = float(dimension["pricePerUnit"]["USD"])
                if usd > 0:
                    found.append((float(dimension.get("beginRange", 0)), usd))
    if not found:
        raise ValueError("the API has no such price")
    first = min(begin for begin, _ in found)
    figures = {usd for begin, usd in found if begin == first}
    if len(figures) > 1:
        raise ValueError(f"the API has several: {', '.join(f'{usd:g}' for usd in sorted(figures))}")
    return figures.pop()
