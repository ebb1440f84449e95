"""E9603: engine version that RDS has retired."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule

DATABASES = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
_FACTS = FACTS["retired_engines"]


class RetiredEngine(WiringRule):
    """RDS makes no new databases of a retired version."""

    id = "E9603"
    shortdesc = "Engine version that RDS has retired"
    description = (
        "RDS lists engine versions that running databases keep and new ones cannot have. cfn-lint warns of them "
        "(W3690, W3691); a stack that is made anew fails.")
    source_url = _FACTS["source"]
    mend = "Set EngineVersion to one that describe-db-engine-versions lists as available."
    types = DATABASES

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield databases of retired versions."""
        for database in stack.of_type(*DATABASES):
            engine, version = str(database.at("Engine")), str(database.at("EngineVersion"))
            restored = database.at("SnapshotIdentifier") or database.at("DBSnapshotIdentifier")
            if version in _FACTS["versions"].get(engine, ()) and not restored:
                yield Broken(database, f"{engine} {version}", "EngineVersion", "RDS has retired this version")
