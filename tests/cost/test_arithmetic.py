"""The arithmetic, against worked examples of AWS's own pricing pages (US East, N. Virginia)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tap.cost.estimate import Estimate
from tap.cost.month import Month
from tap.cost.prices import Prices
from tap.cost.records import traced
from tap.cost.resources import lcu, on_demand_share

Cost = Callable[..., Estimate]


# Fourteen hours of each day.
NIGHTS = [{"Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0}},
          {"Schedule": "cron(0 6 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}]


def service(processor: str) -> dict[str, Any]:
    return {
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Cpu": "1024", "Memory": "2048", "RuntimePlatform": {"CpuArchitecture": processor}}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}, "DesiredCount": 5}}}


@pytest.mark.parametrize(("processor", "vcpus", "memory"), [("X86_64", 1.01, 0.22), ("ARM64", 0.81, 0.18)])
def test_five_tasks_for_ten_minutes_a_day(cost_of: Cost, processor: str, vcpus: float, memory: float) -> None:
    """https://aws.amazon.com/fargate/pricing/, examples 1 and 2: 5 tasks, 1 vCPU, 2 GB, 600 s a day, 30 days."""
    rows = {row.what: row.usd for row in cost_of(service(processor), hours_per_month=600 * 30 / 3600).rows}
    assert (round(rows["vCPUs on demand"], 2), round(rows["memory on demand"], 2)) == (vcpus, memory)


def test_ten_pods_for_an_hour_a_day(prices: Prices) -> None:
    """https://aws.amazon.com/fargate/pricing/, example 3: 10 pods of 0.25 vCPU and 1 GB, an hour a day: $4.37."""
    vcpus = 10 * 0.25 * 30 * prices.by_name["fargate_x86_vcpu_hour"].usd
    memory = 10 * 1 * 30 * prices.by_name["fargate_x86_gb_hour"].usd
    assert (round(vcpus, 2), round(memory, 2)) == (3.04, 1.33)


def test_a_nat_gateway_that_processes_a_gigabyte_in_an_hour(cost_of: Cost) -> None:
    """https://aws.amazon.com/vpc/pricing/: $0.045 for the hour and $0.045 for the GB."""
    rows = {row.what: row.usd for row in cost_of({"Nat": {"Type": "AWS::EC2::NatGateway"}}, hours_per_month=1,
                                                 nat_gb=1).rows}
    assert (rows["hours"], rows["data processed"]) == (0.045, 0.045)


def test_the_largest_of_four_measures_is_billed(prices: Prices) -> None:
    """https://aws.amazon.com/elasticloadbalancing/pricing/: 25 new, 3,000 active, 1 GB, 1,000 rules are a unit each.

    Its example for an hour: a new connection a second that lasts two minutes, 300 KB a second, which are 1.08 GB,
    and 60 rules, 10 of them free, at five requests a second: 1.08 units, $0.03114.
    """
    assert lcu(25, 0, 0) == lcu(0, 3000, 0) == lcu(0, 0, 1) == lcu(0, 0, 0, 1000) == 1
    units = lcu(1, 120, 1.08, (60 - 10) * 5)
    hour = prices.by_name["load_balancer_hour"].usd + units * prices.by_name["load_balancer_lcu_hour"].usd
    assert (units, round(hour, 5)) == (1.08, 0.03114)


def test_a_key_with_a_hundred_thousand_requests(cost_of: Cost) -> None:
    """https://aws.amazon.com/kms/pricing/: $1 a key, $0.03 for 10,000 requests; 80,000 beyond the free ones: $1.24."""
    assert round(cost_of({"Key": {"Type": "AWS::KMS::Key"}}, key_requests_per_month=80_000).total, 2) == 1.24


def test_three_million_calls_of_a_function(cost_of: Cost) -> None:
    """https://aws.amazon.com/lambda/pricing/: 3 million requests of 120 ms with 1,536 MB, less the free tier: $2.73.

    The free tier, which tap does not count, is a million requests and 400,000 GB-seconds.
    """
    found = cost_of({"Function": {"Type": "AWS::Lambda::Function", "Properties": {
        "MemorySize": 1536, "Environment": {}}}}, requests_per_month=3e6, validations_per_request=1, validation_ms=120)
    quantities = {row.what: row.quantity for row in found.rows}
    assert quantities == {"requests": 3, "duration": 540_000}
    rates = {row.what: row.usd / row.quantity for row in found.rows}
    assert round(2 * rates["requests"] + 140_000 * rates["duration"], 2) == 2.73


