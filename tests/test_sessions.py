"""The sessions tier: one table."""

from stack_view import StackView, untagged

from tap.template.resolve import Reference

TABLE = "AWS::DynamoDB::Table"


def test_the_table_is_keyed_by_session_on_demand_recoverable_and_forgets(stack: StackView) -> None:
    table = untagged(stack.only(TABLE))
    table.pop("SSESpecification", None)  # see the keys
    assert table == {
        "AttributeDefinitions": [{"AttributeName": "sessionId", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "sessionId", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {
            "PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": stack.parameter("SessionsRecoveryDays")},
        "DeletionProtectionEnabled": stack.parameter("DeletionProtection") == "true",
        "TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True},
    }


def test_a_replaced_table_is_kept(stack: StackView) -> None:
    assert stack.attributes(stack.title(TABLE))["UpdateReplacePolicy"] == "Retain"


def test_the_table_is_an_output_that_each_environment_exports_under_its_own_name(stack: StackView) -> None:
    output = dict(stack.outputs()["SessionsTableName"])
    assert output.pop("Description")
    assert output == {
        "Value": Reference(stack.title(TABLE)),
        "Export": {"Name": f"sessions-table-{stack.parameter('Environment')}"}}
