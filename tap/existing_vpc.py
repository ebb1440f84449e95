"""An existing VPC and its subnets, by parameter, in place of those that the network tier creates."""

from typing import NamedTuple

from troposphere import AWSHelperFn, AWSObject, Equals, If, Parameter, Split, Template

from tap.parts import add_parameter

GROUP = "Existing VPC"
# Ids made before 2018 have 8 digits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
ID = "([0-9a-f]{8}|[0-9a-f]{17})"

# Metadata of resources in such subnets: cfn-lint takes the parameters' empty default for an id, though no stack with it
# comes to that side of Fn::If.
IDS_BY_PARAMETER = {"cfn-lint": {"config": {"ignore_checks": ["W1033"]}}}


class ExistingVpc(NamedTuple):
    """The VPC and the subnets that the stack is given, or empty parameters."""

    vpc: Parameter
    public: Parameter
    private: Parameter
    database: Parameter
    is_absent: str
    """The condition that the stack is given no VPC and creates its own."""

    def instead(self, given: Parameter, own: AWSObject) -> If:
        """Return the id of a resource of the network tier, or the id given instead of it."""
        return If(self.is_absent, own.ref(), given.ref())

    def subnets_instead(self, given: Parameter, own: tuple[AWSObject, ...]) -> If:
        """Return the ids of subnets of the network tier, or the ids given instead of them."""
        return If(self.is_absent, [subnet.ref() for subnet in own], Split(",", given.ref()))

    def nothing_instead(self, own: list[AWSHelperFn]) -> If:
        """Return references to wait for, or an empty string where an existing VPC has it all."""
        return If(self.is_absent, own, "")


def add_existing_vpc(t: Template) -> ExistingVpc:
    """Declare the parameters of an existing VPC, which are set together or not at all."""

    def add_subnet_ids(kind: str, description: str) -> Parameter:
        return add_parameter(t, GROUP, f"{kind} subnets", Parameter(
            # Not a List<AWS::EC2::Subnet::Id>, for which no source says that it may be empty.
            f"{kind}SubnetIds", Type="String", Default="", AllowedPattern=f"(subnet-{ID}(,subnet-{ID}){{2}})?",
            ConstraintDescription="must be three subnet ids separated by commas, without spaces, or empty",
            Description=description))

    vpc = add_parameter(t, GROUP, "VPC", Parameter(
        "VpcId", Type="String", Default="", AllowedPattern=f"(vpc-{ID})?",
        ConstraintDescription="must be the id of a VPC, such as vpc-0123456789abcdef0, or empty",
        Description="VPC to deploy into, with PublicSubnetIds, PrivateSubnetIds and DatabaseSubnetIds; empty to create "
                    "one. VpcCidr and NatGateways are ignored then. It cannot change once the stack exists."))
    public = add_subnet_ids("Public", "Three subnets in different zones, routed to an internet gateway, for the load "
                                      "balancer; only with VpcId.")
    private = add_subnet_ids("Private", "Three subnets in different zones, with a way out through NAT gateways or VPC "
                                        "endpoints, for the tasks; only with VpcId.")
    database = add_subnet_ids("Database", "Three subnets in different zones, not routed to an internet gateway, for "
                                          "the database; only with VpcId.")
    return ExistingVpc(vpc, public, private, database, t.add_condition("HasOwnVpc", Equals(vpc.ref(), "")))
