"""`tap plan`: show what deploying would change, in one environment or several."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from tap.cli import plan_view
from tap.cli.answer import Answer
from tap.cli.app import EXIT_CODES, App, Project
from tap.cli.linting import Problems, in_background, linted
from tap.cli.offline import offline_plans
from tap.cli.options import (
    drift_option,
    environments,
    html_option,
    import_existing_option,
    json_option,
    keep_option,
    no_lint_option,
    parameter_option,
    takes_project,
    wait_option,
)
from tap.cli.ready import wait_for
from tap.cli.recording import Recording
from tap.cli.terminal import console, report
from tap.deploy import plan_text, planfile
from tap.deploy.artifacts import PLANS
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, InputError, TapError
from tap.deploy.parameters import environment_names
from tap.deploy.plan import Plan
from tap.deploy.template import Rendered, parsed

Costed = tuple[Plan, str]
"""A plan, and what it costs on one line."""
MOST_AT_ONCE = 20


@dataclass(frozen=True)
class PlanOptions:
    """The options of `tap plan`."""

    save: Path | None
    as_json: bool
    as_markdown: bool
    detailed_exitcode: bool
    no_lint: bool
    offline: bool
    base: str | None
    template_file: Path | None
    wait: int
    html: Path | None

    def check(self, names: Sequence[str]) -> None:
        """Raise UsageError for options that cannot be combined."""
        for option, file in (("--save", self.save), ("--html", self.html)):
            if file and len(names) > 1:
                raise click.UsageError(f"{option} requires exactly one environment")
        if self.as_json and self.as_markdown:
            raise click.UsageError("--json and --markdown cannot be combined")
        if not (self.offline or names):
            raise click.UsageError("environment is missing: for example, tap plan dev")
        if (self.base or self.template_file) and not self.offline:
            raise click.UsageError("--base and --template require --offline")
        if self.offline and self.wait:
            raise click.UsageError("--wait cannot be combined with --offline, which reads no stack")
        if self.offline and self.save:
            raise click.UsageError("--save cannot be combined with --offline, which creates no change set")


@click.command("plan", epilog=EXIT_CODES)
@click.argument("names", metavar="ENV...", nargs=-1, shell_complete=environments)
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Keep the change set, and write a plan to FILE for tap deploy --plan.")
@json_option
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown for a pull request comment.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 0 if there are no changes, 1 on an error, 2 if "
                                                        "there are changes.")
@no_lint_option
@click.option("--offline", is_flag=True, help="Compare with a commit instead of the stack. Requires no credentials.")
@click.option("--base", metavar="REVISION|FILE",
              help="With --offline: commit to compare with (default: the merge base with main), or a file with "
                   "--template.")
@click.option("--template", "template_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="With --offline and --base FILE: plan this template, from any project.")
@html_option
@drift_option
@import_existing_option
@keep_option
@wait_option
@parameter_option
@takes_project
def plan_command(project: Project, names: tuple[str, ...], **values: Any) -> int:
    """Show what deploying each ENV would change.

    Checks template and parameters, creates a change set, grades each change, and deletes the change set unless it is
    saved. With --offline, compares template and parameter files with those of a commit instead, to show what the
    commits since then would change.
    """
    options, answer = PlanOptions(**values), project.app.answer
    if names:
        answer.several(names)
    options.check(names)
    asked = project.options
    if options.offline and (asked.drift or asked.keep or asked.import_existing):
        raise click.UsageError(
            "--drift, --keep and --import-existing cannot be combined with --offline, which reads no stack")
    plans, errors = (_plan_offline if options.offline else _plan_stacks)(project, names, options)
    for plan, _ in plans:
        answer.add(plan.env.name, outcome="no changes" if plan.change_set.empty else "changes",
                   **plan_text.as_json(plan))
    for name, error in errors.items():
        answer.fail(error.exit_code, error.message, getattr(error, "__notes__", ()), name)
    several = len(plans) + len(errors) > 1
    if not options.as_json:
        _show(plans, options, several=several)
    _raise_first(errors, named=several)
    return 2 if options.detailed_exitcode and any(not plan.change_set.empty for plan, _ in plans) else 0


def _plan_offline(project: Project, names: tuple[str, ...], options: PlanOptions) -> tuple[
        list[Costed], dict[str, TapError]]:
    if not (names or options.template_file):
        project.app.answer.several(environment_names(project.root), always=True)
    return [(plan, _recorded(plan, rendered, options.html)) for plan, rendered in offline_plans(
        project, names, options.base, options.template_file)], {}


def _plan_stacks(project: Project, names: tuple[str, ...], options: PlanOptions) -> tuple[
        list[Costed], dict[str, TapError]]:
    rendered = project.app.template()
    envs = [dataclasses.replace(env, target=dataclasses.replace(env.target, artifact_prefix=PLANS)) for env in _loaded(
        project.app.answer, dict.fromkeys(names), lambda name: project.load(name, rendered.document))]
    regions = _regions(project, envs)
    problems: Problems = list if options.no_lint else in_background(lambda: project.app.lint(rendered, regions))
    results = _all(project.app, envs, lambda env: _plan(project.cloud(env), env, rendered, problems, options))
    plans = [result for result in results if isinstance(result, tuple)]
    return plans, {env.name: result for env, result in zip(envs, results, strict=True) if isinstance(result, TapError)}


def _regions(project: Project, envs: Iterable[Environment]) -> set[str]:
    """Return the environments' regions; planning reports an environment without one."""
    regions = set()
    for env in envs:
        with contextlib.suppress(InputError):
            regions.add(project.cloud(env).aws.region)
    return regions


