"""The network tier: a VPC over three Availability Zones, its subnets, its ways out, its endpoints."""

from dataclasses import dataclass

from troposphere import (
    AWSHelperFn,
    AWSObject,
    Cidr,
    Condition,
    Equals,
    GetAZs,
    If,
    Not,
    Parameter,
    Ref,
    Select,
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
    SecurityGroupRule,
    Subnet,
    SubnetRouteTableAssociation,
    VPCEndpoint,
    VPCGatewayAttachment,
)

from tap.parts import add_parameter, add_switch, name_tag, only_if

ANYWHERE = "0.0.0.0/0"
ZONES = (1, 2, 3)
# What tasks need of AWS where there is no NAT: their image, their logs, their secret, the function.
PRIVATE_SERVICES = {
    "EcrApi": "ecr.api", "EcrDocker": "ecr.dkr", "Logs": "logs", "SecretsManager": "secretsmanager",
    "Lambda": "lambda",
}


@dataclass(frozen=True)
class Network:
    """What the other tiers may use of the network."""

    vpc: VPC
    public_subnets: tuple[Subnet, ...]
    private_subnets: tuple[Subnet, ...]
    isolated_subnets: tuple[Subnet, ...]
    internet_route: Route
    ways_out: tuple[AWSHelperFn, ...]
    """References to what private subnets reach AWS through; empty strings where it is switched off."""


def no_egress() -> SecurityGroupRule:
    """Return a rule that reaches nothing, in place of the allow-all rule of a group that names none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
    """
    return SecurityGroupRule(IpProtocol="-1", CidrIp="127.0.0.1/32", Description="Nothing")


