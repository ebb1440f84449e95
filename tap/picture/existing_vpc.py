"""A VPC that the stack is given: of its subnets the template has ids alone, and who is in them."""

from collections.abc import Iterator
from typing import Any

from tap.picture.model import Item, Subnet
from tap.template.resolve import Resolved

# What its subnets are by who is put into them; where their routes go, no template says.
_USERS = {"AWS::ElasticLoadBalancingV2::LoadBalancer": "public", "AWS::ECS::Service": "private",
          "AWS::RDS::DBSubnetGroup": "isolated"}


def existing_vpc(resolved: Resolved) -> Item | None:
    """Return the VPC whose id security groups have, where that is no reference to one of the template's."""
    ids = [entry.get("Properties", {}).get("VpcId") for entry in resolved.resources.values()
           if entry["Type"] == "AWS::EC2::SecurityGroup"]
    name = next((each for each in ids if isinstance(each, str)), None)
    return Item(name, "VPC", "network", name, ("existing", name)) if name else None


def existing_subnets(resolved: Resolved) -> tuple[Subnet, ...]:
    """Return the subnets that are ids in the template. Their zones are not known: each place in a list is one."""
    found: dict[str, Subnet] = {}
    for entry in resolved.resources.values():
        kind = _USERS.get(entry["Type"])
        for place, name in enumerate(subnet_ids(entry.get("Properties", {})) if kind else (), 1):
            found.setdefault(name, Subnet(name, f"zone {place}", str(kind), name))
    return tuple(found.values())


def subnet_ids(value: Any) -> Iterator[str]:
    """Yield each id of a subnet in a value."""
    if isinstance(value, str) and value.startswith("subnet-"):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from subnet_ids(item)