def test_four_alarms(cost_of: Cost) -> None:
    """https://aws.amazon.com/cloudwatch/pricing/: "Four standard resolution alarms = $0.10 per alarm metric * 4"."""
    alarms = {f"Alarm{place}": {"Type": "AWS::CloudWatch::Alarm"} for place in range(4)}
    assert round(cost_of(alarms).total, 2) == 0.40


def test_a_web_acl_with_seven_rules_and_ten_million_requests(cost_of: Cost) -> None:
    """https://aws.github.io/aws-security-services-best-practices/guides/waf/waf-cost/docs/: 5 + 7 x 1 + 10 x 0.60."""
    rules = [{"Name": str(place)} for place in range(7)]
    acl = {"Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": {"Rules": rules}}}
    assert cost_of(acl, requests_per_month=10e6).total == 18.0


SPOT = {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}


@pytest.mark.parametrize(("strategy", "tasks", "on_demand"), [
    ([], 3, 3),
    ([{"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1}, SPOT], 5, 3),
    ([{"CapacityProvider": "FARGATE", "Base": 0, "Weight": 0}, SPOT], 2, 0),
    ([{"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1}], 1, 1),
])
def test_bases_come_first_and_the_rest_goes_by_weight(strategy: list[Any], tasks: float, on_demand: float) -> None:
    assert on_demand_share(strategy, tasks) == on_demand


def test_a_month_has_no_more_active_hours_than_hours(month: Callable[..., Month]) -> None:
    assert month(active_hours_per_day=24, active_days_per_month=31).active_hours == 730
    assert month(active_hours_per_day=8, active_days_per_month=22).active_hours == 176


def database(least: str, tier: int = 0) -> dict[str, Any]:
    return {
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": {
            "ServerlessV2ScalingConfiguration": {"MinCapacity": least, "MaxCapacity": "4"}}},
        "Writer": {"Type": "AWS::RDS::DBInstance", "Properties": {
            "DBClusterIdentifier": {"Ref": "Cluster"}, "DBInstanceClass": "db.serverless", "PromotionTier": tier}}}


@pytest.mark.parametrize(("least", "average", "acu_hours"), [
    ("0.5", 1, 730), ("2", 1, 2 * 730), ("0.5", 9, 4 * 730), ("0", 1, 176)])
def test_a_serverless_instance_runs_within_its_bounds_and_pauses_at_none(
        cost_of: Cost, least: str, average: float, acu_hours: float) -> None:
    found = cost_of(database(least), writer_acu=average, active_hours_per_day=8, active_days_per_month=22)
    assert sum(row.quantity for row in found.rows if row.price == "aurora_acu_hour") == acu_hours


def test_an_interface_endpoint_is_billed_in_each_zone_and_a_gateway_endpoint_not_at_all(cost_of: Cost) -> None:
    interface = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b", "c"]}
    endpoint = {"E": {"Type": "AWS::EC2::VPCEndpoint", "Properties": interface}}
    assert round(cost_of(endpoint, endpoint_gb=0).total, 2) == 21.90
    assert round(cost_of(endpoint, endpoint_gb=10).total, 2) == 22.00
    assert cost_of({"E": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}}}).total == 0


def test_the_average_number_of_tasks_is_of_the_service_behind_the_load_balancer(cost_of: Cost) -> None:
    resources = service("ARM64")
    resources["Worker"] = {**resources["Service"], "Properties": {**resources["Service"]["Properties"]}}
    resources["Service"]["Properties"]["LoadBalancers"] = [{}]
    targets = {f"{title}Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "ResourceId": {"Fn::Sub": f"service/x/${{{title}.Name}}"}, "MinCapacity": 1, "MaxCapacity": 9}}
        for title in ("Service", "Worker")}
    found = cost_of({**resources, **targets}, average_tasks=4)
    hours = {row.resource: row.quantity for row in found.rows if row.what == "vCPUs on demand"}
    assert hours == {"Service": 4 * 730, "Worker": 730}


def test_a_job_costs_the_hours_that_its_tasks_run(cost_of: Cost) -> None:
    job = {"Task": service("ARM64")["Task"], "Job": {"Type": "AWS::Scheduler::Schedule", "Properties": {
        "Target": {"EcsParameters": {"TaskDefinitionArn": {"Ref": "Task"}}}}}}
    rows = {row.what: row.quantity for row in cost_of(job, job_hours=10).rows}
    assert rows == {"vCPUs on demand": 10, "memory on demand": 20}


def test_tasks_that_a_schedule_stops_at_night_cost_nothing_then(cost_of: Cost) -> None:
    scaling = {"Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": 1, "MaxCapacity": 2}}}
    asleep = {"Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": 1, "MaxCapacity": 2,
        "ScheduledActions": NIGHTS}}}
    awake = cost_of({**service("ARM64"), **scaling}).total
    half = cost_of({**service("ARM64"), **asleep}).total
    assert half / awake == pytest.approx(14 / 24)