def add_network(t: Template) -> Network:
    """Add the VPC, three subnets a kind, their route tables, NAT gateways and endpoints."""
    cidr = add_parameter(t, "Network", "Address range", Parameter(
        "VpcCidr", Type="String", Default="10.0.0.0/16",
        AllowedPattern=r"(\d{1,3}\.){3}\d{1,3}/(1[6-9]|20)",
        ConstraintDescription="must be an IPv4 range from /16 to /20, such as 10.0.0.0/16",
        Description="IPv4 range of the VPC; each of its nine subnets takes a /24 of it."))
    nat = add_parameter(t, "Network", "NAT gateways", Parameter(
        "NatGateways", Type="String", Default="one-per-az", AllowedValues=["none", "single", "one-per-az"],
        Description="NAT gateways of the private subnets. With none, set InterfaceEndpoints and take the "
                    "image from a private ECR repository."))
    has_nat = t.add_condition("HasNat", Not(Equals(nat.ref(), "none")))
    has_nat_per_az = t.add_condition("HasNatPerAz", Equals(nat.ref(), "one-per-az"))
    has_endpoints = add_switch(
        t, "Network", "Interface endpoints", "InterfaceEndpoints", "false",
        "Reach ECR, Logs, Secrets Manager and Lambda inside the VPC.")

    vpc = t.add_resource(VPC(
        "Vpc", CidrBlock=cidr.ref(), EnableDnsHostnames=True, EnableDnsSupport=True, Tags=name_tag("vpc")))
    gateway = t.add_resource(InternetGateway("InternetGateway"))
    attachment = t.add_resource(VPCGatewayAttachment(
        "InternetGatewayAttachment", VpcId=vpc.ref(), InternetGatewayId=gateway.ref()))

    def add_subnets(kind: str, first: int) -> tuple[Subnet, ...]:
        return tuple(t.add_resource(Subnet(
            f"{kind}Subnet{zone}",
            VpcId=vpc.ref(),
            AvailabilityZone=Select(zone - 1, GetAZs("")),
            CidrBlock=Select(first + zone - 1, Cidr(cidr.ref(), 9, 8)),
            Tags=name_tag(f"{kind.lower()}-{zone}"),
        )) for zone in ZONES)

    def add_route_table(title: str, **attributes: str) -> RouteTable:
        return t.add_resource(RouteTable(title, VpcId=vpc.ref(), **attributes))

    def associate(subnet: Subnet, table: AWSHelperFn) -> None:
        t.add_resource(SubnetRouteTableAssociation(
            f"{subnet.title}Routing", SubnetId=subnet.ref(), RouteTableId=table))

    public = add_subnets("Public", 0)
    public_table = add_route_table("PublicRouteTable")
    internet_route = t.add_resource(Route(
        "PublicDefaultRoute", RouteTableId=public_table.ref(), DestinationCidrBlock=ANYWHERE,
        GatewayId=gateway.ref(),
        # A route to a gateway that is not attached yet is refused.
        DependsOn=attachment))
    for subnet in public:
        associate(subnet, public_table.ref())

    private = add_subnets("Private", 3)
    private_tables = [
        add_route_table("PrivateRouteTable1"),
        add_route_table("PrivateRouteTable2", Condition=has_nat_per_az),
        add_route_table("PrivateRouteTable3", Condition=has_nat_per_az),
    ]
    nat_routes = []
    for zone, condition in zip(ZONES, (has_nat, has_nat_per_az, has_nat_per_az), strict=True):
        address = t.add_resource(EIP(
            f"NatAddress{zone}", Domain="vpc", Condition=condition, DependsOn=attachment))
        nat_gateway = t.add_resource(NatGateway(
            f"NatGateway{zone}", AllocationId=address.get_att("AllocationId"), Condition=condition,
            SubnetId=public[zone - 1].ref(), DependsOn=internet_route))
        nat_routes.append(t.add_resource(Route(
            f"PrivateDefaultRoute{zone}", RouteTableId=private_tables[zone - 1].ref(), Condition=condition,
            DestinationCidrBlock=ANYWHERE, NatGatewayId=nat_gateway.ref())))
    associate(private[0], private_tables[0].ref())
    for subnet, table in zip(private[1:], private_tables[1:], strict=True):
        associate(subnet, If(has_nat_per_az, table.ref(), private_tables[0].ref()))

    isolated = add_subnets("Isolated", 6)
    # No route but the VPC's own: nothing in these subnets reaches out, nothing reaches in.
    isolated_table = add_route_table("IsolatedRouteTable")
    for subnet in isolated:
        associate(subnet, isolated_table.ref())

    for title, service in (("S3", "s3"), ("DynamoDb", "dynamodb")):
        t.add_resource(VPCEndpoint(
            f"{title}Endpoint", VpcId=vpc.ref(), VpcEndpointType="Gateway",
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
            RouteTableIds=[
                private_tables[0].ref(),
                *(only_if(has_nat_per_az, table.ref()) for table in private_tables[1:])]))
    endpoints = _add_interface_endpoints(t, vpc, cidr, private, has_endpoints)

    return Network(
        vpc, public, private, isolated, internet_route,
        ways_out=(
            If(has_nat, nat_routes[0].ref(), ""),
            *(If(has_nat_per_az, route.ref(), "") for route in nat_routes[1:]),
            *(If(has_endpoints, endpoint.ref(), "") for endpoint in endpoints)))


def _add_interface_endpoints(
        t: Template, vpc: VPC, cidr: Parameter, subnets: tuple[Subnet, ...], condition: str) -> list[AWSObject]:
    group = t.add_resource(SecurityGroup(
        "EndpointSecurityGroup", Condition=condition, VpcId=vpc.ref(),
        GroupDescription="Interface endpoints",
        SecurityGroupIngress=[SecurityGroupRule(
            IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp=cidr.ref(), Description="HTTPS from the VPC")],
        SecurityGroupEgress=[no_egress()],
        Tags=name_tag("endpoints")))
    return [t.add_resource(VPCEndpoint(
        f"{title}Endpoint", Condition=condition, VpcId=vpc.ref(), VpcEndpointType="Interface",
        ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"), PrivateDnsEnabled=True,
        SubnetIds=[subnet.ref() for subnet in subnets], SecurityGroupIds=[group.get_att("GroupId")],
    )) for title, service in PRIVATE_SERVICES.items()]
