"""`tap fleet`: deploy a template to many accounts and regions with CloudFormation StackSets."""

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from tap.cli.app import EXIT_CODES, App, Project, Stopped
from tap.cli.layout import Table, table_of
from tap.cli.options import approve_option, json_option, takes_root, yes_option
from tap.cli.terminal import ask, console, report
from tap.deploy import artifacts, guard
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.template import Rendered, rendered_template
from tap.publishing.fleet import Operator, Result
from tap.publishing.fleet_settings import Fleet, read_fleet, template_of
from tap.publishing.stack_sets import Instance, Plan, StackSet, look, plan_stack_set

fleet_argument = click.argument("name", metavar="FLEET")
_STYLES = {"SUCCEEDED": "green", "CURRENT": "green", "FAILED": "bold red", "INOPERABLE": "bold red"}


@click.group("fleet")
def fleet_group() -> None:
    """Deploy a template to many accounts and regions."""


@fleet_group.command("plan", epilog=EXIT_CODES)
@fleet_argument
@json_option
@takes_root
def plan_command(project: Project, name: str, as_json: bool) -> int:
    """Show what tap fleet deploy would change.

    Stack sets have no change sets. To see what an update replaces, run tap plan in an account that has the stack.
    """
    fleet, _, plan = _planned(project, name)
    if as_json:
        project.app.answer.add(outcome="no changes" if plan.empty else "changes", **_as_json(fleet, plan))
    else:
        _show(report(), plan)
    return 0


@fleet_group.command("deploy", epilog=EXIT_CODES)
@fleet_argument
@approve_option()
@yes_option
@json_option
@takes_root
def deploy_command(project: Project, name: str, yes: bool, as_json: bool) -> int:
    """Create or update FLEET's stacks from parameters/fleet.toml.

    Follows every stack. Stacks that are no longer in the file are listed but not deleted. Removing resources that hold
    data must be approved by name.
    """
    out = console(stderr=as_json)
    fleet, rendered, plan = _planned(project, name, upload=True)
    project.app.answer.add(**_as_json(fleet, plan))
    _show(out, plan)
    guard.check(guard.verdicts(plan.removals), project.options.approved)
    if plan.steps and not (yes or ask(f"Apply this to stack set {fleet.name}?")):
        raise Stopped(f"declined: stack set {fleet.name} is unchanged")
    cloud = project.cloud(fleet.env)
    Operator(cloud.aws, fleet).carry_out(
        plan, rendered.text, lambda step: out.print(step.told, style="bold", soft_wrap=True),
        lambda result: _print_result(out, result))
    project.app.answer.add(outcome="applied" if plan.steps else "no changes")
    if plan.steps and not as_json:
        out.print(f"Applied: stack set {fleet.name} is up to date.", soft_wrap=True)
    return 0


@fleet_group.command("status", epilog=EXIT_CODES)
@fleet_argument
@click.option("--drift", is_flag=True, help="Detect drift of every stack first.")
@click.option("--follow", is_flag=True, help="Follow the current operation to completion first.")
@json_option
@takes_root
def status_command(project: Project, name: str, follow: bool, as_json: bool) -> int:
    """List FLEET's stacks by account and region.

    Exits with 1 if a stack has drifted, or is not CURRENT without an operation in progress; with 5 during an operation.
    """
    out = console(stderr=True) if as_json else report()
    drift = project.options.drift
    fleet, cloud = _opened(project, name)[::2]
    operator = Operator(cloud.aws, fleet)
    state = look(cloud.aws.call, fleet)
    if state is None:
        out.print(f"Stack set {fleet.name} does not exist. Create it with: tap fleet deploy {name}", soft_wrap=True)
        if as_json:
            project.app.answer.add(fleet=name, stack_set=None, operation=None, instances=[])
        return 0
    running = operator.running()
    if follow and running:
        operator.follow(running, lambda result: _print_result(out, result))
    if drift:
        operator.detect_drift(lambda result: _print_result(out, result))
    if follow or drift:
        state, running = look(cloud.aws.call, fleet) or state, operator.running()
    if as_json:
        project.app.answer.add(fleet=name, stack_set=fleet.name, operation=running, instances=[
            {key: value for key, value in vars(instance).items() if key != "overrides"}
            for instance in state.instances])
    else:
        out.print(_instance_table(state))
        if running:
            out.print(f"Operation {running} is in progress. Follow it with: tap fleet status {name} --follow",
                      soft_wrap=True)
    if running:
        return 5
    return 1 if any(instance.status != "CURRENT" or instance.drift == "DRIFTED" for instance in state.instances) else 0


