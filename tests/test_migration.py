"""A migration runs in a task of the new version, before the service has it."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
COMMAND = "python migrate.py"


@pytest.fixture(scope="module")
def migrating(deployed: Deployed) -> StackView:
    return deployed(MigrationCommand=COMMAND)


def test_without_a_command_nothing_of_the_migration_is_there(deployed: Deployed, migrating: StackView) -> None:
    without = deployed()
    assert set(migrating.resolved.resources) - set(without.resolved.resources) == {
        "Migration", "MigrationFunction", "MigrationLogGroup", "MigrationPermission", "MigrationPolicy",
        "MigrationRole", "MigrationTaskDefinition"}


@pytest.mark.parametrize("strategy", ["ROLLING", "ROLLING_PREPARED", "BLUE_GREEN", "CANARY", "LINEAR"])
def test_the_service_waits_for_the_migration_and_that_for_the_new_version_whatever_the_strategy(
        deployed: Deployed, strategy: str) -> None:
    stack = deployed(MigrationCommand=COMMAND, DeploymentStrategy=strategy)
    assert "Migration" in stack.waits_for("Service")
    assert {"MigrationTaskDefinition", "MigrationFunction", "DatabaseWriter"} <= stack.waits_for("Migration")


def test_a_worker_waits_for_it_as_well(deployed: Deployed) -> None:
    stack = deployed(MigrationCommand=COMMAND, WorkerCommand="python worker.py")
    assert "Migration" in stack.waits_for("WorkerService")


def test_its_task_has_the_network_of_the_services(migrating: StackView) -> None:
    properties = migrating.properties("Migration")
    network = migrating.properties("Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert (properties["Subnets"], properties["SecurityGroups"]) == (network["Subnets"], network["SecurityGroups"])


def test_a_release_of_another_image_runs_it(deployed: Deployed) -> None:
    stack = deployed(MigrationCommand=COMMAND, ContainerImage="registry.example/web:2")
    (container,) = stack.properties("MigrationTaskDefinition")["ContainerDefinitions"]
    assert container["Image"] == "registry.example/web:2"
    assert stack.properties("Migration")["TaskDefinition"] == Reference("MigrationTaskDefinition")


def test_its_task_is_the_services_but_for_the_command(migrating: StackView) -> None:
    (own,) = migrating.properties("MigrationTaskDefinition")["ContainerDefinitions"]
    (service,) = migrating.properties("TaskDefinition")["ContainerDefinitions"]
    assert own.pop("Command") == ["python", "migrate.py"]
    assert migrating.properties("Migration")["Container"] == own["Name"]
    for name in own.keys() - {"LogConfiguration"}:
        assert own[name] == service[name]
    for name in ("ExecutionRoleArn", "TaskRoleArn"):
        assert migrating.properties("MigrationTaskDefinition")[name] == migrating.properties("TaskDefinition")[name]


def test_the_function_passes_the_tasks_roles_and_no_others(migrating: StackView) -> None:
    grants: dict[str, Any] = migrating.grants("MigrationRole")
    assert set(grants["iam:PassRole"]) == {"${TaskExecutionRole.Arn}", "${TaskRole.Arn}"}


def test_no_other_role_may_run_tasks_but_the_jobs(deployed: Deployed) -> None:
    stack = deployed(MigrationCommand=COMMAND, JobCommand="python job.py")
    roles = {title for title in stack.all("AWS::IAM::Role") if "ecs:RunTask" in stack.grants(title)}
    assert roles == {"MigrationRole", "JobRole"}
