"""Check whether an existing VPC is suitable: DNS, zones, free addresses, routes, endpoints and flow logs."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from tap.deploy.aws import Call

Answer = Mapping[str, Any]
Told = tuple[bool | None, str]
ANYWHERE = "0.0.0.0/0"
INTERNET_GATEWAY = "igw-"
# The AWS services that tasks need endpoints for without a default route; the network tier creates the same.
NEEDED = ("dynamodb", "ecr.api", "ecr.dkr", "lambda", "logs", "s3", "secretsmanager")
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
FREE_FOR_BALANCER = 8
FREE_FOR_DATABASE = 3  # writer, reader, and the replacement of a failed one


class Vpc(NamedTuple):
    """EC2's description of a VPC."""

    id: str
    ec2: Call

    def subnets(self, ids: Sequence[str]) -> list[Answer]:
        """Return EC2's description of these subnets."""
        return list(self.ec2("describe_subnets", SubnetIds=list(ids))["Subnets"])

    def table_of(self, subnet: str) -> Answer:
        """Return a subnet's route table, which is the VPC's main one if it has none of its own.

        https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html
        """
        tables = (self._answers("describe_route_tables", "RouteTables", "association.subnet-id", subnet)
                  or self._answers("describe_route_tables", "RouteTables", "association.main", "true"))
        return tables[0] if tables else {}

    def endpoints(self) -> list[Answer]:
        """Return the endpoints that are available."""
        return [endpoint for endpoint in self._answers("describe_vpc_endpoints", "VpcEndpoints")
                if str(endpoint["State"]).lower() == "available"]

    def flow_logs(self) -> list[Answer]:
        """Return the active flow logs of the VPC as a whole."""
        flow_logs = self.ec2("describe_flow_logs", Filter=[{"Name": "resource-id", "Values": [self.id]}])["FlowLogs"]
        return [log for log in flow_logs if log["FlowLogStatus"] == "ACTIVE"]

    def _answers(self, method: str, key: str, *more: str) -> list[Answer]:
        filters = [("vpc-id", self.id), *([more] if more else [])]
        return list(self.ec2(method, Filters=[{"Name": name, "Values": [value]} for name, value in filters])[key])


def questions(ec2: Call, parameters: Mapping[str, str]) -> Iterator[tuple[str, partial[Told]]]:
    """Yield the title of each check of the environment's existing VPC, with a function that runs it."""
    if not parameters.get("VpcId"):
        return
    vpc = Vpc(parameters["VpcId"], ec2)
    public, private, database = (parameters.get(f"{kind}SubnetIds", "").split(",")
                                 for kind in ("Public", "Private", "Database"))
    # A rollout doubles the tasks, and two zones must hold them all if one fails.
    tasks = int(parameters.get("MaxTasks", "10"))
    needed = (*NEEDED, "sqs") if parameters.get("WorkerQueue") == "true" else NEEDED
    yield "DNS of the VPC", partial(_dns, vpc)
    for title, ids, free in (("public subnets", public, FREE_FOR_BALANCER), ("private subnets", private, tasks),
                             ("database subnets", database, FREE_FOR_DATABASE)):
        yield title, partial(_places, vpc, ids, free)
    yield "public subnets' routes", partial(_public_routes, vpc, public)
    yield "private subnets' routes", partial(_private_routes, vpc, private, needed)
    yield "database subnets' routes", partial(_database_routes, vpc, database)
    if parameters.get("FlowLogs") == "false" and parameters.get("Protected") == "true":
        yield "flow logs of the VPC", partial(_flow_logs, vpc)


def _dns(vpc: Vpc) -> Told:
    """Check both DNS attributes: without them, the private names of endpoints and the database do not resolve.

    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
    """
    for attribute, option in (("enableDnsSupport", "--enable-dns-support"),
                              ("enableDnsHostnames", "--enable-dns-hostnames")):
        answer = vpc.ec2("describe_vpc_attribute", VpcId=vpc.id, Attribute=attribute)
        if not answer[attribute[0].upper() + attribute[1:]]["Value"]:
            return False, f"{attribute} is off: aws ec2 modify-vpc-attribute --vpc-id {vpc.id} {option}"
    return True, "support and host names are on"


def _places(vpc: Vpc, ids: Sequence[str], free: int) -> Told:
    subnets = vpc.subnets(ids)
    if strangers := [subnet["SubnetId"] for subnet in subnets if subnet["VpcId"] != vpc.id]:
        return False, f"not in {vpc.id}: {', '.join(strangers)}"
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
    if len(zones) < len(ids):
        return False, f"{len(ids)} subnets in {len(zones)} zones ({', '.join(zones)}): choose one subnet per zone"
    if full := [f"{subnet['SubnetId']} has {subnet['AvailableIpAddressCount']}" for subnet in subnets
                if subnet["AvailableIpAddressCount"] < free]:
        return False, f"each requires {free} free addresses: {', '.join(full)}"
    return True, f"{', '.join(zones)}; at least {free} free addresses in each"


def _ways(table: Answer) -> list[str]:
    """Return the targets of a route table's default routes, without those that no longer exist."""
    return [next((str(route[key]) for key in (
        "GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId",
        "LocalGatewayId", "CarrierGatewayId", "CoreNetworkArn") if route.get(key)), "something else")
        for route in table.get("Routes", ())
        if route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") != "blackhole"]


def _leads_to_internet(vpc: Vpc, subnet: str) -> bool:
    return any(way.startswith(INTERNET_GATEWAY) for way in _ways(vpc.table_of(subnet)))


def _public_routes(vpc: Vpc, ids: Sequence[str]) -> Told:
    without = [subnet for subnet in ids if not _leads_to_internet(vpc, subnet)]
    return not without, (f"no route to an internet gateway: {', '.join(without)}" if without
                         else "lead to an internet gateway")


def _database_routes(vpc: Vpc, ids: Sequence[str]) -> Told:
    exposed = [subnet for subnet in ids if _leads_to_internet(vpc, subnet)]
    return not exposed, (f"routed to an internet gateway: {', '.join(exposed)}" if exposed
                         else "lead to no internet gateway")


def _private_routes(vpc: Vpc, ids: Sequence[str], needed: Sequence[str]) -> Told:
    endpoints: list[Answer] | None = None
    for subnet in ids:
        table = vpc.table_of(subnet)
        ways = _ways(table)
        if any(way.startswith(INTERNET_GATEWAY) for way in ways):
            return False, f"{subnet} is routed to an internet gateway, but tasks have no public address"
        if not ways:
            endpoints = vpc.endpoints() if endpoints is None else endpoints
            if missing := _missing(needed, endpoints, str(table.get("RouteTableId"))):
                return False, f"{subnet} has no default route and no endpoint for {', '.join(missing)}"
    return True, "have outbound access" if endpoints is None else "have outbound access or endpoints"


def _missing(needed: Sequence[str], endpoints: Sequence[Answer], table: str) -> list[str]:
    """Return the services that have no endpoint reachable from a subnet with this route table."""
    there = {str(endpoint["ServiceName"]).split(".", 3)[-1] for endpoint in endpoints
             if table in endpoint.get("RouteTableIds", ()) or (
                 endpoint["VpcEndpointType"] == "Interface" and endpoint.get("PrivateDnsEnabled"))}
    return [service for service in needed if service not in there]


def _flow_logs(vpc: Vpc) -> Told:
    """Check for flow logs; of a shared VPC, only its owner can see them."""
    return (True, "active") if vpc.flow_logs() else (None, "none visible; the owner of a shared VPC may have them")
