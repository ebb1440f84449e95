"""The options and arguments that several commands share."""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tap.cli.app import App, Project
from tap.deploy.files import legible
from tap.deploy.models import Options
from tap.deploy.tables import REGION

Command = Callable[..., Any]

_root_option = click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".",
    help="Project directory, which contains parameters/ (default: the current directory).")


def _region(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None or re.fullmatch(REGION, value):
        return value
    raise click.BadParameter(f"{legible(value)} is not a region, such as eu-central-1")


region_option = click.option("--region", callback=_region, help="Region to use instead of the one in targets.toml.")
parameter_option = click.option(
    "--parameter", "overrides", metavar="KEY=VALUE", multiple=True,
    help="Override a parameter of the file. Repeatable.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, even on failure.")
no_lint_option = click.option("--no-lint", is_flag=True, help="Do not lint the template with cfn-lint.")
html_option = click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write an HTML page for reviewers: verdicts, changes, timeline, cost.")


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    """Return a duration in seconds. Raises BadParameter."""
    if match := re.fullmatch(r"([0-9]{1,6})([smhd])", value):
        return int(match[1]) * _UNITS[match[2]]
    raise click.BadParameter("must be a number and a unit: 30s, 10m, 2h or 7d")


wait_option = click.option(
    "--wait", callback=seconds, default="0s", metavar="TIME",
    help="If the stack is busy, wait up to this long, such as 30m (default: do not wait).")


def environments(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the environments that start with the typed text, for shell completion."""
    folder = Path("parameters")
    return sorted(path.stem for path in folder.glob("*.json") if path.stem.startswith(incomplete))


env_argument = click.argument("environment", metavar="ENV", shell_complete=environments)
envs_argument = click.argument("names", metavar="ENV...", nargs=-1, required=True, shell_complete=environments)


def pairs(given: tuple[str, ...], form: str = "--parameter takes KEY=VALUE",
          example: str = "--parameter MinTasks=2") -> dict[str, str]:
    """Return KEY=VALUE texts as a dictionary. Raises UsageError with the expected form and an example."""
    result = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            # Do not print the text: it may be a secret without its name.
            raise click.UsageError(f"{form}, as in {example}")
        result[key] = value
    return result


def names(values: tuple[str, ...]) -> frozenset[str]:
    """Return the names of an option that takes NAME[,NAME] and can be repeated."""
    return frozenset(name.strip() for value in values for name in value.split(",") if name.strip())


def approve_option(what: str = "a logical id") -> Callable[[Command], Command]:
    """Return the option --approve; `what` describes its names."""
    return click.option("--approve", multiple=True, metavar="NAME[,NAME]",
                        help=f"Approve this destructive change: {what}.")


drift_option = click.option(
    "--drift", is_flag=True, help="Also detect drift, and revert drifted resources to the template.")
import_existing_option = click.option(
    "--import-existing", is_flag=True,
    help="Import resources that already exist under a name in the template, instead of failing.")
keep_option = click.option(
    "--keep", multiple=True, metavar="NAME[,NAME]",
    help="Keep the stack's values of these parameters; '*' means all that the file does not set.")


def takes_root(command: Command) -> Command:
    """Add --root to a command, and pass it a `Project`, which also gets the other options about environments."""
    @_root_option
    @click.pass_obj
    @functools.wraps(command)
    def with_project(app: App, /, root: Path, region: str | None = None, overrides: tuple[str, ...] = (),
                     approve: tuple[str, ...] = (), keep: tuple[str, ...] = (), *, drift: bool = False,
                     import_existing: bool = False, **arguments: Any) -> Any:
        options = Options(names(approve), drift, names(keep), import_existing)
        return command(Project(app, root, region, pairs(overrides), options), **arguments)

    return with_project


def takes_project(command: Command) -> Command:
    """Add --region and --root to a command, and pass it a `Project`."""
    return region_option(takes_root(command))
