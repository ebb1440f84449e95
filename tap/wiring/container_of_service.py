"""E9105: container name or port of a service that its task definition does not have."""

from collections.abc import Iterator

from tap.wiring.balancing import SERVICE, TASK_DEFINITION, containers
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, is_known, same


class ContainerOfService(WiringRule):
    """A service sends requests to a container and a port that its tasks have."""

    id = "E9105"
    shortdesc = "Container name or port of a service that its task definition does not have"
    description = (
        "ECS rejects a service whose LoadBalancers or ServiceRegistries name a container that is not in the task "
        "definition, or a port that is not in that container's port mappings.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html"
    error = "The container … does not exist in the task definition."
    fix = "Use the name of a container in the task definition and a ContainerPort of its PortMappings."
    types = (SERVICE, TASK_DEFINITION)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services with a container or port that their task definition lacks."""
        for service in stack.of_type(SERVICE):
            found = containers(stack, service)
            if not found:
                continue
            task, definitions = found
            for place in ("LoadBalancers", "ServiceRegistries"):
                for entry in as_maps(service.at(place)):
                    name, port = entry.get("ContainerName"), entry.get("ContainerPort")
                    named = [item for item in definitions if same(item["Name"], name)]
                    if not named and is_known(name) and name and is_known([item["Name"] for item in definitions]):
                        yield Broken(service, task, place, f"it has no container {name}")
                    elif named and port and is_known(port) and not _has_port(named[0].get("PortMappings"), port):
                        yield Broken(service, task, place, f"its container {name} does not map port {port}")


def _has_port(mappings: object, port: object) -> bool:
    entries = as_maps(mappings)
    return any("ContainerPort" not in entry or not is_known(entry["ContainerPort"])
               or same(entry["ContainerPort"], port) for entry in entries) or not is_known(mappings or [])
