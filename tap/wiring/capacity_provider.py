"""E9109: capacity provider of a service that its cluster does not have."""

from collections.abc import Iterator

from tap.wiring.balancing import SERVICE
from tap.wiring.graph import Resource, Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import Unknown, as_list, as_maps, same

CLUSTER = "AWS::ECS::Cluster"
ASSOCIATION = "AWS::ECS::ClusterCapacityProviderAssociations"


class CapacityProvider(WiringRule):
    """A service uses capacity providers of its cluster."""

    id = "E9109"
    shortdesc = "Capacity provider of a service that its cluster does not have, or does not have yet"
    description = (
        "A service can use only capacity providers that are associated with its cluster, including FARGATE and "
        "FARGATE_SPOT. If a separate association adds them, the service must wait for it.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html"
    error = (
        "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
        "cluster.")
    fix = "Add it to the cluster's CapacityProviders, or add the association to the service's DependsOn."
    types = (SERVICE, CLUSTER, ASSOCIATION)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services with a capacity provider that their cluster lacks."""
        for service in stack.of_type(SERVICE):
            cluster = stack.target(service.at("Cluster"), CLUSTER)
            for entry in as_maps(service.at("CapacityProviderStrategy")) if cluster else []:
                if cluster and not stack.is_handed_out(cluster):
                    yield from _check(stack, service, cluster, entry.get("CapacityProvider"))


def _check(stack: Stack, service: Resource, cluster: Resource, name: object) -> Iterator[Broken]:
    if _has(cluster, name):
        return
    associations = [item for item in stack.of_type(ASSOCIATION)
                    if stack.target(item.at("Cluster"), CLUSTER) in (cluster, None) and _has(item, name)]
    if not associations:
        yield Broken(service, cluster, "CapacityProviderStrategy", f"the cluster does not have {name}")
    elif not any(stack.waits_for(service, item) for item in associations):
        yield Broken(service, associations[0], "CapacityProviderStrategy", "it does not wait for the association")


def _has(holder: Resource, name: object) -> bool:
    """Whether a cluster or an association has a capacity provider, or may."""
    return isinstance(name, Unknown) or any(
        same(item, name) or isinstance(item, Unknown | dict) for item in as_list(holder.at("CapacityProviders")))
