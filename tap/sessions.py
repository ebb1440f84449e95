"""The sessions tier: one DynamoDB table."""

from typing import NamedTuple

from awacs import dynamodb, kms
from awacs.aws import Action, Statement
from troposphere import If, Template
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    SSESpecification,
    Table,
    TimeToLiveSpecification,
)

from tap.keys import Keys
from tap.parts import add_export, allow, only_if, suppress
from tap.whole_numbers import add_whole_number


class Sessions(NamedTuple):
    """The table for other tiers to use."""

    table: Table
    keys: Keys

    def read_write(self) -> tuple[Statement, Statement]:
        """Return the permissions to read and write the table's items."""
        return self._allow(
            dynamodb.BatchGetItem, dynamodb.BatchWriteItem, dynamodb.ConditionCheckItem, dynamodb.DeleteItem,
            dynamodb.DescribeTable, dynamodb.GetItem, dynamodb.PutItem, dynamodb.Query, dynamodb.UpdateItem)

    def put(self) -> tuple[Statement, Statement]:
        """Return the permissions to put an item, also conditionally."""
        return self._allow(dynamodb.PutItem)

    def _allow(self, *actions: Action) -> tuple[Statement, Statement]:
        # DynamoDB uses the key on behalf of the caller:
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        return (allow(actions, self.table.get_att("Arn")),
                self.keys.use(self.keys.data, "dynamodb", actions=[kms.Decrypt]))


def add_sessions(t: Template, keys: Keys, has_deletion_protection: str) -> Sessions:
    """Add the table, keyed by `sessionId`, whose items expire at their `expiresAt` (epoch seconds)."""
    recovery = add_whole_number(
        t, "Sessions", "Recovery days", "SessionsRecoveryDays", 35, 1, 35,
        "Days of point-in-time recovery for the table.")
    table = t.add_resource(Table(
        "SessionsTable",
        # DynamoDB keeps a backup of a deleted table with point-in-time recovery for 35 days.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
        DeletionPolicy="Delete", UpdateReplacePolicy="Retain",
        AttributeDefinitions=[AttributeDefinition(AttributeName="sessionId", AttributeType="S")],
        KeySchema=[KeySchema(AttributeName="sessionId", KeyType="HASH")],
        BillingMode="PAY_PER_REQUEST",
        PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(
            PointInTimeRecoveryEnabled=True, RecoveryPeriodInDays=recovery.ref()),
        DeletionProtectionEnabled=If(has_deletion_protection, True, False),
        SSESpecification=only_if(keys.condition, SSESpecification(
            SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=keys.data.get_att("Arn"))),
        TimeToLiveSpecification=TimeToLiveSpecification(AttributeName="expiresAt", Enabled=True)))
    suppress(table, {"CKV_AWS_119": "By CustomerKeys"})
    add_export(t, "SessionsTableName", "DynamoDB sessions table name", table.ref(), "sessions-table")
    return Sessions(table, keys)
