"""E9101: ECS service on a target group that no listener forwards to."""

from collections.abc import Iterator

from tap.wiring.balancing import LISTENER, LISTENER_RULE, SERVICE, TARGET_GROUP, forwarding, target_groups
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule


class ServiceBehindListener(WiringRule):
    """ECS rejects a service whose target group has no load balancer."""

    id = "E9101"
    shortdesc = "ECS service on a target group that no listener forwards to"
    description = (
        "A target group is associated with a load balancer once a listener or listener rule forwards to it. Until "
        "then, ECS rejects the service.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-load-balancing.html"
    error = "The target group with targetGroupArn … does not have an associated load balancer."
    fix = "Add a listener or listener rule that forwards to the target group."
    types = (SERVICE, TARGET_GROUP, LISTENER, LISTENER_RULE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services with a target group that no listener forwards to."""
        for service in stack.of_type(SERVICE):
            for _, group in target_groups(stack, service):
                if not forwarding(stack, group) and not stack.is_handed_out(group):
                    yield Broken(service, group, "LoadBalancers", "no listener forwards to it")
