"""Read-only commands: watch, status, outputs, events, drift, diff, doctor."""

import itertools
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from tap.cli import progress
from tap.cli.app import EXIT_CODES, Project
from tap.cli.layout import table_of
from tap.cli.options import env_argument, environments, envs_argument, json_option, takes_project, takes_root
from tap.cli.terminal import complain, console, report
from tap.cli.watching import Watch
from tap.deploy import diff, doctor, inspection
from tap.deploy.models import Environment, InputError, TapError
from tap.deploy.parameters import read_environment
from tap.deploy.planning import resolved_for
from tap.deploy.wording import short
from tap.template.resolve import as_text


class Differs(TapError):
    """The compared environments differ."""


@click.command("watch", epilog=EXIT_CODES)
@env_argument
@takes_project
def watch_command(project: Project, environment: str) -> int:
    """Follow ENV's current stack operation to completion.

    It does not matter who started it.
    """
    env = project.target(environment)
    cloud = project.cloud(env)
    out = console()
    with Watch(out, project.app.clock) as watch:
        status = cloud.watch(env, watch)
    out.print(f"Stack {env.stack_name} is stable: {status}.", soft_wrap=True)
    return 0


@click.command("status")
@envs_argument
@json_option
@takes_project
def status_command(project: Project, names: tuple[str, ...], as_json: bool) -> int:
    """Show the status of each ENV's stack."""
    answer = project.app.answer
    answer.several(names)
    envs = [project.target(name) for name in names]
    statuses = [inspection.status(project.cloud(env).aws.call, env) for env in envs]
    if as_json:
        for env, status in zip(envs, statuses, strict=True):
            answer.add(env.name, **vars(status))
        return 0
    out = report()
    out.print(table_of(("Environment", "Stack", "Status", "Changed", "Protected"), [
        (status.environment, status.stack, Text(status.status, progress.status_style(status.status)),
         status.changed.replace("T", " "), "yes" if status.protected else "no") for status in statuses],
        unbroken=("Environment", "Status")))
    for status in statuses:
        for name in status.pending:
            out.print(f"{status.environment}: change set {name} is waiting to be executed", soft_wrap=True)
        if status.reason:
            out.print(f"{status.environment}: {status.reason}", soft_wrap=True)
    return 0


@click.command("outputs")
@env_argument
@json_option
@takes_project
def outputs_command(project: Project, environment: str, as_json: bool) -> int:
    """Print the outputs of ENV's stack."""
    env = project.target(environment)
    outputs = {name: env.masked(value) for name, value in inspection.outputs(project.cloud(env).aws.call, env).items()}
    if as_json:
        project.app.answer.add(outputs=outputs)
    elif outputs:
        report().print(progress.output_lines(outputs), soft_wrap=True)
    else:
        complain(f"stack {env.stack_name} has no outputs")
    return 0


@click.command("events")
@env_argument
@click.option("--all", "everything", is_flag=True, help="Print all events, not only those of the latest operation.")
@click.option("--failed", is_flag=True, help="Print only failures.")
@json_option
@takes_project
def events_command(project: Project, environment: str, everything: bool, failed: bool, as_json: bool) -> int:
    """Print the events of ENV's latest operation, oldest first."""
    env = project.target(environment)
    events = inspection.events(project.cloud(env).aws.call, env, everything=everything, failed=failed)
    if as_json:
        project.app.answer.add(events=[
            {**vars(event), "timestamp": event.timestamp.isoformat(),
             "physical_id": event.physical_id and env.masked(event.physical_id)} for event in events])
        return 0
    out = report()
    for event in events:
        out.print(progress.event_line(event), soft_wrap=True)
    return 0


@click.command("drift")
@env_argument
@json_option
@takes_project
def drift_command(project: Project, environment: str, as_json: bool) -> int:
    """Detect drift: compare ENV's resources with the template.

    Exits with 1 for differences other than those that AWS services make themselves.
    """
    env = project.target(environment)
    drifts = inspection.drift(project.cloud(env).aws, env)
    if as_json:
        project.app.answer.add(drift=[vars(drift) for drift in drifts])
    else:
        out = report()
        for drift in drifts:
            expected = f" (expected: {drift.explanation})" if drift.explanation else ""
            values = f"{drift.path}: {drift.expected} → {drift.actual}{expected}" if drift.path else "is gone"
            out.print(f"{drift.logical_id}  {short(drift.resource_type)}  {values}", soft_wrap=True)
        if not drifts:
            out.print(f"Stack {env.stack_name} has no drift that CloudFormation can detect.")
    unexpected = {drift.logical_id for drift in drifts if not drift.explanation}
    if unexpected:
        raise Differs(f"{len(unexpected)} resources of stack {env.stack_name} have drifted: "
                      f"{', '.join(sorted(unexpected))}. To revert them: tap deploy with --drift")
    return 0


