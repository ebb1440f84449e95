"""Find changes that CloudFormation would carry out with harm: traffic without tasks, a database without data."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from tap.deploy.aws import AwsClient
from tap.deploy.models import CallFailed, Change, ChangeSet
from tap.deploy.stacks import pages
from tap.template.resolve import Reference, Resolved

_RULE, _SERVICE, _CLUSTER = (
    "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ECS::Service", "AWS::RDS::DBCluster")

Weights = Mapping[str, int]
"""Share of the traffic by the logical id of a target group."""


@dataclass(frozen=True)
class LiveTraffic:
    """The current weights of traffic."""

    weights: Mapping[str, Weights]  # by the logical id of a listener rule
    service_arn: str = ""


def lost_traffic(changes: Collection[Change], before: Resolved, live: LiveTraffic) -> Iterator[tuple[str, str]]:
    """Yield each listener rule that an update resets to a target group that has no tasks, and the effect.

    Amazon ECS moves the weights from one group to the other with each deployment that shifts traffic. CloudFormation
    knows only the template's weights, and sets them whenever it changes or replaces the rule. If it removes the
    rule, the listener's default takes its place, which is the same group.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
    """
    for change in _of_rules(changes):
        wanted = {group for group, weight in _template_weights(before, change.logical_id).items() if weight}
        used = {group for group, weight in live.weights.get(change.logical_id, {}).items() if weight}
        if wanted and used and not wanted & used:
            yield change.logical_id, (
                f"all traffic goes to {', '.join(sorted(used))}, and this update would send it to "
                f"{', '.join(sorted(wanted))}, which has no tasks. To shift the traffic back first, deploy the service "
                f"once more: {_redeploy(live.service_arn)}")


def lost_data(before: Resolved, after: Resolved) -> Iterator[tuple[str, str]]:
    """Yield each database cluster that an update replaces because its snapshot changes, and the effect.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html
    """
    for name, entry in before.resources.items():
        snapshot = entry.get("Properties", {}).get("SnapshotIdentifier") if entry["Type"] == _CLUSTER else None
        if not snapshot or name not in after.resources:
            continue
        new = after.properties(name).get("SnapshotIdentifier")
        if new != snapshot:
            what = f"a database restored from {new}" if new else "an empty database"
            yield name, (
                f"created from snapshot {snapshot}; without that value, CloudFormation replaces it with {what}. Keep "
                "the snapshot's name in the parameters, even after the snapshot is deleted")


def read_traffic(aws: AwsClient, stack_id: str, changes: Collection[Change]) -> LiveTraffic:
    """Return the live weights of the listener rules that change; sends no request if none does. Raises CallFailed."""
    rules = {change.physical_id: change.logical_id for change in _of_rules(changes) if change.physical_id}
    if not rules:
        return LiveTraffic({})
    resources = list(pages(aws.call, "list_stack_resources", "StackResourceSummaries", StackName=stack_id))
    names = {entry.get("PhysicalResourceId"): entry["LogicalResourceId"] for entry in resources}
    answer = aws.service("elbv2")("describe_rules", RuleArns=list(rules))
    weights = {rules[rule["RuleArn"]]: {
        names.get(group["TargetGroupArn"], group["TargetGroupArn"]): int(group.get("Weight", 1))
        for action in rule["Actions"] for group in action.get("ForwardConfig", {}).get("TargetGroups", ())}
        for rule in answer["Rules"]}
    return LiveTraffic(weights, next(
        (entry["PhysicalResourceId"] for entry in resources if entry["ResourceType"] == _SERVICE), ""))


def hazards(aws: AwsClient | None, change_set: ChangeSet, before: Resolved, after: Resolved,
            warnings: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the logical ids of changes that must not be applied, and why; append to `warnings` what is unknown."""
    yield from lost_data(before, after)
    if aws:
        try:
            live = read_traffic(aws, change_set.stack_id, change_set.changes)
        except CallFailed as error:
            warnings.append(f"the weights of the listener rules cannot be read: {error.message}")
        else:
            yield from lost_traffic(change_set.changes, before, live)


def _of_rules(changes: Collection[Change]) -> list[Change]:
    # A change of only the tags does not set the actions.
    return [change for change in changes if change.resource_type == _RULE and change.action in ("Modify", "Remove")
            and set(change.scope) != {"Tags"}]


def _template_weights(resolved: Resolved, rule: str) -> Weights:
    return {group["TargetGroupArn"].logical_id: int(group.get("Weight", 1))
            for action in resolved.properties(rule).get("Actions", ())
            for group in action.get("ForwardConfig", {}).get("TargetGroups", ())
            if isinstance(group["TargetGroupArn"], Reference)}


def _redeploy(service_arn: str) -> str:
    cluster, _, service = service_arn.rpartition(":service/")[2].partition("/")
    return f"aws ecs update-service --cluster {cluster} --service {service} --force-new-deployment"
