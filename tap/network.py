"""The network tier: a VPC in three Availability Zones with subnets, NAT gateways and endpoints, or an existing VPC."""

from typing import Any, NamedTuple

from troposphere import (
    And,
    AWSHelperFn,
    AWSObject,
    Cidr,
    Condition,
    Equals,
    GetAZs,
    If,
    Not,
    Parameter,
    Select,
    Split,
    Sub,
    Template,
)
from troposphere.ec2 import (
    EIP,
    VPC,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityGroupEgress,
    SecurityGroupIngress,
    SecurityGroupRule,
    Subnet,
    SubnetRouteTableAssociation,
    VPCEndpoint,
    VPCGatewayAttachment,
)

from tap.existing_vpc import ExistingVpc
from tap.parts import add_parameter, add_switch, name_tag, only_if
from tap.whole_numbers import whole_numbers

ANYWHERE = "0.0.0.0/0"
OCTET = f"({whole_numbers(0, 255)})"
ZONE = "[a-z]{2}(-[a-z]+)+-[0-9][a-z]"
ZONES = (1, 2, 3)
# The AWS services that tasks call, for image, logs, secrets and validation, and so need without NAT.
PRIVATE_SERVICES = {
    "EcrApi": "ecr.api", "EcrDocker": "ecr.dkr", "Logs": "logs", "SecretsManager": "secretsmanager",
    "Lambda": "lambda",
}


class Endpoints(NamedTuple):
    """The interface endpoints of the stack's own VPC."""

    template: Template
    vpc: VPC
    subnets: tuple[Subnet, ...]
    group: SecurityGroup
    condition: str

    def add(self, title: str, service: str, condition: str) -> VPCEndpoint:
        """Add the endpoint of one more service, for environments that have endpoints and meet a condition."""
        both = self.template.add_condition(
            f"Has{title}Endpoint", And(Condition(self.condition), Condition(condition)))
        return self.add_endpoint(title, service, both)

    def add_endpoint(self, title: str, service: str, condition: str) -> VPCEndpoint:
        """Add the endpoint of a service."""
        return self.template.add_resource(VPCEndpoint(
            f"{title}Endpoint", Condition=condition, VpcId=self.vpc.ref(), VpcEndpointType="Interface",
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"), PrivateDnsEnabled=True,
            SubnetIds=[subnet.ref() for subnet in self.subnets], SecurityGroupIds=[self.group.get_att("GroupId")]))


class Network(NamedTuple):
    """The parts of the network tier that other tiers use."""

    vpc: AWSHelperFn
    """Id of the VPC, the stack's own or an existing one; the subnets are lists of ids."""
    public_subnets: AWSHelperFn
    private_subnets: AWSHelperFn
    database_subnets: AWSHelperFn
    public_routing: AWSHelperFn
    """References to what connects public subnets to the internet; an empty string with an existing VPC."""
    private_routing: AWSHelperFn
    """References to the private subnets' routing and the gateway endpoints; an empty string with an existing VPC."""
    ways_out: tuple[AWSHelperFn, ...]
    """References to the first NAT route and the interface endpoints; empty strings where they are switched off. The
    other NAT routes are waited for by the associations of their subnets."""
    nat_gateways: tuple[NatGateway, ...]
    """The first exists under has_nat, the others under has_nat_per_az."""
    has_nat: str
    has_nat_per_az: str
    endpoints: Endpoints


def add_security_group(
        t: Template, kind: str, vpc: AWSHelperFn, description: str, **attributes: Any) -> SecurityGroup:
    """Add `<kind>SecurityGroup`, which allows no traffic: each rule is a resource of its own. Return the group.

    A group without an egress rule would allow all outbound traffic, hence the rule for 127.0.0.1:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
    """
    return t.add_resource(SecurityGroup(
        f"{kind}SecurityGroup", VpcId=vpc, GroupDescription=description,
        SecurityGroupEgress=[SecurityGroupRule(
            IpProtocol="-1", CidrIp="127.0.0.1/32", Description="Nothing")], **attributes))


def connect(
        t: Template, source: SecurityGroup, target: SecurityGroup, port: AWSHelperFn | int,
        description: str) -> tuple[SecurityGroupEgress, SecurityGroupIngress]:
    """Allow TCP connections from one security group to a port of another; return the egress and the ingress rule."""
    title = f"{source.title}To{target.title}".replace("SecurityGroup", "")
    ends: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Description": description}
    return (
        t.add_resource(SecurityGroupEgress(
            f"{title}Egress", GroupId=source.get_att("GroupId"),
            DestinationSecurityGroupId=target.get_att("GroupId"), **ends)),
        t.add_resource(SecurityGroupIngress(
            f"{title}Ingress", GroupId=target.get_att("GroupId"),
            SourceSecurityGroupId=source.get_att("GroupId"), **ends)))


