"""E9601."""

import pytest

INSTANCE = "      Engine: aurora-postgresql\n      DBInstanceClass"


def test_an_instance_of_another_engine_than_its_cluster_is_found(found):
    assert found((INSTANCE, INSTANCE.replace("aurora-postgresql", "aurora-mysql"))) == [
        "E9601 `Writer` → `Database`: the instance is aurora-mysql, the cluster aurora-postgresql. "
        "Set the instance's Engine to the cluster's."]


@pytest.mark.parametrize("engine", ["!Ref Image", "!ImportValue engine", "Aurora-PostgreSQL"])
def test_the_same_engine_and_what_is_not_known_are_not_found(found, engine):
    assert found((INSTANCE, INSTANCE.replace("aurora-postgresql", engine))) == []


def test_an_instance_in_another_cluster_is_not_judged(found):
    assert found((INSTANCE, INSTANCE.replace("aurora-postgresql", "aurora-mysql")),
                 ("DBClusterIdentifier: !Ref Database", "DBClusterIdentifier: !ImportValue cluster")) == []
