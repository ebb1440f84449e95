"""E9107: Fargate task that cannot reach its registry."""

from collections.abc import Iterator

from tap.wiring.balancing import SERVICE, is_on_fargate
from tap.wiring.graph import Resource, Stack
from tap.wiring.routing import ENDPOINT, INTERNET, OTHER, ROUTING_TYPES, SUBNET, endpoint_services, exits, vpc_of
from tap.wiring.rule import Broken, WiringRule

# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
NEEDED = ("ecr.api", "ecr.dkr", "s3")


class ImagePull(WiringRule):
    """A task pulls its image over its own network interface."""

    id = "E9107"
    shortdesc = "Fargate task that cannot reach its registry"
    description = (
        "A Fargate task pulls its image and reads its secrets through its own network interface. It needs a public IP "
        "address in a public subnet, or a NAT gateway or VPC endpoints for ECR and S3 in a private one.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html"
    error = (
        "ResourceInitializationError: unable to pull secrets or registry auth … "
        "CannotPullContainerError: … i/o timeout")
    fix = "Set AssignPublicIp: ENABLED in public subnets; add a NAT gateway or endpoints for private ones."
    types = (SERVICE, ENDPOINT, *ROUTING_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services with a subnet from which no registry can be reached."""
        for service in filter(is_on_fargate, stack.of_type(SERVICE)):
            network = service.at("NetworkConfiguration", "AwsvpcConfiguration")
            subnets = network.get("Subnets") if isinstance(network, dict) else None
            vpc = vpc_of(stack, subnets)
            services = endpoint_services(stack, vpc) if vpc else None
            missing = [name for name in NEEDED if name not in services] if services is not None else []
            for subnet in (stack.targets(subnets, SUBNET) or []) if missing else []:
                problem = _problem(stack, subnet, network.get("AssignPublicIp"))
                if problem:
                    yield Broken(service, subnet, "NetworkConfiguration",
                                 f"{problem}, and its VPC has no endpoint for {', '.join(missing)}")
                    break


def _problem(stack: Stack, subnet: Resource, public: object) -> str | None:
    found = exits(stack, subnet)
    if found is None or OTHER in found:
        return None
    if INTERNET not in found:
        return "the subnet has no route to a NAT gateway"
    return "the subnet is public, but tasks have no public IP address" if public in (None, "DISABLED") else None
