"""E9403: interface endpoint with private DNS in a VPC without it."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.reach import VPC
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import is_known, is_true

ENDPOINT = "AWS::EC2::VPCEndpoint"
# What private DNS needs of a VPC, and how that is unless it is set.
DEFAULTS = {"EnableDnsSupport": True, "EnableDnsHostnames": False}


class EndpointDns(WiringRule):
    """Private names of an endpoint are answered by the VPC's own DNS."""

    id = "E9403"
    shortdesc = "Interface endpoint with private DNS in a VPC without DNS support or host names"
    description = (
        "PrivateDnsEnabled requires both EnableDnsSupport and EnableDnsHostnames on the VPC; the latter is false by "
        "default. EC2 rejects the endpoint otherwise.")
    source_url = "https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html#enable-private-dns-names"
    error = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true"
    fix = "Set EnableDnsSupport and EnableDnsHostnames to true on the VPC."
    types = (ENDPOINT, VPC)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield endpoints with private DNS whose VPC lacks it."""
        for endpoint in stack.of_type(ENDPOINT):
            vpc = stack.target(endpoint.at("VpcId"), VPC)
            if not vpc or not is_true(endpoint.at("PrivateDnsEnabled")):
                continue
            given = {name: vpc.at(name) for name in DEFAULTS}
            missing = [name for name, default in DEFAULTS.items()
                       if is_known(given[name]) and not is_true(default if given[name] is None else given[name])]
            if missing:
                yield Broken(endpoint, vpc, "PrivateDnsEnabled",
                             f"private DNS requires {' and '.join(missing)} on the VPC")
