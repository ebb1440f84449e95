"""E9205."""

import pytest

FIX = "Set it to the ARN of a role that the service may assume."
ROLE = "      DeliverLogsPermissionArn: !GetAtt FlowLogRole.Arn\n"
MONITORING = "      MonitoringRoleArn: !GetAtt MonitoringRole.Arn\n"
FLOW_LOG = f"E9205 `FlowLog` → no role: CloudWatch Logs requires DeliverLogsPermissionArn. {FIX}"


@pytest.mark.parametrize("destination", [
    "LogGroupName: !Ref LogGroup", "LogDestinationType: cloud-watch-logs\n      LogDestination: !GetAtt LogGroup.Arn"])
def test_a_flow_log_to_cloudwatch_logs_without_a_role_is_found(found, destination):
    assert found((ROLE, ""), ("LogGroupName: !Ref LogGroup", destination)) == [FLOW_LOG]


def test_a_flow_log_to_a_bucket_needs_no_role(found):
    bucket = "LogDestinationType: s3\n      LogDestination: !GetAtt LogBucket.Arn"
    assert found((ROLE, ""), ("LogGroupName: !Ref LogGroup", bucket)) == []


def test_monitoring_of_a_database_without_a_role_is_found(found):
    assert found((MONITORING, "")) == [
        f"E9205 `Writer` → no role: Enhanced Monitoring requires MonitoringRoleArn. {FIX}"]


@pytest.mark.parametrize("change", [
    ("MonitoringInterval: 60", "MonitoringInterval: 0"), ("MonitoringInterval: 60", "MonitoringInterval: !Ref Image"),
    ("      StorageEncrypted: true\n", f"      StorageEncrypted: true\n{MONITORING}")])
def test_monitoring_that_is_off_or_not_known_or_the_cluster_s_is_not_found(found, change):
    if change[0].startswith("MonitoringInterval"):
        assert found((MONITORING, ""), change) == []
    else:
        assert found((f"MonitoringInterval: 60\n{MONITORING}", "MonitoringInterval: 60\n"), change) == []
