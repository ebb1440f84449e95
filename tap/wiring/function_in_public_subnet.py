"""I9504: function in a public subnet, from where it does not reach the internet."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.routing import INTERNET, ROUTING_TYPES, SUBNET, exits
from tap.wiring.rule import Broken, WiringRule

FUNCTION = "AWS::Lambda::Function"


class FunctionInPublicSubnet(WiringRule):
    """A function's network interface has no public address."""

    id = "I9504"
    shortdesc = "Function in a public subnet, which cannot reach the internet"
    description = (
        "A function's network interfaces have no public IPv4 address, so it cannot use a route to an internet gateway. "
        "Calls to the internet, and to AWS services without a VPC endpoint, time out.")
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html"
    fix = "Move the function to private subnets with a route to a NAT gateway, or remove VpcConfig."
    types = (FUNCTION, *ROUTING_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield functions in a subnet whose only way out is an internet gateway."""
        for function in stack.of_type(FUNCTION):
            for subnet in stack.targets(function.at("VpcConfig", "SubnetIds"), SUBNET) or []:
                if exits(stack, subnet) == {INTERNET}:
                    yield Broken(function, subnet, "VpcConfig", "the subnet's only route leads to an internet gateway")
                    break
