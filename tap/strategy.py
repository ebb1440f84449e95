"""The strategy by which a new version of the service takes over, and the target group that it takes besides."""

from typing import NamedTuple

from troposphere import And, Condition, Equals, Not, Parameter, Template
from troposphere.elasticloadbalancingv2 import TargetGroup

from tap.load_balancer import target_group_of
from tap.network import Network
from tap.parts import add_parameter

# An existing service takes what shifts traffic by a rolling deployment, and only then another strategy.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-rolling-to-bluegreen.html
PREPARED = "ROLLING_PREPARED"


class Alternate(NamedTuple):
    """The second target group, and what decides about it."""

    target_group: TargetGroup
    condition: str
    """Where the group exists."""
    is_shifting: str
    strategy: Parameter


def add_alternate(t: Template, network: Network) -> Alternate:
    """Declare the strategy, and add the target group that takes turns with the load balancer's own."""
    strategy = add_parameter(t, "Deployment", "Strategy", Parameter(
        "DeploymentStrategy", Type="String", Default="ROLLING",
        AllowedValues=["ROLLING", PREPARED, "BLUE_GREEN", "CANARY", "LINEAR"],
        Description=f"ROLLING replaces tasks in turn; {PREPARED} too, a step on the way to and from the others, which "
                    "run old and new side by side and shift the traffic."))
    has_alternate = t.add_condition("HasAlternateTargets", Not(Equals(strategy.ref(), "ROLLING")))
    is_shifting = t.add_condition("IsTrafficShifted", And(
        Condition(has_alternate), Not(Equals(strategy.ref(), PREPARED))))
    return Alternate(
        t.add_resource(target_group_of("AlternateTargetGroup", network, Condition=has_alternate)),
        has_alternate, is_shifting, strategy)