def test_each_service_has_the_tasks_and_the_nights_of_its_own_target(cost_of: Cost) -> None:
    one = service("ARM64")
    name, = (name for name, entry in one.items() if entry["Type"] == "AWS::ECS::Service")
    both = {**one, "Worker": one[name]}

    def target(service: str, tasks: int, **more: Any) -> dict[str, Any]:
        return {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ResourceId": {"Fn::Sub": f"service/x/${{{service}.Name}}"}, "MinCapacity": tasks, "MaxCapacity": tasks,
            **more}}

    found = cost_of({**both, "A": target(name, 2, ScheduledActions=NIGHTS), "B": target("Worker", 1)})
    cost = {title: sum(row.usd for row in found.rows if row.resource == title) for title in (name, "Worker")}
    assert cost[name] / cost["Worker"] == pytest.approx(2 * 14 / 24)


def test_container_insights_has_metrics_while_tasks_run(cost_of: Cost) -> None:
    """https://aws.amazon.com/cloudwatch/pricing/: custom metrics are prorated by the hour, and by what is sent."""
    cluster = {"Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {
        "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}}}
    sleeps = {"Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "ScheduledActions": NIGHTS}}}
    assert round(cost_of(cluster, container_insights_metrics=10).total, 2) == 3
    asleep = cost_of({**cluster, **sleeps}, container_insights_metrics=10)
    assert round(asleep.total, 2) == 1.75


def test_an_expression_is_billed_by_its_metrics_and_a_composite_alarm_as_one(cost_of: Cost) -> None:
    metrics = [{"Id": "sum", "Expression": "a + b"}, *({"Id": name, "MetricStat": {}} for name in "ab")]
    assert cost_of({"Sum": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": metrics}}}).total == 0.20
    assert cost_of({"All": {"Type": "AWS::CloudWatch::CompositeAlarm"}}).total == 0.50


def test_a_call_a_second_is_traced_and_one_in_twenty_of_the_others() -> None:
    assert traced(50, 100) == 50
    assert traced(300, 100) == 100 + 10


def group_of(days: int) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}}


GB = 1024 * 1024  # of KB


def test_flow_logs_and_the_log_of_a_web_acl_are_billed_once_and_as_log_events(cost_of: Cost) -> None:
    found = cost_of({
        "Flows": group_of(30), "Requests": group_of(30), "Own": group_of(30),
        "Flow": {"Type": "AWS::EC2::FlowLog", "Properties": {"LogGroupName": {"Ref": "Flows"}}},
        "Acl": {"Type": "AWS::WAFv2::LoggingConfiguration", "Properties": {"LogDestinationConfigs": [
            {"Fn::Sub": "arn:aws:logs:us-east-1:1:log-group:${Requests}"}]}},
    }, flow_log_gb=2, requests_per_month=GB, web_acl_log_kb_per_request=3, log_kb_per_request=1)
    ingested = {row.resource: row.usd for row in found.rows if row.price == "log_ingestion_gb"}
    assert ingested == {"Flow": 1.0, "Acl": 1.5, "Own": 0.5}


def test_a_flow_log_to_a_bucket_is_billed_as_delivery(cost_of: Cost) -> None:
    flow = {"Flow": {"Type": "AWS::EC2::FlowLog", "Properties": {
        "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs"}}}
    assert cost_of(flow, flow_log_gb=4).total == 1.0


def test_log_events_are_stored_compressed_for_as_long_as_they_are_kept(cost_of: Cost) -> None:
    found = cost_of({"Own": group_of(304)}, requests_per_month=GB, log_kb_per_request=1)
    quantities = {row.what: round(row.quantity, 6) for row in found.rows}
    assert quantities == {"log ingestion": 1, "log storage once full": 1.5}


def test_a_bucket_of_access_logs_holds_them_until_they_expire(cost_of: Cost) -> None:
    found = cost_of({
        "Logs": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [
            {"ExpirationInDays": 304}]}}},
        "Assets": {"Type": "AWS::S3::Bucket", "Properties": {"LoggingConfiguration": {
            "DestinationBucketName": {"Ref": "Logs"}}}},
    }, assets_gb=7, requests_per_month=GB, cdn_requests_per_month=GB, access_log_kb_per_request=1)
    assert {row.resource: round(row.quantity, 6) for row in found.rows} == {"Logs": 20, "Assets": 7}


