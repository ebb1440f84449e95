"""`tap catalog`: print the product's form, list its versions and users, and launch it through a plan."""

from pathlib import Path

import click
from rich.console import Group, RenderableType
from rich.text import Text

from tap.cli.app import EXIT_CODES, App, Project, Stopped
from tap.cli.committed import product_of
from tap.cli.layout import table_of
from tap.cli.options import approve_option, env_argument, json_option, parameter_option, takes_root, yes_option
from tap.cli.plan_view import GRADE_STYLES
from tap.cli.progress import output_lines
from tap.cli.publish import deploy_command, product_option, share_command
from tap.cli.terminal import ask, console, report
from tap.deploy.guard import check, judge, verdicts
from tap.deploy.models import ChangeSet, Environment
from tap.deploy.output import write
from tap.deploy.parameters import load_environment
from tap.deploy.variables import upload, with_file_arn
from tap.deploy.wording import short, summary
from tap.publishing.catalog_settings import read_catalog
from tap.publishing.launch import Launch, Launcher
from tap.publishing.provisioned import Provisioned, provisioned
from tap.publishing.versions import Product, Version, newest

version_option = click.option("--version", metavar="X.Y.Z", help="Version of the product (default: the latest).")
name_option = click.option("--name", help="Name of the provisioned product (default: the environment's stack name).")
path_option = click.option("--path", metavar="ID", help="Launch path, required if the product has several.")


@click.group("catalog")
def catalog_group() -> None:
    """Offer the stack as a Service Catalog product, and launch it."""


@catalog_group.command("form")
@click.option("-o", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write to FILE instead of standard output.")
@click.pass_obj
def form_command(app: App, file: Path | None) -> int:
    """Print the product's form as an HTML page, as the console shows it."""
    # troposphere is slow to import, and the other commands do not need it.
    from tap.publishing.form import form_page

    page = form_page(app.template().document)
    if file and file != Path("-"):
        write(file, page)
        click.echo(f"Wrote {file}.")
    else:
        click.echo(page, nl=False)
    return 0


@catalog_group.command("status", epilog=EXIT_CODES)
@product_option
@json_option
@takes_root
def status_command(project: Project, product: str | None, as_json: bool) -> int:
    """List the product's versions and who runs them.

    Exits with 1 if a provisioned product is TAINTED (not as planned) or in ERROR.
    """
    settings = read_catalog(project.root)
    cloud = project.cloud(settings.env)
    product_id = product_of(cloud, settings, product)
    versions = Product(cloud.aws, product_id).versions()
    running = provisioned(cloud.aws.service("servicecatalog"), product_id)
    if as_json:
        project.app.answer.add(
            product=product_id,
            versions=[{"id": version.id, "name": version.name, "created": version.created.isoformat(),
                       "active": version.active, "deprecated": version.deprecated, "sha256": version.digest}
                      for version in versions],
            provisioned=[{**vars(product), "failed": product.failed} for product in running])
        return 1 if any(product.failed for product in running) else 0
    out = report()
    out.print(table_of(("Version", "Published", "", "Runs"), [
        (version.name, f"{version.created:%Y-%m-%d %H:%M}", Text(_state(version), "dim"),
         str(sum(product.version in (version.name, version.id) for product in running)))
        for version in reversed(versions)]))
    if running:
        out.print()
        out.print(table_of(("Provisioned product", "Version", "Status", "Launched by", ""), [
            (product.name, product.version, Text(product.status, _style(product)), product.user.rpartition(":")[2],
             product.message) for product in running]))
    return 1 if any(product.failed for product in running) else 0


def _state(version: Version) -> str:
    return "inactive" if not version.active else "deprecated" if version.deprecated else ""


def _style(product: Provisioned) -> str:
    return "bold red" if product.failed else "green" if product.status == "AVAILABLE" else "yellow"


@catalog_group.command("plan", epilog=EXIT_CODES)
@env_argument
@version_option
@name_option
@path_option
@product_option
@json_option
@parameter_option
@takes_root
def plan_command(project: Project, environment: str, version: str | None, name: str | None, path: str | None,
                 product: str | None, as_json: bool) -> int:
    """Show what launching or updating ENV would change.

    Uses the parameters in parameters/ENV.json.
    """
    launcher, launch = _prepared(project, environment, version, name, path, product)
    with launcher.plan(launch) as pending:
        plan = pending.content
    if as_json:
        project.app.answer.add(
            outcome="no changes" if plan.empty else "changes", environment=environment, name=launch.name,
            type=plan.type, empty=plan.empty, changes=[
                {"action": change.action, "logical_id": change.logical_id, "type": change.resource_type,
                 "replacement": change.replacement, "verdict": str(judge(change).grade),
                 "reason": judge(change).reason} for change in plan.changes])
    else:
        report().print(_shown(plan))
    return 0


@catalog_group.command("launch", epilog=EXIT_CODES)
@env_argument
@version_option
@name_option
@path_option
@product_option
@approve_option()
@yes_option
@parameter_option
@takes_root
def launch_command(project: Project, environment: str, version: str | None, name: str | None, path: str | None,
                   product: str | None, yes: bool) -> int:
    """Launch the product as ENV, or update it.

    Uses the parameters in parameters/ENV.json. Creates a plan, shows it, asks for confirmation and executes it.
    Destructive changes must be approved by name. A product that ends TAINTED has failed.
    """
    launcher, launch = _prepared(project, environment, version, name, path, product)
    out = console()
    with launcher.plan(launch) as plan:
        if plan.content.empty:
            out.print(f"No changes: {launch.name} is up to date.", soft_wrap=True)
            return 0
        out.print(_shown(plan.content))
        check(verdicts(plan.content), project.options.approved)
        if not (yes or ask(f"Execute this plan for {launch.name}?")):
            raise Stopped(f"declined: {launch.name} is unchanged")
        outputs = plan.execute()
    out.print(output_lines(outputs), soft_wrap=True)
    done = "Launched" if plan.content.type == "CREATE" else "Updated"
    out.print(f"{done}: {launch.name}.", soft_wrap=True)
    return 0


catalog_group.add_command(deploy_command)
catalog_group.add_command(share_command)


def _prepared(project: Project, environment: str, version: str | None, name: str | None, path: str | None,
              product: str | None) -> tuple[Launcher, Launch]:
    """Return the planner and its request. Raises InputError and Refused."""
    settings = read_catalog(project.root)
    cloud = project.cloud(settings.env)
    launcher = Launcher(cloud.aws)

    def previous(env: Environment) -> list[str]:
        return launcher.previous(product_of(cloud, settings, product), name or env.stack_name, path)

    env = load_environment(environment, project.root, project.app.template().document,
                           overrides=project.overrides, previous=previous)
    env = with_file_arn(cloud.aws, env)
    upload(cloud.aws, env)
    product_id = product_of(cloud, settings, product)
    chosen = newest(Product(cloud.aws, product_id).versions(), version)
    return launcher, Launch(product_id, chosen.id, name or env.stack_name, env.values.parameters, env.values.tags,
                            launcher.path(product_id, path), env.values.previous)


def _shown(plan: ChangeSet) -> RenderableType:
    """Return a plan as a table with a grade for each change, and the summary."""
    verdicts = [(change, judge(change)) for change in plan.changes]
    table = table_of(("Action", "Logical id", "Type", "Verdict"), [
        (change.action, change.logical_id, short(change.resource_type),
         Text(f"{verdict.grade}: {verdict.reason}", GRADE_STYLES[verdict.grade])) for change, verdict in verdicts])
    return Group(table, Text("No changes." if plan.empty else f"\n{summary(plan)}."))
