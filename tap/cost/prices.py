"""Read and check the price table: the package's data file, or the user's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from tap.deploy.files import parsed_json, read_given
from tap.deploy.models import InputError

_MOST = 1e15  # maximum of any monthly quantity; sums beyond it, or of NaN, are meaningless
REFERENCE, PRICES = "reference.json", "prices.json"
ELSEWHERE = "elsewhere"  # marks a price of another region


@dataclass(frozen=True)
class Price:
    """One figure of AWS's price list, with its source."""

    usd: float
    per: str
    source: str  # URL
    checked: str  # quoted, aws, others, unchecked, api: see the table's own words
    read: str  # date
    service: str  # of the AWS Price List API: service code
    usage: str  # usage type
    operation: str = ""
    engine: str = ""
    scale: float = 1  # units of the price list per `per`


@dataclass(frozen=True)
class Prices:
    """All prices of one region."""

    region: str
    date: str
    checked: Mapping[str, str]
    by_name: Mapping[str, Price]

    def with_usd(self, figures: Mapping[str, float], date: str) -> "Prices":
        """Return the table with figures from the AWS Price List API, read on a date."""
        by_name = {name: replace(price, usd=figures[name], checked="api", read=date) if name in figures else price
                 for name, price in self.by_name.items()}
        return replace(self, date=date, by_name=by_name)

    def text(self) -> str:
        """Return the table in its file format, one price per line."""
        def shown(price: Price) -> str:
            left_out = {"operation": "", "engine": "", "scale": 1}
            return json.dumps({key: value for key, value in vars(price).items() if left_out.get(key) != value})

        lines = ",\n".join(f"  {json.dumps(name)}: {shown(price)}" for name, price in self.by_name.items())
        words = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in self.checked.items())
        return (f'{{\n "region": {json.dumps(self.region)},\n "date": {json.dumps(self.date)},\n'
                f' "checked": {{\n{words}\n }},\n "prices": {{\n{lines}\n }}\n}}\n')


def packaged(name: str) -> str:
    """Return the text of one of the package's data files."""
    return files("tap.cost").joinpath(name).read_text(encoding="utf-8")


def read_prices(file: Path | None = None) -> Prices:
    """Return the package's price table, or the one in a file. Raises InputError."""
    content = _parsed(file)
    try:
        prices = {name: Price(**{**entry, "usd": _figure(entry["usd"])}) for name, entry in content["prices"].items()}
        return Prices(content["region"], content["date"], content["checked"], prices)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{file or PRICES} is not a valid price table: {error}") from None


def _figure(usd: Any) -> float:
    if 0 <= float(usd) <= _MOST:
        return float(usd)
    raise ValueError("usd must be a number of at least zero")


def _parsed(file: Path | None) -> dict[str, Any]:
    text = read_given(file, str(file)) if file else packaged(PRICES)
    content = parsed_json(text, str(file or PRICES))
    if not isinstance(content, dict) or not all(isinstance(item, dict | str) for item in content.values()):
        raise InputError(f"{file or PRICES} must be an object of objects")
    return content
