"""The stack's own keys: what is under them, and who may use them."""

from collections.abc import Callable
from typing import Any

import pytest
from looping import some
from stack_view import StackView, as_list, statements_of

from tap.template.resolve import Reference

ANY_KEY = "arn:aws:kms:us-east-1:123456789012:key/*"
Deployed = Callable[..., StackView]
KEY = "AWS::KMS::Key"
ACCOUNT = {
    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": ["kms:*"], "Resource": ["*"]}


@pytest.fixture(scope="module")
def keyed(deployed: Deployed) -> StackView:
    return deployed(CustomerKeys="true")


@pytest.fixture(scope="module")
def unkeyed(deployed: Deployed) -> StackView:
    return deployed(CustomerKeys="false")


def services_of(key: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a key's policy grants to services of AWS, by service."""
    found = {}
    for statement in statements_of(key["KeyPolicy"]):
        services = statement["Principal"].get("Service", [])
        for service in [services] if isinstance(services, str) else services:
            found[service] = {"Action": statement["Action"], "Condition": statement.get("Condition")}
    return found


def test_every_key_rotates_and_obeys_the_accounts_own_policies(keyed: StackView) -> None:
    assert len(keyed.all(KEY)) == 3
    for key in keyed.all(KEY).values():
        assert key["EnableKeyRotation"] is True
        assert ACCOUNT in statements_of(key["KeyPolicy"])


def test_every_key_outlives_the_stack_with_what_it_encrypts(keyed: StackView) -> None:
    for title in some(keyed.all(KEY)):
        attributes = keyed.attributes(title)
        assert (attributes["DeletionPolicy"], attributes["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_switched_off_the_databases_key_is_the_only_one(unkeyed: StackView) -> None:
    assert set(unkeyed.all(KEY)) == {"DatabaseKey"}


def test_nobody_but_the_account_may_use_the_databases_key(keyed: StackView) -> None:
    assert statements_of(keyed.properties("DatabaseKey")["KeyPolicy"]) == [ACCOUNT]


def test_cloudfront_may_decrypt_assets_for_distributions_of_this_account_and_nobody_else_may(keyed: StackView) -> None:
    assert services_of(keyed.properties("DataKey")) == {"cloudfront.amazonaws.com": {
        "Action": ["kms:Decrypt"],
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::123456789012:distribution/*"}}}}


def test_cloudwatch_logs_may_use_the_operations_key_for_this_accounts_groups_in_this_region(keyed: StackView) -> None:
    granted = services_of(keyed.properties("OperationsKey"))["logs.us-east-1.amazonaws.com"]
    assert granted["Condition"] == {"ArnLike": {
        "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:123456789012:log-group:*"}}
    assert granted["Action"] == [
        "kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


@pytest.mark.parametrize("publisher", ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"])
def test_who_publishes_alerts_may_encrypt_them_on_behalf_of_this_account(keyed: StackView, publisher: str) -> None:
    assert services_of(keyed.properties("OperationsKey"))[publisher] == {
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}


def test_eventbridge_may_encrypt_alerts_without_a_condition_since_it_satisfies_none(keyed: StackView) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    assert services_of(keyed.properties("OperationsKey"))["events.amazonaws.com"]["Condition"] is None


def test_every_log_group_is_under_the_operations_key(keyed: StackView, unkeyed: StackView) -> None:
    groups = keyed.all("AWS::Logs::LogGroup")
    assert groups
    assert all(group["KmsKeyId"] == Reference("OperationsKey", "Arn") for group in groups.values())
    assert not any("KmsKeyId" in group for group in unkeyed.all("AWS::Logs::LogGroup").values())


def test_the_topic_is_under_the_operations_key(keyed: StackView, unkeyed: StackView) -> None:
    assert keyed.properties("AlertsTopic")["KmsMasterKeyId"] == Reference("OperationsKey", "Arn")
    assert "KmsMasterKeyId" not in unkeyed.properties("AlertsTopic")


def test_the_table_is_under_the_data_key(keyed: StackView, unkeyed: StackView) -> None:
    assert keyed.only("AWS::DynamoDB::Table")["SSESpecification"] == {
        "SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": Reference("DataKey", "Arn")}
    assert "SSESpecification" not in unkeyed.only("AWS::DynamoDB::Table")


def test_the_functions_variables_are_under_the_data_key(keyed: StackView, unkeyed: StackView) -> None:
    assert keyed.properties("ValidationFunction")["KmsKeyArn"] == Reference("DataKey", "Arn")
    assert "KmsKeyArn" not in unkeyed.properties("ValidationFunction")


def test_every_queue_is_encrypted_and_what_holds_transactions_under_the_data_key(
        keyed: StackView, unkeyed: StackView) -> None:
    assert keyed.properties("ValidationFailures")["KmsMasterKeyId"] == Reference("DataKey", "Arn")
    for stack in (keyed, unkeyed):
        for queue in stack.all("AWS::SQS::Queue").values():
            assert ("KmsMasterKeyId" in queue) is not queue.get("SqsManagedSseEnabled", False)


def test_database_secret_insights_and_backups_are_under_the_databases_key_always(deployed: Deployed) -> None:
    stack = deployed(CustomerKeys="false")
    key = Reference("DatabaseKey", "Arn")
    cluster = stack.only("AWS::RDS::DBCluster")
    assert cluster["KmsKeyId"] == cluster["MasterUserSecret"]["KmsKeyId"] == key
    assert all(i["PerformanceInsightsKMSKeyId"] == key for i in stack.all("AWS::RDS::DBInstance").values())
    assert stack.only("AWS::Backup::BackupVault")["EncryptionKeyArn"] == key


def test_roles_use_a_key_through_the_service_whose_data_it_encrypts_alone(keyed: StackView) -> None:
    used = 0
    for role in keyed.all("AWS::IAM::Role"):
        for statement in keyed.statements(role):
            if any(action in ("kms:Decrypt", "kms:GenerateDataKey") for action in statement["Action"]):
                # AWS Backup itself holds what it backs up.
                if role != "BackupRole":
                    assert "kms:ViaService" in statement["Condition"]["StringEquals"], role
                used += 1
    assert used >= 6


@pytest.mark.parametrize(("role", "services"), [
    ("TaskRole", {"dynamodb", "s3"}), ("ValidationRole", {"dynamodb", "lambda", "sqs"})])
def test_roles_may_use_the_key_before_it_is_switched_on(unkeyed: StackView, role: str, services: set[str]) -> None:
    # An update that switches it on changes table, bucket and queue first, and then the policies, which name them.
    admitted = {service.split(".")[0] for statement in unkeyed.statements(role)
                if "kms:Decrypt" in statement["Action"] and list(map(str, statement["Resource"])) == [ANY_KEY]
                for service in as_list(statement["Condition"]["StringEquals"]["kms:ViaService"])}
    assert admitted == services


def test_with_customer_keys_roles_may_use_no_other_key(keyed: StackView) -> None:
    keys = {Reference(f"{purpose}Key", "Arn") for purpose in ("Data", "Database")}
    with_keys = some((role, statement) for role in keyed.all("AWS::IAM::Role") for statement in keyed.statements(role)
                     if any(action.startswith("kms:") for action in statement["Action"]))
    for role, statement in with_keys:
        assert set(statement["Resource"]) <= keys, role
