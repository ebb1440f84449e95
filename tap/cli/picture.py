"""`tap diagram` and `tap dashboard`: draw an environment."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import click

from tap.cli.app import Project
from tap.cli.options import env_argument, environments, takes_root
from tap.deploy.models import InputError
from tap.deploy.output import resolved_environment, write
from tap.picture.architecture import architecture
from tap.picture.dashboard import alarm_problems, dashboards
from tap.picture.dashboard_svg import to_svg
from tap.picture.difference import compare
from tap.picture.formats import FORMATS, png

theme_option = click.option("--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", show_default=True,
                            help="Color theme; auto follows the reader's system.")


def _output(formats: Collection[str], default: str) -> Callable[[Any], Any]:
    def check(_context: click.Context, _parameter: click.Parameter, value: Path) -> Path:
        if value.suffix not in formats:
            raise click.BadParameter(f"{value} must end in {', '.join(formats)}")
        return value

    return click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                        default=default, show_default=True, callback=check,
                        help=f"Output file; the extension selects the format: {', '.join(formats)}.")


@click.command("diagram")
@click.argument("environment", metavar="[ENV]", default="prod", shell_complete=environments)
@_output(FORMATS, "architecture.svg")
@click.option("--diff", "other", metavar="ENV2", help="Mark differences to this environment.")
@theme_option
@takes_root
def diagram_command(project: Project, environment: str, output: Path, other: str | None, theme: str) -> int:
    """Draw ENV's architecture (default: prod) from the template.

    Leaves out optional parts that are off. The output is reproducible.
    """
    template = project.app.template()
    env, resolved = resolved_environment(environment, project.root, template)
    picture = architecture(resolved, env.name, env.stack_name)
    if other:
        other_env, other_resolved = resolved_environment(other, project.root, template)
        picture = compare(picture, architecture(other_resolved, other_env.name, other_env.stack_name),
                          (resolved, other_resolved))
    write(output, FORMATS[output.suffix](picture, theme, other or ""))
    click.echo(f"Wrote {output}: {len(picture.covered)} resources in {len(picture.items)} boxes.")
    return 0


@click.command("dashboard")
@env_argument
@_output((".svg", ".png"), "dashboard.svg")
@theme_option
@takes_root
def dashboard_command(project: Project, environment: str, output: Path, theme: str) -> int:
    """Draw and check the layout of ENV's CloudWatch dashboard.

    Checks that namespace, name, dimensions and statistic of every metric on the dashboard and in alarms exist for a
    resource of this environment. Exits with 1 otherwise.
    """
    _, resolved = resolved_environment(environment, project.root, project.app.template())
    drawings = dashboards(resolved)
    if not drawings:
        raise InputError(f"{environment} has no dashboard")
    wrong = [line for dashboard in drawings for line in dashboard.problems] + list(alarm_problems(resolved))
    for index, dashboard in enumerate(drawings):
        file = output if index == 0 else output.with_stem(f"{output.stem}-{index + 1}")
        drawn = to_svg(dashboard, "light" if output.suffix == ".png" and theme == "auto" else theme)
        write(file, png(drawn) if output.suffix == ".png" else drawn)
        for widget in dashboard.widgets:
            click.echo(widget.title)
            for metric in widget.metrics:
                click.echo(f"  {metric}")
            for line in widget.lines:
                click.echo(f"  {line}")
            if widget.alarms:
                click.echo(f"  {', '.join(widget.alarms)}")
        click.echo(f"Wrote {file}: {len(dashboard.widgets)} widgets.")
    for line in wrong:
        click.echo(f"tap: {line}", err=True)
    return 1 if wrong else 0
