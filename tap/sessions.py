"""The sessions tier: one DynamoDB table."""

from typing import NamedTuple

from awacs import dynamodb
from awacs.aws import Statement
from troposphere import Template
from troposphere.dynamodb import (
    AttributeDefinition,
    KeySchema,
    PointInTimeRecoverySpecification,
    Table,
    TimeToLiveSpecification,
)

from tap.parts import add_export, allow


class Sessions(NamedTuple):
    """What the other tiers may use of the sessions."""

    table: Table

    def read_write(self) -> Statement:
        """Return what a role needs to read and write the table's items."""
        return allow([
            dynamodb.BatchGetItem, dynamodb.BatchWriteItem, dynamodb.ConditionCheckItem, dynamodb.DeleteItem,
            dynamodb.DescribeTable, dynamodb.GetItem, dynamodb.PutItem, dynamodb.Query, dynamodb.UpdateItem,
        ], self.table.get_att("Arn"))


def add_sessions(t: Template) -> Sessions:
    """Add the table, keyed by `sessionId`, whose items expire at their `expiresAt` (epoch seconds)."""
    table = t.add_resource(Table(
        "SessionsTable",
        # DynamoDB keeps a backup of a deleted table with point-in-time recovery for 35 days.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
        DeletionPolicy="Delete", UpdateReplacePolicy="Retain",
        AttributeDefinitions=[AttributeDefinition(AttributeName="sessionId", AttributeType="S")],
        KeySchema=[KeySchema(AttributeName="sessionId", KeyType="HASH")],
        BillingMode="PAY_PER_REQUEST",
        PointInTimeRecoverySpecification=PointInTimeRecoverySpecification(PointInTimeRecoveryEnabled=True),
        TimeToLiveSpecification=TimeToLiveSpecification(AttributeName="expiresAt", Enabled=True)))
    add_export(t, "SessionsTableName", "DynamoDB sessions table name", table.ref(), "sessions-table")
    return Sessions(table)
