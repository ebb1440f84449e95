"""Parameters for an existing VPC and its subnets, used instead of those that the network tier creates."""

from typing import NamedTuple

from troposphere import AWSHelperFn, AWSObject, Equals, If, Parameter, Split, Template

from tap.parts import add_parameter

GROUP = "Existing VPC"
# Ids created before 2018 have 8 digits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
ID = "([0-9a-f]{8}|[0-9a-f]{17})"

# Metadata of resources in such subnets: cfn-lint checks the parameters' empty default as an id, although Fn::If never
# uses it.
IDS_BY_PARAMETER = {"cfn-lint": {"config": {"ignore_checks": ["W1033"]}}}


class ExistingVpc(NamedTuple):
    """The parameters for an existing VPC and its subnets; empty if the stack creates its own."""

    vpc: Parameter
    public: Parameter
    private: Parameter
    database: Parameter
    is_absent: str
    """The condition that no VPC is given, so the stack creates its own."""

    def instead(self, given: Parameter, own: AWSObject) -> If:
        """Return the id of the stack's own resource, or the given one with an existing VPC."""
        return If(self.is_absent, own.ref(), given.ref())

    def subnets_instead(self, given: Parameter, own: tuple[AWSObject, ...]) -> If:
        """Return the ids of the stack's own subnets, or the given ones with an existing VPC."""
        return If(self.is_absent, [subnet.ref() for subnet in own], Split(",", given.ref()))

    def nothing_instead(self, own: list[AWSHelperFn]) -> If:
        """Return references to the stack's own resources, or an empty string with an existing VPC."""
        return If(self.is_absent, own, "")


def add_existing_vpc(t: Template) -> ExistingVpc:
    """Declare the parameters for an existing VPC, which must be set together; return them."""

    def add_subnet_ids(kind: str, description: str) -> Parameter:
        return add_parameter(t, GROUP, f"{kind} subnets", Parameter(
            # Not a List<AWS::EC2::Subnet::Id>: no AWS documentation says that it may be empty.
            f"{kind}SubnetIds", Type="String", Default="", AllowedPattern=f"(subnet-{ID}(,subnet-{ID}){{2}})?",
            ConstraintDescription="must be three comma-separated subnet ids without spaces, or empty",
            Description=description))

    vpc = add_parameter(t, GROUP, "VPC", Parameter(
        "VpcId", Type="String", Default="", AllowedPattern=f"(vpc-{ID})?",
        ConstraintDescription="must be the id of a VPC, such as vpc-0123456789abcdef0, or empty",
        Description="Existing VPC to deploy into; also set PublicSubnetIds, PrivateSubnetIds and DatabaseSubnetIds, "
                    "and leave VpcCidr and NatGateways, which are ignored. Empty to create a VPC. It cannot be changed "
                    "once the stack exists."))
    public = add_subnet_ids("Public", "Three subnets for the load balancer, in different zones, with a route to an "
                                      "internet gateway. Requires VpcId.")
    private = add_subnet_ids("Private", "Three subnets for the tasks, in different zones, with outbound access through "
                                        "NAT gateways or VPC endpoints. Requires VpcId.")
    database = add_subnet_ids("Database", "Three subnets for the database, in different zones, without a route to an "
                                          "internet gateway. Requires VpcId.")
    return ExistingVpc(vpc, public, private, database, t.add_condition("HasOwnVpc", Equals(vpc.ref(), "")))