@click.command("diff")
@click.argument("first", metavar="ENV1", shell_complete=environments)
@click.argument("second", metavar="ENV2", shell_complete=environments)
@json_option
@takes_root
def diff_command(project: Project, first: str, second: str, as_json: bool) -> int:
    """Compare the parameters and resources of two environments.

    Reads only files in the project. Requires no AWS account.
    """
    rendered = project.app.template()
    envs = [read_environment(name, project.root, rendered.document) for name in (first, second)]
    parameters = [(name, *(_value(env, name, rendered.document) for env in envs))
                  for name in rendered.document.get("Parameters", {})]
    parameters = [difference for difference in parameters if difference[1] != difference[2]]
    try:
        differences = diff.compare(*(resolved_for(env, rendered.document) for env in envs))
    except ValueError as error:
        raise InputError(f"cannot resolve the template: {error}") from None
    differences = [difference for difference in differences if not _is_name(difference, envs)]
    if as_json:
        project.app.answer.add(
            environments=[first, second],
            parameters=[{"name": name, first: old, second: new} for name, old, new in parameters],
            resources=[{"path": ".".join(difference.path[1:]), first: diff.shown(difference.before),
                        second: diff.shown(difference.after)} for difference in differences])
        return 0
    out = report()
    if not (parameters or differences):
        out.print(f"{first} and {second} differ only in their names.")
        return 0
    out.print(table_of(("Parameter", first, second), parameters, unbroken=("Parameter",)))
    out.print(f"\nResources, {first} → {second}", style="bold")
    for title, group in itertools.groupby(differences, key=lambda difference: difference.path[1]):
        _print_differences(out, title, [difference for difference in group if difference.name])
    for name, absent in ((first, "after"), (second, "before")):
        if alone := [difference.path[1] for difference in differences
                     if not difference.name and getattr(difference, absent) is diff.ABSENT]:
            out.print(Text(f"Only in {name}: {', '.join(alone)}"))
    return 0


def _print_differences(out: Console, title: str, differences: Sequence[diff.Difference]) -> None:
    if differences:
        out.print(title, style="bold")
    for difference in differences:
        path = difference.name.removeprefix("Properties.")
        line = f"{path}: {_brief(difference.before)} → {_brief(difference.after)}"
        out.print(Padding(line, (0, 0, 0, 2), expand=False))


def _is_name(difference: diff.Difference, envs: Sequence[Environment]) -> bool:
    """Return whether a difference is only that of the environments' or stacks' names."""
    old, new = diff.shown(difference.before), diff.shown(difference.after)
    for env in envs:
        old, new = (text.replace(env.stack_name, "*").replace(env.name, "*") for text in (old, new))
    return old == new


def _value(env: Environment, name: str, document: Any) -> str:
    value = env.values.parameters.get(name, as_text(document["Parameters"][name].get("Default", "")))
    return env.masked(value) if name in env.values.secrets else value


def _brief(value: Any) -> str:
    text = diff.shown(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


@click.command("doctor")
@env_argument
@json_option
@takes_project
def doctor_command(project: Project, environment: str, as_json: bool) -> int:
    """Check that everything needed to deploy ENV is in place.

    Checks credentials, account, region, role, bucket, quotas and service-linked roles. Exits with 1 if something is
    missing.
    """
    env = project.with_options(read_environment(environment, project.root, project.app.template().document))
    findings = doctor.examine(
        project.cloud(env).aws, env, lambda: project.cloud(env.in_region("us-east-1")).aws)
    if as_json:
        project.app.answer.add(checks=[vars(finding) for finding in findings])
    else:
        words = {True: Text("ok", "green"), False: Text("missing", "bold red"), None: Text("unknown", "yellow")}
        out = report()
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            # Not in a table: a command to copy must not wrap.
            word = words[finding.ok]
            line = f"{'':{9 - len(word)}}{finding.what:<{width}}  {finding.told}"
            out.print(Text.assemble(word, line), soft_wrap=True)
    return 1 if any(finding.ok is False for finding in findings) else 0