def add_network(t: Template, existing: ExistingVpc) -> Network:
    """Add the VPC, its nine subnets, route tables, NAT gateways and endpoints; nothing with an existing VPC.

    An existing VPC must have its own endpoints: AWS rejects a second endpoint with the same private DNS name and a
    second gateway endpoint in a route table, and both kinds serve the whole VPC.
    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html (enable DNS name)
    """
    is_own = existing.is_absent
    cidr = add_parameter(t, "Network", "Address range", Parameter(
        "VpcCidr", Type="String", Default="10.0.0.0/16",
        AllowedPattern=_networks(),
        ConstraintDescription="must be an IPv4 range from /16 to /20 with all host bits zero, such as 10.0.0.0/16",
        Description="IPv4 range of the VPC. Each of the nine subnets uses a /24."))
    zones = add_parameter(t, "Network", "Availability Zones", Parameter(
        # Not a List<AWS::EC2::AvailabilityZone::Name>: no AWS documentation says that it may be empty.
        "AvailabilityZones", Type="String", Default="", AllowedPattern=f"({ZONE}(,{ZONE}){{2}})?",
        ConstraintDescription="must be three comma-separated Availability Zones of the region, or empty",
        Description="Three zones, in the order of the subnets; empty for the first three that AWS lists, whose order "
                    "may change. A change replaces the subnets."))
    has_zones = t.add_condition("HasAvailabilityZones", Not(Equals(zones.ref(), "")))
    nat = add_parameter(t, "Network", "NAT gateways", Parameter(
        "NatGateways", Type="String", Default="one-per-az", AllowedValues=["none", "single", "one-per-az"],
        Description="For none, set InterfaceEndpoints to true and pull the image from a private ECR repository."))
    has_nat = t.add_condition("HasNat", And(Condition(is_own), Not(Equals(nat.ref(), "none"))))
    has_nat_per_az = t.add_condition("HasNatPerAz", And(Condition(is_own), Equals(nat.ref(), "one-per-az")))
    wants_endpoints = add_switch(
        t, "Network", "Interface endpoints", "InterfaceEndpoints", "false",
        "Create VPC endpoints for ECR, CloudWatch Logs, Secrets Manager and Lambda. With an existing VPC, leave it "
        "false.")
    has_endpoints = t.add_condition("HasOwnEndpoints", And(Condition(is_own), Condition(wants_endpoints)))

    vpc = t.add_resource(VPC(
        "Vpc", Condition=is_own, CidrBlock=cidr.ref(), EnableDnsHostnames=True, Tags=name_tag("vpc")))
    gateway = t.add_resource(InternetGateway("InternetGateway", Condition=is_own))
    attachment = t.add_resource(VPCGatewayAttachment(
        "InternetGatewayAttachment", Condition=is_own, VpcId=vpc.ref(), InternetGatewayId=gateway.ref()))

    def add_subnets(kind: str, first: int) -> tuple[Subnet, ...]:
        return tuple(t.add_resource(Subnet(
            f"{kind}Subnet{zone}", Condition=is_own,
            VpcId=vpc.ref(),
            AvailabilityZone=If(
                has_zones, Select(zone - 1, Split(",", zones.ref())), Select(zone - 1, GetAZs(""))),
            CidrBlock=Select(first + zone - 1, Cidr(cidr.ref(), 9, 8)),
            Tags=name_tag(f"{kind.lower()}-{zone}"),
        )) for zone in ZONES)

    def add_route_table(title: str, condition: str = is_own) -> RouteTable:
        return t.add_resource(RouteTable(title, Condition=condition, VpcId=vpc.ref()))

    def associate(subnet: Subnet, table: AWSHelperFn, **attributes: Any) -> SubnetRouteTableAssociation:
        return t.add_resource(SubnetRouteTableAssociation(
            f"{subnet.title}Routing", Condition=is_own, SubnetId=subnet.ref(), RouteTableId=table, **attributes))

    public = add_subnets("Public", 0)
    public_table = add_route_table("PublicRouteTable")
    internet_route = t.add_resource(Route(
        "PublicDefaultRoute", Condition=is_own, RouteTableId=public_table.ref(), DestinationCidrBlock=ANYWHERE,
        GatewayId=gateway.ref(),
        # EC2 rejects a route to a gateway that is not attached yet.
        DependsOn=attachment))
    public_routing = [associate(subnet, public_table.ref()) for subnet in public]

    private = add_subnets("Private", 3)
    private_tables = [
        add_route_table("PrivateRouteTable1"),
        add_route_table("PrivateRouteTable2", has_nat_per_az),
        add_route_table("PrivateRouteTable3", has_nat_per_az),
    ]
    nat_gateways, nat_routes = [], []
    for zone, condition in zip(ZONES, (has_nat, has_nat_per_az, has_nat_per_az), strict=True):
        address = t.add_resource(EIP(
            f"NatAddress{zone}", Domain="vpc", Condition=condition, DependsOn=attachment))
        nat_gateway = t.add_resource(NatGateway(
            f"NatGateway{zone}", AllocationId=address.get_att("AllocationId"), Condition=condition,
            SubnetId=public[zone - 1].ref(), DependsOn=internet_route))
        nat_gateways.append(nat_gateway)
        nat_routes.append(t.add_resource(Route(
            f"PrivateDefaultRoute{zone}", RouteTableId=private_tables[zone - 1].ref(), Condition=condition,
            DestinationCidrBlock=ANYWHERE, NatGatewayId=nat_gateway.ref())))
    private_routing: list[AWSObject] = [associate(private[0], private_tables[0].ref())]
    for subnet, table, route in zip(private[1:], private_tables[1:], nat_routes[1:], strict=True):
        private_routing.append(associate(
            subnet, If(has_nat_per_az, table.ref(), private_tables[0].ref()),
            # Running tasks keep their outbound route until the zone's own NAT route exists, minutes later.
            Metadata={"WaitsFor": If(has_nat_per_az, route.ref(), "")}))

    isolated = add_subnets("Isolated", 6)
    # Only the local route: these subnets have no path to or from the internet.
    isolated_table = add_route_table("IsolatedRouteTable")
    for subnet in isolated:
        associate(subnet, isolated_table.ref())

    private_routing.extend(t.add_resource(VPCEndpoint(
        f"{title}Endpoint", Condition=is_own, VpcId=vpc.ref(), VpcEndpointType="Gateway",
        ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
        RouteTableIds=[
            private_tables[0].ref(),
            *(only_if(has_nat_per_az, table.ref()) for table in private_tables[1:])],
    )) for title, service in (("S3", "s3"), ("DynamoDb", "dynamodb")))
    endpoints = Endpoints(t, vpc, private, add_security_group(
        t, "Endpoint", vpc.ref(), "Endpoints", Condition=has_endpoints), has_endpoints)
    ways_in = _add_interface_endpoints(t, endpoints, cidr)

    return Network(
        existing.instead(existing.vpc, vpc),
        existing.subnets_instead(existing.public, public), existing.subnets_instead(existing.private, private),
        existing.subnets_instead(existing.database, isolated),
        existing.nothing_instead([way.ref() for way in (internet_route, *public_routing)]),
        existing.nothing_instead([way.ref() for way in private_routing]),
        ways_out=(
            If(has_nat, nat_routes[0].ref(), ""),
            If(has_endpoints, [way.ref() for way in ways_in], "")),
        nat_gateways=tuple(nat_gateways), has_nat=has_nat, has_nat_per_az=has_nat_per_az, endpoints=endpoints)


def _networks() -> str:
    """Return a pattern for IPv4 ranges from /16 to /20 with all host bits zero.

    EC2 clears host bits, so the VPC would differ from its parameter:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
    """
    lengths = "|".join(
        f"({'|'.join(str(octet) for octet in range(0, 256, 2 ** (24 - length)))})\\.0/{length}"
        for length in range(17, 21))
    return rf"{OCTET}\.{OCTET}\.(0\.0/16|{lengths})"


def _add_interface_endpoints(t: Template, endpoints: Endpoints, cidr: Parameter) -> list[AWSObject]:
    condition = endpoints.condition
    ingress = t.add_resource(SecurityGroupIngress(
        "EndpointFromVpc", Condition=condition, GroupId=endpoints.group.get_att("GroupId"), Description="HTTPS",
        IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=cidr.ref()))
    return [ingress, *(endpoints.add_endpoint(title, service, condition)
                       for title, service in PRIVATE_SERVICES.items())]
