"""The template's parameters, and the committed files that give them values."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from looping import some
from stack_view import ENVIRONMENTS, StackView

from tap.deploy import policies
from tap.deploy.models import InputError
from tap.deploy.parameters import load_environment

PLACEHOLDERS = {"CertificateArn", "ContainerImage", "AlertEmail"}


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "pr-123", "ab", "a" * 20, "a1-b2-c3"])
def test_short_names_are_environments(accepts: Callable[..., bool], name: str) -> None:
    assert accepts("Environment", name)


@pytest.mark.parametrize("name", [
    "", "a", "Dev", "-x", "x-", "1a", "a" * 21, "a--b", "a_b", "a.b", "pr 1", "dev\n", "é1"])
def test_what_could_not_stand_in_every_name_is_no_environment(accepts: Callable[..., bool], name: str) -> None:
    assert not accepts("Environment", name)


def test_environment_has_no_default_since_nobody_should_deploy_the_wrong_one(template: dict[str, Any]) -> None:
    assert [name for name, entry in template["Parameters"].items() if "Default" not in entry] == ["Environment"]


@pytest.mark.parametrize(("name", "good", "bad"), [
    ("VpcCidr",
     ["10.0.0.0/16", "172.31.0.0/20", "10.255.240.0/20", "192.168.128.0/17", "192.168.64.0/18", "10.1.224.0/19"],
     ["10.0.0.0", "10.0.0.0/15", "10.0.0.0/21", "10.0/16", "::/56", "10.0.1.0/16", "10.0.0.1/20", "10.0.8.0/20",
      "10.0.64.0/17", "10.0.32.0/18", "10.0.16.0/19", "010.0.0.0/16", "256.0.0.0/16"]),
    ("AvailabilityZones", ["", "us-east-1a,us-east-1b,us-east-1f", "us-gov-west-1a,us-gov-west-1b,us-gov-west-1c"],
     ["us-east-1a", "us-east-1a,us-east-1b", "us-east-1a, us-east-1b, us-east-1c", "us-east-1,us-east-2,us-west-1",
      "us-east-1a,us-east-1b,us-east-1c,us-east-1d"]),
    ("NatGateways", ["none", "single", "one-per-az"], ["", "two", "None"]),
    ("CertificateArn",
     ["", "arn:aws:acm:us-east-1:123456789012:certificate/1-2",
      "arn:aws-cn:acm:cn-north-1:123456789012:certificate/1-2"],
     ["arn:aws:iam::123456789012:server-certificate/x", "REPLACE-ME", " "]),
    ("AlertEmail", ["", "ops@payments.test"], ["ops", "a@b", "a b@payments.test", "a@payments.test,b@x.test"]),
    ("HealthCheckPath", ["/", "/health?deep=1"], ["", "health", "/a b"]),
    ("ContainerPort", ["1", "8080", "65535"], ["0", "65536", "http", ""]),
    ("DatabaseName", ["transactions", "a_1"], ["", "1a", "Transactions", "a-b", "a" * 64]),
    ("DatabaseInstanceClass", ["db.serverless", "db.r8g.large", "db.t4g.medium"],
     ["", "r8g.large", "db.", "db.R8g.large"]),
    ("DatabaseMinCapacity", ["0", "0.5", "256"], ["-1", "256.5", "many"]),
    ("DatabaseMaxCapacity", ["1", "4", "256"], ["0", "0.5", "257"]),
    ("MinTasks", ["1", "10"], ["0", "-1", "some"]),
    ("MaxTasks", ["1", "10"], ["0", "-1", "some"]),
    ("LogRetentionDays", ["1", "7", "365"], ["0", "2", "364"]),
    ("TaskSize", ["256/512", "512/1024"], ["256/4096", "512", "1024/512"]),
    ("ValidationReservedConcurrency", ["0", "10"], ["-1", "a"]),
    ("Team", ["platform-engineering", "Team 1: a/b"], ["", "x" * 257, "a\nb"]),
])
def test_a_parameter_takes_what_aws_takes_and_refuses_the_rest(
        accepts: Callable[..., bool], name: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good if not accepts(name, value)] == []
    assert [value for value in bad if accepts(name, value)] == []


def test_log_retention_offers_what_cloudwatch_logs_takes(template: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    taken = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
    offered = {int(days) for days in template["Parameters"]["LogRetentionDays"]["AllowedValues"]}
    assert offered <= taken
    assert {1, 7, 30, 90, 365} <= offered


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environments_file_has_the_sections_that_codepipeline_takes(root: Path, name: str) -> None:
    content = json.loads((root / f"parameters/{name}.json").read_text())
    assert set(content) == {"Parameters", "Tags", "StackPolicy"}
    assert content["Parameters"]["Environment"] == name
    assert all(isinstance(value, str) for value in content["Parameters"].values())


def test_an_environments_stack_policy_names_resources_that_exist(root: Path, template: dict[str, Any]) -> None:
    policies = [json.loads((root / f"parameters/{name}.json").read_text())["StackPolicy"] for name in ENVIRONMENTS]
    named = [statement["Resource"] for policy in policies for statement in policy["Statement"]
             if isinstance(statement["Resource"], list)]
    for resource in some(entry for entries in named for entry in entries):
        kind, title = resource.split("/")
        assert kind == "LogicalResourceId"
        assert title in template["Resources"]


def test_production_protects_whatever_holds_data_from_replacement(root: Path, prod: StackView) -> None:
    policy = json.loads((root / "parameters/prod.json").read_text())["StackPolicy"]
    deny = next(each for each in policy["Statement"] if each["Action"] == ["Update:Replace", "Update:Delete"])
    assert deny["Effect"] == "Deny"
    for kind in ("AWS::RDS::DBCluster", "AWS::KMS::Key", "AWS::DynamoDB::Table", "AWS::S3::Bucket",
                 "AWS::Backup::BackupVault"):
        for title in prod.all(kind):
            assert f"LogicalResourceId/{title}" in deny["Resource"]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_where_ecs_shifts_traffic_no_update_sets_its_weights_back(
        root: Path, template: dict[str, Any], name: str) -> None:
    content = json.loads((root / f"parameters/{name}.json").read_text())
    shifts = content["Parameters"].get("DeploymentStrategy", "ROLLING") not in ("ROLLING", "ROLLING_PREPARED")
    rules = [title for title, resource in template["Resources"].items()
             if resource["Type"] == "AWS::ElasticLoadBalancingV2::ListenerRule"]
    assert rules
    for rule in rules:
        allowed = policies.allows(
            json.dumps(content["StackPolicy"]), "Update:Modify", rule, "AWS::ElasticLoadBalancingV2::ListenerRule")
        assert allowed is not shifts


def test_dev_deploys_as_it_is_committed(root: Path, template: dict[str, Any]) -> None:
    environment = load_environment("dev", root, template)
    assert environment.values.parameters["Environment"] == "dev"
    assert not PLACEHOLDERS & set(environment.values.parameters)


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_staging_and_production_refuse_to_deploy_until_every_placeholder_is_set(
        root: Path, template: dict[str, Any], name: str) -> None:
    with pytest.raises(InputError) as caught:
        load_environment(name, root, template)
    told = [line for line in caught.value.message.splitlines() if "placeholder" in line]
    assert len(told) == len(PLACEHOLDERS)
    for parameter in PLACEHOLDERS:
        assert any(parameter in line and f"parameters/{name}.json" in line for line in told)


@pytest.mark.parametrize("name", ["staging", "prod"])
def test_no_placeholder_would_pass_for_a_value(
        root: Path, template: dict[str, Any], accepts: Callable[..., bool], name: str) -> None:
    values = json.loads((root / f"parameters/{name}.json").read_text())["Parameters"]
    placeholders = {key: value for key, value in values.items() if value.startswith("REPLACE-")}
    assert set(placeholders) == PLACEHOLDERS
    # CloudFormation refuses them too, whoever deploys the file with something else than tap.
    for key, value in placeholders.items():
        pattern = template["Parameters"][key]["AllowedPattern"]
        assert not accepts(key, value)
        assert not accepts(key, value.removeprefix("REPLACE-")), pattern


def test_dev_is_small_and_cheap(dev: StackView) -> None:
    assert len(dev.all("AWS::EC2::NatGateway")) <= 1
    assert not dev.where("AWS::EC2::VPCEndpoint", VpcEndpointType="Interface")
    (instance,) = dev.all("AWS::RDS::DBInstance").values()
    assert instance["DBInstanceClass"] == "db.serverless"
    assert float(dev.only("AWS::RDS::DBCluster")["ServerlessV2ScalingConfiguration"]["MinCapacity"]) == 0
    weights = {item["CapacityProvider"]: int(item["Weight"])
               for item in dev.only("AWS::ECS::Service")["CapacityProviderStrategy"]}
    assert weights["FARGATE"] == 0
    assert weights["FARGATE_SPOT"] > 0
    assert int(dev.only("AWS::ApplicationAutoScaling::ScalableTarget")["MinCapacity"]) == 1


def test_dev_can_be_thrown_away(dev: StackView) -> None:
    assert dev.all("AWS::CloudFormation::CustomResource")


def test_production_is_the_reference_and_better(prod: StackView) -> None:
    assert len(prod.all("AWS::EC2::NatGateway")) == 3
    assert len(prod.all("AWS::RDS::DBInstance")) == 2
    assert int(prod.only("AWS::RDS::DBCluster")["BackupRetentionPeriod"]) >= 7
    task = prod.only("AWS::ECS::TaskDefinition")
    assert (task["Cpu"], task["Memory"]) == ("512", "1024")
    scaling = prod.only("AWS::ApplicationAutoScaling::ScalableTarget")
    assert int(scaling["MinCapacity"]) >= 2
    assert int(scaling["MaxCapacity"]) >= 10
    assert any(listener["Protocol"] == "HTTPS"
               for listener in prod.all("AWS::ElasticLoadBalancingV2::Listener").values())
    assert int(prod.parameter("LogRetentionDays")) >= 7
    assert not prod.all("AWS::CloudFormation::CustomResource")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_least_number_is_never_above_the_most(environments: dict[str, StackView], name: str) -> None:
    stack = environments[name]
    for least, most in (("MinTasks", "MaxTasks"), ("DatabaseMinCapacity", "DatabaseMaxCapacity")):
        assert float(stack.parameter(least)) <= float(stack.parameter(most))
