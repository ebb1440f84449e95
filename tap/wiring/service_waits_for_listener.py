"""E9102: ECS service that does not wait for the listener in front of its target group."""

from collections.abc import Iterator

from tap.wiring.balancing import LISTENER, LISTENER_RULE, SERVICE, TARGET_GROUP, forwarding, target_groups
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule


class ServiceWaitsForListener(WiringRule):
    """Nothing in a service refers to its listener, so the order has to be said."""

    id = "E9102"
    shortdesc = "ECS service that does not wait for the listener in front of its target group"
    description = (
        "A service refers to its target group, not to the listener or the rule that forwards to it. Where it does not "
        "wait for that, CloudFormation may make the service first, and ECS refuses it.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html")
    error = "The target group with targetGroupArn … does not have an associated load balancer."
    fix = "Add DependsOn to the service."
    types = (SERVICE, TARGET_GROUP, LISTENER, LISTENER_RULE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services that wait for nothing that forwards to their target group."""
        for service in stack.of_type(SERVICE):
            for _, group in target_groups(stack, service):
                found = forwarding(stack, group)
                if found and not any(stack.waits_for(service, listening) for listening in found):
                    yield Broken(service, found[0], "LoadBalancers",
                                 f"the service does not wait for what forwards to its `{group.logical_id}`")
