"""E9411: Application Load Balancer in one Availability Zone."""

from collections.abc import Iterator

from tap.wiring.balancing import LOAD_BALANCER, is_application
from tap.wiring.graph import Stack
from tap.wiring.routing import SUBNET, zones
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps


class BalancerZones(WiringRule):
    """An Application Load Balancer needs two Availability Zones."""

    id = "E9411"
    shortdesc = "Application Load Balancer in one Availability Zone"
    description = (
        "Elastic Load Balancing rejects an Application Load Balancer whose subnets do not cover at least two "
        "Availability Zones.")
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html"
        "#subnets-load-balancer")
    error = "At least two subnets in two different Availability Zones must be specified"
    fix = "Add a subnet in another Availability Zone."
    types = (LOAD_BALANCER, SUBNET)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield load balancers whose subnets all have the same zone."""
        for balancer in filter(is_application, stack.of_type(LOAD_BALANCER)):
            mapped = [entry.get("SubnetId") for entry in as_maps(balancer.at("SubnetMappings"))]
            subnets = stack.targets(balancer.at("Subnets") or mapped, SUBNET)
            # On an Outpost one subnet is enough; cfn-lint finds a list of one.
            if subnets and len(subnets) > 1 and zones(subnets) == 1 and (
                    not any(subnet.at("OutpostArn") for subnet in subnets)):
                yield Broken(balancer, subnets[0], "Subnets", "all its subnets are in one Availability Zone")
