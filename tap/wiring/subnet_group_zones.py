"""E9402: DB subnet group in one Availability Zone."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.routing import SUBNET, zones
from tap.wiring.rule import Broken, WiringRule

SUBNET_GROUP = "AWS::RDS::DBSubnetGroup"


class SubnetGroupZones(WiringRule):
    """A DB subnet group needs two Availability Zones."""

    id = "E9402"
    shortdesc = "DB subnet group in one Availability Zone"
    description = "RDS rejects a DB subnet group whose subnets do not cover at least two Availability Zones."
    source_url = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html"
    error = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
    fix = "Add a subnet in another Availability Zone."
    types = (SUBNET_GROUP, SUBNET)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield subnet groups whose subnets all have the same zone."""
        for group in stack.of_type(SUBNET_GROUP):
            subnets = stack.targets(group.at("SubnetIds"), SUBNET)
            # RDS on Outposts needs one subnet: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-on-outposts.html
            if not subnets or any(subnet.at("OutpostArn") for subnet in subnets):
                continue
            if zones(subnets) == 1:
                yield Broken(group, subnets[0], "SubnetIds", "all its subnets are in one Availability Zone")
