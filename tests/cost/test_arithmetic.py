"""The arithmetic, against worked examples of AWS's own pricing pages (US East, N. Virginia)."""

from collections.abc import Callable
from typing import Any

import pytest

from tap.cost.estimate import Estimate
from tap.cost.month import Month
from tap.cost.prices import Prices
from tap.cost.resources import lcu, on_demand_share

Cost = Callable[..., Estimate]


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
    assert round(cost_of({"E": {"Type": "AWS::EC2::VPCEndpoint", "Properties": interface}}).total, 2) == 21.90
    assert cost_of({"E": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {"VpcEndpointType": "Gateway"}}}).total == 0


def test_tasks_that_a_schedule_stops_at_night_cost_nothing_then(cost_of: Cost) -> None:
    scaling = {"Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": 1, "MaxCapacity": 2}}}
    asleep = {"Scaling": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
        "MinCapacity": 1, "MaxCapacity": 2,
        "ScheduledActions": [{"ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0}}]}}}
    awake = cost_of({**service("ARM64"), **scaling}, active_hours_per_day=8, active_days_per_month=22).total
    half = cost_of({**service("ARM64"), **asleep}, active_hours_per_day=8, active_days_per_month=22).total
    assert half / awake == pytest.approx(176 / 730)
