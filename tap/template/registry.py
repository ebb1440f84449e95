"""The templates that this package generates, by name."""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troposphere import Template

# Each module has `build()`; modules without files in parameters/ have SAMPLES, values for lint and tests.
TEMPLATES = {
    "tap": "tap.stack",
    "bootstrap": "tap.bootstrap.template",
    "repository": "tap.bootstrap.repository",
    "catalog": "tap.publishing.template",
}
_FILES = {"catalog": "service-catalog"}  # in templates/, where the file is not named after the template


class Unbuildable(LookupError):
    """A template cannot be built because one of the project's tables lacks an entry."""


def file_of(name: str) -> str:
    """Return the path of a template's file, relative to the project."""
    return f"templates/{_FILES.get(name, name)}.yaml"


def builder(name: str) -> "Callable[[], Template]":
    """Return the function that builds a template, which may raise Unbuildable.

    Raises KeyError for an unknown name, and ModuleNotFoundError if troposphere is not installed.
    """
    build: Callable[[], Template] = _module(name).build
    return build


def samples(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return sample parameter values by name; empty for a template with values in `parameters/`."""
    values: Mapping[str, Mapping[str, str]] = getattr(_module(name), "SAMPLES", {})
    return values


def _module(name: str) -> Any:
    return importlib.import_module(TEMPLATES[name])
