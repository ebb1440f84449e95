"""`tap cost`: estimate an environment's monthly cost."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from tap.cli.app import Project
from tap.cli.cost_view import show
from tap.cli.options import env_argument, json_option, takes_root
from tap.cli.terminal import complain, report
from tap.cost import view
from tap.cost.estimate import Estimate, estimate
from tap.cost.prices import PRICES, REFERENCE, Prices, packaged, read_prices
from tap.cost.refresh import refreshed
from tap.cost.use import use_of
from tap.deploy import planfile
from tap.deploy.deployed import read_deployed
from tap.deploy.models import Environment, InputError, Refused, TapError
from tap.deploy.output import DEFAULT_REGION, resolved_environment, write
from tap.deploy.template import fingerprint
from tap.template.resolve import Resolved, resolve


def _price_list() -> Any:
    from tap.deploy.boto import Session

    # The Price List API is available in a few regions, each with the prices of all regions.
    # https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
    return Session().client(DEFAULT_REGION, "pricing")


def _region(project: Project, env: Environment) -> str | None:
    """Return an environment's region, as far as it is known without a request to AWS."""
    if env.target.region:
        return env.target.region
    try:
        return project.cloud(env).aws.region
    except TapError:
        return None


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


@click.command("cost")
@env_argument
@click.option("--vs", "other", metavar="ENV2", help="Compare with another environment.")
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Compare with the deployed stack; FILE is from tap plan --save.")
@click.option("--reference", is_flag=True, help="Compare with the reference stack under the same use.")
@click.option("--assumptions", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help='JSON file with other assumptions about use: {"default": {}, "ENV": {}}.')
@click.option("--prices", "prices_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Use this price table instead of the built-in one.")
@click.option("--refresh", is_flag=True,
              help="First fetch prices for ENV's region from the AWS Price List API, and write them to the --prices "
                   "table.")
@click.option("--details", is_flag=True, help="Also show assumptions, what is not counted, and unverified prices.")
@json_option
@takes_root
def cost_command(project: Project, environment: str, other: str | None, plan_file: Path | None, reference: bool,
    assumptions: Path | None, prices_file: Path | None, refresh: bool, details: bool, as_json: bool) -> int:
    """Estimate ENV's monthly cost in US dollars.

    Lists fixed and usage-based costs by tier and resource, at on-demand list prices without taxes, support, discounts
    or free tiers. What has no price is named.
    """
    if sum(map(bool, (other, plan_file, reference))) > 1:
        raise click.UsageError("choose one of --vs, --plan and --reference")
    if refresh and not prices_file:
        raise click.UsageError("--refresh needs --prices FILE: the table to write")
    template = project.app.template()
    env, resolved = resolved_environment(environment, project.root, template)
    region = _region(project, env)
    prices = (_refreshed(prices_file, _price_list, _today, region) if refresh and prices_file
              else read_prices(prices_file))

    def of(env: Environment, resolved: Resolved, region: str | None) -> Estimate:
        use = use_of(env, resolved.parameters, assumptions)
        return estimate(resolved, prices, use.figures, env.name, view.region_note(region, prices), use.source)

    costs = of(env, resolved, region)
    beside = None
    if other:
        other_env, other_resolved = resolved_environment(other, project.root, template)
        beside = of(other_env, other_resolved, _region(project, other_env))
    elif reference:
        beside = estimate(resolve(json.loads(packaged(REFERENCE)), {}), prices, costs.assumptions, "reference")
    elif plan_file:
        saved = planfile.load(plan_file)
        if saved.environment != environment:
            raise Refused(f"{plan_file} is a plan for {saved.environment}, not {environment}")
        if (saved.template, saved.parameters) != (fingerprint(template.document), planfile.parameters_hash(env)):
            raise Refused(f"the template or parameters/{environment}.json has changed since {plan_file}: plan anew")
        call = project.cloud(env.in_region(saved.region)).aws.call
        if deployed := read_deployed(call, env):
            try:
                beside = estimate(deployed.resolved(call, env), prices, costs.assumptions, "deployed")
            except ValueError as error:
                complain(f"not compared with the stack, whose template does not resolve: {error}")
    if as_json:
        project.app.answer.add(environment=environment, **view.as_json(costs, beside, prices))
    else:
        show(report(), costs, beside, prices, details=details)
    return 0


def _refreshed(file: Path, price_list: Callable[[], Any], today: Callable[[], str], region: str | None) -> Prices:
    table = read_prices(file if file.exists() else None)
    prices, missing = refreshed(table, price_list(), today(), region)
    if len(missing) == len(table.by_name):
        raise InputError(f"the AWS Price List API has none of the prices in {PRICES}: {missing[0]}")
    write(file, prices.text())
    for line in missing:
        complain(f"unchanged: {line}")
    click.echo(f"Wrote {file}: {len(table.by_name) - len(missing)} of {len(table.by_name)} prices from AWS for "
               f"{prices.region}.", err=True)
    return prices
