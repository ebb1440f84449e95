"""Rehearse an environment in the emulator: deploy, check, deploy again, update and delete it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, InputError, Observer, Options, Outcome, StackEvent, TapError
from tap.deploy.parameters import load_environment
from tap.deploy.stand_ins import STAND_INS
from tap.deploy.template import Rendered, rendered_template
from tap.deploy.variables import with_file_arn
from tap.page.plan_page import Content
from tap.page.rehearsal import write_rehearsal
from tap.page.timeline import happened
from tap.page.write import page_content
from tap.rehearsal.bootstrap import Bootstrap
from tap.rehearsal.by_hand import ByHand, settings
from tap.rehearsal.checks import Check, emptied_first, named, trouble
from tap.rehearsal.deployed import Stack, read_stack
from tap.rehearsal.emulator import REGION, Clients, clients, emulator
from tap.rehearsal.existing_vpc import with_vpc
from tap.rehearsal.inspection import look, retention
from tap.rehearsal.inventory import inventory, leftovers, retained
from tap.rehearsal.new_types import missing, skipped
from tap.rehearsal.report import Report, notes
from tap.rehearsal.safeguards import lift_protection, protected

LONGEST_PAUSE = 0.5  # seconds between polls; the emulator finishes a stack in two or three


class EventLog(Observer):
    """Stores events and passes them on."""

    def __init__(self, observer: Observer) -> None:
        """Pass events to the given function from now on."""
        self._observer = observer
        self.events: list[StackEvent] = []

    def on_event(self, event: StackEvent) -> None:
        """Store one event and pass it on."""
        self.events.append(event)
        self._observer.on_event(event)


@dataclass(frozen=True)
class Stage:
    """The shared state of all steps of a rehearsal."""

    env: Environment
    template: Rendered
    aws: Clients
    say: Callable[[str], None]
    observer: Observer
    pages: list[Content] = field(default_factory=list)
    """The page and picture of the first deployment, once it has run."""

    @property
    def cloud(self) -> CloudFormation:
        """CloudFormation, as `tap deploy` uses it but polled more often."""
        return CloudFormation(AwsClient(self.aws, lambda seconds: time.sleep(min(seconds, LONGEST_PAUSE))))

    def deploy(self, env: Environment, *, record: bool = False) -> tuple[Outcome, int]:
        """Deploy as `tap deploy --yes` does. Return the outcome and the number of changes."""
        log = EventLog(self.observer)
        with self.cloud.change_set(env, self.template) as change:
            page = page_content(change.review(), self.template, []) if record else None
            outcome = change.apply(log)
        if page:
            self.pages.append(replace(page, went=happened(outcome.value, log.events, [])))
        return outcome, len(change.content.changes)


def rehearse(name: str, root: Path, report: Report, template: Rendered | None = None,
             clock: Callable[[], float] = time.monotonic, by_hand: ByHand | None = None) -> bool:
    """Rehearse an environment of the project at `root`; return whether all checks passed.

    With `by_hand` the stack stays as the project's files have it, and the emulator runs until that returns.

    `template` is the project's own by default; `clock` counts seconds. Raises TapError where nothing can
    be rehearsed: the environment's file has mistakes, or the emulator does not start.
    """
    began = clock()
    template = template or rendered_template()
    types = {resource["Type"] for resource in template.document["Resources"].values()}
    if messages := missing(types):
        raise InputError("\n".join(messages))
    types_skipped = skipped(types)
    env = load_environment(name, root, template.document, stand_ins=STAND_INS)
    env = replace(env, target=replace(env.target, accounts=(), role_arn=None, artifact_bucket=None),
                  # The emulator reports every uncertain change as a replacement.
                  options=Options(approved=frozenset(template.document["Resources"])))

    def say(text: str) -> None:
        report.step(clock() - began, text)

    with report.working("starting the emulator") as observer, emulator(types_skipped) as endpoint:
        report.start(env, endpoint)
        aws = clients(endpoint, env.target.region or REGION)
        stage = Stage(with_vpc(aws, with_zone(aws, env)), template, aws, say, observer)
        bootstrap = Bootstrap(aws, stage.cloud, env.target.region or REGION)
        checks = list(bootstrap.checks())
        say("deployed the bootstrap stack")
        env = with_file_arn(stage.cloud.aws, bootstrap.given(stage.env, template, as_in_files=bool(by_hand)))
        checks += _steps(replace(stage, env=env), keep=bool(by_hand))
        files = [path.relative_to(root) for page in stage.pages for path in write_rehearsal(root / "build", page)]
        report.finish(checks, notes(env, checks, types_skipped, clock() - began), files)
        if by_hand:
            by_hand(settings(endpoint, env.target.region or REGION))
    return all(check.ok for check in checks)


def with_zone(aws: Clients, env: Environment) -> Environment:
    """Return an environment whose hosted zone is a new one in the emulator."""
    if not env.values.parameters.get("HostedZoneId"):
        return env
    domain = env.values.parameters.get("DomainName") or env.values.parameters.get("CdnDomainName") or "example.com"
    zone = aws("route53").create_hosted_zone(Name=domain, CallerReference=env.name)["HostedZone"]["Id"]
    return env.with_parameters({**env.values.parameters, "HostedZoneId": zone.removeprefix("/hostedzone/")})


def _steps(stage: Stage, *, keep: bool) -> Iterator[Check]:
    """Yield the checks of every step; a failed step yields one last failed check. `keep` keeps the stack."""
    try:
        before = inventory(stage.aws)
        yield from _create(stage)
        stack = read_stack(stage.aws, stage.env.stack_name)
        stage.say(f"created {len(stack.ids)} resources; asking the services themselves")
        yield from look(stage.aws, stack)
        yield from _deploy_again(stage)
        if keep:
            return
        yield from _update(stage, stack)
        yield from _delete(stage, stack)
        left = leftovers(before, inventory(stage.aws), stack.ids)
        kept = retained(stage.template.document, stack.ids)
        yield Check("What deletion leaves", named(kept), named(left))
    except Exception as error:
        yield trouble("Stack", error)


def _create(stage: Stage) -> Iterator[Check]:
    stage.say(f"creating {stage.env.stack_name}")
    outcome, _ = stage.deploy(stage.env, record=True)
    yield Check("Stack", Outcome.APPLIED.value, outcome.value)


def _deploy_again(stage: Stage) -> Iterator[Check]:
    outcome, _ = stage.deploy(stage.env)
    stage.say(f"deployed again: {outcome.value}")
    yield Check("Deployed again", Outcome.NO_CHANGES.value, outcome.value)


def _update(stage: Stage, stack: Stack) -> Iterator[Check]:
    now = stack.parameter("LogRetentionDays")
    days = "14" if now != "14" else "30"
    _, count = stage.deploy(stage.env.with_parameters({**stage.env.values.parameters, "LogRetentionDays": days}))
    stage.say(f"changed LogRetentionDays from {now} to {days}: {count} resources in the change set")
    yield retention(stage.aws, stack, days)


def _delete(stage: Stage, stack: Stack) -> Iterator[Check]:
    bucket = stack.id("AssetsBucket")
    stage.say(f"put into the bucket: {_fill(stage.aws('s3'), bucket)}")
    log = EventLog(stage.observer)
    if stage.env.target.termination_protection:
        yield _refused(stage, log, "Deletion when protected", "TerminationProtection")
        stage.aws("cloudformation").update_termination_protection(
            StackName=stage.env.stack_name, EnableTerminationProtection=False)
    if names := protected(stage.aws, stack):
        yield _refused(stage, log, "Deletion of what is protected", "DeletionProtection")
        lift_protection(stage.aws, stack, names)
        stage.say(f"lifted the protection of {named(names)} through their own APIs")
    empties = stack.is_on("EmptyAssetsBucketOnDelete")
    if not empties:
        yield _refused(stage, log, "Deletion of a full bucket", "BucketNotEmpty")
        _empty(stage.aws("s3"), bucket)
        stage.say("emptied the bucket")
    stage.cloud.delete(stage.env, log)
    stage.say(f"deleted {stage.env.stack_name}")
    if empties:
        yield emptied_first((event.resource_type, event.status) for event in log.events)


def _refused(stage: Stage, log: EventLog, name: str, reason: str) -> Check:
    try:
        stage.cloud.delete(stage.env, log)
    except TapError as error:
        stage.say(f"deletion refused: {reason}")
        seen = reason if reason in error.message else error.message
        return Check(name, f"refused: {reason}", f"refused: {seen}")
    return Check(name, f"refused: {reason}", "deleted")


def _fill(s3: Any, bucket: str) -> str:
    """Write objects in several versions, one of them deleted, as in a used bucket."""
    for body in (b"one", b"two", b"three"):
        s3.put_object(Bucket=bucket, Key="index.html", Body=body)
    s3.put_object(Bucket=bucket, Key="logo.svg", Body=b"logo")
    s3.delete_object(Bucket=bucket, Key="index.html")
    held = s3.list_object_versions(Bucket=bucket)
    return f"versions: {len(held.get('Versions', []))}, delete markers: {len(held.get('DeleteMarkers', []))}"


def _empty(s3: Any, bucket: str) -> None:
    held = s3.list_object_versions(Bucket=bucket)
    for version in [*held.get("Versions", []), *held.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
