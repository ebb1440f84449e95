"""E9601: DB instance whose engine is not that of its cluster."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import is_known

CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"


class EngineOfInstance(WiringRule):
    """The instances of a cluster have its engine."""

    id = "E9601"
    shortdesc = "DB instance whose engine is not that of its cluster"
    description = "RDS rejects an instance whose engine or engine version differs from its cluster's."
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html"
        "#cfn-rds-dbinstance-engine")
    error = (
        "The engine name requested for your DB instance (postgres) doesn't match the engine name of your DB "
        "cluster (aurora-postgresql).")
    fix = "Set the instance's Engine to the cluster's."
    types = (INSTANCE, CLUSTER)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield instances of another engine."""
        for instance in stack.of_type(INSTANCE):
            cluster = stack.target(instance.at("DBClusterIdentifier"), CLUSTER)
            own, other = instance.at("Engine"), cluster.at("Engine") if cluster else None
            if cluster and own and other and is_known([own, other]) and str(own).lower() != str(other).lower():
                yield Broken(instance, cluster, "Engine", f"the instance is {own}, the cluster {other}")
