"""E9603: engine version that RDS has retired."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

DATABASES = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
# A database with one of these copies or follows an existing one and keeps its version, even if retired.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RestoreFromSnapshot.html
SOURCES = (
    "SnapshotIdentifier", "DBSnapshotIdentifier", "DBClusterSnapshotIdentifier", "SourceDBInstanceIdentifier",
    "SourceDBInstanceAutomatedBackupsArn", "SourceDbiResourceId", "SourceDBClusterIdentifier",
    "SourceDbClusterResourceId", "ReplicationSourceIdentifier", "GlobalClusterIdentifier")
_FACTS = FACTS["retired_engines"]


class RetiredEngine(WiringRule):
    """RDS does not create databases with a retired version."""

    id = "E9603"
    shortdesc = "Engine version that RDS has retired"
    description = (
        "Existing databases keep a retired engine version, but new ones cannot use it: creating the stack fails. "
        "cfn-lint only warns about these versions (W3690, W3691).")
    source_url = _FACTS["source"]
    error = "Cannot find version 5.7.44 for mysql"
    fix = "Set EngineVersion to one that `aws rds describe-db-engine-versions` lists as available."
    types = DATABASES

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield databases of retired versions."""
        for database in stack.of_type(*DATABASES):
            engine, version = str(database.at("Engine")), str(database.at("EngineVersion"))
            is_copy = any(database.at(source) for source in SOURCES)
            if version in _FACTS["versions"].get(engine.lower(), ()) and not is_copy:
                yield Broken(database, f"{engine} {version}", "EngineVersion", "RDS has retired this version")
