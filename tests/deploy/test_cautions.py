"""What the guard adds to a change that its list of properties does not say."""

from typing import Any

import pytest

from tap.deploy import offline
from tap.deploy.models import Environment, Target
from tap.deploy.plan import Plan
from tap.template.resolve import resolve

GROUPS = [{"TargetGroupArn": "arn:a", "Weight": 100}, {"TargetGroupArn": "arn:b", "Weight": 0}]


def plan(before: dict[str, Any], after: dict[str, Any]) -> Plan:
    document = {"Resources": after}
    return offline.plan(
        Environment("dev", Target("tap-dev")), resolve({"Resources": before}, {}), resolve(document, {}), document)


def reason(before: dict[str, Any], after: dict[str, Any]) -> str:
    verdict, = plan(before, after).verdicts.values()
    return f"{verdict.grade}: {verdict.reason}"


def rule(groups: list[dict[str, Any]], team: str) -> dict[str, Any]:
    return {"Rule": {"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {
        "ListenerArn": "arn:listener", "Priority": 1, "Tags": [{"Key": "Team", "Value": team}],
        "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}}}


def service(strategy: str, prepared: bool) -> dict[str, Any]:
    balancer = {"ContainerName": "web", **({"AdvancedConfiguration": {"RoleArn": "arn:role"}} if prepared else {})}
    return {"Service": {"Type": "AWS::ECS::Service", "Properties": {
        "DeploymentConfiguration": {"Strategy": strategy}, "LoadBalancers": [balancer]}}}


def test_the_tags_of_a_rule_that_shares_traffic_are_disruptive() -> None:
    assert reason(rule(GROUPS, "a"), rule(GROUPS, "b")).startswith("disruptive: Amazon ECS moves the weights")


def test_the_tags_of_a_rule_with_one_target_group_are_safe() -> None:
    assert reason(rule(GROUPS[:1], "a"), rule(GROUPS[:1], "b")) == "safe: changed in place"


def test_a_service_that_begins_to_shift_traffic_unprepared_names_the_step_in_between() -> None:
    assert "ROLLING_PREPARED first" in reason(service("ROLLING", prepared=False), service("CANARY", prepared=True))


def test_a_prepared_service_may_begin_to_shift_traffic() -> None:
    assert reason(service("ROLLING", prepared=True), service("CANARY", prepared=True)) == "safe: changed in place"


@pytest.mark.parametrize(("kind", "told"), [
    ("AWS::Backup::BackupPlan", "backups stop"),
    ("AWS::KMS::Key", "only for as long as the key exists"),
    ("AWS::Route53::RecordSet", "no longer resolves")])
def test_what_a_removal_means_is_said(kind: str, told: str) -> None:
    assert told in reason({"A": {"Type": kind}}, {})


def test_an_address_of_a_subscription_has_to_be_confirmed() -> None:
    old, new = ({"A": {"Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": "arn:topic", "Protocol": "email", "Endpoint": each}}} for each in ("a@b.example", "c@d.example"))
    assert reason(old, new).endswith("the new address gets nothing before its owner confirms, and the old one nothing "
                                     "more")


def test_objects_keep_the_encryption_that_they_have() -> None:
    old, new = ({"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": each}}} for each in ("x", "y"))
    assert "objects that exist keep the encryption" in reason(old, new)