def _opened(project: Project, name: str) -> tuple[Fleet, Rendered, CloudFormation]:
    rendered = _rendered(project.app, template_of(name, project.root))
    fleet = read_fleet(name, project.root, rendered)
    cloud = project.cloud(fleet.env)
    cloud.aws.check_regions(fleet.regions)
    cloud.check_account(fleet.env)
    return fleet, rendered, cloud


def _rendered(app: App, template: str) -> Rendered:
    builders: dict[str, Callable[[], Rendered]] = {"tap": app.template, "bootstrap": app.bootstrap}
    return builders.get(template, lambda: rendered_template(template))()


def _planned(project: Project, name: str, *, upload: bool = False) -> tuple[Fleet, Rendered, Plan]:
    fleet, rendered, cloud = _opened(project, name)
    template = {"TemplateBody": rendered.text}
    if artifacts.is_too_large(rendered.text):
        put = artifacts.upload if upload else artifacts.check_bucket
        template = {"TemplateURL": put(cloud.aws, fleet.env, rendered.text)}
    return fleet, rendered, plan_stack_set(fleet, rendered, template, look(cloud.aws.call, fleet, overrides=True))


def _show(out: Console, plan: Plan) -> None:
    for change in plan.changes:
        out.print(change, soft_wrap=True)
    for removal in plan.removals.changes:
        verdict = guard.judge(removal)
        out.print(f"{removal.logical_id}: {verdict.grade}: {verdict.reason}", soft_wrap=True,
                  style="bold red" if verdict.grade is guard.Grade.DESTRUCTIVE else "yellow")
    for number, step in enumerate(plan.steps, 1):
        out.print(f"{number}. {step.told}", soft_wrap=True)
    for instance in plan.strays:
        out.print(f"unchanged: the stack of {instance.account} in {instance.region}, which is not in "
                  "parameters/fleet.toml", style="yellow", soft_wrap=True)
    if plan.empty:
        out.print("No changes.")


def _as_json(fleet: Fleet, plan: Plan) -> dict[str, Any]:
    def named(instance: Instance) -> dict[str, str]:
        return {"account": instance.account, "region": instance.region}

    return {"fleet": fleet.env.name, "stack_set": fleet.name, "empty": plan.empty, "changes": list(plan.changes),
            "needs_approval": list(guard.unapproved(guard.verdicts(plan.removals), ())),
            "steps": [{"method": step.method, "does": step.told} for step in plan.steps],
            "strays": [named(instance) for instance in plan.strays]}


def _print_result(out: Console, result: Result) -> None:
    reason = f"  {result.reason}" if result.reason else ""
    out.print(Text.assemble(f"{result.account}  {result.region:<14}  ",
                            (f"{result.status:<9}", _STYLES.get(result.status, "yellow")), reason), soft_wrap=True)


def _instance_table(state: StackSet) -> Table:
    instances = sorted(state.instances, key=lambda instance: (instance.account, instance.region))
    return table_of(("Account", "Region", "Status", "Last operation", "Drift", ""), [
        (instance.account, instance.region, Text(instance.status, _STYLES.get(instance.status, "yellow")),
         instance.detailed, instance.drift, instance.reason) for instance in instances])
