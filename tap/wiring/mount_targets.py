"""E9108: service or function that does not wait for the mount targets of its file system."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.balancing import SERVICE, TASK_DEFINITION
from tap.wiring.graph import Resource, Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, at

FILE_SYSTEM = "AWS::EFS::FileSystem"
ACCESS_POINT = "AWS::EFS::AccessPoint"
MOUNT_TARGET = "AWS::EFS::MountTarget"
FUNCTION = "AWS::Lambda::Function"


class MountTargets(WiringRule):
    """Clients reach a file system through its mount targets."""

    id = "E9108"
    shortdesc = "Service or function that does not wait for the mount targets of its file system"
    description = (
        "A task or function refers to the file system or its access point, not to the mount targets through which it "
        "is reached. If it does not wait for them, tasks fail to start and Lambda rejects the function.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-"
        "filesystemconfig.html")
    error = "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes"
    fix = "Add the mount targets to DependsOn."
    types = (SERVICE, TASK_DEFINITION, FUNCTION, FILE_SYSTEM, ACCESS_POINT, MOUNT_TARGET)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield services and functions that wait for no mount target of their file system."""
        for user, place, value in mounts(stack):
            system = file_system(stack, value)
            found = [target for target in stack.of_type(MOUNT_TARGET)
                     if system and stack.target(target.at("FileSystemId"), FILE_SYSTEM) is system]
            if found and not any(stack.waits_for(user, target) for target in found):
                yield Broken(user, found[0], place, "it does not wait for the mount target")


def file_system(stack: Stack, value: Any) -> Resource | None:
    """Return the file system that a value refers to, itself or by an access point."""
    point = stack.target(value, ACCESS_POINT)
    return stack.target(point.at("FileSystemId") if point else value, FILE_SYSTEM)


def mounts(stack: Stack) -> Iterator[tuple[Resource, str, Any]]:
    """Yield services and functions that mount a file system, the property with their network, and the file system."""
    for service in stack.of_type(SERVICE):
        task = stack.target(service.at("TaskDefinition"), TASK_DEFINITION)
        for volume in as_maps(task.at("Volumes")) if task else []:
            yield service, "TaskDefinition", at(volume, "EFSVolumeConfiguration", "FilesystemId")
    for function in stack.of_type(FUNCTION):
        for config in as_maps(function.at("FileSystemConfigs")):
            yield function, "FileSystemConfigs", config.get("Arn")
