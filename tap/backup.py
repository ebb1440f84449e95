"""AWS Backup: a vault, and a plan that backs up database and table to it every day."""

from collections.abc import Iterator
from typing import NamedTuple

from awacs import backup, dynamodb, kms, rds
from awacs.aws import Bool, Condition, ForAllValuesStringEquals, Statement, StringEquals
from troposphere import And, Equals, Not, Parameter, Select, Split, Sub, Template
from troposphere import Condition as TemplateCondition
from troposphere.backup import (
    BackupPlan,
    BackupPlanResourceType,
    BackupRuleResourceType,
    BackupSelection,
    BackupSelectionResourceType,
    BackupVault,
    CopyActionResourceType,
    LifecycleResourceType,
    LockConfigurationType,
)
from troposphere.iam import Role

from tap.database import Database
from tap.parts import add_parameter, add_role, add_switch, allow, only_if
from tap.sessions import Sessions
from tap.whole_numbers import add_whole_number

VAULTS = "tap-"  # prefix of vault names


class Backups(NamedTuple):
    """The parts of the backups that other tiers use."""

    role: Role
    condition: str


def add_backup(t: Template, database: Database, sessions: Sessions) -> Backups:
    """Add the vault, the plan, its selection and its role, unless the parameter Backups is false."""
    condition = add_switch(
        t, "Backup", "Backups", "Backups", "true",
        "Back up database and table every day with AWS Backup, to a vault that outlives the stack.")
    days = add_whole_number(
        t, "Backup", "Retention", "BackupRetentionDays", 35, 1, 3650,
        "Days to keep the recovery points of AWS Backup.")

    # Governance mode, since no date is set after which the lock is final: an administrator can still remove it.
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    has_lock = add_switch(
        t, "Backup", "Vault lock", "BackupVaultLock", "true",
        "Prevent the deletion of recovery points before BackupRetentionDays have passed. An administrator can remove "
        "the lock.")
    copy_vault = add_parameter(t, "Backup", "Copy to vault", Parameter(
        "BackupCopyVaultArn", Type="String", Default="",
        AllowedPattern=r"(arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[A-Za-z0-9_-]{2,50})?",
        ConstraintDescription="must be the ARN of a backup vault, or empty",
        Description="ARN of a backup vault in another region or account for a copy of each recovery point. Its policy "
                    "must allow this account. Empty for none."))
    has_copy = t.add_condition("HasBackupCopy", And(
        TemplateCondition(condition), Not(Equals(copy_vault.ref(), ""))))

    kept_for = LifecycleResourceType(DeleteAfterDays=days.ref())
    vault = t.add_resource(BackupVault(
        "BackupVault", Condition=condition, DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain",
        # At most 50 characters, and new with each role, that is, whenever backups are switched on: the previous vault
        # still exists.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
        BackupVaultName=Sub(f"{VAULTS}${{BackupRole.RoleId}}"),
        EncryptionKeyArn=database.key.get_att("Arn"),
        LockConfiguration=only_if(has_lock, LockConfigurationType(MinRetentionDays=days.ref()))))
    plan = t.add_resource(BackupPlan("BackupPlan", Condition=condition, BackupPlan=BackupPlanResourceType(
        # At most 50 characters.
        BackupPlanName=vault.ref(),
        BackupPlanRule=[BackupRuleResourceType(
            RuleName="daily", TargetBackupVault=vault.ref(), ScheduleExpression="cron(0 3 * * ? *)",
            StartWindowMinutes=60, CompletionWindowMinutes=360,
            Lifecycle=kept_for, CopyActions=only_if(has_copy, [CopyActionResourceType(
                DestinationBackupVaultArn=copy_vault.ref(), Lifecycle=kept_for)]))])))
    cluster, table = database.cluster.get_att("DBClusterArn"), sessions.table.get_att("Arn")
    snapshots = Sub("arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:cluster-snapshot:awsbackup:*")
    # The permissions of AWS's managed policy for backups, limited to these two resources.
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
        # The vault is named after the role, so the policy cannot name the vault.
        allow([backup.CopyIntoBackupVault, backup.DescribeBackupVault], Sub(
            f"arn:${{AWS::Partition}}:backup:${{AWS::Region}}:${{AWS::AccountId}}:backup-vault:{VAULTS}*")),
        # AWS Backup copies the tags of a resource to its recovery points.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/troubleshooting.html
        allow([backup.TagResource], Sub(
            "arn:${AWS::Partition}:backup:${AWS::Region}:${AWS::AccountId}:recovery-point:*")),
        allow([kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey], database.key.get_att("Arn")),
        # Only through the services that hold the data.
        allow([kms.CreateGrant], database.key.get_att("Arn"), sessions.keys.arn(sessions.keys.data),
              condition=Condition(Bool({"kms:GrantIsForAWSResource": True}))),
        only_if(sessions.keys.condition, allow(
            [kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey], sessions.keys.data.get_att("Arn"))),
        *(only_if(has_copy, statement) for statement in _copy_to(copy_vault)),
        # AWS Backup deletes expired recovery points with this role, and the vault outlives the stack.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
        condition=condition, keep=True)
    t.add_resource(BackupSelection(
        "BackupSelection", Condition=condition, BackupPlanId=plan.ref(),
        BackupSelection=BackupSelectionResourceType(
            SelectionName="data", IamRoleArn=role.get_att("Arn"), Resources=[cluster, table])))
    return Backups(role, condition)


def _copy_to(vault: Parameter) -> Iterator[Statement]:
    """Yield the additional permissions to copy recovery points to another vault, as in AWS's managed policy."""
    region, account = (Select(index, Split(":", vault.ref())) for index in (3, 4))

    def in_region(text: str) -> Sub:
        return Sub(text, Region=region)

    # The other vault's key is not known.
    key = Sub("arn:${AWS::Partition}:kms:${Region}:${Account}:key/*", Region=region, Account=account)
    yield allow([backup.CopyIntoBackupVault, backup.DescribeBackupVault], vault.ref())
    # The sources are recovery points, whose ARNs belong to the backed-up services.
    yield allow([backup.CopyFromBackupVault], "*", condition=Condition(
        ForAllValuesStringEquals({"backup:CopyTargets": [vault.ref()]})))
    yield allow([rds.AddTagsToResource, rds.CopyDBClusterSnapshot, rds.DescribeDBClusterSnapshots,
                 rds.ListTagsForResource],
                in_region("arn:${AWS::Partition}:rds:${Region}:${AWS::AccountId}:cluster-snapshot:awsbackup:*"))
    # Shares the snapshot with the destination account.
    yield allow([rds.ModifyDBClusterSnapshotAttribute], Sub(
        "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:cluster-snapshot:awsbackup:*"))
    yield allow([kms.DescribeKey], key)
    yield allow([kms.CreateGrant], key, condition=Condition(Bool({"kms:GrantIsForAWSResource": True})))
    yield allow([kms.Decrypt, kms.GenerateDataKey], key, condition=Condition(StringEquals({"kms:ViaService": [
        in_region(f"{service}.${{Region}}.amazonaws.com") for service in ("backup", "dynamodb", "rds")]})))
