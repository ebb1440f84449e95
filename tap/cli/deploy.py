"""`tap plan` and `tap deploy`: what would change, and changing it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tap.cli import plan_view, progress
from tap.cli.applying import OUTCOMES, Deployment, deploy_change_set
from tap.cli.offline import offline_plans
from tap.cli.recording import Recording
from tap.cli.session import (
    EXIT_CODES,
    Options,
    Stopped,
    Wiring,
    console,
    env_argument,
    environments,
    html_option,
    json_option,
    parameter_option,
    region_option,
    report,
    root_option,
    tell,
    yes_option,
)
from tap.deploy import plan_text, planfile
from tap.deploy.artifacts import PLANS
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, InputError, TapError
from tap.deploy.planning import Plan
from tap.deploy.template import Rendered, parsed
from tap.deploy.wording import duration

Planned = tuple[Plan, str]
MOST_AT_ONCE = 20


@click.command("plan", epilog=EXIT_CODES)
@click.argument("names", metavar="ENV...", nargs=-1, shell_complete=environments)
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Keep the change set, and write FILE for tap deploy --plan.")
@json_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown for a pull request's comment.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 0: no changes; 1: error; 2: changes.")
@click.option("--no-lint", is_flag=True, help="Do not run cfn-lint over the template first.")
@click.option("--offline", is_flag=True, help="Compare with a commit instead of the stack; needs no credentials.")
@click.option("--base", metavar="REVISION|FILE",
              help="With --offline: the commit to compare with, by default the merge base with main; with --template, "
                   "a file.")
@click.option("--template", "template_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="With --offline and --base FILE: plan this template, whatever it is.")
@html_option
@parameter_option
@region_option
@root_option
@click.pass_obj
def plan_command(
    wiring: Wiring, names: tuple[str, ...], save: Path | None, as_json: bool, as_markdown: bool,
    detailed_exitcode: bool, no_lint: bool, offline: bool, base: str | None, template_file: Path | None,
    html: Path | None, overrides: tuple[str, ...], region: str | None, root: Path,
) -> int:
    """Show what deploying each ENV would do, and change nothing.

    Checks template and parameters, creates a change set, describes it, grades each change, and deletes the
    change set again unless it is saved. With --offline, compares this template and these parameter files with those of
    a commit instead: what the commits since then would change in each environment.
    """
    try:
        for option, file in (("--save", save), ("--html", html)):
            if file and len(names) > 1:
                raise click.UsageError(f"{option} takes one environment")
        if as_json and as_markdown:
            raise click.UsageError("choose one of --json and --markdown")
        if not (offline or names):
            raise click.UsageError("name an environment, as in tap plan dev")
        if (base or template_file) and not offline:
            raise click.UsageError("--base and --template go with --offline")
        if offline and save:
            raise click.UsageError("--save keeps a change set, which --offline does not create")
        options = Options(root, region, overrides)
        if offline:
            done = [(plan, _recorded(plan, rendered, html)) for plan, rendered in offline_plans(
                wiring, names, options, base, template_file)]
            plans = [plan for plan, _ in done]
            _show(done, len(done), as_json, as_markdown, save)
            return 2 if detailed_exitcode and any(not plan.change_set.empty for plan in plans) else 0
        rendered = wiring.template()
        envs = [replace(env, target=replace(env.target, artifact_prefix=PLANS)) for env in _loaded(
            dict.fromkeys(names), lambda name: options.load(wiring, name, rendered.document))]
        problems = [] if no_lint else wiring.lint(rendered)
        made = _all(wiring, envs, lambda env: _plan(wiring.cloud(env), env, rendered, problems, save, html))
        done = [each for each in made if isinstance(each, tuple)]
        plans = [plan for plan, _ in done]
        _show(done, len(envs), as_json, as_markdown, save)
        _raise_first({env.name: each for env, each in zip(envs, made, strict=True) if isinstance(each, TapError)},
                     named=len(envs) > 1)
    except click.ClickException as error:
        if not detailed_exitcode:
            raise
        error.show()
        return 1
    except TapError as error:
        if not detailed_exitcode:
            raise
        tell(error)
        return 1
    return 2 if detailed_exitcode and any(not plan.change_set.empty for plan in plans) else 0


def _recorded(plan: Plan, rendered: Rendered, html: Path | None) -> str:
    """Write a plan's page, where one is asked for, and return what the plan costs on one line."""
    recording = Recording(html, rendered)
    recording.planned(plan, [])
    return recording.cost()


def _loaded(names: Iterable[str], load: Callable[[str], Environment]) -> list[Environment]:
    """Return environments. Raises InputError with what is wrong with any of them."""
    envs: list[Environment] = []
    wrong: list[InputError] = []
    for name in names:
        try:
            envs.append(load(name))
        except InputError as error:
            wrong.append(error)
    for other in wrong[1:]:
        wrong[0].add_note(other.message)
    if wrong:
        raise wrong[0]
    return envs


def _raise_first(errors: Mapping[str, TapError], *, named: bool) -> None:
    for first in list(errors.values())[:1]:
        for name, error in list(errors.items())[1:]:
            first.add_note(f"{name}: {error.message}")
        if named:
            first.args = (f"{next(iter(errors))}: {first.message}",)
        raise first


