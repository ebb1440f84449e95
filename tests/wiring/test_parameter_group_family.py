"""E9602."""

import pytest

MEND = "Set the matching Family on the parameter group, or use a parameter group of the database's family."
FAMILY = "Family: aurora-postgresql17"
VERSION = "EngineVersion: '17.9'"
INSTANCE_GROUP = """
  Parameters:
    Type: AWS::RDS::DBParameterGroup
    Properties: {{Description: Instances, Family: {family}}}
"""


@pytest.mark.parametrize("family", ["aurora-postgresql16", "aurora-mysql8.0", "postgres17"])
def test_a_group_of_another_family_than_the_cluster_is_found(found, family):
    assert found((FAMILY, f"Family: {family}")) == [
        "E9602 `Database` → `ClusterParameters`: the database is aurora-postgresql 17.9, "
        f"the group is for {family}. {MEND}"]


def test_a_group_of_another_engine_is_found_for_a_version_that_is_not_known(found):
    assert found((FAMILY, "Family: aurora-mysql8.0"), (VERSION, "EngineVersion: !Ref Image")) == [
        "E9602 `Database` → `ClusterParameters`: the database is aurora-postgresql, "
        f"the group is for aurora-mysql8.0. {MEND}"]


def test_an_instance_s_group_is_for_the_engine_of_its_cluster(found):
    size = "DBInstanceClass: db.t4g.medium"
    used = size, f"{size}\n      DBParameterGroupName: !Ref Parameters"
    assert found(used, add=INSTANCE_GROUP.format(family="aurora-postgresql17")) == []
    assert found(used, add=INSTANCE_GROUP.format(family="postgres17")) == [
        f"E9602 `Writer` → `Parameters`: the database is aurora-postgresql 17.9, the group is for postgres17. {MEND}"]


@pytest.mark.parametrize(("engine", "version", "family"), [
    ("mysql", "8.4.5", "mysql8.4"), ("mysql", "8.0", "mysql8.0"), ("mariadb", "10.11.9", "mariadb10.11"),
    ("postgres", "16.9", "postgres16"), ("postgres", "17", "postgres17"), ("postgres", "9.6.99", "postgres9.6"),
    ("aurora-mysql", "8.0.mysql_aurora.3.08.2", "aurora-mysql8.0"), ("oracle-ee", "19", "oracle-ee-19"),
    ("mysql", "8", "mysql8.4"),
])
def test_the_families_of_every_engine_fit_their_versions(found_in, engine, version, family):
    assert found_in(f"""
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {{Engine: {engine}, EngineVersion: '{version}', DBParameterGroupName: !Ref Parameters}}
{INSTANCE_GROUP.format(family=family)}""") == []


@pytest.mark.parametrize("change", [
    (FAMILY, "Family: !Ref Image"),
    ("DBClusterParameterGroupName: !Ref ClusterParameters", "DBClusterParameterGroupName: default.aurora-mysql8.0"),
    ("      Engine: aurora-postgresql\n      EngineVersion: '17.9'\n", "      SnapshotIdentifier: snapshot\n"),
])
def test_what_is_not_known_is_not_judged(found, change):
    assert [item for item in found(change) if item.startswith("E9602")] == []
