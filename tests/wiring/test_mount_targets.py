"""E9108."""

import pytest

MOUNTED = "Arn: !GetAtt AccessPoint.Arn"


def test_a_function_that_does_not_wait_for_a_mount_target_is_found(found_in_example):
    [message] = found_in_example("E9108")
    assert message.startswith("E9108 `Function` → `MountTarget`: it does not wait for the mount target.")


def test_a_service_waits_as_well(found_in_example):
    service = """
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties: {Volumes: [{Name: data, EFSVolumeConfiguration: {FilesystemId: !Ref FileSystem}}]}
  Service:
    Type: AWS::ECS::Service
    DEPENDS
    Properties: {TaskDefinition: !Ref Task}
"""
    elsewhere = MOUNTED, "Arn: !ImportValue point"
    [message] = found_in_example("E9108", elsewhere, add=service.replace("    DEPENDS\n", ""))
    assert message.startswith("E9108 `Service` → `MountTarget`")
    assert found_in_example("E9108", elsewhere, add=service.replace("DEPENDS", "DependsOn: MountTarget")) == []


@pytest.mark.parametrize("change", [
    (MOUNTED, "Arn: !ImportValue point"),
    ("{FileSystemId: !Ref FileSystem, SubnetId", "{FileSystemId: fs-1, SubnetId")])
def test_file_systems_and_mount_targets_from_elsewhere_are_not_judged(found_in_example, change):
    assert found_in_example("E9108", change) == []
