"""Updates that CloudFormation would carry out, to the service's harm."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from deploy_fakes import DEV, changed

from tap.deploy import offline
from tap.deploy.hazards import LiveTraffic, lost_data, lost_traffic, read_traffic
from tap.deploy.models import Change, Refused
from tap.stack import build
from tap.template.resolve import Resolved, resolve

TEMPLATE = build().to_dict()
SERVICE = "arn:aws:ecs:eu-west-1:123456789012:service/tap-prod-Cluster-1/tap-prod-Service-1"
AFTER_FIRST_CANARY = {"TargetGroup": 0, "AlternateTargetGroup": 100}
AFTER_SECOND = {"TargetGroup": 100, "AlternateTargetGroup": 0}


def stack(**parameters: str) -> Resolved:
    return resolve(TEMPLATE, {"Environment": "prod", "DeploymentStrategy": "CANARY", **parameters})


def change(action: str, replacement: str | None = None, scope: tuple[str, ...] = ()) -> Change:
    return Change(action, "ProductionRule", "arn:rule", "AWS::ElasticLoadBalancingV2::ListenerRule", replacement, scope)


def lines(found: Change, weights: Mapping[str, int]) -> list[tuple[str, str]]:
    return list(lost_traffic([found], stack(), LiveTraffic({"ProductionRule": weights}, SERVICE)))


@pytest.mark.parametrize("found", [
    change("Remove"), change("Modify", "True", ("Properties",)), change("Modify", "False", ("Properties",))])
def test_no_rule_is_set_back_to_a_group_without_tasks(found: Change) -> None:
    assert lines(found, AFTER_FIRST_CANARY) == [("ProductionRule", (
        "all traffic goes to AlternateTargetGroup, and this update would send it to TargetGroup, which has no tasks. "
        "To shift the traffic back first, deploy the service once more: aws ecs update-service --cluster "
        "tap-prod-Cluster-1 --service tap-prod-Service-1 --force-new-deployment"))]


def test_a_rule_may_change_once_traffic_is_back() -> None:
    assert lines(change("Remove"), AFTER_SECOND) == []


def test_tags_of_a_rule_may_change_at_any_time() -> None:
    assert lines(change("Modify", "False", ("Tags",)), AFTER_FIRST_CANARY) == []


@pytest.mark.parametrize(("snapshot", "instead"), [
    ("", "an empty database"), ("another", "a database restored from another")])
def test_the_snapshot_that_a_database_came_from_is_kept(snapshot: str, instead: str) -> None:
    (name, line), = lost_data(stack(DatabaseSnapshot="before-migration"), stack(DatabaseSnapshot=snapshot))
    assert name == "DatabaseCluster"
    assert line.startswith("created from snapshot before-migration; without that value, CloudFormation replaces it "
                           f"with {instead}.")


def test_what_does_harm_is_refused_whoever_approves_it() -> None:
    before, after = stack(DatabaseSnapshot="before-migration"), stack()
    harmful = offline.plan(changed(DEV, approved=frozenset({"DatabaseCluster"})), before, after, TEMPLATE)

    assert "DatabaseCluster" not in harmful.needs_approval
    with pytest.raises(Refused, match=r"would cause harm:\n  - DatabaseCluster: .*an empty database"):
        harmful.check()


@pytest.mark.parametrize("snapshot", ["", "before-migration"])
def test_what_stays_as_it_is_loses_no_data(snapshot: str) -> None:
    assert list(lost_data(stack(DatabaseSnapshot=snapshot), stack(DatabaseSnapshot=snapshot))) == []


class Aws:
    """A stack with a service whose traffic has been shifted."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, method: str, **_: Any) -> dict[str, Any]:
        self.calls.append(method)
        return {"StackResourceSummaries": [
            {"LogicalResourceId": name, "PhysicalResourceId": arn, "ResourceType": kind} for name, arn, kind in (
                ("TargetGroup", "arn:blue", "AWS::ElasticLoadBalancingV2::TargetGroup"),
                ("AlternateTargetGroup", "arn:green", "AWS::ElasticLoadBalancingV2::TargetGroup"),
                ("Service", SERVICE, "AWS::ECS::Service"))]}

    def service(self, name: str) -> Callable[..., dict[str, Any]]:
        def answer(method: str, **request: Any) -> dict[str, Any]:
            self.calls.append(f"{name} {method}")
            return {"Rules": [{"RuleArn": arn, "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
                {"TargetGroupArn": "arn:blue", "Weight": 0}, {"TargetGroupArn": "arn:green", "Weight": 100}]}}]}
                for arn in request["RuleArns"]]}
        return answer


def test_weights_are_read_by_the_names_of_the_template() -> None:
    traffic = read_traffic(Aws(), "arn:stack", [change("Remove")])  # type: ignore[arg-type]  # what it calls of AWS
    assert traffic == LiveTraffic({"ProductionRule": AFTER_FIRST_CANARY}, SERVICE)


def test_nothing_is_asked_where_no_rule_changes() -> None:
    aws = Aws()
    assert read_traffic(aws, "arn:stack", []) == LiveTraffic({})  # type: ignore[arg-type]  # what it calls of AWS
    assert aws.calls == []
