"""E9109."""

import pytest

CLUSTER = "    Type: AWS::ECS::Cluster"
ASSOCIATION = """
  Association:
    Type: AWS::ECS::ClusterCapacityProviderAssociations
    Properties: {Cluster: !Ref Cluster, CapacityProviders: [FARGATE_SPOT], DefaultCapacityProviderStrategy: []}
"""
WAIT = "      Cluster: !Ref Cluster", "      ServiceName: !Ref Association\n      Cluster: !Ref Cluster"


def test_a_provider_that_the_cluster_does_not_have_is_found(found_in_example):
    [message] = found_in_example("E9109", (CLUSTER, f"{CLUSTER}\n    Properties: {{CapacityProviders: [FARGATE]}}"))
    assert message.startswith("E9109 `Service` → `Cluster`: the cluster does not have FARGATE_SPOT.")


def test_a_service_waits_for_the_association_that_adds_its_provider(found_in_example):
    [message] = found_in_example("E9109", add=ASSOCIATION)
    assert message.startswith("E9109 `Service` → `Association`: it does not wait for the association.")
    assert found_in_example("E9109", WAIT, add=ASSOCIATION) == []


@pytest.mark.parametrize("change", [
    ("Cluster: !Ref Cluster", "Cluster: !ImportValue cluster"),
    ("CapacityProvider: FARGATE_SPOT", "CapacityProvider: !Ref AWS::StackName"),
    (CLUSTER, f"{CLUSTER}\n    Properties: {{CapacityProviders: [!ImportValue provider]}}"),
    ("      CapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}]\n", "")])
def test_clusters_and_providers_that_are_not_known_are_not_judged(found_in_example, change):
    assert found_in_example("E9109", change) == []
