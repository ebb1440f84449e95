"""Write the page of a plan from the data that commands have."""

from collections.abc import Sequence
from pathlib import Path

from tap.cost.change import estimates
from tap.deploy.durations import learned
from tap.deploy.models import StackEvent
from tap.deploy.output import write
from tap.deploy.plan import Plan
from tap.deploy.planning import resolved_for
from tap.deploy.template import Rendered
from tap.page.plan_page import Content, plan_page


def page_content(plan: Plan, rendered: Rendered, history: Sequence[StackEvent]) -> Content:
    """Return the content of a plan's page; `history` contains the stack's events so far, oldest first.

    Raises ValueError for a template that does not resolve.
    """
    before = plan.deployed
    kept = {name: ",".join(value) if isinstance(value, list) else value
            for name, value in (before.parameters if before else {}).items()}
    after = resolved_for(plan.env, rendered.document, plan.change_set.stack_id, kept, plan.change_set.resolved)
    return Content(plan, after, before, *estimates(plan.env, before, after, plan.region), history=learned(history))


def write_content(file: Path, content: Content) -> None:
    """Write the page of a plan, and of its deployment if the content has one. Raises InputError."""
    write(file, plan_page(content))
