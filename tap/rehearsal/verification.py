"""Check a deployed environment in AWS without changing it: the rehearsal's checks, and checks that need AWS.

It takes read access to everything in the stack (AWS's managed policy ReadOnlyAccess) and lambda:InvokeFunction on the
validation function, which is more than the deployer's role has: that role deploys, and need not see what is deployed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tap.deploy import inspection as stack_inspection
from tap.deploy.aws import AwsClient
from tap.deploy.deployed import Deployed, physical_ids, read_deployed
from tap.deploy.doctor import subscriptions
from tap.deploy.models import Environment
from tap.rehearsal import ask, outside, safeguards
from tap.rehearsal import inspection as shared
from tap.rehearsal.checks import Check, named, skip, transaction, trouble
from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients
from tap.rehearsal.outside import Site

SETTLED = ("CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE")
ALARM_TYPES = ["CompositeAlarm", "MetricAlarm"]
# The plan runs daily (tap/backup.py), and copying a large database takes hours.
BACKUP_AGE = timedelta(days=2)
# Refused by the last of the function's checks but for its size, before it asks the table: lambda/validation/README.md.
OUTDATED = "2000-01-01T00:00:00Z"


@dataclass(frozen=True)
class Subject:
    """A deployed stack, and the means to check it."""

    cloud: AwsClient
    env: Environment
    deployed: Deployed
    stack: Stack
    now: datetime

    @property
    def aws(self) -> Clients:
        """The services' clients in the form that the rehearsal's checks expect."""
        return self.cloud.client


def read_subject(cloud: AwsClient, env: Environment, now: datetime) -> Subject:
    """Return the deployed stack of an environment. Raises InputError if it does not exist."""
    ids, deployed = physical_ids(cloud.call, env), read_deployed(cloud.call, env)
    assert deployed is not None  # noqa: S101  (physical_ids raises: for the type checker)
    return Subject(cloud, env, deployed, Stack(ids, deployed.parameters, deployed.outputs), now)


def verify(subject: Subject, say: Callable[[str], None]) -> Iterator[Check]:
    """Yield every check; call `say` with each part before it starts."""
    for name, tier in shared.TIERS.items():
        say(name)
        for check in shared.attempt(name, partial(tier, subject.aws, subject.stack)):
            yield replace(check, is_stand_in=False)  # AWS implements what the emulator only records
    for name, part in PARTS.items():
        say(name)
        yield from shared.attempt(name, partial(part, subject))


def _status(subject: Subject) -> Iterator[Check]:
    status = subject.deployed.stack["StackStatus"]
    yield Check("Stack", status if status in SETTLED else " or ".join(SETTLED), status)


def _service(subject: Subject) -> Iterator[Check]:
    deployments = ask.service(subject.aws, subject.stack)["deployments"]
    yield Check("ECS deployments", "1 COMPLETED", named(
        f"{count} {state}" for state, count in Counter(item["rolloutState"] for item in deployments).items()))


def _targets(subject: Subject) -> Iterator[Check]:
    stack, running = subject.stack, ask.service(subject.aws, subject.stack)["runningCount"]
    if not running:
        yield skip("Healthy targets", "no task is running: MinTasks or SleepSchedule scaled the service to 0")
        return
    groups = [stack.ids[name] for name in ("TargetGroup", "AlternateTargetGroup") if name in stack.ids]
    states = Counter(
        target["TargetHealth"]["State"] for group in groups
        for target in subject.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        if target["TargetHealth"]["State"] != "draining")  # of a task that was replaced
    yield Check("Healthy targets", f"{running} healthy", named(f"{count} {state}" for state, count in states.items()))


def _scaling(subject: Subject) -> Iterator[Check]:
    stack = subject.stack
    targets = subject.aws("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=["service/" + stack.id("Service").rpartition(":service/")[2]],
    )["ScalableTargets"]
    seen = named(f"{target['MinCapacity']} to {target['MaxCapacity']} tasks" for target in targets)
    awake = f"{stack.parameter('MinTasks')} to {stack.parameter('MaxTasks')} tasks"
    is_asleep = bool(stack.parameter("SleepSchedule")) and seen == "0 to 0 tasks"
    yield Check("Scaling of the service", seen if is_asleep else awake, seen)


def _database(subject: Subject) -> Iterator[Check]:
    wanted, seen = subject.stack.parameter("DatabaseEngineVersion"), ask.cluster(
        subject.aws, subject.stack)["EngineVersion"]
    (major, minor), (seen_major, seen_minor) = (map(int, version.split(".")[:2]) for version in (wanted, seen))
    # AWS upgrades the minor version automatically (AutoMinorVersionUpgrade).
    is_right = seen_major == major and seen_minor >= minor
    yield Check("Aurora version", seen if is_right else f"{wanted}, or a later {major}", seen)


def _firewall_log(subject: Subject) -> Iterator[Check]:
    name, acl = "Firewall's log", safeguards.acl(subject.aws, subject.stack)
    if acl is None:
        yield skip(name, "Firewall is false" if not subject.stack.is_on("Firewall") else "no web ACL to ask")
        return
    log = subject.aws("wafv2").get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    yield Check(name, "1 destination", f"{len(log['LogDestinationConfigs'])} destination")


def _alarms(subject: Subject) -> Iterator[Check]:
    names = {physical_id: name for name, physical_id in subject.stack.ids.items() if name.endswith(("Alarm", "Guard"))}
    request: dict[str, Any] = {"AlarmNames": [*names], "AlarmTypes": ALARM_TYPES, "StateValue": "ALARM"}
    ringing = [names[alarm["AlarmName"]] for kind in ("CompositeAlarms", "MetricAlarms")
               for alarm in ask.every(subject.aws("cloudwatch"), "describe_alarms", kind, **request)]
    yield Check("Alarms in ALARM", "none", named(ringing))


def _subscriptions(subject: Subject) -> Iterator[Check]:
    ok, message = subscriptions(subject.cloud, subject.env.with_parameters(subject.stack.parameters))
    yield Check("Alert subscriptions", message if ok else "confirmed", message)


def _tags(subject: Subject) -> Iterator[Check]:
    wanted = {name: subject.stack.parameter(name) for name in ("Environment", "Team", "CostCenter", "Application")}
    # All types that the tagging API supports. CloudFormation adds the tag that the request filters by.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    tagged = ask.every(subject.aws("resourcegroupstaggingapi"), "get_resources", "ResourceTagMappingList", TagFilters=[
        {"Key": "aws:cloudformation:stack-name", "Values": [subject.env.stack_name]}])
    wrong = [resource["ResourceARN"] for resource in tagged
             if wanted.items() - {tag["Key"]: tag["Value"] for tag in resource["Tags"]}.items()]
    right = f"{named(wanted)} on every resource"
    yield Check("Tags", right, f"missing or different: {named(wrong)}" if wrong else right if tagged else "no resource")


def _drift(subject: Subject) -> Iterator[Check]:
    changes = stack_inspection.drift(subject.cloud, subject.env)
    yield Check("Drift", "none", named({
        f"{change.logical_id}{change.path or ' deleted'}" for change in changes if not change.explanation}))


def _backups(subject: Subject) -> Iterator[Check]:
    name, stack, client = "Backups have run", subject.stack, subject.aws("backup")
    if not stack.is_on("Backups"):
        yield skip(name, "Backups is false")
        return
    things = {ask.cluster(subject.aws, stack)["DBClusterArn"]: "database",
              ask.table(subject.aws, stack)["TableArn"]: "table"}
    points = ask.every(client, "list_recovery_points_by_backup_vault", "RecoveryPoints",
                       BackupVaultName=stack.id("BackupVault"))
    recent = {things[point["ResourceArn"]] for point in points if point["ResourceArn"] in things
              and point["Status"] == "COMPLETED" and subject.now - point["CreationDate"] < BACKUP_AGE}
    planned = client.get_backup_plan(BackupPlanId=stack.id("BackupPlan"))["CreationDate"]
    if not points and subject.now - planned < BACKUP_AGE:
        yield skip(name, "the backup plan is less than two days old and no backup is due yet: run this command again "
                         "tomorrow")
        return
    yield Check(name, "database, table within 2 days", f"{named(recent)} within 2 days")


def refused_transactions(stack: Stack) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield transactions that the function refuses before it accesses the table: name, transaction, reason.

    None that it accepts leaves no trace: with a table, each is remembered. The second is good in all but its age, which
    is checked after everything else, so its reason shows that the rest was accepted.
    """
    good = {"transaction_id": "tap-verify", "account_id": "tap-verify", "amount": "1", "timestamp": OUTDATED,
            "type": stack.parameter("ValidationTypes").split(",")[0],
            "currency": stack.parameter("ValidationCurrencies").split(":")[0]}
    yield "Transaction of abc", good | {"amount": "abc"}, "Invalid amount format"
    yield "Good but outdated transaction", good, "Timestamp is too old"


