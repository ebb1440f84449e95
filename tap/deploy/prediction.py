"""Predict whether an update succeeds and does no harm, from the templates and the stack's state in AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tap.deploy import failures
from tap.deploy.aws import AwsClient, Call
from tap.deploy.cautions import cautions
from tap.deploy.failures import Failure
from tap.deploy.guard import Grade, Verdict
from tap.deploy.hazards import hazards
from tap.deploy.models import CallFailed, ChangeSet, Environment
from tap.deploy.replacements import Update, update
from tap.deploy.stacks import pages
from tap.template.resolve import Resolved

# How to read the running version: service, method, request parameter, list in the response.
_ENGINES = {
    "AWS::RDS::DBCluster": ("rds", "describe_db_clusters", "DBClusterIdentifier", "DBClusters"),
    "AWS::RDS::DBInstance": ("rds", "describe_db_instances", "DBInstanceIdentifier", "DBInstances"),
}


@dataclass(frozen=True)
class Prediction:
    """The predicted verdicts of an update, by logical id or output name, and warnings."""

    verdicts: Mapping[str, Verdict]
    warnings: tuple[str, ...] = ()


NOTHING = Prediction({})


def predicted(env: Environment, change_set: ChangeSet, before: Resolved, after: Resolved,
              aws: AwsClient | None = None) -> Prediction:
    """Return which changes will fail, do harm or cannot be undone, and the warnings about an update.

    Without `aws`, only the templates are used. State that the caller may not read becomes a warning.
    """
    change = _as_listed(update(before, after, {change.logical_id for change in change_set.changes
                                               if change.replacement == "True"}), change_set)
    warnings: list[str] = []
    live = _live_versions(aws, change, change_set, warnings) if aws else {}
    failing = failures.failures(change, live)
    if aws:
        failing |= dict(_used_exports(aws.call, change, warnings))
    verdicts = {name: Verdict(Grade.DISRUPTIVE, line) for name, line in cautions(change, change_set)}
    verdicts |= {name: Verdict(Grade.DESTRUCTIVE, _one_way(env, running, wanted))
                 for name, running, wanted in failures.version_changes(change, live)
                 if failures.is_major(running, wanted)}
    verdicts |= {name: Verdict(Grade.WILL_FAIL, _told(env, failure)) for name, failure in failing.items()}
    verdicts |= {name: Verdict(Grade.DESTRUCTIVE, env.masked(line), final=True)
                 for name, line in hazards(aws, change_set, before, after, warnings)}
    return Prediction(verdicts, tuple(warnings))


def _told(env: Environment, failure: Failure) -> str:
    return f"{failure.reason}: {failure.way_out}".replace("tap rename ENV ", f"tap rename {env.name} ")


def _as_listed(change: Update, change_set: ChangeSet) -> Update:
    """Return the update without the replacements that CloudFormation lists as in-place changes."""
    in_place = {change.logical_id for change in change_set.changes if change.replacement == "False"}
    return Update(change.before, change.after, change.replaced - in_place, change.perhaps - in_place)


def _one_way(env: Environment, running: str, wanted: str) -> str:
    alarms = ", and without rollback_alarms in parameters/targets.toml" if env.target.rollback_alarms else ""
    return (f"the upgrade from {running} to {wanted} cannot be undone, and a rollback would get stuck in "
            f"UPDATE_ROLLBACK_FAILED: take a snapshot and deploy the upgrade separately{alarms}")


def _live_versions(aws: AwsClient, change: Update, change_set: ChangeSet, warnings: list[str]) -> dict[str, str]:
    """Return the running engine versions of resources whose version changes."""
    physical = {change.logical_id: change.physical_id for change in change_set.changes}
    live = {}
    for name, _, _ in failures.version_changes(change, {}):
        engine = _ENGINES.get(str(change.after.resources[name]["Type"]))
        if engine and physical.get(name):
            service, method, member, listed = engine
            try:
                live[name] = str(aws.service(service)(method, **{member: physical[name]})[listed][0]["EngineVersion"])
            except (CallFailed, LookupError) as error:
                warnings.append(f"the version that {name} runs cannot be read: {error}")
    return live


def _used_exports(call: Call, change: Update, warnings: list[str]) -> Iterator[tuple[str, Failure]]:
    """Yield changed or removed exports that other stacks import, which CloudFormation rejects at the end of an update.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    for title, output in change.before.outputs.items():
        name = output.get("Export", {}).get("Name")
        after = change.after.outputs.get(title, {})
        if not isinstance(name, str) or (after.get("Export", {}).get("Name") == name and change.old_value(
                output.get("Value")) == change.new_value(after.get("Value"))):
            continue
        try:
            importers = sorted(map(str, pages(call, "list_imports", "Imports", ExportName=name)))
        except CallFailed as error:
            if "not imported" not in str(error):
                warnings.append(f"who imports {name} cannot be read: {error}")
            continue
        yield title, Failure(f"{', '.join(importers)} {'import' if len(importers) > 1 else 'imports'} {name}, which "
                             "changes", "let them take the value from elsewhere first")
