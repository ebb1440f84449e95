"""E9501: security groups that keep a load balancer from its targets."""

from collections.abc import Iterator

from tap.wiring.balancing import (
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    SERVICE,
    TARGET_GROUP,
    balancers,
    has_own_addresses,
    is_application,
    target_groups,
)
from tap.wiring.graph import Resource, Stack
from tap.wiring.reach import GROUP_TYPES, groups, refuses
from tap.wiring.rule import Broken, WiringRule


class BalancerToTargets(WiringRule):
    """Requests and health checks come from the load balancer's security groups."""

    id = "E9501"
    shortdesc = "Security groups that block a load balancer from its targets"
    description = (
        "A load balancer reaches a task only if its security group has an egress rule, and the task's security group "
        "an ingress rule, for the container's port. Otherwise health checks fail and the service never becomes stable.")
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html")
    error = "(service web) (port 8080) is unhealthy in (target-group …) due to (reason Request timed out)"
    fix = "Add the rule, inline or as AWS::EC2::SecurityGroupIngress or AWS::EC2::SecurityGroupEgress."
    types = (SERVICE, TARGET_GROUP, LISTENER, LISTENER_RULE, LOAD_BALANCER, *GROUP_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield load balancers that cannot reach a service's tasks."""
        for service in stack.of_type(SERVICE):
            if not has_own_addresses(service):
                continue
            tasks = groups(stack, service.at("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"))
            for entry, group in target_groups(stack, service):
                for balancer in filter(_is_guarded, balancers(stack, group)):
                    port = entry.get("ContainerPort")
                    refused = refuses(stack, groups(stack, balancer.at("SecurityGroups")), tasks, port)
                    if refused:
                        guard, kind = refused
                        yield Broken(balancer, service, "SecurityGroups",
                                     f"`{guard.logical_id}` has no {kind} rule for port {port} between them")


def _is_guarded(balancer: Resource) -> bool:
    """Whether security groups limit what a load balancer sends: always an application one's, where there are any."""
    return is_application(balancer) or bool(balancer.at("SecurityGroups"))
