"""Read an existing VPC from the template, which contains only its subnets' ids and the resources in them."""

from collections.abc import Iterator
from typing import Any

from tap.picture.model import Item, Subnet
from tap.template.resolve import Resolved

# Kinds of existing subnets by the type of resource in them: the template does not contain their routes.
_USERS = {"AWS::ElasticLoadBalancingV2::LoadBalancer": "public", "AWS::ECS::Service": "private",
          "AWS::RDS::DBSubnetGroup": "isolated"}


def existing_vpc(resolved: Resolved) -> Item | None:
    """Return the VPC whose id the security groups have, or None if the template creates it."""
    ids = [entry.get("Properties", {}).get("VpcId") for entry in resolved.resources.values()
           if entry["Type"] == "AWS::EC2::SecurityGroup"]
    name = next((value for value in ids if isinstance(value, str)), None)
    return Item(name, "VPC", "network", name, ("existing", name)) if name else None


def existing_subnets(resolved: Resolved) -> tuple[Subnet, ...]:
    """Return the existing subnets. Their zones are unknown, so each position in a list counts as a zone."""
    subnets: dict[str, Subnet] = {}
    for entry in resolved.resources.values():
        kind = _USERS.get(entry["Type"])
        for number, name in enumerate(subnet_ids(entry.get("Properties", {})) if kind else (), 1):
            subnets.setdefault(name, Subnet(name, f"zone {number}", str(kind), name))
    return tuple(subnets.values())


def subnet_ids(value: Any) -> Iterator[str]:
    """Yield each subnet id in a value."""
    if isinstance(value, str) and value.startswith("subnet-"):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from subnet_ids(item)
