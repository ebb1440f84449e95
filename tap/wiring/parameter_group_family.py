"""E9602: parameter group whose family does not match the database's engine."""

import re
from collections.abc import Iterator
from typing import Any

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import is_known

CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"
CLUSTER_GROUP = "AWS::RDS::DBClusterParameterGroup"
INSTANCE_GROUP = "AWS::RDS::DBParameterGroup"
# Which property names the group, and of which type that is.
_USERS = ((CLUSTER, "DBClusterParameterGroupName", CLUSTER_GROUP),
          (CLUSTER, "DBInstanceParameterGroupName", INSTANCE_GROUP),
          (INSTANCE, "DBParameterGroupName", INSTANCE_GROUP))
ENGINES = ("aurora-mysql", "aurora-postgresql", "mysql", "mariadb", "postgres")


class ParameterGroupFamily(WiringRule):
    """A parameter group is for one engine in one major version."""

    id = "E9602"
    shortdesc = "Parameter group whose family does not match the database's engine"
    description = "RDS rejects a parameter group whose family does not match the database's engine and major version."
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbparametergroup.html"
        "#cfn-rds-dbparametergroup-family")
    error = "The parameter group … with DBParameterGroupFamily postgres16 can't be used for this instance."
    fix = "Set the matching Family on the parameter group, or use a parameter group of the database's family."
    types = (CLUSTER_GROUP, INSTANCE_GROUP, CLUSTER, INSTANCE)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield databases with a parameter group for another one."""
        for kind, place, group_type in _USERS:
            for database in stack.of_type(kind):
                group = stack.target(database.at(place), group_type)
                described = stack.target(database.at("DBClusterIdentifier"), CLUSTER) or database
                engine, version = described.at("Engine"), described.at("EngineVersion")
                if not group or engine not in ENGINES or not is_known(group.at("Family")):
                    continue
                if not _family(str(engine), version).fullmatch(str(group.at("Family"))):
                    release = f" {version}" if version and is_known(version) else ""
                    yield Broken(database, group, place,
                                 f"the database is {engine}{release}, the group is for {group.at('Family')}")


def _family(engine: str, version: Any) -> "re.Pattern[str]":
    """Return the pattern of the families that fit an engine, in a version that may not be known."""
    parts = str(version).split(".") if version is not None and is_known(version) else []
    if not parts or not parts[0].isdigit():
        return re.compile(rf"{engine}\d[\d.]*")
    # PostgreSQL counts major versions by one number, since 10.
    places = 1 if engine.endswith(("postgres", "postgresql")) and int(parts[0]) >= 10 else 2
    if len(parts) < places:
        return re.compile(rf"{engine}{re.escape(parts[0])}(\.\d+)?")
    return re.compile(re.escape(engine + ".".join(parts[:places])))
