"""Load balancers: their listeners, and what forwards to a target group."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.wiring.graph import Resource, Stack
from tap.wiring.values import as_list, as_maps, at

SERVICE = "AWS::ECS::Service"
TASK_DEFINITION = "AWS::ECS::TaskDefinition"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENING = (LISTENER, LISTENER_RULE)


def actions(listening: Resource) -> list[Mapping[str, Any]]:
    """Return the actions of a listener or a listener rule."""
    return as_maps(listening.at("DefaultActions")) + as_maps(listening.at("Actions"))


def target_groups(stack: Stack, service: Resource) -> Iterator[tuple[Mapping[str, Any], Resource]]:
    """Yield the load balancer entries of an ECS service whose target group is in the template, with that group."""
    for entry in as_maps(service.at("LoadBalancers")):
        group = stack.target(entry.get("TargetGroupArn"), TARGET_GROUP)
        if group:
            yield entry, group


def forwarding(stack: Stack, group: Resource) -> list[Resource]:
    """Return the listeners and listener rules that forward to a target group."""
    return list(stack.referring_to(group, *LISTENING))


def balancers(stack: Stack, group: Resource) -> list[Resource]:
    """Return the load balancers of the template in front of a target group."""
    found: dict[str, Resource] = {}
    for listening in forwarding(stack, group):
        is_rule = listening.type == LISTENER_RULE
        listener = stack.target(listening.at("ListenerArn"), LISTENER) if is_rule else listening
        balancer = stack.target(listener.at("LoadBalancerArn"), LOAD_BALANCER) if listener else None
        if balancer:
            found[balancer.logical_id] = balancer
    return list(found.values())


def listeners(stack: Stack, balancer: Resource) -> list[Resource]:
    """Return the listeners of a load balancer."""
    return [listener for listener in stack.of_type(LISTENER)
            if stack.target(listener.at("LoadBalancerArn"), LOAD_BALANCER) is balancer]


def is_application(balancer: Resource) -> bool:
    """Whether a load balancer is an Application Load Balancer, the default type."""
    return balancer.at("Type") in (None, "application")


def has_own_addresses(service: Resource) -> bool:
    """Whether the tasks of an ECS service have their own network interfaces, as on Fargate."""
    return (is_on_fargate(service)
            or isinstance(service.at("NetworkConfiguration", "AwsvpcConfiguration"), Mapping))


def is_on_fargate(service: Resource) -> bool:
    """Whether an ECS service certainly runs on Fargate."""
    providers = [str(entry.get("CapacityProvider")) for entry in as_maps(service.at("CapacityProviderStrategy"))]
    return service.at("LaunchType") == "FARGATE" or any(name.startswith("FARGATE") for name in providers)


def containers(stack: Stack, service: Resource) -> tuple[Resource, list[Mapping[str, Any]]] | None:
    """Return a service's task definition and its containers, or None if not all are in the template."""
    task = stack.target(service.at("TaskDefinition"), TASK_DEFINITION)
    definitions = as_list(task.at("ContainerDefinitions")) if task else []
    known = [item for item in as_maps(definitions) if "Name" in item]
    return (task, known) if task and known and len(known) == len(definitions) else None


def attributes(balancer: Resource) -> dict[str, Any]:
    """Return a load balancer's attributes by key."""
    return {str(item.get("Key")): at(item, "Value") for item in as_maps(balancer.at("LoadBalancerAttributes"))}
