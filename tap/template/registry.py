"""The templates that this package makes, by name."""

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troposphere import Template

# Each module has `build()`; those without files in parameters/ have SAMPLES, values to be linted and tested with.
TEMPLATES = {
    "tap": "tap.stack",
    "bootstrap": "tap.bootstrap.template",
    "repository": "tap.bootstrap.repository",
    "catalog": "tap.publishing.template",
}
_FILES = {"catalog": "service-catalog"}  # of templates/, where they are not called as the template is


class Unbuildable(LookupError):
    """A template cannot be built, since one of the project's tables lacks an entry."""


def file_of(name: str) -> str:
    """Return the path of the file that has a template, from the project's directory."""
    return f"templates/{_FILES.get(name, name)}.yaml"


def builder(name: str) -> "Callable[[], Template]":
    """Return what builds a template, and may raise Unbuildable.

    Imports troposphere; raises KeyError, and ModuleNotFoundError without it.
    """
    build: Callable[[], Template] = _module(name).build
    return build


def samples(name: str) -> Mapping[str, Mapping[str, str]]:
    """Return parameter values by what they are for; none of a template whose values are in `parameters/`."""
    given: Mapping[str, Mapping[str, str]] = getattr(_module(name), "SAMPLES", {})
    return given


def _module(name: str) -> Any:
    return importlib.import_module(TEMPLATES[name])