def _recorded(plan: Plan, rendered: Rendered, html: Path | None) -> str:
    """Write a plan's page, if requested, and return the plan's cost on one line."""
    recording = Recording(html, rendered)
    recording.planned(plan, [])
    return recording.cost()


def _loaded(answer: Answer, names: Iterable[str], load: Callable[[str], Environment]) -> list[Environment]:
    """Return the environments. Raises InputError with the problems of all of them."""
    envs: list[Environment] = []
    wrong: list[InputError] = []
    for name in names:
        try:
            envs.append(load(name))
        except InputError as error:
            answer.fail(error.exit_code, error.message, environment=name)
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


def _all(app: App, envs: Sequence[Environment],
         make: Callable[[Environment], Costed]) -> list[Costed | TapError]:
    """Return each environment's plan, or the error that it failed with; all run in parallel."""
    def safely(env: Environment) -> Costed | TapError:
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
            # Wait for the threads: they delete what they created before they end.
            app.stop()
            pool.shutdown(cancel_futures=True)
            raise


def _plan(cloud: CloudFormation, env: Environment, rendered: Rendered, problems: Problems,
          options: PlanOptions) -> Costed:
    """Return an environment's plan, and its cost on one line."""
    wait_for(cloud, env, options.wait, console(stderr=True))
    recording = Recording(options.html, rendered)
    with linted(cloud, env, rendered, problems) as change:
        plan = change.review()
        recording.planned(plan, change.history() if options.html else [])
        if options.save and not change.empty:
            planfile.save(planfile.saved_plan(env, change.content, parsed(rendered.text)), options.save)
            change.keep()
    return plan, recording.cost()


def _show(plans: Sequence[Costed], options: PlanOptions, *, several: bool) -> None:
    if options.as_markdown:
        click.echo(plan_text.markdown([plan for plan, _ in plans]) if plans else "", nl=False)
    else:
        out = report()
        for plan, cost in plans:
            (_show_one_of_several if several else _show_plan)(out, plan, cost, options.save)
        if several:
            out.print(plan_view.side_by_side([plan for plan, _ in plans]))


def _show_one_of_several(out: Console, plan: Plan, cost: str, _save: Path | None) -> None:
    out.print(f"{plan.env.name}: stack {plan.env.stack_name}", style="bold", soft_wrap=True)
    out.print(plan_view.render_plan(plan))
    out.print(cost, soft_wrap=True)
    out.print()


def _show_plan(out: Console, plan: Plan, cost: str, save: Path | None) -> None:
    out.print(plan_view.render_plan(plan, parameters=True))
    _next(out, plan, save)
    if cost:
        out.print(cost, soft_wrap=True)


def _next(out: Console, plan: Plan, save: Path | None) -> None:
    if plan.change_set.empty:
        out.print("Nothing to deploy; no plan was saved." if save else "Nothing to deploy.")
        return
    kept = f"Saved to {save}, with change set {plan.change_set.name}. " if save else ""
    out.print(f"{kept}To apply: {plan_text.deploy_command(plan, save)}", soft_wrap=True)
    if names := plan_text.secret_overrides(plan):
        out.print(f"Pass these secret parameters again: {', '.join(names)}", soft_wrap=True)
