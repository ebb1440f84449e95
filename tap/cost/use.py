"""Determine how much an environment is used: as its target states, or as its parameters suggest."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tap.cost.prices import packaged
from tap.deploy.constraints import did_you_mean
from tap.deploy.files import parsed_json, read_given
from tap.deploy.models import Environment, InputError

USES = "uses.json"
DEFAULT, DEVELOPMENT, PRODUCTION = "default", "development", "production"
_MOST = 1e15  # maximum of any monthly quantity; sums beyond it are meaningless
# Figures with a range of their own. Hours must not be 0, because they are a divisor.
_RANGES: Mapping[str, tuple[float, float]] = {
    "hours_per_month": (1, 744), "active_hours_per_day": (0, 24), "active_days_per_month": (0, 31),
    "spot_discount_percent": (0, 100)}
_ANY = (0.0, _MOST)


class Use(NamedTuple):
    """Figures of a month's use by name, and their source."""

    figures: Mapping[str, float]
    source: str
    is_named: bool
    """Whether the target names the use; otherwise it is assumed."""


def use_of(env: Environment, parameters: Mapping[str, Any], file: Path | None = None) -> Use:
    """Return the use of an environment, independent of its name.

    `parameters` are the values of its stack, defaults included; figures of `file` take precedence over all others.
    Raises InputError for a use or a figure that does not exist or makes no sense.
    """
    setting = env.target.use
    where = f"[{env.name}] use in parameters/targets.toml"
    assumed, why = _assumed(parameters)
    if isinstance(setting, str):
        use = Use(figures_of(setting, where), f"use is {setting} ({where})", is_named=True)
    else:
        own = dict(setting or {})
        like = own.pop("like", assumed)
        use = Use(_over(figures_of(like, where), own, where), f"use is {like} with figures of {where}", is_named=True)
    if not setting:
        use = Use(figures_of(assumed, where), f"use is assumed to be {assumed}, {why}; to change it, set use in "
                  f"[{env.name}] of parameters/targets.toml", is_named=False)
    return _from_file(use, file, env.name) if file else use


def figures_of(name: Any, where: str = "") -> dict[str, float]:
    """Return the figures of one of the package's uses. Raises InputError if no use has this name."""
    known: dict[str, dict[str, float]] = json.loads(packaged(USES))
    if not isinstance(name, str) or name not in known:
        raise InputError(f'{where}: "{name}" must be one of {", ".join(known)}, or set use to a table of figures')
    return {**known[DEFAULT], **known[name]}


def _assumed(parameters: Mapping[str, Any]) -> tuple[str, str]:
    if parameters.get("Protected") == "true":
        return PRODUCTION, "since Protected is true"
    if parameters.get("SleepSchedule"):
        return DEVELOPMENT, "since SleepSchedule stops it at night"
    return DEFAULT, "since it is neither Protected nor has a SleepSchedule"


def _from_file(use: Use, file: Path, name: str) -> Use:
    content = parsed_json(read_given(file, str(file)), str(file))
    if not isinstance(content, dict):
        raise InputError(f"{file} must be an object of objects")
    figures = use.figures
    for section in (DEFAULT, name):
        if not isinstance(own := content.get(section, {}), dict):
            raise InputError(f"{file}: {section} must be an object of figures")
        figures = _over(figures, own, str(file))
    return Use(figures, f"{use.source}; with figures of {file}", is_named=use.is_named)


def _over(figures: Mapping[str, float], own: Mapping[str, Any], where: str) -> dict[str, float]:
    if problem := next(_problems(figures, own), None):
        raise InputError(f"{where}: {problem}")
    return {**figures, **own}


def _names(known: Mapping[str, float]) -> str:
    return ", ".join(known)


def _problems(known: Mapping[str, float], own: Mapping[str, Any]) -> Iterator[str]:
    for name, value in own.items():
        low, high = _RANGES.get(name, _ANY)
        if name not in known:
            yield f"{name} is not an assumption{did_you_mean(name, known) or f'; there are {_names(known)}'}"
        elif isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            limits = f"from {low:g} to {high:g}" if name in _RANGES else "of zero or more"
            yield f"{name} must be a number {limits}, not {json.dumps(value)[:100]}"
