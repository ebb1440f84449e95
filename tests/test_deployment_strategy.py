"""How a new version of the service takes over, and what undoes it."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView, statements_of

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
SHIFTING = ["BLUE_GREEN", "CANARY", "LINEAR"]
RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


def configuration(stack: StackView) -> dict[str, Any]:
    return dict(stack.properties("Service")["DeploymentConfiguration"])


def shifting(stack: StackView) -> dict[str, Any] | None:
    found: dict[str, Any] | None = stack.properties("Service")["LoadBalancers"][0].get("AdvancedConfiguration")
    return found


@pytest.mark.parametrize("strategy", ["ROLLING", "ROLLING_PREPARED", *SHIFTING])
def test_the_circuit_breaker_rolls_back_every_strategy(deployed: Deployed, strategy: str) -> None:
    # The API reference names rolling deployments alone; acceptance tests show the others being rolled back by it:
    # canaryDeployment_withFailure and blueGreenDeployment_withCircuitBreaker in
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/service_test.go
    found = configuration(deployed(DeploymentStrategy=strategy))
    assert found["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


@pytest.mark.parametrize(("minutes", "accepted"), [("0", True), ("495", True), ("496", False)])
def test_the_longest_bake_time_fits_four_times_into_the_33_hours_that_cloudformation_allows(
        accepts: Callable[..., bool], minutes: str, accepted: bool) -> None:
    # LINEAR bakes after each of three steps, and at the end.
    assert accepts("DeploymentBakeMinutes", minutes) is accepted


def test_rolling_has_no_bake_time_and_nothing_to_shift_with(deployed: Deployed) -> None:
    stack = deployed(DeploymentStrategy="ROLLING")
    found = configuration(stack)
    assert found["Strategy"] == "ROLLING"
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
    assert not {"BakeTimeInMinutes", "CanaryConfiguration", "LinearConfiguration"} & set(found)
    assert shifting(stack) is None
    assert not stack.all(RULE)
    assert set(stack.all("AWS::ElasticLoadBalancingV2::TargetGroup")) == {"TargetGroup"}
    assert "DeploymentRole" not in stack.resolved.resources


@pytest.mark.parametrize("strategy", SHIFTING)
def test_every_strategy_that_shifts_traffic_bakes(deployed: Deployed, strategy: str) -> None:
    found = configuration(deployed(DeploymentStrategy=strategy, DeploymentBakeMinutes="7"))
    assert found["Strategy"] == strategy
    assert found["BakeTimeInMinutes"] == "7"


@pytest.mark.parametrize(("strategy", "steps"), [
    ("BLUE_GREEN", {}),
    ("CANARY", {"CanaryConfiguration": {"CanaryPercent": 10, "CanaryBakeTimeInMinutes": "7"}}),
    ("LINEAR", {"LinearConfiguration": {"StepPercent": 25, "StepBakeTimeInMinutes": "7"}})])
def test_each_strategy_has_its_own_steps_and_no_others(
        deployed: Deployed, strategy: str, steps: dict[str, Any]) -> None:
    found = configuration(deployed(DeploymentStrategy=strategy, DeploymentBakeMinutes="7"))
    of_steps = ("CanaryConfiguration", "LinearConfiguration")
    assert {key: value for key, value in found.items() if key in of_steps} == steps


@pytest.mark.parametrize("strategy", ["ROLLING", *SHIFTING])
def test_every_strategy_is_rolled_back_by_the_parts_of_the_health_alarm(deployed: Deployed, strategy: str) -> None:
    stack = deployed(DeploymentStrategy=strategy)
    alarms = configuration(stack)["Alarms"]
    assert (alarms["Enable"], alarms["Rollback"]) == (True, True)
    # Amazon ECS documents metric alarms: the parts of the composite one ring when it does.
    assert {name.logical_id for name in alarms["AlarmNames"]} == stack.mentions(
        stack.only("AWS::CloudWatch::CompositeAlarm")["AlarmRule"])


@pytest.mark.parametrize("strategy", SHIFTING)
def test_traffic_is_shifted_between_two_groups_by_two_rules_and_a_role(deployed: Deployed, strategy: str) -> None:
    stack = deployed(DeploymentStrategy=strategy)
    assert shifting(stack) == {
        "AlternateTargetGroupArn": Reference("AlternateTargetGroup"), "RoleArn": Reference("DeploymentRole", "Arn"),
        "ProductionListenerRule": Reference("ProductionRule"), "TestListenerRule": Reference("TestRule")}


def test_both_groups_are_alike(deployed: Deployed) -> None:
    stack = deployed(DeploymentStrategy="CANARY")
    assert stack.properties("TargetGroup") == stack.properties("AlternateTargetGroup")


@pytest.mark.parametrize(("certificate", "listener"), [("", "HttpListener"), (CERTIFICATE, "HttpsListener")])
def test_both_rules_forward_to_both_groups_on_the_listener_that_serves(
        deployed: Deployed, certificate: str, listener: str) -> None:
    # ECS refuses a deployment where a rule knows one group only.
    stack = deployed(DeploymentStrategy="CANARY", CertificateArn=certificate)
    rules = stack.all(RULE)
    assert len(rules) == 2
    for rule in rules.values():
        assert rule["ListenerArn"] == Reference(listener)
        (action,) = rule["Actions"]
        assert action == {"Type": "forward", "ForwardConfig": {"TargetGroups": [
            {"TargetGroupArn": Reference("TargetGroup"), "Weight": 1},
            {"TargetGroupArn": Reference("AlternateTargetGroup"), "Weight": 0}]}}


def test_test_traffic_is_told_by_its_header_before_all_other_traffic(deployed: Deployed) -> None:
    stack = deployed(DeploymentStrategy="CANARY")
    test, production = stack.properties("TestRule"), stack.properties("ProductionRule")
    assert test["Priority"] < production["Priority"]
    assert test["Conditions"] == [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Test-Traffic", "Values": ["true"]}}]
    assert production["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]


def test_ecs_may_move_these_rules_weights_and_these_groups_targets_and_no_others(deployed: Deployed) -> None:
    stack = deployed(DeploymentStrategy="CANARY")
    (trust,) = statements_of(stack.properties("DeploymentRole")["AssumeRolePolicyDocument"])
    granted = stack.grants("DeploymentRole")
    assert trust["Principal"] == {"Service": "ecs.amazonaws.com"}
    assert granted["elasticloadbalancing:ModifyRule"] == {"${TestRule}", "${ProductionRule}"}
    for action in ("RegisterTargets", "DeregisterTargets"):
        assert granted[f"elasticloadbalancing:{action}"] == {"${TargetGroup}", "${AlternateTargetGroup}"}


def test_production_shifts_traffic_by_a_canary(prod: StackView) -> None:
    assert configuration(prod)["Strategy"] == "CANARY"
