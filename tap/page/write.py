"""A plan's page from what the commands have at hand."""

from pathlib import Path
from typing import Any

from tap.cost.change import estimates
from tap.cost.deployed import deployed
from tap.deploy.durations import learned
from tap.deploy.models import MASK, Environment, TapError
from tap.deploy.output import write
from tap.deploy.planning import Plan
from tap.deploy.template import Rendered
from tap.page.plan_page import Content, plan_page
from tap.template.resolve import resolve


def gathered(cloud: Any, env: Environment, rendered: Rendered, plan: Plan) -> Content:
    """Return what a plan's page shows, asked of CloudFormation before anything is applied.

    `cloud` is `tap.deploy.cloudformation.CloudFormation`. What cannot be read of the deployed stack is left
    out. Raises ValueError for a template that does not resolve.
    """
    before, history = None, {}
    if plan.change_set.type == "UPDATE":
        try:
            before, history = deployed(cloud, env), learned(cloud.history(env))
        except (TapError, ValueError, LookupError, TypeError, AttributeError):
            before = None
    kept = before.parameters if before else {}
    values = {name: MASK if name in env.secrets and value else value for name, value in env.parameters.items()}
    values |= {name: str(kept.get(name, MASK)) for name in env.previous}
    _, partition, _, region, account, _ = plan.change_set.stack_id.split(":", 5)
    after = resolve(rendered.document, values, stack_name=env.stack_name, partition=partition, region=region,
                    account=account)
    now, then = estimates(env.name, before, after)
    return Content(plan, after, before, now, then, history)


def write_content(file: Path, content: Content) -> None:
    """Write the page of what was gathered, with `went` in it or without. Raises InputError."""
    write(file, plan_page(content))
