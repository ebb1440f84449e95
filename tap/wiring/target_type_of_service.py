"""E9103: target group of type instance for a service on Fargate or in awsvpc mode."""

from collections.abc import Iterator

from tap.wiring.balancing import SERVICE, TARGET_GROUP, TASK_DEFINITION, has_own_addresses, target_groups
from tap.wiring.graph import Resource, Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import at


class TargetTypeOfService(WiringRule):
    """Tasks with their own IP addresses are registered by IP."""

    id = "E9103"
    shortdesc = "Target group of type instance for a service on Fargate or in awsvpc mode"
    description = (
        "Tasks in the awsvpc network mode, which Fargate requires, are registered by IP address. ECS rejects a service "
        "whose target group has another type; the default is instance.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html"
    error = (
        "The provided target group … has target type instance, which is incompatible with the awsvpc network mode "
        "specified in the task definition.")
    fix = "Set TargetType: ip on the target group."
    types = (SERVICE, TARGET_GROUP, TASK_DEFINITION)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services whose target group takes instances, or functions."""
        for service in stack.of_type(SERVICE):
            task = stack.target(service.at("TaskDefinition"), TASK_DEFINITION)
            if not has_own_addresses(service) and not (task and task.at("NetworkMode") == "awsvpc"):
                continue
            for group in _groups(stack, service):
                kind = group.at("TargetType") or "instance"
                if kind in ("instance", "lambda", "alb"):
                    yield Broken(service, group, "LoadBalancers",
                                 f"tasks with their own IP addresses cannot be targets of type {kind}")


def _groups(stack: Stack, service: Resource) -> Iterator[Resource]:
    """Yield a service's target groups, and those that a blue/green deployment alternates them with."""
    for entry, group in target_groups(stack, service):
        yield group
        alternate = stack.target(at(entry, "AdvancedConfiguration", "AlternateTargetGroupArn"), TARGET_GROUP)
        if alternate:
            yield alternate
