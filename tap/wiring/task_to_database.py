"""W9502: security groups that block a task or function from its database."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.balancing import SERVICE, TASK_DEFINITION
from tap.wiring.facts import FACTS
from tap.wiring.graph import Resource, Stack
from tap.wiring.reach import GROUP_TYPES, groups, refuses
from tap.wiring.routing import clients
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import references

FUNCTION = "AWS::Lambda::Function"
DATABASES = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")


class TaskToDatabase(WiringRule):
    """A client with a database's address in its environment is expected to connect to it."""

    id = "W9502"
    shortdesc = "Security groups that block a task or function from its database"
    description = (
        "A task or function with the database's endpoint in its environment can connect to it only if their security "
        "groups have an egress and an ingress rule for the database's port.")
    source_url = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html"
    fix = "Add the rule, inline or as AWS::EC2::SecurityGroupIngress or AWS::EC2::SecurityGroupEgress."
    types = (*DATABASES, SERVICE, TASK_DEFINITION, FUNCTION, *GROUP_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services and functions that cannot reach the database in their environment."""
        for client, place, told, own in clients(stack):
            for database in _databases(stack, told):
                port = database.at("Port") or FACTS["engine_ports"].get(str(database.at("Engine")).lower())
                theirs = groups(stack, database.at("VpcSecurityGroupIds") or database.at("VPCSecurityGroups"))
                refused = refuses(stack, groups(stack, own), theirs, port)
                if refused:
                    guard, kind = refused
                    yield Broken(client, database, place,
                                 f"`{guard.logical_id}` has no {kind} rule for port {port} between them")


def _databases(stack: Stack, told: Any) -> list[Resource]:
    ids = {found.logical_id for found in references(told)
           if str(found.attribute).startswith(("Endpoint", "ReadEndpoint"))}
    return [found for found in stack.of_type(*DATABASES) if found.logical_id in ids]
