"""W9104: health check grace period of a service without health checks."""

from collections.abc import Iterator

from tap.wiring.balancing import SERVICE, TASK_DEFINITION, containers
from tap.wiring.graph import Resource, Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import number


class GracePeriod(WiringRule):
    """A grace period is one for health checks: of a load balancer, of VPC Lattice, of containers."""

    id = "W9104"
    shortdesc = "Health check grace period of a service without a load balancer, and without another health check"
    description = (
        "HealthCheckGracePeriodSeconds delays the health checks of a load balancer, of VPC Lattice and of containers. "
        "Without any of these it is unused, and what was meant to be behind a load balancer is not.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"
    fix = "Give the service its LoadBalancers, or remove HealthCheckGracePeriodSeconds."
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
