"""E9102: ECS service that does not wait for the listener in front of its target group."""

from collections.abc import Iterator

from tap.wiring.balancing import LISTENER, LISTENER_RULE, SERVICE, TARGET_GROUP, forwarding, target_groups
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule


class ServiceWaitsForListener(WiringRule):
    """A service does not refer to its listener, so it needs DependsOn."""

    id = "E9102"
    shortdesc = "ECS service that does not wait for the listener in front of its target group"
    description = (
        "A service refers to its target group, not to the listener or rule that forwards to it. If it does not wait "
        "for that, CloudFormation may create the service first, and ECS rejects it.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html")
    error = "The target group with targetGroupArn … does not have an associated load balancer."
    fix = "Add the listener or rule to the service's DependsOn."
    types = (SERVICE, TARGET_GROUP, LISTENER, LISTENER_RULE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services that wait for nothing that forwards to their target group."""
        for service in stack.of_type(SERVICE):
            for _, group in target_groups(stack, service):
                found = forwarding(stack, group)
                if found and not any(stack.waits_for(service, listening) for listening in found):
                    yield Broken(service, found[0], "LoadBalancers",
                                 f"the service does not wait for the listener that forwards to `{group.logical_id}`")
