"""The backups: a vault outside the services' own, and a plan that fills it daily from database and table."""

from typing import NamedTuple

from awacs import backup, dynamodb, kms, rds
from awacs.aws import Bool, Condition
from troposphere import Sub, Template
from troposphere.backup import (
    BackupPlan,
    BackupPlanResourceType,
    BackupRuleResourceType,
    BackupSelection,
    BackupSelectionResourceType,
    BackupVault,
    LifecycleResourceType,
)
from troposphere.iam import Role

from tap.database import Database
from tap.parts import add_role, add_switch, allow
from tap.sessions import Sessions
from tap.whole_numbers import add_whole_number

VAULTS = "tap-"  # what the names of the vaults begin with


class Backups(NamedTuple):
    """What the other tiers may use of the backups."""

    role: Role
    condition: str


def add_backup(t: Template, database: Database, sessions: Sessions) -> Backups:
    """Add the vault, the plan, what it selects and the role it acts as; a parameter switches them off."""
    condition = add_switch(
        t, "Backup", "Backups", "Backups", "true",
        "AWS Backup copies database and table daily into a vault that outlives the stack.")
    days = add_whole_number(
        t, "Backup", "Retention", "BackupRetentionDays", 35, 1, 3650,
        "Days for which AWS Backup keeps a recovery point.")

    vault = t.add_resource(BackupVault(
        "BackupVault", Condition=condition, DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        # Of 50 characters at most, and new with each role, that is each time that backups are switched on: the vault
        # of the time before, or of a stack before, is still there.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
        BackupVaultName=Sub(f"{VAULTS}${{BackupRole.RoleId}}"),
        EncryptionKeyArn=database.key.get_att("Arn")))
    plan = t.add_resource(BackupPlan("BackupPlan", Condition=condition, BackupPlan=BackupPlanResourceType(
        # Of 50 characters at most, too.
        BackupPlanName=vault.ref(),
        BackupPlanRule=[BackupRuleResourceType(
            RuleName="daily", TargetBackupVault=vault.ref(), ScheduleExpression="cron(0 3 * * ? *)",
            StartWindowMinutes=60, CompletionWindowMinutes=360,
            Lifecycle=LifecycleResourceType(DeleteAfterDays=days.ref()))])))
    cluster, table = database.cluster.get_att("DBClusterArn"), sessions.table.get_att("Arn")
    snapshots = Sub("arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:cluster-snapshot:awsbackup:*")
    # What AWS's own policy for backups grants, for these two resources.
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
    role = add_role(
        t, "Backup", "backup.amazonaws.com",
        allow([dynamodb.CreateBackup, dynamodb.DescribeTable, dynamodb.ListTagsOfResource,
               dynamodb.StartAwsBackupJob], table),
        allow([dynamodb.DeleteBackup, dynamodb.DescribeBackup], Sub(f"${{{sessions.table.title}.Arn}}/backup/*")),
        allow([rds.CreateDBClusterSnapshot, rds.DescribeDBClusterSnapshots, rds.DescribeDBClusters,
               rds.ListTagsForResource], cluster),
        allow([rds.AddTagsToResource, rds.CopyDBClusterSnapshot, rds.CreateDBClusterSnapshot,
               rds.DeleteDBClusterSnapshot, rds.DescribeDBClusterSnapshots, rds.ListTagsForResource], snapshots),
        # The vault is named after the role, so the role cannot name it.
        allow([backup.CopyIntoBackupVault, backup.DescribeBackupVault], Sub(
            f"arn:${{AWS::Partition}}:backup:${{AWS::Region}}:${{AWS::AccountId}}:backup-vault:{VAULTS}*")),
        # Recovery points get the tags of what is backed up.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/troubleshooting.html
        allow([backup.TagResource], Sub(
            "arn:${AWS::Partition}:backup:${AWS::Region}:${AWS::AccountId}:recovery-point:*")),
        allow([kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey], database.key.get_att("Arn")),
        # For services that hold the data, and never for whoever could assume the role.
        allow([kms.CreateGrant], database.key.get_att("Arn"), sessions.keys.arn(sessions.keys.data),
              condition=Condition(Bool({"kms:GrantIsForAWSResource": True}))),
        sessions.keys.use(sessions.keys.data, actions=[kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey]),
        condition=condition)
    t.add_resource(BackupSelection(
        "BackupSelection", Condition=condition, BackupPlanId=plan.ref(),
        BackupSelection=BackupSelectionResourceType(
            SelectionName="data", IamRoleArn=role.get_att("Arn"), Resources=[cluster, table])))
    return Backups(role, condition)
