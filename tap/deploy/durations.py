"""Estimate how long operations take, from a stack's own events or typical values, and how long is left.

All functions are pure: events, graphs and seconds in, seconds out.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tap.deploy.models import ChangeSet, StackEvent

# Approximate seconds to create a resource on AWS; deletions and in-place updates take as long or less.
TYPICAL: Mapping[str, float] = {f"AWS::{name}": seconds for name, seconds in {
    "ApplicationAutoScaling::ScalableTarget": 5, "Backup::BackupSelection": 30, "CloudFront::Distribution": 240,
    "CloudWatch::Alarm": 8, "DynamoDB::Table": 30, "EC2::EIP": 15, "EC2::InternetGateway": 15,
    "EC2::NatGateway": 110, "EC2::Subnet": 5, "EC2::VPC": 12, "EC2::VPCEndpoint": 60, "ECS::Cluster": 12,
    "ECS::Service": 150, "ElasticLoadBalancingV2::LoadBalancer": 160, "ElasticLoadBalancingV2::TargetGroup": 15,
    "IAM::ManagedPolicy": 18, "IAM::Role": 18, "KMS::Key": 25, "Lambda::Function": 12, "RDS::DBCluster": 90,
    "RDS::DBInstance": 540, "S3::Bucket": 20, "SNS::Topic": 12}.items()}
OTHERWISE = 10.0
_OVERDUE = 2.0  # how many times the usual duration triggers a warning


@dataclass(frozen=True)
class Usual:
    """The usual duration of a resource's operation, and whether it was learned from this stack."""

    seconds: float
    learned: bool


def learned(events: Iterable[StackEvent]) -> dict[tuple[str, str], float]:
    """Return the latest successful durations in seconds, by logical id and operation (CREATE, UPDATE, DELETE).

    `events` are one stack's, oldest first. Only their own timestamps are compared, so no local clock matters.
    """
    began: dict[tuple[str, str], StackEvent] = {}
    latest: dict[tuple[str, str], float] = {}
    for event in events:
        if event.is_stack:
            # A new operation discards what the previous one left unfinished.
            if event.status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
                began.clear()
            continue
        operation, _, state = event.status.partition("_")
        key = (event.logical_id, operation)
        if state == "IN_PROGRESS":
            began.setdefault(key, event)
        elif state == "COMPLETE" and key in began:
            latest[key] = max(0.0, (event.timestamp - began.pop(key).timestamp).total_seconds())
        elif state == "FAILED":
            began.pop(key, None)
    return latest


def usual(plan: ChangeSet, history: Mapping[tuple[str, str], float]) -> dict[str, Usual]:
    """Return the expected duration of each change of a plan, by logical id."""
    expected = {}
    for change in plan.changes:
        replaced = change.action == "Modify" and change.replacement == "True"
        operation = {"Add": "CREATE", "Remove": "DELETE"}.get(change.action, "CREATE" if replaced else "UPDATE")
        seconds = history.get((change.logical_id, operation))
        typical = TYPICAL.get(change.resource_type, OTHERWISE)
        expected[change.logical_id] = Usual(typical if seconds is None else seconds, seconds is not None)
    return expected


def remaining(
    expected: Mapping[str, float], needs: Mapping[str, Collection[str]], elapsed: Mapping[str, float],
    done: Collection[str],
) -> float:
    """Return the remaining seconds: the longest path through the graph of unfinished resources.

    `expected` has seconds by logical id, `needs` what each waits for, and `elapsed` the seconds that
    resources in progress have taken. A resource that is over its expected time is assumed to need another tenth of it.
    """
    finish: dict[str, float] = {}
    on_the_way: set[str] = set()

    def seconds(logical_id: str) -> float:
        if logical_id in done or logical_id not in expected or logical_id in on_the_way:
            return 0.0
        if logical_id not in finish:
            on_the_way.add(logical_id)
            # A resource in progress no longer waits for others.
            waits = () if logical_id in elapsed else needs.get(logical_id, ())
            before = max((seconds(logical_id) for logical_id in waits), default=0.0)
            on_the_way.discard(logical_id)
            finish[logical_id] = before + _left(expected[logical_id], elapsed.get(logical_id, 0.0))
        return finish[logical_id]

    return max((seconds(logical_id) for logical_id in expected), default=0.0)


def _left(expected: float, elapsed: float) -> float:
    return expected - elapsed if elapsed <= expected else (elapsed - expected) / 10


def is_overdue(expected: float, elapsed: float) -> bool:
    """Return whether an operation takes so much longer than usual that it is worth a warning."""
    return elapsed > max(_OVERDUE * expected, 30.0)
