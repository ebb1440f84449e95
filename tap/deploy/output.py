"""Resolve an environment for pictures and pages, and write them to files."""

from pathlib import Path

from tap.deploy.models import Environment, InputError
from tap.deploy.parameters import load_environment, without_default
from tap.deploy.planning import resolved_for
from tap.deploy.stand_ins import STAND_INS
from tap.deploy.template import Rendered
from tap.deploy.whole_file import write_whole
from tap.template.resolve import Resolved

DEFAULT_REGION = "us-east-1"


def resolved_environment(name: str, root: Path, template: Rendered) -> tuple[Environment, Resolved]:
    """Return an environment and the template resolved with it, secrets masked.

    Fictitious values replace placeholders. Raises InputError.
    """
    env = load_environment(name, root, template.document, stand_ins=STAND_INS,
                           previous=lambda _: without_default(template.document))
    try:
        return env, resolved_for(env, template.document)
    except ValueError as error:
        raise InputError(f"the template does not resolve for {name}: {error}") from None


def write(file: Path, content: str | bytes) -> None:
    """Write a file completely or not at all, to an existing folder. Raises InputError."""
    try:
        write_whole(file, content)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror or error}") from None


def make_folder(folder: Path) -> None:
    """Create a folder unless it exists. Raises InputError."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be created: {error.strerror}") from None
