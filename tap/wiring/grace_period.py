"""W9104: health check grace period of a service without health checks."""

from collections.abc import Iterator

from tap.wiring.balancing import SERVICE, TASK_DEFINITION, containers
from tap.wiring.graph import Resource, Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import number


class GracePeriod(WiringRule):
    """A grace period applies to health checks of a load balancer, VPC Lattice or containers."""

    id = "W9104"
    shortdesc = "Health check grace period of a service without health checks"
    description = (
        "HealthCheckGracePeriodSeconds applies to health checks of a load balancer, VPC Lattice and containers. "
        "Without any of these it has no effect: the service is probably missing its load balancer.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"
    fix = "Add LoadBalancers to the service, or remove HealthCheckGracePeriodSeconds."
    types = (SERVICE, TASK_DEFINITION)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services with a grace period alone."""
        for service in stack.of_type(SERVICE):
            seconds = number(service.at("HealthCheckGracePeriodSeconds"))
            if seconds and not _may_be_checked(stack, service):
                yield Broken(service, "no load balancer", "HealthCheckGracePeriodSeconds",
                             f"a grace period of {seconds} seconds has no health check to wait for")


def _may_be_checked(stack: Stack, service: Resource) -> bool:
    found = containers(stack, service)
    return bool(service.at("LoadBalancers") or service.at("VpcLatticeConfigurations") or not found
                or any("HealthCheck" in container for container in found[1]))
