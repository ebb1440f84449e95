"""`tap publish`, `tap catalog deploy` and `tap catalog share`: commands for the catalog's owners."""


import click

from tap.cli.app import EXIT_CODES, Project, Stopped
from tap.cli.applying import deploy_account_stack
from tap.cli.committed import committed, output, product_of
from tap.cli.options import approve_option, json_option, takes_root, yes_option
from tap.cli.progress import output_lines
from tap.cli.terminal import ask, console
from tap.deploy import artifacts
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.deployed import read_deployed
from tap.deploy.files import joined
from tap.deploy.models import Environment, InputError
from tap.deploy.parameters import parameter_problems
from tap.deploy.template import Rendered, rendered_template
from tap.publishing.catalog_settings import CATALOG, Catalog, read_catalog
from tap.publishing.changelog import release
from tap.publishing.sharing import share
from tap.publishing.versions import Product, description_of, digest_of

_DESCRIPTION_PARAMETER_LIMIT = 4000
_FIRST = ("TemplateUrl", "FirstVersion", "FirstVersionDescription")
product_option = click.option("--product", metavar="ID", help="Id of the product (default: the catalog stack's).")


@click.command("publish", epilog=EXIT_CODES)
@click.option("--version", metavar="X.Y.Z", help="Version in CHANGELOG.md (default: the latest).")
@product_option
@yes_option
@json_option
@takes_root
def publish_command(project: Project, version: str | None, product: str | None, yes: bool, as_json: bool) -> int:
    """Publish templates/tap.yaml as a version of the product.

    The description is the version's section in CHANGELOG.md. The template must be committed, pass cfn-lint and differ
    from the latest version. Versions are never overwritten or deleted; old ones are deprecated. Running the command
    again completes unfinished work.
    """
    settings = read_catalog(project.root)
    new = release(project.root, version)
    rendered = committed(project)
    digest = digest_of(rendered.text)
    cloud = project.cloud(settings.env)
    cloud.check_account(settings.env)
    out = console(stderr=as_json)  # standard output is for a program then
    catalog = Product(cloud.aws, product_of(cloud, settings, product))
    already = catalog.is_published(new, digest)
    project.app.answer.add(product=catalog.id, version=new.version, sha256=digest, deprecated=[])
    if not already:
        out.print(f"Version {new.version} of product {catalog.id} in {cloud.aws.endpoint}, template sha256:{digest}:",
                  soft_wrap=True)
        out.print(new.text, soft_wrap=True)
        if not (yes or ask(f"Publish version {new.version}?")):
            raise Stopped("declined: nothing was published")
        url = _uploaded(cloud, settings, rendered)
    catalog.publish(new, digest, "" if already else url)
    deprecated = catalog.deprecate(settings.keep)
    if as_json:
        project.app.answer.add(outcome="already published" if already else "published", deprecated=deprecated)
        return 0
    if deprecated:
        out.print(f"Deprecated: {', '.join(deprecated)} (the latest {settings.keep} stay active).", soft_wrap=True)
    out.print(f"{'Already published' if already else 'Published'}: version {new.version}.", soft_wrap=True)
    return 0


@click.command("deploy", epilog=EXIT_CODES)
@approve_option()
@yes_option
@takes_root
def deploy_command(project: Project, yes: bool) -> int:
    """Create or update the catalog from parameters/catalog.toml.

    Deploys portfolio, product, constraints and launch role. On creation, the product gets the published template as its
    first version; tap publish adds later versions.
    """
    settings = read_catalog(project.root)
    rendered = rendered_template("catalog")
    cloud = project.cloud(settings.env)
    cloud.check_account(settings.env)
    env = project.with_options(_with_first(project, cloud, settings))
    if problems := parameter_problems(rendered.document, env.values.parameters, CATALOG):
        raise InputError(joined(CATALOG, list(map(str, problems))))
    out = console()
    deploy_account_stack(project.app, cloud, env, rendered, out, yes=yes)
    out.print(output_lines(cloud.outputs(env)), soft_wrap=True)
    return 0


@click.command("share", epilog=EXIT_CODES)
@yes_option
@takes_root
def share_command(project: Project, yes: bool) -> int:
    """Share the portfolio with accounts and organizational units.

    Reads share_with in parameters/catalog.toml. Never removes a share.
    """
    settings = read_catalog(project.root)
    if not settings.share_with:
        raise InputError(f'{CATALOG} has no accounts to share with: set share_with = ["ou-…"]')
    cloud = project.cloud(settings.env)
    cloud.check_account(settings.env)
    out = console()
    portfolio = output(cloud, settings, "PortfolioId")
    if not (yes or ask(f"Share portfolio {portfolio} with {', '.join(settings.share_with)}?")):
        raise Stopped("declined: nothing was shared")
    shared = share(cloud.aws, portfolio, settings.share_with)
    out.print(f"Shared with {', '.join(shared)}." if shared else "Already shared with all of them.", soft_wrap=True)
    return 0


def _with_first(project: Project, cloud: CloudFormation, settings: Catalog) -> Environment:
    """Return the catalog's environment with the product's first version, which is set on creation and never changes."""
    env = settings.env
    deployed = read_deployed(cloud.aws.call, env)
    there = deployed.parameters if deployed else {}
    if there.get("TemplateUrl"):
        return env.with_parameters({**settings.parameters, **{name: there[name] for name in _FIRST}})
    if settings.parameters.get("Portfolio") == "false":
        return env.with_parameters(settings.parameters)
    new = release(project.root, None)
    rendered = committed(project)
    description = description_of(new.text, digest_of(rendered.text), _DESCRIPTION_PARAMETER_LIMIT)
    first = dict(zip(_FIRST, (_uploaded(cloud, settings, rendered), new.version, description), strict=True))
    return env.with_parameters({**settings.parameters, **first})


def _uploaded(cloud: CloudFormation, settings: Catalog, rendered: Rendered) -> str:
    if settings.env.target.artifact_bucket is None:
        raise InputError("no bucket for the template is set: set one in parameters/targets.toml or "
                         f'{CATALOG}: artifact_bucket = "tap-artifacts-{{account}}-{{region}}"')
    return artifacts.upload(cloud.aws, settings.env, rendered.text)
