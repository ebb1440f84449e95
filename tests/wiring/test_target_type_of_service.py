"""E9103."""

import pytest

MEND = "Set TargetType: ip on the target group."


@pytest.mark.parametrize("target_type", [", TargetType: instance", ""])
def test_a_target_group_of_instances_is_found_for_a_service_on_fargate(found, target_type):
    assert found((", TargetType: ip", target_type)) == [
        "E9103 `Service` → `TargetGroup`: tasks with their own IP addresses cannot be targets of type instance. "
        + MEND]


def test_it_is_found_for_capacity_providers_of_fargate(found):
    providers = "CapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}]"
    cluster = "Cluster: !Ref Cluster", "Cluster: !ImportValue cluster"
    assert len(found(("LaunchType: FARGATE", providers), (", TargetType: ip", ""), cluster)) == 1


@pytest.mark.parametrize("target_type", ["!ImportValue type", "!Ref Image"])
def test_a_type_that_is_not_known_is_not_judged(found, target_type):
    assert found(("TargetType: ip", f"TargetType: {target_type}")) == []


def test_services_on_instances_may_have_targets_by_instance(found):
    own_addresses = (
        "      NetworkConfiguration:\n        AwsvpcConfiguration: "
        "{Subnets: [!Ref SubnetA, !Ref SubnetB], SecurityGroups: [!Ref TaskGroup]}\n")
    assert found((own_addresses, ""), ("LaunchType: FARGATE", "LaunchType: EC2"),
                 ("NetworkMode: awsvpc", "NetworkMode: bridge"), (", TargetType: ip", "")) == []


def test_the_group_that_a_blue_green_deployment_alternates_with_is_judged_as_well(found):
    alternate = (
        "8080, AdvancedConfiguration: {AlternateTargetGroupArn: !Ref Green, RoleArn: !ImportValue role, "
        "ProductionListenerRule: !ImportValue rule}, TargetGroupArn")
    green = """
  Green:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Protocol: HTTP, Port: 80}
"""
    [message] = found(("8080, TargetGroupArn", alternate), add=green)
    assert message.startswith("E9103 `Service` → `Green`: ")
    assert found(("8080, TargetGroupArn", alternate), add=green.replace("80}", "80, TargetType: ip}")) == []
