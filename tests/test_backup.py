"""The backups, and the budget."""

from collections.abc import Callable
from typing import Any

import pytest
from stack_view import StackView, statements_of

from tap.template.resolve import Reference

Deployed = Callable[..., StackView]
COPIES = "arn:aws:backup:eu-west-1:210987654321:backup-vault:copies"


@pytest.fixture(scope="module")
def backed(deployed: Deployed) -> StackView:
    return deployed(Backups="true", BackupRetentionDays="90")


def test_switched_off_there_is_no_vault_plan_or_role(deployed: Deployed) -> None:
    stack = deployed(Backups="false")
    assert not [title for title in stack.resolved.resources if "Backup" in title]


def test_database_and_table_are_backed_up_daily_and_kept_as_long_as_the_parameter_says(backed: StackView) -> None:
    (rule,) = backed.only("AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]
    selection = backed.only("AWS::Backup::BackupSelection")
    assert rule["TargetBackupVault"] == Reference("BackupVault")
    assert rule["Lifecycle"] == {"DeleteAfterDays": "90"}
    assert rule["ScheduleExpression"].startswith("cron(0 3 * * ")
    assert selection["BackupPlanId"] == Reference("BackupPlan")
    assert selection["BackupSelection"]["Resources"] == [
        Reference("DatabaseCluster", "DBClusterArn"), Reference("SessionsTable", "Arn")]


def test_the_vault_outlives_the_stack(backed: StackView) -> None:
    attributes = backed.attributes("BackupVault")
    assert (attributes["DeletionPolicy"], attributes["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_switched_on_again_backups_get_another_vault_than_the_one_that_was_kept(backed: StackView) -> None:
    # A name is unique to account and region, and has at most 50 characters:
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
    assert str(backed.properties("BackupVault")["BackupVaultName"]) == "tap-${BackupRole.RoleId}"
    # It is another role each time, since the one before was kept under its name, and IAM gives no id twice:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    assert "RoleName" not in backed.properties("BackupRole")


@pytest.mark.parametrize("title", ["BackupRole", "BackupPolicy"])
def test_the_role_outlives_the_stack_with_the_vault_whose_recovery_points_expire_by_it(
        backed: StackView, title: str) -> None:
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
    attributes = backed.attributes(title)
    assert (attributes["DeletionPolicy"], attributes["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_the_vault_is_locked_for_as_long_as_recovery_points_are_kept(deployed: Deployed) -> None:
    # Without ChangeableForDays it is in governance mode, which an administrator can end.
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    locked, unlocked = (deployed(BackupVaultLock=switch, BackupRetentionDays="90") for switch in ("true", "false"))
    assert locked.only("AWS::Backup::BackupVault")["LockConfiguration"] == {"MinRetentionDays": "90"}
    assert "LockConfiguration" not in unlocked.only("AWS::Backup::BackupVault")


def test_recovery_points_are_copied_to_another_vault_by_parameter(deployed: Deployed) -> None:
    def rule(**parameters: str) -> dict[str, Any]:
        plan = deployed(**parameters).only("AWS::Backup::BackupPlan")["BackupPlan"]
        found: dict[str, Any] = plan["BackupPlanRule"][0]
        return found

    assert rule(BackupCopyVaultArn=COPIES, BackupRetentionDays="90")["CopyActions"] == [
        {"DestinationBackupVaultArn": COPIES, "Lifecycle": {"DeleteAfterDays": "90"}}]
    assert "CopyActions" not in rule(BackupCopyVaultArn="")


def test_copying_reaches_the_other_vault_and_the_keys_of_its_account_and_region(deployed: Deployed) -> None:
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    granted = deployed(BackupCopyVaultArn=COPIES).grants("BackupRole")
    assert COPIES in granted["backup:CopyIntoBackupVault"]
    assert granted["backup:CopyFromBackupVault"] == {"*"}
    assert "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:awsbackup:*" in granted["rds:CopyDBClusterSnapshot"]
    for action in ("kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"):
        assert "arn:aws:kms:eu-west-1:210987654321:key/*" in granted[action]


def test_it_copies_to_no_other_vault(deployed: Deployed) -> None:
    (statement,) = [s for s in deployed(BackupCopyVaultArn=COPIES).statements("BackupRole")
                    if s["Action"] == ["backup:CopyFromBackupVault"]]
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"backup:CopyTargets": [COPIES]}}


@pytest.mark.parametrize("arn", [
    "copies", "arn:aws:backup:eu-west-1:210987654321:recovery-point:x",
    "arn:aws:backup:eu-west-1:1:backup-vault:copies"])
def test_what_is_no_vault_is_refused(accepts: Callable[..., bool], arn: str) -> None:
    assert not accepts("BackupCopyVaultArn", arn)


def test_aws_backup_may_back_up_these_two_and_nothing_else(backed: StackView) -> None:
    (trust,) = statements_of(backed.properties("BackupRole")["AssumeRolePolicyDocument"])
    assert trust["Principal"] == {"Service": "backup.amazonaws.com"}
    granted = backed.grants("BackupRole")
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    assert {"dynamodb:CreateBackup", "dynamodb:StartAwsBackupJob", "rds:CreateDBClusterSnapshot",
            "rds:DeleteDBClusterSnapshot", "backup:CopyIntoBackupVault", "kms:CreateGrant"} <= set(granted)
    assert {resource for found in granted.values() for resource in found} == {
        "${SessionsTable.Arn}", "${SessionsTable.Arn}/backup/*", "${DatabaseCluster.DBClusterArn}",
        "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:awsbackup:*", "${DatabaseKey.Arn}",
        "arn:aws:backup:us-east-1:123456789012:backup-vault:tap-*",
        "arn:aws:backup:us-east-1:123456789012:recovery-point:*", "${DataKey.Arn}"}


def test_it_may_hand_the_key_on_to_services_alone(backed: StackView) -> None:
    (statement,) = [s for s in backed.statements("BackupRole") if s["Action"] == ["kms:CreateGrant"]]
    assert statement["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": True}}


def test_a_month_that_costs_too_much_is_told_before_it_is_over(deployed: Deployed) -> None:
    budget = deployed(MonthlyBudget="500").only("AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "500", "Unit": "USD"}
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:Environment$test"]}
    told = [(n["Notification"]["NotificationType"], n["Notification"]["Threshold"], n["Subscribers"])
            for n in budget["NotificationsWithSubscribers"]]
    topic = [{"SubscriptionType": "SNS", "Address": Reference("AlertsTopic")}]
    assert told == [("ACTUAL", 80, topic), ("FORECASTED", 100, topic)]


def test_without_an_amount_there_is_no_budget(deployed: Deployed) -> None:
    assert not deployed(MonthlyBudget="0").all("AWS::Budgets::Budget")
