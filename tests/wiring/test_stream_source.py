"""E9208."""

import pytest

TABLE = "      BillingMode: PAY_PER_REQUEST"
STREAM = f"{TABLE}\n      StreamSpecification: {{StreamViewType: NEW_IMAGE}}"


def test_a_table_without_a_stream_is_found(found_in_example):
    [message] = found_in_example("E9208")
    assert message.startswith("E9208 `Source` → `Table`: the table has no stream.")


def test_the_arn_of_a_table_is_not_that_of_its_stream(found_in_example):
    [message] = found_in_example("E9208", (TABLE, STREAM), ("!GetAtt Table.StreamArn", "!GetAtt Table.Arn"))
    assert message.startswith("E9208 `Source` → `Table`: it is the ARN of the table, not of its stream.")


@pytest.mark.parametrize("change", [
    (TABLE, STREAM), ("!GetAtt Table.StreamArn", "!ImportValue stream"),
    (TABLE, f"{TABLE}\n      StreamSpecification: !ImportValue stream")])
def test_streams_and_tables_from_elsewhere_are_not_found(found_in_example, change):
    assert found_in_example("E9208", change) == []
