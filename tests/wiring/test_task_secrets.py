"""E9206."""

import pytest

ROLE = "      ExecutionRoleArn: !GetAtt Role.Arn\n"


def test_a_secret_that_the_execution_role_may_not_read_is_found(found_in_example):
    [message] = found_in_example("E9206")
    assert message.startswith("E9206 `Task` → `Secret`: `Role` lacks secretsmanager:GetSecretValue.")


def test_a_task_without_an_execution_role_reads_no_secret(found_in_example):
    [message] = found_in_example("E9206", (ROLE, ""))
    assert message.startswith("E9206 `Task` → `Secret`: the task definition has no ExecutionRoleArn.")


def test_a_parameter_is_read_by_another_action(found_in_example):
    [message] = found_in_example(
        "E9206", ("AWS::SecretsManager::Secret", "AWS::SSM::Parameter"),
        ("{GenerateSecretString: {}}", "{Type: String}"))
    assert message.startswith("E9206 `Task` → `Secret`: `Role` lacks ssm:GetParameters.")


def test_the_credentials_of_a_registry_are_a_secret_too(found_in_example):
    [message] = found_in_example("E9206", ("Secrets: [{Name: TOKEN, ValueFrom: !Ref Secret}]",
                                          "RepositoryCredentials: {CredentialsParameter: !Ref Secret}"))
    assert message.startswith("E9206 `Task` → `Secret`")


@pytest.mark.parametrize("change", [
    (ROLE, "      ExecutionRoleArn: !ImportValue role\n"), ("ValueFrom: !Ref Secret", "ValueFrom: !ImportValue secret"),
    ("AmazonECSTaskExecutionRolePolicy", "AdministratorAccess")])
def test_roles_secrets_and_policies_from_elsewhere_are_not_judged(found_in_example, change):
    assert found_in_example("E9206", change) == []