def _function(subject: Subject) -> Iterator[Check]:
    for name, event, reason in refused_transactions(subject.stack):
        answer = subject.aws("lambda").invoke(
            FunctionName=subject.stack.id("ValidationAlias"), Payload=json.dumps({"transaction": event}))
        yield transaction(name, {"statusCode": 400, "body": json.dumps({"reason": reason})},
                          json.loads(answer["Payload"].read()))


@dataclass(frozen=True)
class Sites:
    """The endpoints that are reachable from outside."""

    balancer: Site
    cdn: Site
    bucket: Site


def _outside(subject: Subject) -> Iterator[Check]:
    aws, stack = subject.aws, subject.stack
    pages = aws("s3").list_objects_v2(Bucket=stack.id("AssetsBucket"), Prefix="index.html", MaxKeys=1)
    yield from from_outside(stack, find_sites(aws, stack), has_page=bool(pages["KeyCount"]),
                            has_tasks=bool(ask.service(aws, stack)["runningCount"]))


def find_sites(aws: Clients, stack: Stack) -> Sites:
    """Return the addresses and names of load balancer, CDN and bucket."""
    address, distribution = ask.balancer(aws, stack)["DNSName"], ask.distribution(aws, stack)
    name = stack.parameter("DomainName")
    if not name and stack.parameter("CertificateArn"):
        certificate = aws("acm").describe_certificate(CertificateArn=stack.parameter("CertificateArn"))["Certificate"]
        name = certificate["DomainName"].replace("*", "www")
    cdn = distribution["DomainName"]
    bucket = next(origin["DomainName"] for origin in distribution["DistributionConfig"]["Origins"]["Items"]
                  if origin.get("OriginAccessControlId"))
    return Sites(Site(name or address, address), Site(stack.parameter("CdnDomainName") or cdn, cdn),
                 Site(bucket, bucket))


