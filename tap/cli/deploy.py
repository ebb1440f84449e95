"""`tap deploy`: change a stack through a reviewed change set."""

from pathlib import Path
from typing import Any

import click

from tap.cli import progress
from tap.cli.app import EXIT_CODES, Project, Stopped
from tap.cli.applying import OUTCOMES, Deployment, deploy_change_set, mark_deployed
from tap.cli.linting import Problems, in_background, linted
from tap.cli.options import (
    approve_option,
    drift_option,
    env_argument,
    html_option,
    import_existing_option,
    json_option,
    keep_option,
    no_lint_option,
    parameter_option,
    takes_project,
    wait_option,
    yes_option,
)
from tap.cli.ready import deploy_after_failed_creation, wait_for
from tap.cli.recording import Recording
from tap.cli.terminal import complain, console
from tap.deploy import planfile, releases
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, TapError
from tap.deploy.wording import duration


@click.command("deploy", epilog=EXIT_CODES)
@env_argument
@click.option("--plan", "plan_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Execute the plan that tap plan --save wrote to FILE.")
@approve_option("a logical id, StackPolicy or TerminationProtection")
@no_lint_option
@yes_option
@json_option
@html_option
@drift_option
@import_existing_option
@keep_option
@wait_option
@parameter_option
@takes_project
def deploy_command(project: Project, environment: str, plan_file: Path | None, no_lint: bool, yes: bool,
                   as_json: bool, html: Path | None, wait: int) -> int:
    """Deploy ENV: create a change set, review it, apply it.

    Uses the parameters in parameters/ENV.json. Creates a change set, shows it, asks for confirmation, executes it, and
    follows the stack to completion. Destructive changes must be approved by name, even with --yes. A stack whose first
    creation failed is deleted first, if you agree; --yes agrees only if it holds no data.
    """
    if plan_file and (project.options.drift or project.options.import_existing):
        raise click.UsageError("--drift and --import-existing are for planning: --plan FILE executes what was planned")
    out = console(stderr=as_json)
    started = project.app.clock()
    rendered = project.app.template()
    env = project.load(environment, rendered.document)
    cloud = project.cloud(env)
    wait_for(cloud, env, wait, out)
    recording = Recording(html, rendered)
    saved = planfile.load(plan_file) if plan_file else None
    out.print(f"Stack {env.stack_name} ({env.name}) in {cloud.aws.endpoint}: "
              f"{f'executing {plan_file}' if saved else 'creating a change set'}", soft_wrap=True)

    def deploy() -> Deployment:
        change_set = (cloud.saved_change_set(env, rendered, saved) if saved
                      else linted(cloud, env, rendered, problems, empty_too=False))
        return deploy_change_set(
            project.app, change_set, env, rendered, out, recording, yes=yes,
            before=lambda: mark_deployed(cloud, env.values.parameters.get(releases.IMAGE), out))

    problems: Problems = list if saved or no_lint else in_background(
        lambda: project.app.lint(rendered, [cloud.aws.region]))
    try:
        done = deploy_after_failed_creation(project.app, cloud, env, out, deploy, yes=yes)
    except Stopped:
        raise
    except TapError as error:
        _ended(recording, "failed", error)
        raise
    _ended(recording, "applied")
    outputs = _outputs(cloud, env)
    project.app.answer.add(env.name, outcome=done.outcome.value, outputs=outputs, left_behind=_left_behind(env, done))
    if as_json:
        return 0
    if outputs:
        out.print("\nOutputs", style="bold")
        out.print(progress.output_lines(outputs), soft_wrap=True)
    took = duration(project.app.clock() - started)
    but = f", but {len(done.left_behind)} could not be deleted (see above)" if done.left_behind else ""
    out.print(f"\n{OUTCOMES[done.outcome]}: stack {env.stack_name} is up to date ({took}){but}.", soft_wrap=True)
    return 0


def _ended(recording: Recording, outcome: str, error: TapError | None = None) -> None:
    """Write the page; a failure to write it does not change the deployment's outcome."""
    try:
        recording.ended(outcome, error)
    except TapError as trouble:
        complain(trouble.message)


def _outputs(cloud: CloudFormation, env: Environment) -> dict[str, str]:
    """Return the stack's outputs; a failure to read them does not fail the deployment."""
    try:
        return {name: env.masked(value) for name, value in cloud.outputs(env).items()}
    except (TapError, KeyboardInterrupt) as error:
        complain(f"stack {env.stack_name} is up to date, but its outputs cannot be read: "
                 f"{str(error) or 'interrupted'}")
        return {}


def _left_behind(env: Environment, done: Deployment) -> list[dict[str, Any]]:
    return [{"logical_id": event.logical_id, "physical_id": event.physical_id and env.masked(event.physical_id),
             "type": event.resource_type, "reason": event.reason} for event in done.left_behind]