def _all(wiring: Wiring, envs: Sequence[Environment],
         make: Callable[[Environment], Planned]) -> list[Planned | TapError]:
    """Return what is made of each environment, or the error that came instead; all at the same time."""
    def safely(env: Environment) -> Planned | TapError:
        try:
            return make(env)
        except TapError as error:
            return error

    if len(envs) == 1:
        return [safely(envs[0])]
    with ThreadPoolExecutor(min(len(envs), MOST_AT_ONCE)) as pool:
        try:
            return list(pool.map(safely, envs))
        except BaseException:
            # The threads delete what they made before they end, and are waited for.
            wiring.stop()
            pool.shutdown(cancel_futures=True)
            raise


def _plan(cloud: CloudFormation, env: Environment, rendered: Rendered, problems: list[str], save: Path | None,
          html: Path | None) -> Planned:
    """Return an environment's plan, and what it costs on one line."""
    cloud.check(env, rendered, lambda: problems)
    recording = Recording(html, rendered)
    with cloud.change_set(env, rendered) as change:
        plan = change.review()
        recording.planned(plan, change.history() if html else [])
        if save and not change.empty:
            planfile.save(planfile.saved_plan(env, change.content, parsed(rendered.text)), save)
            change.keep()
    return plan, recording.cost()


def _show(done: Sequence[Planned], wanted: int, as_json: bool, as_markdown: bool, save: Path | None) -> None:
    plans = [plan for plan, _ in done]
    if as_json:
        click.echo(plan_text.json_text(plans))
    elif as_markdown and plans:
        click.echo(plan_text.markdown(plans), nl=False)
    elif wanted > 1:
        out = report()
        for plan, cost in done:
            out.print(f"{plan.env.name}: stack {plan.env.stack_name}", style="bold", soft_wrap=True)
            out.print(plan_view.whole(plan))
            out.print(cost, soft_wrap=True)
            out.print()
        out.print(plan_view.side_by_side(plans))
    else:
        out = report()
        for plan, cost in done:
            out.print(plan_view.whole(plan, parameters=True))
            _next(out, plan, save)
            if cost:
                out.print(cost, soft_wrap=True)


def _next(out: Console, plan: Plan, save: Path | None) -> None:
    if plan.change_set.empty:
        out.print("Nothing to deploy; nothing is saved." if save else "Nothing to deploy.")
        return
    kept = f"Saved to {save}; change set {plan.change_set.name} is kept. " if save else ""
    out.print(f"{kept}To apply: {plan_text.deploy_command(plan, save)}", soft_wrap=True)


@click.command("deploy", epilog=EXIT_CODES)
@env_argument
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Execute what tap plan --save wrote to FILE, and nothing else.")
@click.option("--approve", metavar="NAME[,NAME]", multiple=True,
              help="Let this destructive change happen: a logical id, StackPolicy or TerminationProtection.")
@yes_option
@json_option
@html_option
@parameter_option
@region_option
@root_option
@click.pass_obj
def deploy_command(
    wiring: Wiring, environment: str, plan_file: Path | None, approve: tuple[str, ...], yes: bool, as_json: bool,
    html: Path | None, overrides: tuple[str, ...], region: str | None, root: Path,
) -> int:
    """Bring the stack of ENV to what template and parameters say.

    The parameters are those of parameters/ENV.json. Creates a change set, shows it, asks, executes it, and follows the
    stack until it is at rest. Destructive changes have to be approved by name, whatever else is answered.
    """
    out = console(stderr=as_json)
    started = wiring.clock()
    rendered = wiring.template()
    env = Options(root, region, overrides, approve).load(wiring, environment, rendered.document)
    cloud = wiring.cloud(env)
    recording = Recording(html, rendered)
    saved = planfile.load(plan_file) if plan_file else None
    out.print(f"Stack {env.stack_name} ({env.name}) in {cloud.aws.endpoint}: "
              f"{f'executing {plan_file}' if saved else 'creating a change set'}", soft_wrap=True)
    change_set = cloud.saved_change_set(env, rendered, saved) if saved else cloud.change_set(env, rendered)
    try:
        done = deploy_change_set(wiring, change_set, env, rendered, out, recording, yes=yes)
    except Stopped:
        raise
    except TapError as error:
        _ended(recording, "failed", error)
        raise
    _ended(recording, "applied")
    outputs = _outputs(cloud, env)
    if as_json:
        click.echo(json.dumps(_result(env, done, outputs), indent=1))
        return 0
    if outputs:
        out.print("\nOutputs", style="bold")
        out.print(progress.output_lines(outputs), soft_wrap=True)
    took = duration(wiring.clock() - started)
    out.print(f"\n{OUTCOMES[done.outcome]}: stack {env.stack_name} is up to date ({took}).", soft_wrap=True)
    return 0


def _ended(recording: Recording, outcome: str, error: TapError | None = None) -> None:
    """Let the page be written; where it cannot be, the deployment has ended as it has all the same."""
    try:
        recording.ended(outcome, error)
    except TapError as trouble:
        click.echo(f"tap: {trouble.message}", err=True)


def _outputs(cloud: CloudFormation, env: Environment) -> dict[str, str]:
    """Return the stack's outputs; where they cannot be had, the deployment has succeeded all the same."""
    try:
        return dict(cloud.outputs(env))
    except (TapError, KeyboardInterrupt) as error:
        click.echo(f"tap: stack {env.stack_name} is up to date, but its outputs cannot be read: "
                   f"{str(error) or 'interrupted'}", err=True)
        return {}


def _result(env: Environment, done: Deployment, outputs: dict[str, str]) -> dict[str, Any]:
    plan = plan_text.as_json(done.plan) if done.plan else {"changes": [], "verdict": "safe"}
    return {"environment": env.name, "stack": env.stack_name, "outcome": done.outcome.value,
            "changes": plan["changes"], "verdict": plan["verdict"], "outputs": outputs}
