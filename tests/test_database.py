"""The database tier: Aurora PostgreSQL, encrypted, in the isolated subnets."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from looping import some
from stack_view import StackView, untagged

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"


def cluster_of(stack: StackView) -> dict[str, Any]:
    return stack.only(CLUSTER)


def test_the_cluster_is_aurora_postgresql_encrypted_under_the_key(stack: StackView) -> None:
    cluster = cluster_of(stack)
    assert cluster["Engine"] == "aurora-postgresql"
    assert cluster["StorageEncrypted"] is True
    assert cluster["KmsKeyId"] == Reference("DatabaseKey", "Arn")
    assert cluster["Port"] == 5432


def test_the_default_engine_version_is_offered_and_not_deprecated(template: dict[str, Any]) -> None:
    version = template["Parameters"]["DatabaseEngineVersion"]["Default"]
    folder = files("cfnlint.data.schemas.extensions.aws_rds_dbcluster")

    def versions(file: str, *path: str) -> list[str]:
        for rule in json.loads((folder / file).read_text())["allOf"]:
            if rule["if"]["properties"]["Engine"].get("const") == "aurora-postgresql":
                for step in path:
                    rule = rule[step]
                return list(rule["enum"])
        raise AssertionError("cfn-lint keeps its list elsewhere")

    assert version in versions("engine_version.json", "then", "properties", "EngineVersion")
    assert version not in versions("engine_version_deprecated.json", "if", "properties", "EngineVersion")


@pytest.mark.parametrize("retired", ["15.3", "13.9", "17", "latest"])
def test_a_retired_or_vague_engine_version_is_refused(accepts: Callable[..., bool], retired: str) -> None:
    assert not accepts("DatabaseEngineVersion", retired)


@pytest.mark.parametrize(("version", "family"), [
    ("16.9", "aurora-postgresql16"), ("17.9", "aurora-postgresql17"), ("18.3", "aurora-postgresql18")])
def test_the_parameter_group_fits_the_engine_version(deployed: Deployed, version: str, family: str) -> None:
    stack = deployed(DatabaseEngineVersion=version)
    group = stack.only("AWS::RDS::DBClusterParameterGroup")
    assert group["Family"] == family
    assert cluster_of(stack)["EngineVersion"] == version
    assert cluster_of(stack)["DBClusterParameterGroupName"] == Reference(
        stack.title("AWS::RDS::DBClusterParameterGroup"))


def test_the_database_takes_tls_only(stack: StackView) -> None:
    assert stack.only("AWS::RDS::DBClusterParameterGroup")["Parameters"]["rds.force_ssl"] == "1"


def test_the_database_writes_no_statements_with_their_passwords_and_card_numbers_into_its_log(
        stack: StackView) -> None:
    parameters = stack.only("AWS::RDS::DBClusterParameterGroup")["Parameters"]
    assert not {name for name in parameters if name.startswith("log_")}


def test_changes_of_schema_and_roles_are_logged_by_parameter(deployed: Deployed) -> None:
    def parameters(switch: str) -> dict[str, str]:
        return dict(deployed(DatabaseAudit=switch).only("AWS::RDS::DBClusterParameterGroup")["Parameters"])

    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Appendix.PostgreSQL.CommonDBATasks.pgaudit.html
    assert parameters("true") == {
        "rds.force_ssl": "1", "shared_preload_libraries": "pg_stat_statements,pgaudit", "pgaudit.log": "ddl,role"}
    assert parameters("false") == {"rds.force_ssl": "1"}


@pytest.mark.parametrize("snapshot", [
    "before-migration", "rds:tap-prod-2026-01-01-00-00",
    "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:awsbackup:job-00000000-0000-0000-0000-000000000000"])
def test_a_database_from_a_snapshot_leaves_out_what_the_snapshot_has(
        deployed: Deployed, accepts: Callable[..., bool], snapshot: str) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbcluster.html
    assert accepts("DatabaseSnapshot", snapshot)
    new, restored = cluster_of(deployed()), cluster_of(deployed(DatabaseSnapshot=snapshot))
    assert restored["SnapshotIdentifier"] == snapshot
    assert set(new) - set(restored) == {"DatabaseName", "MasterUsername", "StorageEncrypted"}
    assert restored["KmsKeyId"] == Reference("DatabaseKey", "Arn")
    assert restored["ManageMasterUserPassword"] is True


@pytest.mark.parametrize("name", ["-x", "1x", "arn:aws:rds:us-east-1:123456789012:snapshot:of-an-instance", "a b"])
def test_what_names_no_snapshot_of_a_cluster_is_refused(accepts: Callable[..., bool], name: str) -> None:
    assert not accepts("DatabaseSnapshot", name)


def test_the_databases_log_goes_to_a_group_that_is_there_before_the_first_line(stack: StackView) -> None:
    assert cluster_of(stack)["EnableCloudwatchLogsExports"] == ["postgresql"]
    group = stack.properties("DatabaseLogGroup")
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.CloudWatch.html
    assert str(group["LogGroupName"]) == "/aws/rds/cluster/${DatabaseCluster}/postgresql"
    assert group["RetentionInDays"] == stack.parameter("LogRetentionDays")
    assert all("DatabaseLogGroup" in stack.waits_for(instance) for instance in stack.all(INSTANCE))


@pytest.mark.parametrize("switch", ["true", "false"])
def test_the_database_refuses_to_be_deleted_where_the_parameter_says_so(deployed: Deployed, switch: str) -> None:
    assert cluster_of(deployed(DeletionProtection=switch))["DeletionProtection"] is (switch == "true")


def test_instances_measure_their_operating_system_as_often_as_the_parameter_says(deployed: Deployed) -> None:
    stack = deployed(DatabaseMonitoringInterval="15")
    for instance in some(stack.all(INSTANCE).values()):
        assert instance["MonitoringInterval"] == "15"
        assert stack.type_of(instance["MonitoringRoleArn"].logical_id) == "AWS::IAM::Role"


def test_without_that_there_is_no_role_for_it(deployed: Deployed) -> None:
    stack = deployed(DatabaseMonitoringInterval="0")
    assert all("MonitoringRoleArn" not in instance for instance in stack.all(INSTANCE).values())
    assert not [role for role in stack.all("AWS::IAM::Role") if "Monitoring" in role]


def test_instances_take_minor_upgrades_and_have_performance_insights_under_the_key(stack: StackView) -> None:
    for instance in some(stack.all(INSTANCE).values()):
        assert instance["AutoMinorVersionUpgrade"] is True
        assert instance["EnablePerformanceInsights"] is True
        assert instance["PerformanceInsightsKMSKeyId"] == Reference("DatabaseKey", "Arn")


def test_the_database_takes_logins_by_iam(stack: StackView) -> None:
    assert cluster_of(stack)["EnableIAMDatabaseAuthentication"] is True


def test_the_cluster_is_in_the_three_isolated_subnets(stack: StackView) -> None:
    subnets = stack.only("AWS::RDS::DBSubnetGroup")["SubnetIds"]
    assert cluster_of(stack)["DBSubnetGroupName"] == Reference(stack.title("AWS::RDS::DBSubnetGroup"))
    assert [subnet.logical_id for subnet in subnets] == stack.subnets("isolated")


def test_the_writer_comes_first_and_the_reader_after_it(prod: StackView) -> None:
    writer, reader = sorted(prod.all(INSTANCE), key=lambda title: prod.properties(title)["PromotionTier"])
    assert writer in prod.waits_for(reader)
    assert reader not in prod.waits_for(writer)


@pytest.mark.parametrize(("switch", "instances"), [("true", 2), ("false", 1)])
def test_the_reader_is_there_by_parameter(deployed: Deployed, switch: str, instances: int) -> None:
    assert len(deployed(DatabaseReaderInstance=switch).all(INSTANCE)) == instances


def test_every_instance_is_private_and_of_the_chosen_class(stack: StackView) -> None:
    for instance in some(stack.all(INSTANCE).values()):
        assert instance["DBClusterIdentifier"] == Reference(stack.title(CLUSTER))
        assert instance["DBInstanceClass"] == stack.parameter("DatabaseInstanceClass")
        assert instance["Engine"] == "aurora-postgresql"
        assert instance["PubliclyAccessible"] is False


def test_a_provisioned_cluster_has_no_serverless_scaling(deployed: Deployed) -> None:
    assert "ServerlessV2ScalingConfiguration" not in cluster_of(deployed(DatabaseInstanceClass="db.r8g.large"))


def test_a_serverless_cluster_scales_between_the_given_capacities(deployed: Deployed) -> None:
    stack = deployed(
        DatabaseInstanceClass="db.serverless", DatabaseMinCapacity="0.5", DatabaseMaxCapacity="8")
    assert cluster_of(stack)["ServerlessV2ScalingConfiguration"] == {"MinCapacity": "0.5", "MaxCapacity": "8"}


def test_a_serverless_cluster_that_may_go_down_to_nothing_pauses(deployed: Deployed) -> None:
    # RDS pauses it after 300 idle seconds, its default, once the least capacity is 0.
    stack = deployed(DatabaseInstanceClass="db.serverless", DatabaseMinCapacity="0", DatabaseMaxCapacity="2")
    scaling = cluster_of(stack)["ServerlessV2ScalingConfiguration"]
    assert scaling.get("SecondsUntilAutoPause", 300) == 300
    assert (scaling["MinCapacity"], scaling["MaxCapacity"]) == ("0", "2")


def test_backups_are_kept_as_long_as_the_parameter_says(deployed: Deployed) -> None:
    assert cluster_of(deployed(DatabaseBackupRetentionDays="21"))["BackupRetentionPeriod"] == "21"


@pytest.mark.parametrize(("days", "accepted"), [
    ("6", False), ("7", True), ("35", True), ("36", False), ("0", False)])
def test_backups_are_kept_for_at_least_a_week(
        accepts: Callable[..., bool], days: str, accepted: bool) -> None:
    assert accepts("DatabaseBackupRetentionDays", days) is accepted


def test_rds_makes_and_rotates_the_password_under_the_key(stack: StackView) -> None:
    cluster = cluster_of(stack)
    assert cluster["ManageMasterUserPassword"] is True
    assert "MasterUserPassword" not in cluster
    assert cluster["MasterUserSecret"] == {"KmsKeyId": Reference("DatabaseKey", "Arn")}


def test_only_the_service_may_connect_to_the_database_and_on_5432_only(stack: StackView) -> None:
    (group,) = cluster_of(stack)["VpcSecurityGroupIds"]
    (tasks,) = stack.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    (rule,) = stack.rules(group.logical_id, "Ingress")
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 5432, 5432)
    assert rule["SourceSecurityGroupId"] == tasks
    assert "CidrIp" not in rule


def test_the_database_may_connect_to_nobody(stack: StackView) -> None:
    (group,) = cluster_of(stack)["VpcSecurityGroupIds"]
    # A group without a rule of its own may send anywhere; this one has a rule that reaches nothing.
    assert stack.rules(group.logical_id, "Egress")
    assert stack.outward_rules(group.logical_id) == []


def test_a_deleted_or_replaced_cluster_leaves_a_snapshot_and_the_key_that_reads_it(stack: StackView) -> None:
    cluster = stack.attributes(stack.title(CLUSTER))
    key = stack.attributes("DatabaseKey")
    assert (cluster["DeletionPolicy"], cluster["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert cluster_of(stack)["CopyTagsToSnapshot"] is True


def test_the_endpoint_is_an_output_that_each_environment_exports_under_its_own_name(stack: StackView) -> None:
    output = dict(stack.outputs()["DatabaseEndpoint"])
    assert output.pop("Description")
    assert output == {
        "Value": Reference(stack.title(CLUSTER), "Endpoint.Address"),
        "Export": {"Name": f"db-endpoint-{stack.parameter('Environment')}"}}


def test_the_name_of_the_database_is_a_parameter(deployed: Deployed) -> None:
    assert untagged(cluster_of(deployed(DatabaseName="ledger")))["DatabaseName"] == "ledger"
