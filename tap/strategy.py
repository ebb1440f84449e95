"""The deployment strategy, and the second target group that strategies other than ROLLING use."""

from typing import NamedTuple

from troposphere import And, Condition, Equals, Not, Parameter, Template
from troposphere.elasticloadbalancingv2 import TargetGroup

from tap.load_balancer import target_group_of
from tap.network import Network
from tap.parts import add_parameter

# An existing service needs a rolling deployment with the second target group before its strategy can change.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-rolling-to-bluegreen.html
PREPARED = "ROLLING_PREPARED"


class Alternate(NamedTuple):
    """The second target group, its condition and the strategy."""

    target_group: TargetGroup
    condition: str
    """The condition that the group exists."""
    is_shifting: str
    strategy: Parameter


def add_alternate(t: Template, network: Network) -> Alternate:
    """Declare the strategy and add the second target group; return both."""
    strategy = add_parameter(t, "Deployment", "Strategy", Parameter(
        "DeploymentStrategy", Type="String", Default="ROLLING",
        AllowedValues=["ROLLING", PREPARED, "BLUE_GREEN", "CANARY", "LINEAR"],
        Description="ROLLING replaces tasks in turn. BLUE_GREEN, CANARY and LINEAR run the old and new tasks side by "
                    f"side and shift the traffic. Deploy {PREPARED} in between to change from ROLLING to one of these, "
                    "or back."))
    has_alternate = t.add_condition("HasAlternateTargets", Not(Equals(strategy.ref(), "ROLLING")))
    is_shifting = t.add_condition("IsTrafficShifted", And(
        Condition(has_alternate), Not(Equals(strategy.ref(), PREPARED))))
    return Alternate(
        t.add_resource(target_group_of("AlternateTargetGroup", network, Condition=has_alternate)),
        has_alternate, is_shifting, strategy)