def test_measurements_of_the_operating_system_are_billed_as_log_events(cost_of: Cost) -> None:
    writer = {"Type": "AWS::RDS::DBInstance", "Properties": {
        "DBInstanceClass": "db.t4g.medium", "MonitoringInterval": "60", "EnablePerformanceInsights": True}}
    found = cost_of({"Writer": writer}, hours_per_month=GB / 60, monitoring_kb=1)
    assert [row.quantity for row in found.rows if row.price == "log_ingestion_gb"] == [1]
    assert found.unpriced == ()  # seven days of Performance Insights are free


def test_a_longer_history_of_performance_insights_is_named(cost_of: Cost) -> None:
    writer = {"Type": "AWS::RDS::DBInstance", "Properties": {
        "DBInstanceClass": "db.t4g.medium", "PerformanceInsightsRetentionPeriod": 731}}
    ((resource, why),) = cost_of({"Writer": writer}).unpriced
    assert (resource, why.partition(":")[0]) == ("Writer", "Performance Insights history")


def copies(days: int) -> dict[str, Any]:
    return {
        "Vault": {"Type": "AWS::Backup::BackupVault"},
        "Plan": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": {"BackupPlanRule": [
            {"TargetBackupVault": {"Ref": "Vault"}, "Lifecycle": {"DeleteAfterDays": days}}]}}},
        "Selection": {"Type": "AWS::Backup::BackupSelection", "Properties": {
            "BackupPlanId": {"Ref": "Plan"}, "BackupSelection": {"Resources": [
                {"Fn::GetAtt": ["Cluster", "DBClusterArn"]}, {"Fn::GetAtt": ["Table", "Arn"]}]}}},
        "Cluster": {"Type": "AWS::RDS::DBCluster", "Properties": {"BackupRetentionPeriod": "35"}},
        "Table": {"Type": "AWS::DynamoDB::Table"}}


@pytest.mark.parametrize(("days", "table", "database"), [(20, 20 * 5, 0), (60, 60 * 5, 25 * 50)])
def test_copies_of_a_table_are_whole_and_those_of_a_cluster_free_beside_its_own(
        cost_of: Cost, days: int, table: float, database: float) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-storage-backup.html."""
    rows = cost_of(copies(days), sessions_gb=5, database_gb=50).rows
    quantities = {row.price: row.quantity for row in rows if row.resource == "Vault"}
    assert quantities.get("backup_dynamodb_gb_month") == table
    assert quantities.get("aurora_backup_gb_month", 0) == database


def test_metrics_of_the_stacks_own_on_the_dashboard_are_billed_once_each(cost_of: Cost) -> None:
    """https://aws.amazon.com/cloudwatch/pricing/: $0.30 a metric and month."""
    metrics = [["Mine", "Taken"], ["Mine", "Refused"], ["Mine", "Taken", {"stat": "p99"}], ["AWS/Lambda", "Errors"]]
    body = json.dumps({"widgets": [{"type": "metric", "properties": {"metrics": metrics}}]})
    found = cost_of({"Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}}})
    assert {row.what: round(row.usd, 2) for row in found.rows}["own metrics"] == 0.60


def test_a_dashboard_of_awss_metrics_costs_nothing_more(cost_of: Cost) -> None:
    body = json.dumps({"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/Lambda", "Errors"]]}}]})
    found = cost_of({"Board": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}}})
    assert [row.what for row in found.rows] == ["dashboard"]
