"""The service tier: an ECS service on Fargate, its task, its roles and its scaling."""

from collections.abc import Callable
from typing import Any

import pytest
from looping import some
from stack_view import StackView, statements_of, untagged

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
CLUSTER = "AWS::ECS::Cluster"
SERVICE = "AWS::ECS::Service"
TASK = "AWS::ECS::TaskDefinition"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
FUNCTION = "AWS::Lambda::Function"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"


def container_of(stack: StackView) -> dict[str, Any]:
    (container,) = stack.only(TASK)["ContainerDefinitions"]
    return dict(container)


def variables(stack: StackView) -> dict[str, Any]:
    return {entry["Name"]: entry["Value"] for entry in container_of(stack)["Environment"]}


def secrets(stack: StackView) -> dict[str, str]:
    return {entry["Name"]: str(entry["ValueFrom"]) for entry in container_of(stack)["Secrets"]}


def validation_of(stack: StackView) -> str:
    """The function that the stack hands out as its validation."""
    return str(stack.only("AWS::Lambda::Alias")["FunctionName"].logical_id)


def role_of(stack: StackView, kind: str) -> str:
    reference = stack.only(TASK)[kind]
    assert reference.attribute == "Arn"
    return str(reference.logical_id)


def test_the_cluster_has_container_insights_and_both_fargate_providers(stack: StackView) -> None:
    assert untagged(stack.only(CLUSTER)) == {
        "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]}


def test_the_task_is_of_512_units_and_1024_mib_by_default(deployed: Deployed) -> None:
    task = deployed().only(TASK)
    assert (task["Cpu"], task["Memory"]) == ("512", "1024")
    assert task["RequiresCompatibilities"] == ["FARGATE"]
    assert task["NetworkMode"] == "awsvpc"


# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE_MEMORY = {
    256: {512, 1024, 2048}, 512: set(range(1024, 4097, 1024)), 1024: set(range(2048, 8193, 1024)),
    2048: set(range(4096, 16385, 1024)), 4096: set(range(8192, 30721, 1024)),
    8192: set(range(16384, 61441, 4096)), 16384: set(range(32768, 122881, 8192))}


def test_every_size_that_can_be_chosen_is_one_that_fargate_offers(
        template: dict[str, Any], deployed: Deployed) -> None:
    for size in some(template["Parameters"]["TaskSize"]["AllowedValues"]):
        task = deployed(TaskSize=size).only(TASK)
        assert int(task["Memory"]) in FARGATE_MEMORY[int(task["Cpu"])]


@pytest.mark.parametrize("architecture", ["ARM64", "X86_64"])
def test_the_processor_is_a_parameter(deployed: Deployed, architecture: str) -> None:
    assert deployed(CpuArchitecture=architecture).only(TASK)["RuntimePlatform"] == {
        "CpuArchitecture": architecture, "OperatingSystemFamily": "LINUX"}


