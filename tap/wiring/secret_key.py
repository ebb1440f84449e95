"""E9406: secret with a customer managed key that its reader may not use."""

from collections.abc import Iterator
from typing import Any

from tap.wiring.balancing import TASK_DEFINITION
from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import ALIAS, KEY, ROLE, ROLE_TYPES, SECRET, key_of, key_policies, role_policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_list, as_maps

CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"
READ = "secretsmanager:GetSecretValue"
HOLDERS = (SECRET, CLUSTER, INSTANCE)


class SecretKey(WiringRule):
    """Reading a secret requires permission to decrypt it."""

    id = "E9406"
    shortdesc = "Secret with a customer managed key that its reader may not use"
    description = (
        "Secrets Manager decrypts a secret on behalf of its reader, which needs kms:Decrypt for a customer managed "
        "key. An ECS task whose execution role lacks it does not start.")
    source_url = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"
    error = "ResourceInitializationError: unable to pull secrets or registry auth: … Access to KMS is not allowed"
    fix = "Allow kms:Decrypt on the key in a policy of the role."
    types = (ROLE, *ROLE_TYPES, *HOLDERS, TASK_DEFINITION, KEY, ALIAS)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield task definitions and roles that read a secret they cannot decrypt."""
        read = {(role.logical_id, secret.logical_id): (reader, place, role, secret)
                for reader, place, role, secret in _readers(stack)}
        for reader, place, role, secret in read.values():
            key = key_of(stack, _key_id(secret))
            if not key or stack.is_handed_out(key):
                continue
            policy = key_policies(key)
            if not policy.allow_role(role, "kms:Decrypt") and not role_policies(stack, role).allow("kms:Decrypt", key):
                who = "it" if reader is role else f"`{role.logical_id}`"
                yield Broken(reader, secret, place, f"{who} lacks kms:Decrypt with the secret's key `{key.logical_id}`")


def _key_id(holder: Resource) -> Any:
    return holder.at("KmsKeyId") if holder.type == SECRET else holder.at("MasterUserSecret", "KmsKeyId")


def _readers(stack: Stack) -> Iterator[tuple[Resource, str, Resource, Resource]]:
    """Yield readers of secrets: the resource, its property, its role, and the secret; tasks last."""
    for role in stack.of_type(ROLE):
        for statement in role_policies(stack, role).statements:
            if statement.get("Effect") == "Allow" and READ in as_list(statement.get("Action")):
                for value in as_list(statement.get("Resource")):
                    secret = stack.target(value, *HOLDERS)
                    if secret:
                        yield role, "Policies", role, secret
    for task in stack.of_type(TASK_DEFINITION):
        execution = stack.target(task.at("ExecutionRoleArn"), ROLE)
        for container in as_maps(task.at("ContainerDefinitions")):
            for entry in as_maps(container.get("Secrets")):
                secret = stack.target(entry.get("ValueFrom"), *HOLDERS)
                if execution and secret:
                    yield task, "ContainerDefinitions", execution, secret
