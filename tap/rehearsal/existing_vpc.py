"""Create a VPC in the emulator for an environment that uses an existing one."""

from collections.abc import Iterator

from tap.deploy.models import Environment
from tap.rehearsal.checks import Check, named
from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients

KINDS = ("Public", "Private", "Database")
RANGE = "10.99.0.0/16"
# Prefixes of the network tier's logical ids, and the suffix of its endpoints.
OWN = ("Vpc", "Internet", "NatGateway", "NatAddress", "PublicSubnet", "PrivateSubnet", "IsolatedSubnet", "PublicRoute",
       "PrivateRoute", "IsolatedRoute")


def with_vpc(aws: Clients, env: Environment) -> Environment:
    """Return an environment whose VPC parameters refer to a new VPC in the emulator.

    The emulator creates subnets alone: no gateway, route or endpoint, which the stack does not ask for.
    """
    if not env.values.parameters.get("VpcId"):
        return env
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock=RANGE)["Vpc"]["VpcId"]
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"][:3]]

    def create(zone: str, number: int) -> str:
        created = ec2.create_subnet(VpcId=vpc, AvailabilityZone=zone, CidrBlock=f"10.99.{number}.0/24")
        return str(created["Subnet"]["SubnetId"])

    subnets = {f"{kind}SubnetIds": ",".join(create(zone, 3 * row + column) for column, zone in enumerate(zones))
               for row, kind in enumerate(KINDS)}
    return env.with_parameters({**env.values.parameters, "VpcId": vpc, **subnets})


def subnet_ids(stack: Stack, kind: str) -> list[str]:
    """Return the subnets of a kind, either of the existing VPC or of the stack."""
    if stack.parameter("VpcId"):
        return stack.parameter(f"{kind}SubnetIds").split(",")
    return [stack.id(f"{kind}Subnet{zone}") for zone in (1, 2, 3)]


def look(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check which resources use the existing VPC, and that the stack created no network resources in it."""
    vpc = stack.parameter("VpcId")
    balancer, = aws("elbv2").describe_load_balancers(LoadBalancerArns=[stack.id("LoadBalancer")])["LoadBalancers"]
    seen = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
    yield Check("Load balancer's subnets", named(subnet_ids(stack, "Public")), named(seen))
    groups = aws("rds").describe_db_subnet_groups(DBSubnetGroupName=stack.id("DatabaseSubnetGroup"))["DBSubnetGroups"]
    yield Check("Database's subnets", named(subnet_ids(stack, "Database")),
                named(subnet["SubnetIdentifier"] for subnet in groups[0]["Subnets"]))
    ec2 = aws("ec2")
    own = [name for name in stack.ids if name.startswith(OWN) or name.endswith("Endpoint")]
    yield Check("Network of the stack's own", "none", named(own))
    inside = [name for name, physical_id in stack.ids.items() if name.endswith("SecurityGroup")
              and ec2.describe_security_groups(GroupIds=[physical_id])["SecurityGroups"][0]["VpcId"] == vpc]
    yield Check("Security groups in the VPC", named(name for name in stack.ids if name.endswith("SecurityGroup")
                                                    and not name.startswith("Endpoint")), named(inside))