def test_execution_and_task_have_separate_roles_that_ecs_tasks_alone_assume(stack: StackView) -> None:
    roles = {role_of(stack, "ExecutionRoleArn"), role_of(stack, "TaskRoleArn")}
    assert len(roles) == 2
    for role in roles:
        assert statements_of(stack.properties(role)["AssumeRolePolicyDocument"]) == [{
            "Effect": "Allow", "Action": ["sts:AssumeRole"],
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]


def test_the_container_is_told_where_everything_is(stack: StackView) -> None:
    database = stack.title("AWS::RDS::DBCluster")
    # docs/application.md has all of them.
    assert variables(stack).items() >= {
        "DB_HOST": Reference(database, "Endpoint.Address"),
        "DB_PORT": "5432",
        "DB_NAME": stack.parameter("DatabaseName"),
        "DB_SECRET_ARN": Reference(database, "MasterUserSecret.SecretArn"),
        "DYNAMODB_TABLE": Reference(stack.title("AWS::DynamoDB::Table")),
        "S3_BUCKET": Reference("AssetsBucket"),
        "ENVIRONMENT": stack.parameter("Environment"),
        "PORT": stack.parameter("ContainerPort"),
        # The version that is live, not whatever was uploaded last.
        "VALIDATION_FUNCTION": Reference(stack.title("AWS::Lambda::Alias")),
    }.items()


def test_the_container_gets_the_databases_credentials_from_their_secret(stack: StackView) -> None:
    secret = f"${{{stack.title('AWS::RDS::DBCluster')}.MasterUserSecret.SecretArn}}"
    assert secrets(stack) == {"DB_USERNAME": f"{secret}:username::", "DB_PASSWORD": f"{secret}:password::"}


def test_the_container_logs_to_its_own_group_of_the_shared_retention(stack: StackView) -> None:
    log = container_of(stack)["LogConfiguration"]
    group = log["Options"]["awslogs-group"]
    assert log == {"LogDriver": "awslogs", "Options": {
        "awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "web-app"}}
    assert untagged(stack.properties(group.logical_id)) == {
        "RetentionInDays": stack.parameter("LogRetentionDays"),
        **({"KmsKeyId": Reference("OperationsKey", "Arn")} if stack.parameter("CustomerKeys") == "true" else {})}


def test_the_logs_of_the_service_and_of_the_validation_outlive_the_stack(stack: StackView) -> None:
    groups = [container_of(stack)["LogConfiguration"]["Options"]["awslogs-group"],
              stack.properties(validation_of(stack))["LoggingConfig"]["LogGroup"]]
    for group in some(groups):
        attributes = stack.attributes(group.logical_id)
        # Events of a stack that never came up are of no use.
        assert attributes["DeletionPolicy"] == "RetainExceptOnCreate"
        assert attributes["UpdateReplacePolicy"] == "Retain"


def test_image_port_and_health_command_are_parameters(deployed: Deployed) -> None:
    stack = deployed(
        ContainerImage="registry.example/app:1", ContainerPort="3000", ContainerHealthCommand="/bin/healthy")
    container = container_of(stack)
    assert container["Image"] == "registry.example/app:1"
    (port,) = container["PortMappings"]
    assert (port["ContainerPort"], port.get("Protocol", "tcp")) == ("3000", "tcp")
    assert container.get("Essential", True) is True
    assert container["HealthCheck"] == {
        "Command": ["CMD-SHELL", "/bin/healthy"], "Interval": 30, "Timeout": 5, "Retries": 3, "StartPeriod": 60}


def test_an_image_without_a_health_command_has_no_health_check(deployed: Deployed) -> None:
    assert "HealthCheck" not in container_of(deployed(ContainerHealthCommand=""))


def test_the_default_image_answers_on_the_default_port_and_path_and_is_not_docker_hubs(
        template: dict[str, Any]) -> None:
    # nginx that listens on 8080, answers 200 to /, and has the curl of the default health command.
    defaults = {name: entry.get("Default") for name, entry in template["Parameters"].items()}
    assert defaults["ContainerImage"].startswith("public.ecr.aws/nginx/nginx-unprivileged:")
    assert defaults["ContainerPort"] == "8080"
    assert defaults["HealthCheckPath"] == "/"
    assert defaults["ContainerHealthCommand"].startswith("curl ")
    # PORT is what the container is told; the shell that runs the command knows it.
    assert "localhost:$PORT" in defaults["ContainerHealthCommand"]


@pytest.mark.parametrize(("image", "accepted"), [
    ("public.ecr.aws/nginx/nginx-unprivileged:stable", True),
    ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/payments/app:1.2", True),
    ("registry.example:5000/app", True),
    ("ghcr.io/payments/app@sha256:" + "0" * 64, True),
    ("nginx", False),
    ("nginx:stable", False),
    ("amazon/amazon-ecs-sample", False),
    ("Registry.example/App", False),
    ("registry.example/app:1 ", False)])
def test_an_image_names_its_registry_since_a_bare_name_is_docker_hubs(
        accepts: Callable[..., bool], image: str, accepted: bool) -> None:
    assert accepts("ContainerImage", image) is accepted


def test_the_service_is_in_the_private_subnets_without_public_addresses(stack: StackView) -> None:
    placed = stack.only(SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert placed["AssignPublicIp"] == "DISABLED"
    assert placed["Subnets"] == [Reference(subnet) for subnet in stack.subnets("private")]


def test_no_deployment_and_no_template_update_takes_tasks_away(stack: StackView) -> None:
    service = stack.only(SERVICE)
    assert service["DeploymentConfiguration"].get("MinimumHealthyPercent", 100) == 100
    # The scaling decides; a number here would put it back with every update.
    assert "DesiredCount" not in service


def test_tasks_are_registered_with_the_targets_after_60_seconds_of_grace(stack: StackView) -> None:
    service = stack.only(SERVICE)
    assert service["HealthCheckGracePeriodSeconds"] == 60
    (balanced,) = service["LoadBalancers"]
    balanced = {key: value for key, value in balanced.items() if key != "AdvancedConfiguration"}
    assert balanced == {
        "ContainerName": container_of(stack)["Name"], "ContainerPort": stack.parameter("ContainerPort"),
        "TargetGroupArn": Reference("TargetGroup")}


@pytest.mark.parametrize(("capacity", "on_demand", "spot"), [("on-demand", 9, 0), ("mixed", 5, 4), ("spot", 0, 9)])
def test_nine_tasks_are_placed_on_demand_and_on_spot_as_the_parameter_says(
        deployed: Deployed, capacity: str, on_demand: int, spot: int) -> None:
    service = deployed(TaskCapacity=capacity).only(SERVICE)
    assert "LaunchType" not in service
    # Base tasks first, the others by weight.
    strategy = {item["CapacityProvider"]: item for item in service["CapacityProviderStrategy"]}
    base = {name: int(item.get("Base", 0)) for name, item in strategy.items()}
    weight = {name: int(item["Weight"]) for name, item in strategy.items()}
    others = 9 - sum(base.values())
    placed = {name: base[name] + others * weight[name] / sum(weight.values()) for name in strategy}
    assert placed == {"FARGATE": on_demand, "FARGATE_SPOT": spot}


def test_the_default_strategy_is_the_references(deployed: Deployed) -> None:
    assert deployed().parameter("TaskCapacity") == "mixed"


def test_the_service_scales_on_cpu_and_memory_at_70_percent_with_60_seconds_of_cooldown(
        stack: StackView) -> None:
    (scaling,) = stack.all("AWS::ApplicationAutoScaling::ScalableTarget")
    found = {}
    for policy in stack.all("AWS::ApplicationAutoScaling::ScalingPolicy").values():
        assert policy["PolicyType"] == "TargetTrackingScaling"
        assert policy["ScalingTargetId"] == Reference(scaling)
        tracking = dict(policy["TargetTrackingScalingPolicyConfiguration"])
        found[tracking.pop("PredefinedMetricSpecification")["PredefinedMetricType"]] = tracking
    tracking = {"TargetValue": 70, "ScaleInCooldown": 60, "ScaleOutCooldown": 60}
    assert found == {
        "ECSServiceAverageCPUUtilization": tracking, "ECSServiceAverageMemoryUtilization": tracking}


def test_what_scales_is_this_service_between_the_least_and_the_most_tasks(deployed: Deployed) -> None:
    stack = deployed()
    target = untagged(stack.only("AWS::ApplicationAutoScaling::ScalableTarget"))
    target["ResourceId"] = str(target["ResourceId"])
    assert target == {
        "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": f"service/${{{stack.title(CLUSTER)}}}/${{{stack.title(SERVICE)}.Name}}",
        "MinCapacity": "2", "MaxCapacity": "10"}


@pytest.mark.parametrize("certificate", ["", CERTIFICATE], ids=["without certificate", "with certificate"])
def test_the_service_waits_for_the_listener_that_forwards_to_its_targets(
        deployed: Deployed, certificate: str) -> None:
    stack = deployed(CertificateArn=certificate)
    waited = stack.waits_for(stack.title(SERVICE))
    assert set(stack.all(LISTENER)) <= waited
    assert any(
        action["Type"] == "forward" for title in waited & set(stack.all(LISTENER))
        for action in stack.properties(title)["DefaultActions"])


@pytest.mark.parametrize(("nat", "endpoints"), [
    ("none", "true"), ("single", "false"), ("one-per-az", "false"), ("one-per-az", "true")])
def test_the_service_waits_for_its_subnets_ways_out(deployed: Deployed, nat: str, endpoints: str) -> None:
    stack = deployed(NatGateways=nat, InterfaceEndpoints=endpoints)
    subnets = stack.only(SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
    needed = {title for title, route in stack.all("AWS::EC2::Route").items() if "NatGatewayId" in route}
    needed |= set(stack.all("AWS::EC2::NatGateway")) | set(stack.all("AWS::EC2::VPCEndpoint"))
    # A subnet that is not associated yet uses the VPC's main route table, which leads nowhere.
    public = [Reference(subnet) for subnet in stack.subnets("public")]
    needed |= {title for title, association in stack.all("AWS::EC2::SubnetRouteTableAssociation").items()
               if association["SubnetId"] in [*subnets, *public]}
    needed |= {title for title, route in stack.all("AWS::EC2::Route").items() if "GatewayId" in route}
    assert needed - stack.waits_for(stack.title(SERVICE)) == set()


@pytest.mark.parametrize("capacity", ["on-demand", "mixed", "spot"])
def test_another_capacity_starts_a_new_deployment(deployed: Deployed, capacity: str) -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ecs-service-forcenewdeployment.html
    service = deployed(TaskCapacity=capacity).only(SERVICE)
    assert service["ForceNewDeployment"] == {"EnableForceNewDeployment": True, "ForceNewDeploymentNonce": capacity}


def test_the_service_waits_for_the_clusters_capacity_providers(stack: StackView) -> None:
    waited = stack.waits_for(stack.title(SERVICE))
    strategy = {item["CapacityProvider"] for item in stack.only(SERVICE)["CapacityProviderStrategy"]}
    given = [title for title in stack.resolved.resources
             if strategy <= set(stack.properties(title).get("CapacityProviders", []))]
    assert given
    assert set(given) <= waited


def test_the_service_waits_for_the_database_its_writer_and_the_rules_on_its_way(stack: StackView) -> None:
    waited = stack.waits_for(stack.title(SERVICE))
    writer = min(stack.all("AWS::RDS::DBInstance"), key=lambda t: stack.properties(t)["PromotionTier"])
    assert {stack.title("AWS::RDS::DBCluster"), writer} <= waited
    (tasks,) = stack.only(SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    rules = {**stack.all("AWS::EC2::SecurityGroupIngress"), **stack.all("AWS::EC2::SecurityGroupEgress")}
    assert {title for title, rule in rules.items() if tasks in rule.values()} <= waited


def test_the_service_waits_for_the_permissions_of_its_roles(stack: StackView) -> None:
    waited = stack.waits_for(stack.title(SERVICE))
    for kind in ("ExecutionRoleArn", "TaskRoleArn"):
        role = role_of(stack, kind)
        policies = {policy.logical_id for policy in stack.properties(role)["ManagedPolicyArns"]}
        assert {role, *policies} <= waited


def test_tasks_reach_the_database_and_aws_over_https_and_nothing_else(stack: StackView) -> None:
    placed = stack.only(SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]
    (tasks,) = placed["SecurityGroups"]
    (database,) = stack.only("AWS::RDS::DBCluster")["VpcSecurityGroupIds"]
    assert stack.may_connect(tasks.logical_id, database.logical_id, 5432)
    assert not stack.may_connect(tasks.logical_id, database.logical_id, 22)
    assert sorted(rule["FromPort"] for rule in stack.outward_rules(tasks.logical_id)) == [443, 5432]


def test_nothing_but_the_load_balancer_reaches_the_tasks(stack: StackView) -> None:
    (tasks,) = stack.only(SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"]
    (balancer,) = stack.only("AWS::ElasticLoadBalancingV2::LoadBalancer")["SecurityGroups"]
    (rule,) = stack.rules(tasks.logical_id, "Ingress")
    assert rule["SourceSecurityGroupId"] == balancer
    assert "CidrIp" not in rule


def test_tasks_carry_the_services_tags(stack: StackView) -> None:
    assert stack.only(SERVICE)["PropagateTags"] == "SERVICE"


def test_the_container_is_of_a_user_that_is_not_root_and_has_no_privilege(stack: StackView) -> None:
    container = container_of(stack)
    assert container["User"] == stack.parameter("ContainerUser") == "101"
    assert container["Privileged"] is False
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}


@pytest.mark.parametrize(("user", "accepted"), [
    ("101", True), ("1000:1000", True), ("0", False), ("root", False), ("", False), ("0:0", False), ("01", False)])
def test_root_is_refused_as_a_user(accepts: Callable[..., bool], user: str, accepted: bool) -> None:
    assert accepts("ContainerUser", user) is accepted


def test_the_container_writes_to_its_scratch_volume_alone_and_runs_nothing_from_there(stack: StackView) -> None:
    container = container_of(stack)
    assert container["ReadonlyRootFilesystem"] is True
    # The one folder that the default image writes to.
    assert container["LinuxParameters"]["Tmpfs"] == [
        {"ContainerPath": "/tmp", "Size": 64, "MountOptions": ["noexec", "nosuid", "nodev"]}]


def test_the_container_may_use_the_tasks_memory_and_no_more(stack: StackView) -> None:
    assert container_of(stack)["Memory"] == stack.only(TASK)["Memory"]


def test_draining_and_stopping_are_over_before_spot_takes_the_task_away(stack: StackView) -> None:
    (group, *_) = stack.all("AWS::ElasticLoadBalancingV2::TargetGroup").values()
    drained = {each["Key"]: each["Value"] for each in group["TargetGroupAttributes"]}
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
    assert int(drained["deregistration_delay.timeout_seconds"]) + container_of(stack)["StopTimeout"] < 120


def test_tasks_are_spread_over_the_zones_again_after_one_was_lost(stack: StackView) -> None:
    assert stack.only(SERVICE)["AvailabilityZoneRebalancing"] == "ENABLED"


def test_a_sleeping_service_has_no_tasks_until_it_wakes(deployed: Deployed) -> None:
    target = deployed(
        SleepSchedule="cron(0 20 ? * MON-FRI *)", WakeSchedule="cron(0 6 ? * MON-FRI *)", MinTasks="1", MaxTasks="2",
    ).only("AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["ScheduledActions"] == [
        {"ScheduledActionName": "sleep", "Schedule": "cron(0 20 ? * MON-FRI *)",
         "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0}},
        {"ScheduledActionName": "wake", "Schedule": "cron(0 6 ? * MON-FRI *)",
         "ScalableTargetAction": {"MinCapacity": "1", "MaxCapacity": "2"}}]


def test_without_a_schedule_the_service_never_sleeps(deployed: Deployed) -> None:
    assert "ScheduledActions" not in deployed().only("AWS::ApplicationAutoScaling::ScalableTarget")


def test_dev_sleeps_at_night(dev: StackView) -> None:
    actions = dev.only("AWS::ApplicationAutoScaling::ScalableTarget")["ScheduledActions"]
    assert [action["ScalableTargetAction"]["MaxCapacity"] for action in actions] == [0, "2"]
