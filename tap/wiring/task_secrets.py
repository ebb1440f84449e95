"""E9206: task secret that the execution role may not read."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.balancing import TASK_DEFINITION
from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import ROLE, ROLE_TYPES, SECRET, role_may
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps

PARAMETER = "AWS::SSM::Parameter"
_READ = {SECRET: "secretsmanager:GetSecretValue", PARAMETER: "ssm:GetParameters"}


class TaskSecrets(WiringRule):
    """ECS reads the secrets of a task with the execution role, before the containers start."""

    id = "E9206"
    shortdesc = "Task secret that the execution role may not read"
    description = (
        "ECS reads a container's Secrets with the execution role, not the task role, before the containers start. If "
        "the role may not read them, no task starts.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
    error = "ResourceInitializationError: unable to pull secrets or registry auth: … AccessDeniedException"
    fix = "Allow the action on the secret or parameter in a policy of the execution role."
    types = (TASK_DEFINITION, SECRET, PARAMETER, "AWS::SecretsManager::ResourcePolicy", *ROLE_TYPES)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield task definitions with a secret that their execution role may not read."""
        for task in stack.of_type(TASK_DEFINITION):
            role = stack.target(task.at("ExecutionRoleArn"), ROLE)
            secrets = {secret.logical_id: secret for secret in _secrets(stack, task)}
            for secret in secrets.values():
                action = _READ[secret.type]
                if task.at("ExecutionRoleArn") is None:
                    yield Broken(task, secret, "ContainerDefinitions", "the task definition has no ExecutionRoleArn")
                elif role and not role_may(stack, role, action, secret):
                    yield Broken(task, secret, "ContainerDefinitions", f"`{role.logical_id}` lacks {action}")


def _secrets(stack: Stack, task: Resource) -> Iterator[Resource]:
    for container in as_maps(task.at("ContainerDefinitions")):
        for entry in [*as_maps(container.get("Secrets")), *_registry(container.get("RepositoryCredentials"))]:
            secret = stack.target(entry.get("ValueFrom") or entry.get("CredentialsParameter"), *_READ)
            if secret:
                yield secret


def _registry(value: Any) -> list[Any]:
    return [item for item in as_maps(value) if "CredentialsParameter" in item]
