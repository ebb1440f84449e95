"""W9104."""

import pytest

BALANCERS = "      LoadBalancers: [{ContainerName: web, ContainerPort: 8080, TargetGroupArn: !Ref TargetGroup}]\n"
GRACE = "      HealthCheckGracePeriodSeconds: 60\n"


def test_a_grace_period_without_a_load_balancer_is_found(found):
    assert found((BALANCERS, "")) == [
        "W9104 `Service` → no load balancer: a grace period of 60 seconds has no health check to wait for. Add "
        "LoadBalancers to the service, or remove HealthCheckGracePeriodSeconds."]


def test_it_is_found_where_a_condition_takes_the_load_balancer_away(found):
    entry = BALANCERS.split(": ", 1)[1].strip()
    conditional = f"      LoadBalancers: !If [HasCertificate, {entry}, !Ref AWS::NoValue]\n"
    [message] = found((BALANCERS, conditional))
    assert message.endswith("(Where HasCertificate is false.)")


def test_both_or_neither_are_right(found):
    assert found((BALANCERS, ""), (GRACE, "")) == []
    both = (
        "      LoadBalancers: !If [HasCertificate, [{TargetGroupArn: !Ref TargetGroup, ContainerName: web, "
        "ContainerPort: 8080}], !Ref AWS::NoValue]\n")
    assert found((BALANCERS, both), (GRACE, GRACE.replace("60", "!If [HasCertificate, 60, !Ref AWS::NoValue]"))) == []


@pytest.mark.parametrize("change", [
    ("        PortMappings", "        HealthCheck: {Command: [CMD-SHELL, exit 0]}\n        PortMappings"),
    ("TaskDefinition: !Ref Task\n", "TaskDefinition: !ImportValue task\n"),
    ("LaunchType: FARGATE\n", "LaunchType: FARGATE\n      VpcLatticeConfigurations: [!ImportValue lattice]\n"),
])
def test_another_health_check_or_one_that_is_not_known_is_worth_the_wait(found, change):
    assert found((BALANCERS, ""), change) == []


def test_load_balancers_that_are_not_known_are_not_judged(found):
    assert found((BALANCERS, "      LoadBalancers: !Split [',', !ImportValue balancers]\n")) == []
