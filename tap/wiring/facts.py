"""Facts about AWS that rules need: `facts.toml`, where each has its source and date."""

import tomllib
from importlib import resources
from typing import Any

FACTS: dict[str, Any] = tomllib.loads(resources.files("tap.wiring").joinpath("facts.toml").read_text("utf-8"))
