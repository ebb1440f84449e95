"""How an existing service comes from one deployment strategy to another."""

from collections.abc import Callable

import pytest
from stack_view import StackView

SHIFTING = ("BLUE_GREEN", "CANARY", "LINEAR")
Deployed = Callable[..., StackView]


def service_of(deployed: Deployed, strategy: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return the service's deployment configuration and its load balancer."""
    properties = deployed(DeploymentStrategy=strategy).only("AWS::ECS::Service")
    balancer, = properties["LoadBalancers"]
    return properties["DeploymentConfiguration"], balancer


@pytest.mark.parametrize("strategy", SHIFTING)
def test_the_step_before_shifting_has_the_balancing_that_shifting_takes(deployed: Deployed, strategy: str) -> None:
    _, prepared = service_of(deployed, "ROLLING_PREPARED")
    _, shifting = service_of(deployed, strategy)

    assert prepared == shifting
    assert "AdvancedConfiguration" in prepared


def test_the_step_before_shifting_is_deployed_like_a_rolling_one(deployed: Deployed) -> None:
    prepared, _ = service_of(deployed, "ROLLING_PREPARED")
    rolling, balancer = service_of(deployed, "ROLLING")

    # The second target group has alarms of its own.
    assert {**prepared, "Alarms": None} == {**rolling, "Alarms": None}
    assert prepared["Strategy"] == "ROLLING"
    assert "AdvancedConfiguration" not in balancer
