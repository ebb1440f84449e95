"""E9603."""

import pytest

VERSION = "EngineVersion: '17.9'"
FINDING = (
    "E9603 `Database` → aurora-postgresql 15.3: RDS has retired this version. Set EngineVersion to one that `aws rds "
    "describe-db-engine-versions` lists as available.")
FAMILY = "Family: aurora-postgresql17", "Family: aurora-postgresql15"
PARAMETER = "Parameters:\n  CertificateArn", "Parameters:\n  Version: {Type: String, Default: '15.3'}\n  CertificateArn"


def test_a_version_that_rds_has_retired_is_found(found):
    assert found((VERSION, "EngineVersion: '15.3'"), FAMILY) == [FINDING]


def test_the_default_of_a_parameter_is_a_version_and_a_value_that_is_given_replaces_it(found):
    by_parameter = (VERSION, "EngineVersion: !Ref Version"), PARAMETER
    assert found(*by_parameter, FAMILY) == [FINDING]
    assert found(*by_parameter, FAMILY, parameters=({"Version": "15.99"},)) == []


def test_an_instance_without_a_cluster_is_judged_as_well(found_in):
    assert len(found_in(
        "Resources: {D: {Type: AWS::RDS::DBInstance, Properties: {Engine: mysql, EngineVersion: 8.0.28}}}")) == 1


@pytest.mark.parametrize("version", ["'17'", "!Ref Image", "!ImportValue version", "'{{resolve:ssm:/version}}'"])
def test_majors_and_what_is_not_known_are_not_found(found, version):
    assert found((VERSION, f"EngineVersion: {version}")) == []


def test_a_database_from_a_snapshot_may_have_the_version_of_that(found):
    restored = "StorageEncrypted: true", "StorageEncrypted: true\n      SnapshotIdentifier: snapshot"
    assert found((VERSION, "EngineVersion: '15.3'"), FAMILY, restored) == []


@pytest.mark.parametrize("source", [
    "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier", "ReplicationSourceIdentifier", "SourceDbiResourceId",
    "SourceDBInstanceAutomatedBackupsArn", "SourceDbClusterResourceId", "GlobalClusterIdentifier",
    "DBClusterSnapshotIdentifier"])
def test_a_replica_or_a_restored_database_keeps_the_version_of_its_source(found_in, source):
    database = """
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: mysql, EngineVersion: '5.7.44', SOURCE: other}
"""
    assert found_in(database.replace("SOURCE", source)) == []
    assert len(found_in(database.replace("SOURCE", "DBInstanceIdentifier"))) == 1