def from_outside(stack: Stack, sites: Sites, *, has_page: bool, has_tasks: bool) -> Iterator[Check]:
    """Check what visitors see; skip what the environment does not have."""
    https, path = stack.has_certificate(), stack.parameter("HealthCheckPath")
    no_https = "" if https else "the load balancer has no certificate"
    no_firewall = "" if stack.is_on("Firewall") else "Firewall is false"
    no_tasks = "" if has_tasks else "no task is running: MinTasks or SleepSchedule scaled the service to 0"
    no_page = "" if has_page else "the assets bucket has no index.html"
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html (MinimumProtocolVersion)
    own_certificate = "" if stack.parameter("CdnDomainName") else (
        "CloudFront's own certificate accepts TLS 1.1, which only a CdnDomainName changes")
    balancer, cdn = sites.balancer, sites.cdn
    rows: tuple[tuple[str, Callable[[str], Check], str], ...] = (
        ("Application answers", lambda name: outside.answers(name, balancer, path, https=https), no_tasks),
        ("Application redirects HTTP", lambda name: outside.redirects(name, balancer), no_https),
        ("Application, TLS 1.2", lambda name: outside.modern_tls(name, balancer), no_https),
        ("Application, TLS 1.1", lambda name: outside.old_tls(name, balancer), no_https),
        ("Firewall answers", lambda name: outside.firewall(name, balancer, path, https=https), no_firewall),
        ("CDN serves", lambda name: outside.answers(name, cdn, "/"), no_page),
        ("CDN redirects HTTP", lambda name: outside.redirects(name, cdn), ""),
        ("CDN, TLS 1.2", lambda name: outside.modern_tls(name, cdn), ""),
        ("CDN, TLS 1.1", lambda name: outside.old_tls(name, cdn), own_certificate),
        ("CDN's security headers", lambda name: outside.security_headers(name, cdn), ""),
        ("Bucket, read directly", lambda name: outside.refuses(name, sites.bucket, "/index.html"), ""),
    )
    for name, check, missing in rows:
        yield skip(name, missing) if missing else _checked(name, check)


def _checked(name: str, check: Callable[[str], Check]) -> Check:
    try:
        return check(name)
    except Exception as error:
        return trouble(name, error)


PARTS: dict[str, Callable[[Subject], Iterator[Check]]] = {
    "Stack's status": _status,
    "ECS deployments": _service,
    "target health": _targets,
    "scaling": _scaling,
    "Aurora version": _database,
    "firewall's log": _firewall_log,
    "alarms' states": _alarms,
    "confirmed subscriptions": _subscriptions,
    "tags": _tags,
    "drift": _drift,
    "backups have run": _backups,
    "function's answers": _function,
    "access from outside": _outside,
}
"""What only AWS shows, and the emulator does not."""
